//! The losses of an epoch.

use burn::tensor::Tensor;

use super::StepReport;
use crate::Error;
use crate::evaluate::read;

/// Losses are read from the device once in so many steps: reading waits for it.
const STEPS_PER_READ: usize = 8;

/// Mean losses of an epoch.
pub(super) struct EpochLosses {
    pub(super) task: f64,
    pub(super) measure: f64,
    pub(super) critic_measure: f64,
    pub(super) total: f64,
}

/// Collects losses on the device, reads them now and then, and stops at the first that is not finite.
pub(super) struct Ledger {
    epoch: usize,
    steps: usize,
    done: usize,
    critic: Vec<Tensor<1>>,
    waiting: Vec<[Option<Tensor<1>>; 3]>,
    sums: [f64; 3],
    critic_sum: f64,
    critic_count: usize,
    latest: [f32; 3],
}

/// The terms of a step's loss, in the order they are collected.
const TERMS: [&str; 3] = ["task loss", "dependency measure", "total loss"];

impl Ledger {
    pub(super) fn new(epoch: usize, steps: usize) -> Self {
        Self {
            epoch,
            steps,
            done: 0,
            critic: Vec::new(),
            waiting: Vec::new(),
            sums: [0.0; 3],
            critic_sum: 0.0,
            critic_count: 0,
            latest: [f32::NAN; 3],
        }
    }

    /// The measures before some updates of the critic.
    pub(super) fn add_critic(&mut self, measures: Vec<Tensor<1>>) {
        self.critic.extend(measures);
    }

    /// The terms of a step's loss.
    pub(super) fn add(
        &mut self,
        task: Tensor<1>,
        measure: Option<Tensor<1>>,
        total: Tensor<1>,
    ) -> Result<(), Error> {
        self.waiting.push([Some(task), measure, Some(total)]);
        self.done += 1;
        if self.waiting.len() == STEPS_PER_READ || self.done == self.steps {
            self.read()?;
        }
        Ok(())
    }

    fn read(&mut self) -> Result<(), Error> {
        let first_step = self.done - self.waiting.len() + 1;
        let critic = read(std::mem::take(&mut self.critic));
        self.critic_sum += critic.iter().map(|&value| f64::from(value)).sum::<f64>();
        self.critic_count += critic.len();
        let waiting = std::mem::take(&mut self.waiting);
        let present: Vec<[bool; 3]> = waiting
            .iter()
            .map(|terms| terms.each_ref().map(Option::is_some))
            .collect();
        let mut values = read(waiting.into_iter().flatten().flatten().collect()).into_iter();
        for (offset, present) in present.into_iter().enumerate() {
            for (term, name) in TERMS.into_iter().enumerate() {
                if !present[term] {
                    continue;
                }
                let value = values.next().expect("as many values as tensors");
                if !value.is_finite() {
                    return Err(Error::NonFinite {
                        epoch: self.epoch,
                        step: first_step + offset,
                        term: name,
                        value,
                    });
                }
                self.sums[term] += f64::from(value);
                self.latest[term] = value;
            }
        }
        Ok(())
    }

    pub(super) fn report(&self) -> StepReport {
        StepReport {
            epoch: self.epoch,
            step: self.done,
            steps: self.steps,
            task: self.latest[0],
            measure: self.latest[1],
        }
    }

    pub(super) fn finish(self) -> Result<EpochLosses, Error> {
        let [task, measure, total] = self.sums.map(|sum| sum / self.steps as f64);
        let with_penalty = self.critic_count > 0;
        Ok(EpochLosses {
            task,
            measure: if with_penalty { measure } else { f64::NAN },
            critic_measure: self.critic_sum / self.critic_count as f64,
            total,
        })
    }
}
