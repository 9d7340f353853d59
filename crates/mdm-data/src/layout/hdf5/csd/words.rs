//! The words of a video, and which of them belong to which segment.

use super::interval::Interval;
use super::sequence::Sequence;
use crate::error::Error;

/// What stands in the words where nobody speaks.
const PAUSE: &str = "sp";

/// Least share of a word that a segment has to hold.
const LEAST_SHARE: f64 = 0.5;

/// Shares that differ by less are the same.
const SAME: f64 = 1e-6;

/// A spoken word.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) interval: Interval,
}

/// The words of a video in the order in which they begin, without the pauses.
pub(super) fn words(sequence: &Sequence, video: &str) -> Result<Vec<Word>, Error> {
    let mut words = Vec::new();
    for part in sequence.parts(video) {
        let part = part?;
        if !matches!(part.features.shape(), [_] | [_, 1]) {
            return Err(part.features.misshapen("(rows, 1): one word in each"));
        }
        let texts = part.features.texts()?;
        let spoken = (texts.into_iter().zip(part.intervals)).filter(|(text, _)| text != PAUSE);
        words.extend(spoken.map(|(text, interval)| Word { text, interval }));
    }
    words.sort_by(|a, b| a.interval.start.total_cmp(&b.interval.start));
    Ok(words)
}

/// The words of each segment.
///
/// A word belongs to the segment that holds most of it, if that is at least half. Segments overlap where the annotators'
/// did; a word that several of them hold alike belongs to each.
pub(super) fn within<'w>(words: &'w [Word], segments: &[Interval]) -> Vec<Vec<&'w Word>> {
    let mut within = vec![Vec::new(); segments.len()];
    for word in words {
        let shares: Vec<f64> = segments
            .iter()
            .map(|&s| word.interval.share_in(s))
            .collect();
        let most = shares.iter().copied().fold(LEAST_SHARE, f64::max);
        for (share, words) in shares.iter().zip(&mut within) {
            if *share >= most - SAME {
                words.push(word);
            }
        }
    }
    within
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_belongs_where_most_of_it_is() {
        let interval = |start, end| Interval { start, end };
        let word = |text: &str, start, end| Word {
            text: text.into(),
            interval: interval(start, end),
        };
        let words = [
            word("inside", 0.0, 1.0),
            word("mostly", 1.5, 2.2),
            word("both", 3.0, 4.0),
            word("outside", 5.5, 9.0),
        ];
        let segments = [
            interval(0.0, 2.0),
            interval(2.0, 6.0),
            interval(2.5, 5.0),
            interval(1.9, 1.9),
        ];
        let texts: Vec<Vec<&str>> = (within(&words, &segments).iter())
            .map(|words| words.iter().map(|word| word.text.as_str()).collect())
            .collect();
        let expected: [&[&str]; 4] = [&["inside", "mostly"], &["both"], &["both"], &[]];
        assert_eq!(texts, expected);
    }
}
