//! A corpus in memory: splits of utterances, each with words, a label and one matrix of frames per modality.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::pieces::Vocabulary;

/// A channel of communication. The order of the variants is the order in which a [`Corpus`] keeps its modalities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Modality {
    /// What is said: word vectors, or word pieces.
    Language,
    /// How it sounds: acoustic features.
    Audio,
    /// How it looks: features of the face, or whatever a corpus keeps in its vision slot.
    Vision,
    /// What the body does: heart rate, skin conductance and the like.
    Physiology,
}

impl Modality {
    /// All modalities, in the order of a corpus.
    pub const ALL: [Self; 4] = [Self::Language, Self::Audio, Self::Vision, Self::Physiology];

    /// The name used in files and options: `language`, `audio`, `vision` or `physiology`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Language => "language",
            Self::Audio => "audio",
            Self::Vision => "vision",
            Self::Physiology => "physiology",
        }
    }
}

impl fmt::Display for Modality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Modality {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|m| m.name() == text)
            .ok_or_else(|| Error::unknown_name("modality", text, Self::ALL.map(Self::name)))
    }
}

/// A part of the corpus with one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// Used to fit the model.
    Train,
    /// Used to choose the epoch and the settings.
    Valid,
    /// Used once, for the result.
    Test,
}

impl Split {
    /// The three splits, in order.
    pub const ALL: [Self; 3] = [Self::Train, Self::Valid, Self::Test];

    /// The name used in files and options: `train`, `valid` or `test`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Split {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|s| s.name() == text)
            .ok_or_else(|| Error::unknown_name("split", text, Self::ALL.map(Self::name)))
    }
}

/// The frames of one modality of one utterance, row-major.
///
/// # Shapes
///
/// `[steps, dim]`, `f32`. `dim` is at least 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    dim: usize,
    data: Vec<f32>,
}

impl Features {
    /// Frames from row-major values.
    ///
    /// # Panics
    ///
    /// If `dim` is 0 or `data.len()` is not a multiple of `dim`. Readers of files check this first and give an error.
    pub fn new(dim: usize, data: Vec<f32>) -> Self {
        assert!(dim > 0, "features need at least one dimension");
        assert!(
            data.len().is_multiple_of(dim),
            "{} values are not a whole number of frames of {dim}",
            data.len()
        );
        Self { dim, data }
    }

    /// Frames of zeros.
    ///
    /// # Panics
    ///
    /// If `dim` is 0.
    pub fn zeros(steps: usize, dim: usize) -> Self {
        Self::new(dim, vec![0.0; steps * dim])
    }

    /// Values per frame.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Number of frames.
    pub fn steps(&self) -> usize {
        self.data.len() / self.dim
    }

    /// All values, row-major.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// All values, row-major, to change in place.
    pub fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// One frame.
    ///
    /// # Panics
    ///
    /// If `step` is not below [`Features::steps`].
    pub fn row(&self, step: usize) -> &[f32] {
        &self.data[step * self.dim..(step + 1) * self.dim]
    }

    /// The frames in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> + Clone {
        self.data.chunks_exact(self.dim)
    }
}

/// How strongly each of the six basic emotions is present, from 0 (absent) to 3 (strong), as CMU-MOSEI annotates them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Emotions(pub [f32; 6]);

impl Emotions {
    /// The emotions, in the order in which every layout holds them.
    pub const NAMES: [&'static str; 6] = [
        "happiness",
        "sadness",
        "anger",
        "surprise",
        "disgust",
        "fear",
    ];

    /// Which emotions are present at all: an intensity above 0, as the MOSEI papers count.
    pub fn present(&self) -> [bool; 6] {
        self.0.map(|intensity| intensity > 0.0)
    }
}

/// One labelled stretch of speech.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Utterance {
    /// The name of the utterance in its source, for instance `03bSnISJMiM[11]`.
    pub id: String,
    /// The transcript, or nothing where the source has none. It may differ in length from the language features.
    pub words: Vec<String>,
    /// One matrix per modality, in the order of [`Corpus::modalities`]. Every matrix has at least one step.
    pub features: Vec<Features>,
    /// The sentiment, from −3 (very negative) to 3 (very positive) in the usual corpora.
    pub label: f32,
    /// The emotions, where the source annotates them; then every utterance of the corpus has them.
    pub emotions: Option<Emotions>,
}

/// A modality of a corpus and the number of values in one of its frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModalityInfo {
    /// Which modality.
    pub modality: Modality,
    /// Values per frame.
    pub dim: usize,
}

