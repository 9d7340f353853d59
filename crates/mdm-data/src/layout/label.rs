//! Labels: the sentiment alone, or with the six emotions of CMU-MOSEI after it.

use crate::corpus::Emotions;

/// What an utterance is labelled with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Label {
    pub(super) sentiment: f32,
    pub(super) emotions: Option<Emotions>,
}

impl Label {
    /// That of an utterance to predict.
    pub(super) const UNKNOWN: Self = Self {
        sentiment: f32::NAN,
        emotions: None,
    };

    /// One number, or seven: the order in which CMU-MOSEI annotates them, and every layout holds them.
    pub(super) fn new(numbers: &[f32]) -> Option<Self> {
        match *numbers {
            [sentiment] => Some(Self {
                sentiment,
                emotions: None,
            }),
            [sentiment, ref emotions @ ..] => Some(Self {
                sentiment,
                emotions: Some(Emotions(emotions.try_into().ok()?)),
            }),
            [] => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_or_seven() {
        assert_eq!(Label::new(&[1.5]).unwrap().emotions, None);
        let seven = Label::new(&[-1.0, 0.0, 1.0, 2.0, 3.0, 0.0, 0.5]).unwrap();
        assert_eq!(seven.sentiment, -1.0);
        assert_eq!(seven.emotions.unwrap().0, [0.0, 1.0, 2.0, 3.0, 0.0, 0.5]);
        for wrong in [0, 2, 6, 8] {
            assert_eq!(Label::new(&vec![0.0; wrong]), None, "{wrong}");
        }
    }
}
