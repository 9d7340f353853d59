//! The settings of an experiment. Every field has its default, with its source, in `configs/default.toml`.

use mdm_core::{
    CriticConfig, CriticOutput, DependencyMeasure, DependencyObjectiveConfig, Lipschitz, Shuffle,
};
use mdm_data::Modality;
use mdm_data::normalise::Normalisation;
use mdm_data::surgery::Fill;
use mdm_data::synthetic::SyntheticConfig;
use mdm_models::ModelConfig;
use serde::{Deserialize, Serialize};

use crate::optimizer::{DecayExcludes, Schedule};
use crate::{Error, Task};

/// Everything that a run depends on besides the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExperimentConfig {
    /// The one seed: initial weights, order of the batches, permutations and dropout follow from it.
    pub seed: u64,
    /// The corpus and its preparation.
    pub data: DataConfig,
    /// The fusion model.
    pub model: ModelConfig,
    /// The dependency penalty.
    pub penalty: PenaltyConfig,
    /// The training of encoder and head.
    pub train: TrainConfig,
}

/// The corpus and how it is prepared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// `synthetic`, the name of a known dataset, or the folder of a prepared store.
    pub dataset: String,
    /// The modalities to keep, in any order; empty for all that the corpus has.
    pub modalities: Vec<Modality>,
    /// Word vectors (a GloVe text file) for corpora that hold words only; empty for those of the dataset.
    pub word_vectors: String,
    /// Longest sequence; later steps are cut off. At least 1.
    pub max_steps: usize,
    /// How each modality is scaled.
    pub normalise: NormaliseConfig,
    /// The synthetic corpus.
    pub synthetic: SyntheticConfig,
}

/// The normalisation of each modality, fitted on the training split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NormaliseConfig {
    /// Word vectors.
    pub language: Normalisation,
    /// Acoustic features.
    pub audio: Normalisation,
    /// Visual features.
    pub vision: Normalisation,
    /// Signals of the body.
    pub physiology: Normalisation,
}

impl NormaliseConfig {
    /// That of one modality; none for one without a setting.
    pub fn of(&self, modality: Modality) -> Normalisation {
        match modality {
            Modality::Language => self.language,
            Modality::Audio => self.audio,
            Modality::Vision => self.vision,
            Modality::Physiology => self.physiology,
            _ => Normalisation::None,
        }
    }
}

/// The dependency penalty and its critic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PenaltyConfig {
    /// A [`DependencyMeasure`] by its name, or `none` for the plain baseline.
    pub measure: MeasureChoice,
    /// Weight λ of the measure in the loss; at least 0.
    pub lambda: f64,
    /// Critic updates before each update of the model; at least 1.
    pub unroll: usize,
    /// How the modalities of a batch are permuted against each other.
    pub shuffle: Shuffle,
    /// What stands after the critic's last layer.
    pub critic_output: CriticOutput,
    /// Dropout of the critic, in [0, 1); off under a Lipschitz constraint, whose constant it would multiply.
    pub critic_dropout: f64,
    /// Learning rate of the critic's AdamW; above 0.
    pub critic_learning_rate: f64,
    /// How the critic is kept Lipschitz: `none`, `weight-clipping`, `spectral-norm` or `gradient-penalty`.
    pub lipschitz: LipschitzChoice,
    /// Largest magnitude of a critic's parameter under `weight-clipping`; above 0.
    pub clip: f64,
    /// Weight of the gradient penalty under `gradient-penalty`; above 0.
    pub gradient_penalty_weight: f64,
    /// Punish slopes above 1 only, not below it, under `gradient-penalty`.
    pub gradient_penalty_one_sided: bool,
}

/// A dependency measure or none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MeasureChoice(pub Option<DependencyMeasure>);

impl std::str::FromStr for MeasureChoice {
    type Err = mdm_core::Error;

    fn from_str(name: &str) -> Result<Self, mdm_core::Error> {
        match name {
            "none" => Ok(Self(None)),
            name => match name.parse() {
                Ok(measure) => Ok(Self(Some(measure))),
                Err(mdm_core::Error::UnknownMeasure { name, known }) => {
                    let known = format!("none, {known}");
                    Err(mdm_core::Error::UnknownMeasure { name, known })
                }
                Err(error) => Err(error),
            },
        }
    }
}

