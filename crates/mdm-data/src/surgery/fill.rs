//! What stands where something was taken away.

use std::fmt;
use std::str::FromStr;

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::Surgery;
use super::statistics::FrameMoments;
use crate::corpus::{Features, Utterance};
use crate::error::Error;
use crate::normal::gaussian;

/// What stands in for a modality, or a frame of it, that is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Fill {
    /// Zeros; for word pieces the mask (the unknown piece in a vocabulary without). The default.
    #[default]
    Zero,
    /// The mean of each feature over the training frames. After standard normalisation that is 0 up to rounding, and this
    /// fill the same as [`Fill::Zero`]. Word pieces have none.
    Mean,
    /// Gaussian noise, new for each frame and feature, with the feature's mean and standard deviation over the training
    /// frames. Word pieces have neither.
    Noise,
    /// The modality of another utterance among those that are operated on, read cyclically to the steps that stood here:
    /// real frames that belong to something else. Nobody is given their own, and lengths stay as they are.
    #[serde(rename = "shuffle")]
    Shuffled,
}

impl Fill {
    /// All fills.
    pub const ALL: [Self; 4] = [Self::Zero, Self::Mean, Self::Noise, Self::Shuffled];

    /// The name used in files and options: `zero`, `mean`, `noise` or `shuffle`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zero => "zero",
            Self::Mean => "mean",
            Self::Noise => "noise",
            Self::Shuffled => "shuffle",
        }
    }
}

impl fmt::Display for Fill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Fill {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|fill| fill.name() == text)
            .ok_or_else(|| Error::unknown_name("fill", text, Self::ALL.map(Self::name)))
    }
}

impl Surgery {
    /// Refuses a fill that cannot stand in for each of these modalities, before any frame is taken.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for the mean or noise of word pieces, which have neither.
    pub fn check_fill(&self, modalities: &[usize]) -> Result<(), Error> {
        let statistics = &self.statistics.modalities;
        let mut needs = modalities.iter().map(|&modality| &statistics[modality]);
        match self.fill {
            Fill::Mean | Fill::Noise if needs.any(|modality| modality.moments.is_none()) => {
                Err(self.no_moments())
            }
            _ => Ok(()),
        }
    }

    fn no_moments(&self) -> Error {
        Error::InvalidConfig {
            field: "fill",
            expected: "`zero` or `shuffle` for word pieces, which have neither mean nor noise",
            found: self.fill.to_string(),
        }
    }

    /// Replaces the frames of a modality that `taken` marks: one row of steps an utterance.
    pub(super) fn fill(
        &self,
        utterances: &mut [Utterance],
        modality: usize,
        taken: &[Vec<bool>],
        rng: &mut impl Rng,
    ) -> Result<(), Error> {
        if !taken.iter().flatten().any(|&taken| taken) {
            return Ok(());
        }
        let statistics = &self.statistics.modalities[modality];
        let source = match (self.fill, &statistics.moments) {
            (Fill::Zero, _) => Source::Constant(statistics.zero),
            (Fill::Mean, Some(moments)) => Source::Mean(&moments.mean),
            (Fill::Noise, Some(moments)) => Source::Noise(moments),
            (Fill::Shuffled, _) => Source::Donors(donors(utterances, modality, rng)?),
            (Fill::Mean | Fill::Noise, None) => return Err(self.no_moments()),
        };
        for (index, (utterance, taken)) in utterances.iter_mut().zip(taken).enumerate() {
            let features = &mut utterance.features[modality];
            let dim = features.dim();
            let frames = features.data_mut().chunks_exact_mut(dim);
            for (step, frame) in frames.enumerate().filter(|(step, _)| taken[*step]) {
                match &source {
                    Source::Constant(value) => frame.fill(*value),
                    Source::Mean(mean) => frame.copy_from_slice(mean),
                    Source::Noise(FrameMoments { mean, deviation }) => {
                        let moments = mean.iter().zip(deviation);
                        for (value, (mean, deviation)) in frame.iter_mut().zip(moments) {
                            *value = mean + deviation * gaussian(rng) as f32;
                        }
                    }
                    Source::Donors(donors) => {
                        let donor = &donors[index];
                        frame.copy_from_slice(donor.row(step % donor.steps()));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Where the values of a fill come from.
enum Source<'s> {
    Constant(f32),
    Mean(&'s [f32]),
    Noise(&'s FrameMoments),
    /// One an utterance.
    Donors(Vec<Features>),
}

/// For every utterance the modality of another one, as it was before anything was taken.
fn donors(
    utterances: &[Utterance],
    modality: usize,
    rng: &mut impl Rng,
) -> Result<Vec<Features>, Error> {
    let n = utterances.len();
    if n < 2 {
        return Err(Error::InvalidConfig {
            field: "fill",
            expected: "at least 2 utterances for `shuffle`, which takes from another one",
            found: n.to_string(),
        });
    }
    // Sattolo's shuffle: a random cycle through all, so that nobody meets themselves and every other one is as likely.
    let mut order: Vec<usize> = (0..n).collect();
    for last in (1..n).rev() {
        order.swap(last, rng.random_range(0..last));
    }
    let donor = |index: usize| utterances[index].features[modality].clone();
    Ok(order.into_iter().map(donor).collect())
}
