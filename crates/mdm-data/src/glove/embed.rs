//! Language features from word vectors.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::WordVectors;
use crate::corpus::{Corpus, Features, Modality, ModalityInfo, Split, Utterance};
use crate::error::Error;

/// How much of a corpus has a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbedReport {
    /// Words in all utterances.
    pub words: usize,
    /// Those with a vector.
    pub found: usize,
    /// Different words.
    pub distinct: usize,
    /// Those without a vector.
    pub distinct_missing: usize,
}

impl fmt::Display for EmbedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} words have a vector; {} of {} different words have none and become zeros",
            self.found, self.words, self.distinct_missing, self.distinct
        )
    }
}

/// Gives utterances that come one by one language features, one vector per word, and puts them first. Features that are
/// there already are replaced. A word without a vector becomes zeros, and so does the single frame of an utterance
/// without words.
///
/// # Shapes
///
/// `[words, vectors.dim()]` per utterance.
#[derive(Clone, Debug)]
pub struct Embedder<'v> {
    vectors: &'v WordVectors,
    /// Whether the utterances have language features, which are then the first.
    replace: bool,
    words: usize,
    found: usize,
    /// The different words, and whether they have a vector.
    seen: HashMap<String, bool>,
}

impl<'v> Embedder<'v> {
    /// For utterances of these modalities.
    pub fn new(vectors: &'v WordVectors, modalities: &[ModalityInfo]) -> Self {
        Self {
            vectors,
            replace: starts_with_language(modalities),
            words: 0,
            found: 0,
            seen: HashMap::new(),
        }
    }

    /// Gives an utterance its language features.
    pub fn embed(&mut self, utterance: &mut Utterance) {
        let dim = self.vectors.dim();
        let mut data = Vec::with_capacity(utterance.words.len().max(1) * dim);
        for word in &utterance.words {
            let vector = self.vectors.get(word);
            self.words += 1;
            self.found += usize::from(vector.is_some());
            if !self.seen.contains_key(word) {
                self.seen.insert(word.clone(), vector.is_some());
            }
            match vector {
                Some(vector) => data.extend_from_slice(vector),
                None => data.resize(data.len() + dim, 0.0),
            }
        }
        data.resize(data.len().max(dim), 0.0);
        let features = Features::new(dim, data);
        if self.replace {
            utterance.features[0] = features;
        } else {
            utterance.features.insert(0, features);
        }
    }

    /// The modalities of the utterances from those that they had before, and how many words have a vector.
    pub fn finish(self, modalities: &mut Vec<ModalityInfo>) -> EmbedReport {
        let language = ModalityInfo {
            modality: Modality::Language,
            dim: self.vectors.dim(),
        };
        if self.replace {
            modalities[0] = language;
        } else {
            modalities.insert(0, language);
        }
        EmbedReport {
            words: self.words,
            found: self.found,
            distinct: self.seen.len(),
            distinct_missing: self.seen.values().filter(|&&has| !has).count(),
        }
    }
}

fn starts_with_language(modalities: &[ModalityInfo]) -> bool {
    let first = modalities.first();
    first.is_some_and(|info| info.modality == Modality::Language)
}

/// Gives a corpus language features, as an [`Embedder`] makes them.
///
/// # Errors
///
/// [`Error::NoWords`] where no utterance has a word; the corpus is unchanged then.
pub fn embed(corpus: &mut Corpus, vectors: &WordVectors) -> Result<EmbedReport, Error> {
    if corpus.utterances().all(|(_, u)| u.words.is_empty()) {
        return Err(Error::NoWords {
            corpus: corpus.name.clone(),
        });
    }
    let mut embedder = Embedder::new(vectors, &corpus.modalities);
    for split in Split::ALL {
        for utterance in corpus.split_mut(split) {
            embedder.embed(utterance);
        }
    }
    Ok(embedder.finish(&mut corpus.modalities))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedding_comes_first_and_counts_what_is_missing() {
        let modality = Modality::Audio;
        let mut corpus = Corpus::new("t", vec![ModalityInfo { modality, dim: 1 }]);
        for words in [vec!["Good", "film", "film"], vec![]] {
            corpus.train.push(Utterance {
                id: "a".into(),
                words: words.into_iter().map(str::to_owned).collect(),
                features: vec![Features::zeros(3, 1)],
                label: 0.0,
                ..Utterance::default()
            });
        }
        let mut vectors = WordVectors::new(2);
        vectors.insert("good", &[1.0, 2.0]);
        let report = embed(&mut corpus, &vectors).unwrap();
        let expected = EmbedReport {
            words: 3,
            found: 1,
            distinct: 2,
            distinct_missing: 1,
        };
        assert_eq!(report, expected);
        assert_eq!(corpus.dims(), [2, 1]);
        assert_eq!(corpus.index_of(Modality::Language), Some(0));
        assert_eq!(
            corpus.train[0].features[0].data(),
            &[1.0, 2.0, 0.0, 0.0, 0.0, 0.0]
        );
        assert_eq!(corpus.train[1].features[0].data(), &[0.0, 0.0]);
        // Again: replaced, not added.
        embed(&mut corpus, &vectors).unwrap();
        assert_eq!(corpus.train[0].features.len(), 2);
        corpus.train.iter_mut().for_each(|u| u.words.clear());
        assert!(matches!(
            embed(&mut corpus, &vectors),
            Err(Error::NoWords { .. })
        ));
    }
}
