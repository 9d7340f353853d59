//! Algorithm 1 of the paper: critic and model trained in turns.

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use mdm_core::{DependencyObjective, Mode};
use mdm_models::{FusionEncoder, Head, Sequences};

use crate::critic_pass::{self, CriticPass};
use crate::optimizer::Optimizer;
use crate::task::Targets;

/// Encoder and head: what a run is after.
#[derive(Module, Debug)]
pub struct FusionModel<E: FusionEncoder> {
    /// From a batch to Z.
    pub encoder: E,
    /// From Z to the outputs.
    pub head: Head,
}

impl<E: FusionEncoder> FusionModel<E> {
    /// The outputs for each sample, `[batch, outputs]`.
    pub fn predict(&self, input: &Sequences) -> Tensor<2> {
        let z = self.encoder.encode(input, &mut Mode::Eval);
        self.head.forward(z, &mut Mode::Eval)
    }
}

/// The dependency term of the loss.
pub struct Penalty {
    /// Critic, its optimiser and the measure.
    pub objective: DependencyObjective,
    /// λ, the weight of the measure.
    pub lambda: f64,
}

/// The terms of a batch's loss, each `[1]`.
#[derive(Debug, Clone)]
pub struct Losses {
    /// The down-stream loss.
    pub task: Tensor<1>,
    /// The dependency measure; none without a penalty.
    pub measure: Option<Tensor<1>>,
    /// What is minimised: `task − λ · measure`.
    pub total: Tensor<1>,
}

/// Model, penalty and optimiser: the state that the two kinds of step change.
pub struct Algorithm1<E: FusionEncoder> {
    /// Encoder and head.
    pub model: FusionModel<E>,
    /// The dependency term, or none for the baseline.
    pub penalty: Option<Penalty>,
    /// The optimiser of the model.
    pub optimizer: Optimizer<FusionModel<E>>,
}

impl<E: FusionEncoder> Algorithm1<E> {
    /// One update of the critic for each batch of some passes, in their order; the measure before each, or nothing without
    /// a penalty.
    ///
    /// `encoder` is the model's encoder without a graph ([`Module::valid`]): it does not change between the updates of
    /// an unroll, so the caller takes it once, and how batches share passes changes nothing but rounding.
    pub fn update_critic(&mut self, encoder: &E, passes: &[CriticPass]) -> Vec<Tensor<1>> {
        let Some(penalty) = &mut self.penalty else {
            return Vec::new();
        };
        let mut measures = Vec::new();
        critic_pass::encode(encoder, passes, |(z_joint, z_product)| {
            measures.push(penalty.objective.update_critic(z_joint, z_product));
        });
        measures
    }

    /// The loss of a batch, with its graph. The critic is frozen; the gradient flows through both the joint and the
    /// product representations.
    pub fn losses(
        &self,
        input: &Sequences,
        targets: &Targets,
        permutations: &[Vec<usize>],
        mode: &mut Mode,
    ) -> Losses {
        let encoder = &self.model.encoder;
        let (z_joint, measure) = match &self.penalty {
            None => (encoder.encode(input, mode), None),
            Some(penalty) => {
                let (z_joint, z_product) = encoder.encode_pair(input, permutations, mode);
                let measure = penalty.objective.penalty(z_joint.clone(), z_product);
                (z_joint, Some((measure, penalty.lambda)))
            }
        };
        let task = targets.loss(self.model.head.forward(z_joint, mode));
        // The one place where the sign turns: measures are maximised, losses minimised.
        let total = match &measure {
            None => task.clone(),
            Some((measure, lambda)) => task.clone() - measure.clone() * *lambda,
        };
        Losses {
            task,
            measure: measure.map(|(measure, _)| measure),
            total,
        }
    }

    /// The losses of a batch, off the graph; their gradients, weighted by `share`, wait for the next
    /// [update](Self::update_model). Batches that share an update have shares that add up to 1.
    pub fn accumulate(
        &mut self,
        input: &Sequences,
        targets: &Targets,
        permutations: &[Vec<usize>],
        share: f64,
        mode: &mut Mode,
    ) -> Losses {
        let losses = self.losses(input, targets, permutations, mode);
        let gradients = (losses.total.clone() * share).backward();
        let gradients = GradientsParams::from_grads(gradients, &self.model);
        self.optimizer.accumulate(&self.model, gradients);
        Losses {
            task: losses.task.inner(),
            measure: losses.measure.map(Tensor::inner),
            total: losses.total.inner(),
        }
    }

    /// One update of encoder and head with the gradients that wait.
    pub fn update_model(&mut self) {
        self.optimizer.update(&mut self.model);
    }
}
