//! What an answer means for a download.

use ureq::Body;
use ureq::http::{Response, header};

use super::download::Failure;

/// An answer with bytes of the file.
#[derive(Debug, PartialEq)]
pub struct Answer {
    /// The place of its first byte in the file.
    pub start: u64,
    /// Length of the whole file, if it says so.
    pub total: Option<u64>,
    /// What the server would know this version of the file by.
    pub validator: Option<String>,
}

/// Judges the answer to a request for the bytes from `asked` on.
///
/// # Errors
///
/// A status, range or type that brings no byte of the file.
pub fn judge(response: &Response<Body>, asked: u64) -> Result<Answer, Failure> {
    let text = |name| {
        let value = response.headers().get(name)?;
        value.to_str().ok()
    };
    let length = response.body().content_length();
    let status = response.status();
    let (start, total) = match status.as_u16() {
        200 => (0, length),
        206 if asked > 0 => match text(header::CONTENT_RANGE).and_then(content_range) {
            Some((start, total)) if start == asked => (start, total.or(length.map(|n| start + n))),
            range => {
                let found = range.map_or("no range".into(), |(start, _)| format!("byte {start}"));
                let reason = format!("expected an answer from byte {asked} on, found {found}");
                return Err(Failure::Broken(reason));
            }
        },
        408 | 416 | 425 | 429 | 500.. => return Err(Failure::Broken(format!("HTTP {status}"))),
        _ => return Err(Failure::Dead(format!("HTTP {status}"))),
    };
    if text(header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/html")) {
        let reason = "a web page in place of the file, which may have to be asked for in a browser";
        return Err(Failure::Dead(reason.into()));
    }
    // A weak tag does not promise the same bytes, so it is no good for `If-Range`.
    let tag = text(header::ETAG).filter(|tag| !tag.starts_with("W/"));
    let validator = tag.or(text(header::LAST_MODIFIED)).map(str::to_owned);
    Ok(Answer {
        start,
        total,
        validator,
    })
}

/// First byte and length of the file in `bytes 5-9/10`; the length may be `*`.
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    Some((start.parse().ok()?, total.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::content_range;

    #[test]
    fn ranges() {
        assert_eq!(content_range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(content_range("bytes 5-9/*"), Some((5, None)));
        for wrong in [
            "",
            "bytes */10",
            "bytes 5/10",
            "lines 5-9/10",
            "bytes -1-9/10",
        ] {
            assert_eq!(content_range(wrong), None, "{wrong}");
        }
    }
}
