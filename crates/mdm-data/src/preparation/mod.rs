//! Everything that turns a corpus as it is read into the input of a model: fitted once, applied to any data after that.

mod file;
mod report;

use crate::align::align;
use crate::clean::clean;
use crate::corpus::{Corpus, Features, Modality, ModalityInfo};
use crate::error::Error;
use crate::glove::{WordVectors, embed};
use crate::normalise::{Normalisation, Normaliser};
use crate::pieces::{Tokenizer, tokenize};

pub use report::PreparationReport;

/// Steps that a text encoder needs for its own special pieces beside those of the words.
const SPECIAL_PIECES: usize = 2;

/// Where the language of a corpus comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum LanguageSource {
    /// The corpus brings its features, or the model does without language.
    Features,
    /// The words of the transcripts have these vectors; a word without one becomes zeros. A corpus that brings language
    /// features keeps them.
    Words(WordVectors),
    /// The words of the transcripts are cut into pieces, which take the place of any language features
    /// ([`tokenize`]).
    Pieces(Tokenizer),
}

/// The steps from a corpus as it is read to the input of a model, with all that was fitted on the training split.
///
/// In this order: modalities that the model does not know are left out, values that are not finite become 0 ([`clean`]),
/// words get their vectors ([`embed`]) or are cut into pieces ([`tokenize`]), utterances are cut and their modalities brought to the same steps ([`align`]), and
/// features are scaled ([`Normaliser`]). Training and prediction go through the same code, and a run keeps its preparation
/// ([`save`](Self::save)), so that the two cannot differ.
///
/// # Example
///
/// ```
/// use mdm_data::corpus::{Corpus, Features, Modality, ModalityInfo, Utterance};
/// use mdm_data::normalise::Normalisation;
/// use mdm_data::preparation::{LanguageSource, Preparation};
///
/// let corpus = |values: &[f32]| {
///     let mut corpus = Corpus::new("tiny", vec![ModalityInfo { modality: Modality::Audio, dim: 1 }]);
///     corpus.train.push(Utterance {
///         features: vec![Features::new(1, values.to_vec())],
///         ..Utterance::default()
///     });
///     corpus
/// };
/// let mut training = corpus(&[2.0, 4.0]);
/// let standard = |_| Normalisation::Standard;
/// let (preparation, _) = Preparation::fit(&mut training, LanguageSource::Features, &[], 50, standard)?;
/// assert_eq!(training.train[0].features[0].data(), [-1.0, 1.0]);
///
/// // New data are scaled by the mean 3 and the deviation 1 of the training data.
/// let mut new = corpus(&[5.0]);
/// preparation.apply(&mut new)?;
/// assert_eq!(new.train[0].features[0].data(), [2.0]);
/// # Ok::<(), mdm_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Preparation {
    language: LanguageSource,
    max_steps: usize,
    modalities: Vec<ModalityInfo>,
    normaliser: Normaliser,
}

impl Preparation {
    /// Prepares a corpus and keeps how, with statistics of its training split alone. Of its modalities those `wanted` are
    /// kept, all of them where that is empty.
    ///
    /// # Errors
    ///
    /// [`Error::Modalities`] where the corpus does not have what is wanted, [`Error::NoWords`] where words should get vectors and no utterance has one.
    ///
    /// # Panics
    ///
    /// When `max_steps` is 0.
    pub fn fit(
        corpus: &mut Corpus,
        language: LanguageSource,
        wanted: &[Modality],
        max_steps: usize,
        normalisation: impl Fn(Modality) -> Normalisation,
    ) -> Result<(Self, PreparationReport), Error> {
        let keep = |corpus: &mut Corpus| match wanted {
            [] => Ok(()),
            wanted => corpus.keep(wanted),
        };
        let report = shape(corpus, &language, max_steps, keep)?;
        let modalities = corpus.modalities.clone();
        let normalisations = modalities.iter().map(|info| normalisation(info.modality));
        let normaliser = Normaliser::fit(corpus, &normalisations.collect::<Vec<_>>());
        normaliser.apply(corpus);
        let preparation = Self {
            language,
            max_steps,
            modalities,
            normaliser,
        };
        Ok((preparation, report))
    }

    /// Prepares a corpus as the one that this was fitted on.
    ///
    /// # Errors
    ///
    /// [`Error::UnfitCorpus`] for a modality that is missing or has another width, [`Error::NoWords`] as for
    /// [`fit`](Self::fit). The corpus is of no use then.
    pub fn apply(&self, corpus: &mut Corpus) -> Result<PreparationReport, Error> {
        let left_out = leave_out_others(corpus, &self.modalities);
        let report = shape(corpus, &self.language, self.max_steps, |corpus| {
            check(corpus, &self.modalities)
        })?;
        self.normaliser.apply(corpus);
        Ok(PreparationReport { left_out, ..report })
    }
}

