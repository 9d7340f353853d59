//! The optimiser of encoder and head: AdamW over groups of parameters, with a schedule.

mod groups;
mod schedule;
mod stand_in;

use burn::module::{Module, ParamGroup};
use burn::optim::lr_scheduler::constant::ConstantLr;
use burn::optim::lr_scheduler::module_lr_scheduler::{ModuleLearningRate, ModuleLrScheduler};
use burn::optim::{GradientsAccumulator, GradientsParams, ModuleOptimizer};

use crate::config::TrainConfig;

pub use groups::DecayExcludes;
pub use mdm_core::AdamW;
pub use schedule::Schedule;

/// AdamW with its learning rates, and the gradients that wait for the next update.
pub struct Optimizer<M: Module> {
    adamw: ModuleOptimizer,
    rates: Rates,
    waiting: GradientsAccumulator<M>,
    /// Updates so far: the place in the schedule.
    updates: usize,
}

/// The learning rates of a run.
struct Rates {
    rate: f64,
    /// Another one for these parameters.
    text: Option<(ParamGroup, f64)>,
    schedule: Schedule,
    warmup: f64,
    /// Updates of the whole run.
    total: usize,
}

impl Rates {
    fn at(&self, update: usize) -> ModuleLearningRate {
        let factor = self.factor(update);
        match &self.text {
            None => (self.rate * factor).into(),
            Some((group, rate)) => ModuleLrScheduler::new(ConstantLr::new(self.rate * factor))
                .with_group(group.clone(), ConstantLr::new(rate * factor))
                .step(),
        }
    }

    fn factor(&self, update: usize) -> f64 {
        self.schedule.factor(update, self.total, self.warmup)
    }
}

impl<M: Module> Optimizer<M> {
    /// The optimiser of a run of `total` updates. The groups are those of this module's parameters: it must hold its
    /// pretrained weights already.
    pub fn new(config: &TrainConfig, module: &M, total: usize) -> Self {
        let decaying = AdamW {
            betas: [0.9, 0.999],
            epsilon: config.epsilon as f32,
            weight_decay: config.weight_decay as f32,
        };
        let (text, leaves) = groups::groups(module, config.decay_excludes);
        let mut optimizer = ModuleOptimizer::from(decaying);
        if config.decay_excludes != DecayExcludes::None {
            let staying = AdamW {
                weight_decay: 0.0,
                ..decaying
            };
            optimizer = optimizer.with_group(leaves, staying, None);
        }
        let text_rate = config.encoder_learning_rate;
        Self {
            adamw: optimizer,
            rates: Rates {
                rate: config.learning_rate,
                text: (text_rate > 0.0).then_some((text, text_rate)),
                schedule: config.schedule,
                warmup: config.warmup,
                total,
            },
            waiting: GradientsAccumulator::new(),
            updates: 0,
        }
    }

    /// One group, one learning rate for all updates.
    pub fn constant(adamw: AdamW, rate: f64) -> Self {
        Self {
            adamw: adamw.into(),
            rates: Rates {
                rate,
                text: None,
                schedule: Schedule::Constant,
                warmup: 0.0,
                total: 1,
            },
            waiting: GradientsAccumulator::new(),
            updates: 0,
        }
    }

    /// Adds gradients to those of the next update.
    pub fn accumulate(&mut self, module: &M, gradients: GradientsParams) {
        self.waiting.accumulate(module, gradients);
    }

    /// Updates the module with the gradients that wait, in place where nobody else holds its parameters.
    pub fn update(&mut self, module: &mut M) {
        let rate = self.rates.at(self.updates);
        self.updates += 1;
        let stand_in = stand_in::of(module);
        let owned = std::mem::replace(module, stand_in);
        *module = self.adamw.step(rate, owned, self.waiting.grads());
    }

