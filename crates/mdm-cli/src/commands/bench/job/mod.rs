//! What is timed.

mod corpus;
mod data;
mod estimator;
mod training;

use anyhow::bail;
use burn::tensor::Device;

use super::model::reads_pieces;
use super::sizes::Sizes;
use corpus::{Batches, Epoch};
use estimator::Estimator;
use training::{Inference, Training};

/// A kind of step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Forward, backward and AdamW on the task's loss alone.
    TrainStep,
    /// Updates of the critic on fresh batches, then one of the model with the penalty.
    Algorithm1,
    /// Predictions of a batch.
    Inference,
    /// The batches of a step of Algorithm 1, put together from utterances in memory.
    Batches,
    /// An epoch of Algorithm 1, with validation and test.
    Epoch,
    /// One update of a critic on the total correlation of three Gaussian variables of 20 components.
    Estimator,
}

impl Job {
    /// Those of a model.
    const OF_MODELS: [Self; 5] = [
        Self::TrainStep,
        Self::Algorithm1,
        Self::Inference,
        Self::Batches,
        Self::Epoch,
    ];

    /// The jobs of a workload: those that were asked for by name, or those that the PyTorch side has too.
    ///
    /// # Errors
    ///
    /// A name that is none, or no job of this workload.
    pub fn of(workload: &str, asked: &[String]) -> anyhow::Result<Vec<Self>> {
        if let Some(unknown) = (asked.iter()).find(|name| Self::named(name).is_none()) {
            let names = Self::OF_MODELS.map(Self::name).join(", ");
            bail!("unknown job `{unknown}`; there are: {names}");
        }
        if workload == "estimator" {
            return match asked {
                [] => Ok(vec![Self::Estimator]),
                _ => bail!("the estimator has one job: name models with --only"),
            };
        }
        let corpus = [Self::Batches, Self::Epoch].map(Self::name);
        if reads_pieces(workload)
            && let Some(name) = asked.iter().find(|name| corpus.contains(&name.as_str()))
        {
            bail!(
                "{workload} reads word pieces, of which there is no corpus for `{name}`: name others with --only"
            );
        }
        let [train_step, algorithm1, inference, ..] = Self::OF_MODELS;
        Ok(match asked {
            [] => vec![train_step, algorithm1, inference],
            asked => asked.iter().filter_map(|name| Self::named(name)).collect(),
        })
    }

    fn named(name: &str) -> Option<Self> {
        Self::OF_MODELS.into_iter().find(|job| job.name() == name)
    }

    /// The name in the results.
    pub fn name(self) -> &'static str {
        match self {
            Self::TrainStep => "train_step",
            Self::Algorithm1 => "algorithm1",
            Self::Inference => "inference",
            Self::Batches => "batches",
            Self::Epoch => "epoch",
            Self::Estimator => "gaussian_tc",
        }
    }

    /// Everything before the clock.
    pub fn prepare(
        self,
        name: &str,
        sizes: &Sizes,
        device: &Device,
    ) -> anyhow::Result<Box<dyn Work>> {
        Ok(match self {
            Self::TrainStep => Box::new(Training::new(name, sizes, false, device)?),
            Self::Algorithm1 => Box::new(Training::new(name, sizes, true, device)?),
            Self::Inference => Box::new(Inference::new(name, sizes, device)?),
            Self::Batches => Box::new(Batches::new(sizes, device)?),
            Self::Epoch => Box::new(Epoch::new(name, sizes, device)?),
            Self::Estimator => Box::new(Estimator::new(device)?),
        })
    }
}

/// Something that is done again and again.
pub trait Work {
    fn step(&mut self);
    /// Utterances that a step reads.
    fn samples(&self) -> usize;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_asked_for_by_name() {
        let names = |workload: &str, asked: &[&str]| {
            let asked: Vec<String> = asked.iter().map(|&name| name.to_owned()).collect();
            let jobs = Job::of(workload, &asked)?;
            anyhow::Ok(jobs.into_iter().map(Job::name).collect::<Vec<_>>())
        };
        let usual = ["train_step", "algorithm1", "inference"];
        assert_eq!(names("tfn", &[]).unwrap(), usual);
        assert_eq!(names("tfn", &["epoch"]).unwrap(), ["epoch"]);
        assert_eq!(names("estimator", &[]).unwrap(), ["gaussian_tc"]);
        assert!(names("estimator", &["epoch"]).is_err());
        assert!(names("mag_bert", &["batches"]).is_err());
        assert_eq!(names("mag_bert", &["inference"]).unwrap(), ["inference"]);
        let error = names("tfn", &["step"]).unwrap_err().to_string();
        assert!(
            error.contains("`step`") && error.contains("batches"),
            "{error}"
        );
    }
}