/// Names of modalities with commas.
pub(crate) fn names_line(modalities: impl IntoIterator<Item = Modality>) -> String {
    let names: Vec<&str> = modalities.into_iter().map(Modality::name).collect();
    match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    }
}

/// Modalities with their dims in one line, such as `language 50, audio 73`.
pub(crate) fn dims_line(modalities: &[ModalityInfo]) -> String {
    let dims = modalities.iter();
    let dims: Vec<String> = dims.map(|m| format!("{} {}", m.modality, m.dim)).collect();
    match dims.is_empty() {
        true => "none, only words".to_owned(),
        false => dims.join(", "),
    }
}

/// A corpus with its standard split.
///
/// A source that has words and no word vectors gives a corpus without [`Modality::Language`]; [`crate::glove::embed`]
/// adds it, or [`crate::pieces::tokenize()`].
#[derive(Clone, Debug, PartialEq)]
pub struct Corpus {
    /// The name shown to people.
    pub name: String,
    /// The modalities that every utterance has, in the order of [`Modality::ALL`].
    pub modalities: Vec<ModalityInfo>,
    /// The vocabulary of the language where [`crate::pieces::tokenize()`] made it: each step is the id of one piece then.
    /// Files and stores never hold pieces.
    pub pieces: Option<Vocabulary>,
    /// Training utterances.
    pub train: Vec<Utterance>,
    /// Validation utterances.
    pub valid: Vec<Utterance>,
    /// Test utterances.
    pub test: Vec<Utterance>,
}

impl Corpus {
    /// A corpus without utterances.
    pub fn new(name: impl Into<String>, modalities: Vec<ModalityInfo>) -> Self {
        Self {
            name: name.into(),
            modalities,
            pieces: None,
            train: Vec::new(),
            valid: Vec::new(),
            test: Vec::new(),
        }
    }

    /// The utterances of one split.
    pub fn split(&self, split: Split) -> &[Utterance] {
        match split {
            Split::Train => &self.train,
            Split::Valid => &self.valid,
            Split::Test => &self.test,
        }
    }

    /// The utterances of one split, to change.
    pub fn split_mut(&mut self, split: Split) -> &mut Vec<Utterance> {
        match split {
            Split::Train => &mut self.train,
            Split::Valid => &mut self.valid,
            Split::Test => &mut self.test,
        }
    }

    /// All utterances with their split: train, then valid, then test.
    pub fn utterances(&self) -> impl Iterator<Item = (Split, &Utterance)> {
        Split::ALL
            .into_iter()
            .flat_map(|split| self.split(split).iter().map(move |u| (split, u)))
    }

    /// Values per frame of each modality, in the order of [`Corpus::modalities`].
    pub fn dims(&self) -> Vec<usize> {
        self.modalities.iter().map(|m| m.dim).collect()
    }

    /// The place of a modality in [`Corpus::modalities`] and in [`Utterance::features`].
    pub fn index_of(&self, modality: Modality) -> Option<usize> {
        self.modalities.iter().position(|m| m.modality == modality)
    }

    /// Reduces the corpus to these modalities, whatever their order here; the corpus keeps its own.
    ///
    /// Words stay: they are no modality.
    ///
    /// # Errors
    ///
    /// [`Error::Modalities`] for none at all, one that the corpus does not have and one that is named twice; the corpus
    /// is unchanged then.
    ///
    /// # Example
    ///
    /// ```
    /// use mdm_data::corpus::Modality::{Audio, Language, Vision};
    /// use mdm_data::synthetic::{SyntheticConfig, generate};
    ///
    /// let mut corpus = generate(&SyntheticConfig::default())?.corpus;
    /// corpus.keep(&[Vision, Language])?;
    /// assert_eq!(corpus.dims(), [16, 8]);
    /// assert_eq!(corpus.index_of(Vision), Some(1));
    /// assert!(corpus.keep(&[Audio]).is_err());
    /// # Ok::<(), mdm_data::Error>(())
    /// ```
    pub fn keep(&mut self, modalities: &[Modality]) -> Result<(), Error> {
        let fits = |&modality: &Modality| {
            let times = modalities.iter().filter(|&&m| m == modality).count();
            self.index_of(modality).is_some() && times == 1
        };
        if modalities.is_empty() || !modalities.iter().all(fits) {
            return Err(Error::Modalities {
                corpus: self.name.clone(),
                known: names_line(self.modalities.iter().map(|info| info.modality)),
                found: names_line(modalities.iter().copied()),
            });
        }
        self.retain(modalities);
        Ok(())
    }