impl TryFrom<String> for MeasureChoice {
    type Error = mdm_core::Error;

    fn try_from(name: String) -> Result<Self, mdm_core::Error> {
        name.parse()
    }
}

impl From<MeasureChoice> for String {
    fn from(choice: MeasureChoice) -> Self {
        choice.to_string()
    }
}

impl std::fmt::Display for MeasureChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(measure) => measure.fmt(f),
            None => f.write_str("none"),
        }
    }
}

/// The Lipschitz constraints by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LipschitzChoice {
    /// No constraint.
    None,
    /// Clip every parameter.
    WeightClipping,
    /// Divide every weight by its largest singular value.
    SpectralNorm,
    /// Punish slopes other than 1 between the two batches.
    GradientPenalty,
}

impl PenaltyConfig {
    /// The objective for representations of width `d_z`, or none for the baseline.
    pub fn objective(&self, d_z: usize) -> Option<DependencyObjectiveConfig> {
        let measure = self.measure.0?;
        let critic = CriticConfig::new(d_z)
            .with_output(self.critic_output)
            .with_dropout(self.critic_dropout);
        let lipschitz = match self.lipschitz {
            LipschitzChoice::None => Lipschitz::None,
            LipschitzChoice::WeightClipping => Lipschitz::WeightClipping { limit: self.clip },
            LipschitzChoice::SpectralNorm => Lipschitz::SpectralNorm { iterations: 1 },
            LipschitzChoice::GradientPenalty => Lipschitz::GradientPenalty {
                weight: self.gradient_penalty_weight,
                one_sided: self.gradient_penalty_one_sided,
            },
        };
        Some(
            DependencyObjectiveConfig::new(measure, d_z)
                .with_critic(critic)
                .with_lipschitz(lipschitz)
                .with_learning_rate(self.critic_learning_rate),
        )
    }
}

/// The training of encoder and head.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Most epochs; at least 1.
    pub epochs: usize,
    /// Utterances a batch; at least 1.
    pub batch_size: usize,
    /// Batches whose utterances are sorted by length before they are cut, to save padding; 0: none.
    pub length_pool: usize,
    /// What is learned.
    // A run folder from before this setting holds a regression.
    #[serde(default)]
    pub task: Task,
    /// Loss of the task `regression`; the other tasks have cross-entropy.
    pub loss: TaskLoss,
    /// Learning rate of AdamW; above 0.
    pub learning_rate: f64,
    /// Learning rate of a text encoder's own parameters; 0: the same.
    pub encoder_learning_rate: f64,
    /// How the learning rates go over the run.
    pub schedule: Schedule,
    /// Share of the updates over which `warmup-decay` rises, in [0, 1].
    pub warmup: f64,
    /// AdamW's ε; above 0.
    pub epsilon: f64,
    /// Decoupled weight decay; at least 0.
    pub weight_decay: f64,
    /// The parameters that it leaves alone.
    pub decay_excludes: DecayExcludes,
    /// Batches whose gradients are averaged for one update of encoder and head; at least 1. The critic's updates come once
    /// before each.
    pub accumulation: usize,
    /// Epochs without a better [criterion](crate::TaskMetrics::criterion) on the validation split before training stops; at least 1.
    pub patience: usize,
    /// Probability with which an utterance of a training batch loses each of its modalities, never all; in [0, 1).
    pub modality_dropout: f64,
    /// What stands in for them.
    pub modality_fill: Fill,
}

/// The loss of a regression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskLoss {
    /// Mean absolute error, as in the paper.
    L1,
    /// Mean squared error, as in the official MAG code.
    Mse,
}

