//! An utterance to look at.

use crate::corpus::{Corpus, Split, Utterance};

/// The utterance whose length is nearest to the median: of the training split, or of the first split that has any. Of
/// several the first. `None` for an empty corpus.
///
/// The length is in steps of the first modality, or in words where there are only words.
pub fn typical(corpus: &Corpus) -> Option<(Split, &Utterance)> {
    let filled = |split: &Split| !corpus.split(*split).is_empty();
    let split = Split::ALL.into_iter().find(filled)?;
    let utterances = corpus.split(split);
    let mut lengths: Vec<usize> = utterances.iter().map(length).collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    let nearest = utterances
        .iter()
        .min_by_key(|u| length(u).abs_diff(median))?;
    Some((split, nearest))
}

fn length(utterance: &Utterance) -> usize {
    let steps = utterance.features.first().map(|f| f.steps());
    steps.unwrap_or(utterance.words.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_median_length() {
        let mut corpus = Corpus::new("t", vec![]);
        assert_eq!(typical(&corpus), None);
        for words in [9, 1, 4, 2, 4] {
            corpus.valid.push(Utterance {
                id: corpus.valid.len().to_string(),
                words: vec!["a".into(); words],
                ..Utterance::default()
            });
        }
        let (split, utterance) = typical(&corpus).unwrap();
        assert_eq!((split, utterance.id.as_str()), (Split::Valid, "2"));
    }
}
