//! How well a trained model does when modalities are missing at test time (figure 4 of the paper).

use burn::tensor::Device;
use mdm_core::seed;
use mdm_data::surgery::{Fill, FillStatistics, Surgery};
use mdm_data::{Corpus, Modality};
use mdm_models::FusionEncoder;
use serde::Serialize;

use crate::evaluate::evaluate;
use crate::{Checkpoint, Error, Metrics, Task};

/// What is taken from the test split, and what stands in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Missing {
    /// The modalities of the corpus that stay.
    pub kept: Vec<Modality>,
    /// The others.
    pub dropped: Vec<Modality>,
    /// What stands in for those.
    pub fill: Fill,
    /// The probability with which an utterance loses each of the dropped modalities; 1: all lose them.
    pub rate: f64,
    /// Seed of what is dropped and filled.
    pub seed: u64,
}

/// The test split with modalities missing, against the whole one.
///
/// A ratio alone flatters: at chance it is not 0 but that of the majority class, which stands beside it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Robustness {
    /// What is missing.
    #[serde(flatten)]
    pub missing: Missing,
    /// Metrics without it.
    pub test: Metrics,
    /// Binary accuracies relative to those of the whole test split: the paper's `Acc2_corrupt / Acc2`.
    pub ratio: Acc2Ratios,
    /// The same of always predicting the majority class.
    pub majority_ratio: Acc2Ratios,
}

/// Binary accuracies relative to those of a model that sees everything. NaN, `null` in JSON, where that is 0.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct Acc2Ratios {
    pub acc2_has0: f64,
    pub acc2_non0: f64,
}

/// Evaluates on the test split with modalities missing; `whole` are the metrics with all of them.
///
/// The fill knows the training split alone.
///
/// # Errors
///
/// [`Error::Data`] for a rate outside [0, 1], and for a shuffled fill with one utterance.
///
/// # Panics
///
/// When a dropped modality is not one of the corpus, or the task says nothing of the sentiment, so that there are no `whole`
/// metrics of it.
pub fn robustness<E: FusionEncoder>(
    task: Task,
    checkpoint: &Checkpoint<E>,
    corpus: &Corpus,
    missing: Missing,
    whole: &Metrics,
    device: &Device,
) -> Result<Robustness, Error> {
    let index = |&modality| corpus.index_of(modality).expect("a modality of the corpus");
    let dropped: Vec<usize> = missing.dropped.iter().map(index).collect();
    let mut utterances = corpus.test.clone();
    Surgery::new(missing.fill, FillStatistics::fit(corpus)).drop_modalities(
        &mut utterances,
        &dropped,
        missing.rate,
        &mut seed::stream(missing.seed, "missing modalities", 0),
    )?;
    let test = evaluate(task, checkpoint, &utterances, device);
    let test = test.sentiment().expect("a task with metrics of the sentiment").clone();
    let ratio = |part: f64, all: f64| if all > 0.0 { part / all } else { f64::NAN };
    Ok(Robustness {
        ratio: Acc2Ratios {
            acc2_has0: ratio(test.acc2_has0, whole.acc2_has0),
            acc2_non0: ratio(test.acc2_non0, whole.acc2_non0),
        },
        majority_ratio: Acc2Ratios {
            acc2_has0: ratio(whole.majority_acc2_has0, whole.acc2_has0),
            acc2_non0: ratio(whole.majority_acc2_non0, whole.acc2_non0),
        },
        missing,
        test,
    })
}
