//! Python's notation, as far as the header of an array needs it.

/// What is left of the text.
pub(super) struct Literal<'a>(&'a str);

impl<'a> Literal<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// Goes past a token; `None` where another stands.
    pub(super) fn skip(&mut self, token: &str) -> Option<()> {
        self.0 = self.0.trim_start().strip_prefix(token)?;
        Some(())
    }

    /// A text in quotation marks, without escapes.
    pub(super) fn string(&mut self) -> Option<&'a str> {
        let text = self.0.trim_start();
        let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let (content, rest) = text[1..].split_once(quote)?;
        self.0 = rest;
        Some(content)
    }

    pub(super) fn boolean(&mut self) -> Option<bool> {
        match self.skip("False") {
            Some(()) => Some(false),
            None => self.skip("True").map(|()| true),
        }
    }

    /// A tuple of lengths.
    pub(super) fn lengths(&mut self) -> Option<Vec<usize>> {
        self.skip("(")?;
        let mut lengths = Vec::new();
        while self.skip(")").is_none() {
            let text = self.0.trim_start();
            let end = text.find(|c: char| !c.is_ascii_digit())?;
            lengths.push(text[..end].parse().ok()?);
            self.0 = &text[end..];
            // Python 2 wrote long integers so.
            let _ = self.skip("L");
            if self.skip(",").is_none() {
                self.skip(")")?;
                break;
            }
        }
        Some(lengths)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_truth_values() {
        let mut literal = Literal::new(" 'a b'\"c'd\" True False 'open");
        assert_eq!(literal.string(), Some("a b"));
        assert_eq!(literal.string(), Some("c'd"));
        assert_eq!(literal.string(), None);
        assert_eq!(literal.boolean(), Some(true));
        assert_eq!(literal.boolean(), Some(false));
        assert_eq!(literal.boolean(), None);
        assert_eq!(literal.string(), None);
        assert!(!literal.is_empty());
        assert_eq!(literal.skip("'open"), Some(()));
        assert!(literal.is_empty());
    }

    #[test]
    fn tuples_of_lengths() {
        for (text, expected) in [
            ("()", Some(vec![])),
            ("(3,)", Some(vec![3])),
            (" ( 3L , 4 )", Some(vec![3, 4])),
            ("(3, 4,)", Some(vec![3, 4])),
            ("(3", None),
            ("(3 4)", None),
            ("(,)", None),
            ("(-1,)", None),
            ("(1.5,)", None),
            ("[3]", None),
            ("(18446744073709551616,)", None),
            ("", None),
        ] {
            assert_eq!(Literal::new(text).lengths(), expected, "{text}");
        }
    }
}