    /// Leaves out every modality that is not among these.
    pub(crate) fn retain(&mut self, modalities: &[Modality]) {
        let kept = self.modalities.iter();
        let kept: Vec<bool> = kept
            .map(|info| modalities.contains(&info.modality))
            .collect();
        retain(&mut self.modalities, &kept);
        for split in Split::ALL {
            for utterance in self.split_mut(split) {
                retain(&mut utterance.features, &kept);
            }
        }
        if !modalities.contains(&Modality::Language) {
            self.pieces = None;
        }
    }

    /// Whether the modality at `index` is a language of word pieces.
    pub(crate) fn has_pieces(&self, index: usize) -> bool {
        self.pieces.is_some() && self.modalities[index].modality == Modality::Language
    }

    /// Whether the corpus annotates emotions beside the sentiment.
    pub fn has_emotions(&self) -> bool {
        self.utterances().any(|(_, u)| u.emotions.is_some())
    }

    /// Number of utterances in all splits together.
    pub fn len(&self) -> usize {
        Split::ALL.iter().map(|&s| self.split(s).len()).sum()
    }

    /// Whether no split has an utterance.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether in every utterance all modalities have the same number of steps, so that step `t` of one belongs to
    /// step `t` of the others.
    pub fn is_aligned(&self) -> bool {
        self.utterances()
            .all(|(_, u)| u.features.windows(2).all(|w| w[0].steps() == w[1].steps()))
    }
}

/// Keeps the values whose place is marked.
fn retain<T>(values: &mut Vec<T>, kept: &[bool]) {
    let mut kept = kept.iter();
    values.retain(|_| *kept.next().expect("a mark for every value"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for modality in Modality::ALL {
            assert_eq!(modality.to_string().parse::<Modality>().unwrap(), modality);
            let json = serde_json::to_string(&modality).unwrap();
            assert_eq!(json, format!("\"{modality}\""));
        }
        for split in Split::ALL {
            assert_eq!(split.to_string().parse::<Split>().unwrap(), split);
        }
        let message = "text".parse::<Modality>().unwrap_err().to_string();
        assert!(
            message.contains("language, audio, vision, physiology"),
            "{message}"
        );
    }

    #[test]
    fn features_are_rows() {
        let features = Features::new(2, vec![1.0, 2.0, 3.0, 4.0]);
        assert_eq!((features.steps(), features.dim()), (2, 2));
        assert_eq!(features.row(1), &[3.0, 4.0]);
        assert_eq!(features.rows().len(), 2);
    }

    #[test]
    #[should_panic(expected = "whole number of frames")]
    fn ragged_features_are_refused() {
        Features::new(2, vec![1.0, 2.0, 3.0]);
    }

    #[test]
    fn modalities_that_do_not_fit_are_named_with_those_that_do() {
        use Modality::{Audio, Language, Physiology, Vision};
        let info = |modality| ModalityInfo { modality, dim: 1 };
        let mut corpus = Corpus::new("t", [Language, Audio, Physiology].map(info).to_vec());
        let features = [1.0, 2.0, 3.0].map(|value| Features::new(1, vec![value]));
        corpus.valid.push(Utterance {
            features: features.to_vec(),
            ..Utterance::default()
        });
        let before = corpus.clone();
        for (wrong, found) in [
            (&[][..], "none"),
            (&[Audio, Vision], "audio, vision"),
            (&[Audio, Language, Audio], "audio, language, audio"),
        ] {
            let message = corpus.keep(wrong).unwrap_err().to_string();
            let expected = format!(
                "data.modalities: expected some of language, audio, physiology, which corpus t has, each once, found {found}"
            );
            assert_eq!(message, expected);
            assert_eq!(corpus, before);
        }
        corpus.keep(&[Physiology, Language]).unwrap();
        assert_eq!(corpus.modalities, [Language, Physiology].map(info));
        assert_eq!(
            corpus.valid[0].features,
            [&features[0], &features[2]].map(Clone::clone)
        );
    }

    #[test]
    fn alignment_is_derived_from_the_steps() {
        let info = |modality| ModalityInfo { modality, dim: 1 };
        let mut corpus = Corpus::new("t", vec![info(Modality::Audio), info(Modality::Vision)]);
        corpus.test.push(Utterance {
            id: "a".into(),
            words: vec![],
            features: vec![Features::zeros(2, 1), Features::zeros(2, 1)],
            label: 0.0,
            ..Utterance::default()
        });
        assert!(corpus.is_aligned());
        corpus.test[0].features[1] = Features::zeros(3, 1);
        assert!(!corpus.is_aligned());
        assert_eq!(corpus.index_of(Modality::Vision), Some(1));
        assert_eq!(corpus.index_of(Modality::Language), None);
    }
}
