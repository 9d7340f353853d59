//! The video in the id of an utterance.

/// The video that an utterance was cut from, where its id shows it: `video[…]`, `video$_$clip`, or `video_clip` for a
/// video id of YouTube or Vimeo. Other names with an underscore and a number, such as `train_7`, show none.
pub(super) fn of(id: &str) -> Option<&str> {
    let video = if let Some((video, _)) = id.strip_suffix(']').and_then(|id| id.rsplit_once('[')) {
        video
    } else if let Some((video, _)) = id.rsplit_once("$_$") {
        video
    } else {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let (video, clip) = id.rsplit_once('_')?;
        let is_word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        let of_youtube = video.len() == 11 && video.bytes().all(is_word);
        if !is_number(clip) || !(of_youtube || is_number(video)) {
            return None;
        }
        video
    };
    (!video.is_empty()).then_some(video)
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn ids_of_the_public_files() {
        for (id, video) in [
            ("03bSnISJMiM[11]", Some("03bSnISJMiM")),
            ("03bSnISJMiM[95.05,97.2]", Some("03bSnISJMiM")),
            ("03bSnISJMiM$_$11", Some("03bSnISJMiM")),
            ("_dI--eQ6qVU_3", Some("_dI--eQ6qVU")),
            ("100178_2", Some("100178")),
            ("mmmo_test_0", None),
            ("train_7", None),
            ("train-7", None),
            ("03bSnISJMiM", None),
            ("03bSnISJMiM_", None),
            ("[1]", None),
            ("", None),
        ] {
            assert_eq!(of(id), video, "{id}");
        }
    }
}
