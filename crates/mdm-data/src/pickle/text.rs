//! Text as the old, readable protocols write it, and bytes that are meant as text.

/// Bytes of UTF-8 at most for a byte of Latin-1: what a text must be charged with before it is decoded.
pub(super) const GROWTH: usize = 2;

/// Bytes meant as text: UTF-8 where they are UTF-8, and Latin-1, which never fails, otherwise.
pub(super) fn decode(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let mut text = String::with_capacity(GROWTH * bytes.len());
    text.extend(bytes.iter().copied().map(char::from));
    text
}

/// The bytes of a text whose characters all lie below 256; `None` for other text.
pub(super) fn to_latin1(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        bytes.push(u8::try_from(u32::from(c)).ok()?);
    }
    Some(bytes)
}

/// The beginning of some bytes, for messages.
pub(super) fn shown(bytes: &[u8]) -> String {
    const SHOWN: usize = 40;
    let more = if bytes.len() > SHOWN { "…" } else { "" };
    let start = decode(&bytes[..bytes.len().min(SHOWN)]);
    format!("{}{more}", start.escape_debug())
}

/// A Python 2 string literal with its quotes, as instruction `STRING` holds it.
pub(super) fn unquote(literal: &[u8]) -> Option<Vec<u8>> {
    let (&quote, rest) = literal.split_first()?;
    let (&last, body) = rest.split_last()?;
    if quote != last || !matches!(quote, b'\'' | b'"') {
        return None;
    }
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let (&escape, tail) = rest.split_first()?;
        rest = tail;
        match escape {
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'v' => out.push(11),
            b'\\' | b'\'' | b'"' => out.push(escape),
            b'x' => {
                out.push(u8::try_from(hex(rest.get(..2)?)?).ok()?);
                rest = &rest[2..];
            }
            b'0'..=b'7' => {
                let more = rest
                    .iter()
                    .take(2)
                    .take_while(|b| matches!(b, b'0'..=b'7'))
                    .count();
                let digits = std::iter::once(&escape).chain(&rest[..more]);
                // Python keeps the low eight bits of \777.
                out.push(digits.fold(0u32, |value, d| value * 8 + u32::from(d - b'0')) as u8);
                rest = &rest[more..];
            }
            other => out.extend([b'\\', other]),
        }
    }
    Some(out)
}

/// Latin-1 text with `\uXXXX` and `\UXXXXXXXX`, as instruction `UNICODE` holds it.
pub(super) fn raw_unicode_escape(bytes: &[u8]) -> Option<String> {
    let mut out = String::with_capacity(GROWTH * bytes.len());
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        let digits = match (byte, tail.first()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            _ => {
                out.push(char::from(byte));
                rest = tail;
                continue;
            }
        };
        out.push(char::from_u32(hex(tail.get(1..=digits)?)?)?);
        rest = &tail[digits + 1..];
    }
    Some(out)
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0u32, |value, &digit| {
        Some((value << 4) | char::from(digit).to_digit(16)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals() {
        assert_eq!(unquote(br"'a\x00\n\\\'\101\q'").unwrap(), b"a\0\n\\'A\\q");
        assert_eq!(unquote(b"\"\"").unwrap(), b"");
        for bad in [&b"'"[..], b"", b"'a\"", b"a", br"'\x0'", br"'\'"] {
            assert_eq!(unquote(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn escaped_unicode() {
        assert_eq!(raw_unicode_escape(b"a\\u00e9\xe9\\n").unwrap(), "aéé\\n");
        assert_eq!(raw_unicode_escape(b"\\U0001F600").unwrap(), "😀");
        assert_eq!(raw_unicode_escape(b"\\ud800"), None);
        assert_eq!(raw_unicode_escape(b"\\u00"), None);
    }

    #[test]
    fn latin1() {
        assert_eq!(to_latin1("é\0").unwrap(), [0xe9, 0]);
        assert_eq!(to_latin1("€"), None);
        assert_eq!(decode(&[0xe9]), "é");
    }

    #[test]
    fn messages_show_the_beginning_without_control_characters() {
        assert_eq!(shown(b"a\x1b[2J"), "a\\u{1b}[2J");
        assert_eq!(shown(&[b'x'; 100]).chars().count(), 41);
    }
}
