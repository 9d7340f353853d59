//! The optimiser of encoder and head: AdamW over groups of parameters, with a schedule.

mod groups;
mod schedule;

use burn::module::{Module, ParamGroup};
use burn::optim::lr_scheduler::constant::ConstantLr;
use burn::optim::lr_scheduler::module_lr_scheduler::{ModuleLearningRate, ModuleLrScheduler};
use burn::optim::{AdamWConfig, GradientsAccumulator, GradientsParams, ModuleOptimizer};

use crate::config::TrainConfig;

pub use groups::DecayExcludes;
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
        let adamw = AdamWConfig::new().with_epsilon(config.epsilon as f32);
        let decaying = adamw.clone().with_weight_decay(config.weight_decay as f32);
        let (text, leaves) = groups::groups(module, config.decay_excludes);
        let mut optimizer = decaying.init();
        if config.decay_excludes != DecayExcludes::None {
            optimizer = optimizer.with_group(leaves, adamw.with_weight_decay(0.0).build(), None);
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

    /// Any optimiser with one learning rate for all parameters and all updates.
    pub fn constant(adamw: ModuleOptimizer, rate: f64) -> Self {
        Self {
            adamw,
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

    /// Updates the module with the gradients that wait.
    pub fn update(&mut self, module: M) -> M {
        let rate = self.rates.at(self.updates);
        self.updates += 1;
        self.adamw.step(rate, module, self.waiting.grads())
    }

    /// The learning rate of the last update, that of the head where there are several.
    pub fn learning_rate(&self) -> f64 {
        self.rates.rate * self.rates.factor(self.updates.saturating_sub(1))
    }
}