/// Every step but the scaling. `choose` sees the modalities as soon as the language is there, before anything is aligned to
/// the first of them.
fn shape(
    corpus: &mut Corpus,
    language: &LanguageSource,
    max_steps: usize,
    choose: impl FnOnce(&mut Corpus) -> Result<(), Error>,
) -> Result<PreparationReport, Error> {
    let clean = clean(corpus);
    let (mut embedded, mut pieces) = (None, None);
    match language {
        LanguageSource::Words(vectors) if corpus.index_of(Modality::Language).is_none() => {
            embedded = Some(embed(corpus, vectors)?);
        }
        LanguageSource::Pieces(tokenizer) => {
            let most = max_steps.saturating_sub(SPECIAL_PIECES).max(1);
            pieces = Some(tokenize(corpus, tokenizer, most)?);
        }
        LanguageSource::Words(_) | LanguageSource::Features => {}
    }
    choose(corpus)?;
    let steps = corpus
        .utterances()
        .map(|(_, utterance)| utterance.features.first().map_or(0, Features::steps));
    let cut = steps.filter(|&steps| steps > max_steps).count();
    align(corpus, max_steps);
    Ok(PreparationReport {
        left_out: Vec::new(),
        clean,
        embed: embedded,
        pieces,
        utterances: corpus.len(),
        cut,
        max_steps,
    })
}

/// Takes the modalities away that are not among those known; which these were.
fn leave_out_others(corpus: &mut Corpus, known: &[ModalityInfo]) -> Vec<Modality> {
    let known: Vec<Modality> = known.iter().map(|info| info.modality).collect();
    let all = corpus.modalities.iter().map(|info| info.modality);
    let left_out: Vec<Modality> = all.filter(|modality| !known.contains(modality)).collect();
    if !left_out.is_empty() {
        corpus.retain(&known);
    }
    left_out
}

