//! A corpus whose language is pieces.

use std::collections::HashMap;

use super::report::Counts;
use super::{PiecesReport, Tokenizer};
use crate::align::resample;
use crate::corpus::{Corpus, Features, Modality, ModalityInfo, Split, Utterance};
use crate::error::Error;

/// Makes the pieces of its words the language of a corpus, in place of word vectors where it has them.
///
/// Every other modality is first brought to one row a word, as [`align`](crate::align::align) does it (averaged or
/// repeated; one that has as many rows as there are words keeps them), then each row is repeated for all pieces of its
/// word. Of each utterance the first `most` pieces are kept, with their rows and the words that a piece is left of. An
/// utterance without words is one unknown piece.
///
/// MAG-BERT and MAG-XLNet read 50 positions and need two for special pieces: `most` is 48 there.
///
/// # Shapes
///
/// Language `[pieces, 1]`: ids as whole numbers. Audio and vision `[pieces, dim]`.
///
/// # Errors
///
/// [`Error::NoWords`] where no utterance has a word; the corpus is unchanged then.
///
/// # Panics
///
/// When `most` is 0.
pub fn tokenize(
    corpus: &mut Corpus,
    tokenizer: &Tokenizer,
    most: usize,
) -> Result<PiecesReport, Error> {
    assert!(most > 0, "an utterance keeps at least one piece");
    if corpus.utterances().all(|(_, u)| u.words.is_empty()) {
        return Err(Error::NoWords {
            corpus: corpus.name.clone(),
        });
    }
    let vocabulary = tokenizer.vocabulary();
    let language = corpus.index_of(Modality::Language);
    let mut known: HashMap<String, Vec<u32>> = HashMap::new();
    let mut counts = Counts::new(vocabulary.unknown as u32);
    for split in Split::ALL {
        for utterance in corpus.split_mut(split) {
            if let Some(language) = language {
                utterance.features.remove(language);
            }
            // Each piece with the place of its word.
            let mut pieces: Vec<(usize, u32)> = Vec::new();
            for (place, word) in utterance.words.iter().enumerate() {
                if !known.contains_key(word) {
                    known.insert(word.clone(), tokenizer.pieces_of(word));
                }
                counts.word(word, &known[word]);
                pieces.extend(known[word].iter().map(|&id| (place, id)));
            }
            if pieces.is_empty() {
                counts.without_words();
                pieces.push((0, vocabulary.unknown as u32));
            }
            counts.utterance(utterance, pieces.len() > most);
            pieces.truncate(most);
            spread(utterance, &pieces);
        }
    }
    if let Some(language) = language {
        corpus.modalities.remove(language);
    }
    let info = ModalityInfo {
        modality: Modality::Language,
        dim: 1,
    };
    corpus.modalities.insert(0, info);
    corpus.pieces = Some(vocabulary);
    Ok(counts.finish())
}

/// Puts pieces first and gives each the rows of its word.
fn spread(utterance: &mut Utterance, pieces: &[(usize, u32)]) {
    let words = utterance.words.len().max(1);
    for features in &mut utterance.features {
        let by_word = resample(features, words);
        let rows = pieces.iter().flat_map(|&(word, _)| by_word.row(word));
        *features = Features::new(by_word.dim(), rows.copied().collect());
    }
    let ids = pieces.iter().map(|&(_, id)| id as f32).collect();
    utterance.features.insert(0, Features::new(1, ids));
    if let Some(&(last, _)) = pieces.last() {
        utterance.words.truncate(last + 1);
    }
}