    /// The learning rate of the last update, that of the head where there are several.
    pub fn learning_rate(&self) -> f64 {
        self.rates.rate * self.rates.factor(self.updates.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Task;
    use crate::config::TaskLoss;
    use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
    use burn::tensor::{Device, Tensor};

    /// Fields named as those of a model with a text encoder.
    #[derive(Module, Debug)]
    struct Text {
        bert: Linear,
        norm: LayerNorm,
        head: Linear,
    }

    impl Text {
        fn init() -> Self {
            let device = Device::flex().autodiff();
            Self {
                bert: LinearConfig::new(3, 3).init(&device),
                norm: LayerNormConfig::new(3).init(&device),
                head: LinearConfig::new(3, 1).init(&device),
            }
        }

        /// A sum of all parameters, times `factor`: a gradient of `factor` for each.
        fn gradients(&self, factor: f32) -> GradientsParams {
            let sum = |layer: &Linear| {
                layer.weight.val().sum() + layer.bias.as_ref().unwrap().val().sum()
            };
            let norm = self.norm.gamma.val().sum() + self.norm.beta.as_ref().unwrap().val().sum();
            let loss = sum(&self.bert) + norm + sum(&self.head);
            GradientsParams::from_grads((loss * factor).backward(), self)
        }

        /// One value of each parameter: weight and bias of `bert`, scale and shift of `norm`, weight and bias of `head`.
        fn values(&self) -> [f32; 6] {
            let first = |tensor: Tensor<1>| tensor.slice(0..1).into_scalar::<f32>();
            let bias = |layer: &Linear| first(layer.bias.as_ref().unwrap().val());
            [
                first(self.bert.weight.val().flatten(0, 1)),
                bias(&self.bert),
                first(self.norm.gamma.val()),
                first(self.norm.beta.as_ref().unwrap().val()),
                first(self.head.weight.val().flatten(0, 1)),
                bias(&self.head),
            ]
        }
    }

    fn config() -> TrainConfig {
        TrainConfig {
            epochs: 1,
            batch_size: 1,
            task: Task::Regression,
            loss: TaskLoss::L1,
            learning_rate: 0.1,
            encoder_learning_rate: 0.0,
            schedule: Schedule::Constant,
            warmup: 0.5,
            epsilon: 1e-8,
            weight_decay: 0.0,
            decay_excludes: DecayExcludes::None,
            accumulation: 1,
            length_pool: 0,
            patience: 1,
            modality_dropout: 0.0,
            modality_fill: Default::default(),
        }
    }

    /// One update with gradients of `factor`: each value before it, less the value after it.
    fn steps(config: &TrainConfig, factor: f32) -> [f32; 6] {
        let mut module = Text::init();
        let before = module.values();
        let mut optimizer = Optimizer::new(config, &module, 4);
        optimizer.accumulate(&module, module.gradients(factor));
        optimizer.update(&mut module);
        std::array::from_fn(|place| before[place] - module.values()[place])
    }

    fn close(found: [f32; 6], expected: [f32; 6]) {
        let near = |(found, expected): (&f32, &f32)| (found - expected).abs() < 1e-6;
        assert!(
            found.iter().zip(&expected).all(near),
            "{found:?} {expected:?}"
        );
    }

    #[test]
    fn a_text_encoder_has_its_own_learning_rate() {
        // The first step of AdamW is the learning rate, whatever the gradient.
        close(steps(&config(), 3.0), [0.1; 6]);
        let config = TrainConfig {
            encoder_learning_rate: 0.02,
            ..config()
        };
        close(steps(&config, 3.0), [0.02, 0.02, 0.1, 0.1, 0.1, 0.1]);
    }

    #[test]
    fn what_decay_leaves_alone_stays_without_a_gradient() {
        let shrunk = |decay_excludes| {
            let config = TrainConfig {
                weight_decay: 0.5,
                decay_excludes,
                ..config()
            };
            steps(&config, 0.0).map(|step| step != 0.0)
        };
        // The shift of the norm is 0 and stays so.
        let all = [true, true, true, false, true, true];
        let but_biases = [true, false, true, false, true, false];
        let weights = [true, false, false, false, true, false];
        assert_eq!(shrunk(DecayExcludes::None), all);
        assert_eq!(shrunk(DecayExcludes::Biases), but_biases);
        assert_eq!(shrunk(DecayExcludes::BiasesAndNorms), weights);
        assert_eq!(shrunk(DecayExcludes::MagOfficial), weights);
        // By the learning rate times the decay.
        let config = TrainConfig {
            weight_decay: 0.5,
            ..config()
        };
        assert!((steps(&config, 0.0)[2] - 0.05).abs() < 1e-6);
    }

    #[test]
    fn the_schedule_goes_on_with_each_update() {
        let config = TrainConfig {
            schedule: Schedule::WarmupDecay,
            encoder_learning_rate: 0.02,
            ..config()
        };
        let mut module = Text::init();
        let mut optimizer = Optimizer::new(&config, &module, 4);
        // Two updates rise, two fall.
        for factor in [0.0, 0.5, 1.0, 0.5] {
            let before = module.values();
            optimizer.accumulate(&module, module.gradients(1.0));
            optimizer.update(&mut module);
            let step: [f32; 6] =
                std::array::from_fn(|place| before[place] - module.values()[place]);
            close(
                step,
                [0.02, 0.02, 0.1, 0.1, 0.1, 0.1].map(|rate| rate * factor),
            );
            assert!((optimizer.learning_rate() - 0.1 * f64::from(factor)).abs() < 1e-9);
        }
    }
}