/// Holds the modalities of a corpus against those that a model knows.
fn check(corpus: &Corpus, expected: &[ModalityInfo]) -> Result<(), Error> {
    for info in expected {
        let found = corpus.index_of(info.modality);
        let found = found.map(|index| corpus.modalities[index].dim);
        if found == Some(info.dim) {
            continue;
        }
        let has_words = corpus.utterances().any(|(_, u)| !u.words.is_empty());
        return Err(Error::UnfitCorpus {
            corpus: corpus.name.clone(),
            modality: info.modality,
            expected: info.dim,
            found: match found {
                Some(dim) => dim.to_string(),
                None if info.modality == Modality::Language && has_words => {
                    "words without vectors".to_owned()
                }
                None => "no such modality".to_owned(),
            },
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Split, Utterance};

    const INFO: [ModalityInfo; 2] = [
        ModalityInfo {
            modality: Modality::Audio,
            dim: 2,
        },
        ModalityInfo {
            modality: Modality::Vision,
            dim: 1,
        },
    ];

    /// Two words an utterance, without vectors.
    fn corpus(audio: &[f32], vision: &[f32]) -> Corpus {
        let mut corpus = Corpus::new("t", INFO.to_vec());
        for split in Split::ALL {
            corpus.split_mut(split).push(Utterance {
                id: split.to_string(),
                words: ["Good", "film"].map(String::from).to_vec(),
                features: vec![
                    Features::new(2, audio.to_vec()),
                    Features::new(1, vision.to_vec()),
                ],
                ..Utterance::default()
            });
        }
        corpus
    }

    fn vectors() -> LanguageSource {
        let mut vectors = WordVectors::new(1);
        vectors.insert("good", &[0.1]);
        LanguageSource::Words(vectors)
    }

    /// One third and what is near the ends of `f32`: numbers whose decimal form is easily one bit off.
    fn fitted() -> (Preparation, Corpus) {
        let mut corpus = corpus(
            &[1.0 / 3.0, 3.4e38, f32::NAN, 1e-38, 0.7, -16_777_217.0],
            &[0.1, 7.0, 0.2],
        );
        let normalisation = |modality| match modality {
            Modality::Audio => Normalisation::Standard,
            Modality::Vision => Normalisation::Max,
            _ => Normalisation::None,
        };
        let (preparation, report) =
            Preparation::fit(&mut corpus, vectors(), &[], 1, normalisation).unwrap();
        assert_eq!((report.cut, report.utterances), (3, 3));
        assert_eq!(report.clean.total(), 3);
        assert_eq!(report.embed.unwrap().distinct_missing, 1);
        (preparation, corpus)
    }

    #[test]
    fn what_was_saved_does_the_same_to_the_bit() {
        let (preparation, expected) = fitted();
        let folder = tempfile::tempdir().unwrap();
        preparation.save(folder.path()).unwrap();
        let opened = Preparation::open(folder.path()).unwrap();
        assert_eq!(opened, preparation);
        let mut again = corpus(
            &[1.0 / 3.0, 3.4e38, f32::NAN, 1e-38, 0.7, -16_777_217.0],
            &[0.1, 7.0, 0.2],
        );
        opened.apply(&mut again).unwrap();
        assert_eq!(again, expected);
        let other = tempfile::tempdir().unwrap();
        opened.save(other.path()).unwrap();
        for name in Preparation::FILES {
            let read = |folder: &tempfile::TempDir| std::fs::read(folder.path().join(name));
            assert_eq!(read(&folder).unwrap(), read(&other).unwrap(), "{name}");
        }
    }

    #[test]
    fn a_vocabulary_without_a_word_is_kept_as_well() {
        let language = LanguageSource::Words(WordVectors::new(3));
        let (preparation, _) =
            Preparation::fit(&mut corpus(&[1.0, 2.0], &[1.0]), language, &[], 5, |_| {
                Normalisation::None
            })
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        preparation.save(folder.path()).unwrap();
        assert_eq!(Preparation::open(folder.path()).unwrap(), preparation);
    }

    #[test]
    fn what_the_model_does_not_know_is_left_out_and_what_it_misses_is_named() {
        let (preparation, _) = fitted();
        let mut three = corpus(&[1.0, 2.0], &[1.0]);
        let mut without_audio = three.clone();
        let (audio_only, _) = Preparation::fit(
            &mut {
                let mut corpus = three.clone();
                leave_out_others(&mut corpus, &INFO[..1]);
                corpus
            },
            LanguageSource::Features,
            &[],
            5,
            |_| Normalisation::None,
        )
        .unwrap();
        let report = audio_only.apply(&mut three).unwrap();
        assert_eq!(report.left_out, [Modality::Vision]);
        assert_eq!(three.modalities, INFO[..1]);
        assert_eq!(three.train[0].features.len(), 1);

        leave_out_others(&mut without_audio, &INFO[1..]);
        let error = preparation.apply(&mut without_audio).unwrap_err();
        assert_eq!(
            error.to_string(),
            "corpus t does not fit the run: audio: expected 2 values a frame, found no such modality"
        );
        let mut wide = corpus(&[1.0, 2.0], &[1.0]);
        wide.modalities[1].dim = 9;
        let error = preparation.apply(&mut wide).unwrap_err().to_string();
        assert!(
            error.contains("vision: expected 1 values a frame, found 9"),
            "{error}"
        );

        // A model of given features cannot read words.
        let mut embedded = corpus(&[1.0, 2.0], &[1.0]);
        let LanguageSource::Words(vectors) = vectors() else {
            unreachable!()
        };
        embed(&mut embedded, &vectors).unwrap();
        let (given, _) = Preparation::fit(&mut embedded, LanguageSource::Features, &[], 5, |_| {
            Normalisation::None
        })
        .unwrap();
        let error = given.apply(&mut corpus(&[1.0, 2.0], &[1.0])).unwrap_err();
        assert!(
            error.to_string().contains("words without vectors"),
            "{error}"
        );
    }

    #[test]
    fn damage_names_the_file_and_the_field() {
        let (preparation, _) = fitted();
        let folder = tempfile::tempdir().unwrap();
        preparation.save(folder.path()).unwrap();
        let path = folder.path().join("preparation.json");
        let whole = std::fs::read_to_string(&path).unwrap();
        let damaged = |from: &str, to: &str| {
            assert!(whole.contains(from), "{from}");
            std::fs::write(&path, whole.replacen(from, to, 1)).unwrap();
            Preparation::open(folder.path()).unwrap_err().to_string()
        };
        for (from, to, field) in [
            ("\"version\": 1", "\"version\": 7", "version"),
            ("\"mdm preparation\"", "\"mdm\"", "format"),
            ("\"max_steps\": 1", "\"max_steps\": 0", "max_steps"),
            ("\"max_steps\": 1", "\"max_steps\": -1", "max_steps"),
            ("\"dim\": 2", "\"dim\": 3", "modalities[1].shift"),
            ("\"dim\": 2", "\"dim\": \"two\"", "modalities[1].dim"),
            ("\"dim\": 1", "\"dim\": 4", "modalities[0].dim"),
            ("\"audio\"", "\"vision\"", "modalities"),
            ("\"standard\"", "\"strange\"", "modalities[1].normalisation"),
            ("\"max\"", "\"none\"", "modalities[2].shift"),
            (
                "\"scale\": [\n        ",
                "\"scale\": [\n        1e300, ",
                "modalities[1].scale",
            ),
            (
                "\"unknown\": \"zeros\"",
                "\"unknown\": \"ones\"",
                "word_vectors.unknown",
            ),
            ("\"alignment\"", "\"alinement\"", "alinement"),
        ] {
            let message = damaged(from, to);
            assert!(message.contains("preparation.json"), "{message}");
            assert!(message.contains(field), "{field}: {message}");
        }
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let cut = Preparation::open(folder.path()).unwrap_err().to_string();
        assert!(
            cut.contains("preparation.json") && cut.contains("EOF"),
            "{cut}"
        );

        std::fs::write(&path, &whole).unwrap();
        let words = folder.path().join("word_vectors.txt");
        std::fs::write(&words, "1 1\ngood 0.2\n").unwrap();
        let other = Preparation::open(folder.path()).unwrap_err().to_string();
        assert!(
            other.contains("word_vectors.txt") && other.contains("SHA-256"),
            "{other}"
        );
        std::fs::remove_file(&words).unwrap();
        let gone = Preparation::open(folder.path()).unwrap_err().to_string();
        assert!(gone.contains("word_vectors.txt"), "{gone}");
    }
}
