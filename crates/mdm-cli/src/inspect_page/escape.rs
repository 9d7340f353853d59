//! Text that cannot become markup, whatever a corpus holds.

/// A text for the content or a quoted attribute of an element. Control characters, which no page may hold, become
/// U+FFFD.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' => escaped.push(character),
            '\u{FFFE}' | '\u{FFFF}' => escaped.push('\u{FFFD}'),
            _ if character.is_control() => escaped.push('\u{FFFD}'),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn markup_becomes_text() {
        assert_eq!(
            escape("<script>alert('&')</script> \"x\""),
            "&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt; &quot;x&quot;"
        );
        assert_eq!(
            escape("a\0b\u{1b}c\u{85}d\n"),
            "a\u{FFFD}b\u{FFFD}c\u{FFFD}d\n"
        );
        assert_eq!(escape("schön 好"), "schön 好");
    }
}