impl ExperimentConfig {
    /// Checks the ranges that the type of a field does not.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] naming the field, what was expected and what was found.
    pub fn check(&self) -> Result<(), Error> {
        let positive = |x: f64| x > 0.0 && x.is_finite();
        let non_negative = |x: f64| x >= 0.0 && x.is_finite();
        let PenaltyConfig {
            lambda,
            unroll,
            critic_dropout,
            critic_learning_rate,
            clip,
            gradient_penalty_weight,
            ..
        } = self.penalty;
        let TrainConfig {
            epochs,
            batch_size,
            learning_rate,
            encoder_learning_rate,
            warmup,
            epsilon,
            accumulation,
            weight_decay,
            patience,
            modality_dropout,
            ..
        } = self.train;
        let at_least_1 = "at least 1";
        let above_0 = "a number above 0";
        let from_0 = "a number not below 0";
        let checks = [
            (
                "data.max_steps",
                self.data.max_steps > 0,
                at_least_1,
                self.data.max_steps.to_string(),
            ),
            (
                "penalty.lambda",
                non_negative(lambda),
                from_0,
                lambda.to_string(),
            ),
            ("penalty.unroll", unroll > 0, at_least_1, unroll.to_string()),
            (
                "penalty.critic_dropout",
                (0.0..1.0).contains(&critic_dropout),
                "in [0, 1)",
                critic_dropout.to_string(),
            ),
            (
                "penalty.critic_learning_rate",
                positive(critic_learning_rate),
                above_0,
                critic_learning_rate.to_string(),
            ),
            ("penalty.clip", positive(clip), above_0, clip.to_string()),
            (
                "penalty.gradient_penalty_weight",
                positive(gradient_penalty_weight),
                above_0,
                gradient_penalty_weight.to_string(),
            ),
            ("train.epochs", epochs > 0, at_least_1, epochs.to_string()),
            (
                "train.batch_size",
                batch_size > 0,
                at_least_1,
                batch_size.to_string(),
            ),
            (
                "train.learning_rate",
                positive(learning_rate),
                above_0,
                learning_rate.to_string(),
            ),
            (
                "train.encoder_learning_rate",
                non_negative(encoder_learning_rate),
                from_0,
                encoder_learning_rate.to_string(),
            ),
            (
                "train.warmup",
                (0.0..=1.0).contains(&warmup),
                "in [0, 1]",
                warmup.to_string(),
            ),
            (
                "train.epsilon",
                positive(epsilon),
                above_0,
                epsilon.to_string(),
            ),
            (
                "train.accumulation",
                accumulation > 0,
                at_least_1,
                accumulation.to_string(),
            ),
            (
                "train.weight_decay",
                non_negative(weight_decay),
                from_0,
                weight_decay.to_string(),
            ),
            (
                "train.patience",
                patience > 0,
                at_least_1,
                patience.to_string(),
            ),
            (
                "train.modality_dropout",
                (0.0..1.0).contains(&modality_dropout),
                "in [0, 1)",
                modality_dropout.to_string(),
            ),
        ];
        match checks.into_iter().find(|(_, holds, ..)| !holds) {
            Some((field, _, expected, found)) => Err(Error::InvalidConfig {
                field,
                expected,
                found,
            }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lipschitz(name: &str) -> Lipschitz {
        let penalty: PenaltyConfig = serde_json::from_value(json!({
            "measure": "wasserstein",
            "lambda": 0.1,
            "unroll": 10,
            "shuffle": "derangement",
            "critic_output": "identity",
            "critic_dropout": 0.4,
            "critic_learning_rate": 0.001,
            "lipschitz": name,
            "clip": 0.02,
            "gradient_penalty_weight": 5.0,
            "gradient_penalty_one_sided": true,
        }))
        .unwrap();
        penalty.objective(8).unwrap().lipschitz
    }

    #[test]
    fn each_lipschitz_constraint_takes_its_settings() {
        for (name, expected) in [
            ("none", Lipschitz::None),
            ("weight-clipping", Lipschitz::WeightClipping { limit: 0.02 }),
            ("spectral-norm", Lipschitz::SpectralNorm { iterations: 1 }),
            (
                "gradient-penalty",
                Lipschitz::GradientPenalty {
                    weight: 5.0,
                    one_sided: true,
                },
            ),
        ] {
            assert_eq!(lipschitz(name), expected);
        }
    }
}
