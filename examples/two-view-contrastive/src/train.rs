//! The training loops: on pairs, for the dependency objective, and on labels, for comparison.

use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::{Device, Tensor};
use mdm_core::init;
use mdm_core::measure::info_nce;
use mdm_core::seed::{self, ChaCha8Rng};
use rand::seq::index;

use crate::model::{D_Z, Encoder, TwoViews};
use crate::views::{CLASSES, Pairs, indices};

const STEPS: usize = 600;
/// Pairs in a batch.
pub const BATCH: usize = 128;
const LEARNING_RATE: f64 = 3e-3;

/// Trains encoders and critic to raise the InfoNCE bound on the dependence of the two representations. Gives its mean
/// over the first and over the last batches as well.
///
/// Encoders and critic climb the same bound, so one optimiser does for all; `mdm_core::DependencyObjective` is for
/// losses that have other terms, with a critic that is trained in steps of its own.
pub fn on_pairs(mut model: TwoViews, pairs: &Pairs, rng: &mut ChaCha8Rng) -> (TwoViews, [f64; 2]) {
    const MEAN_OVER: usize = 10;
    let mut optimizer = AdamWConfig::new().init();
    let mut curve = [0.0; 2];
    for step in 0..STEPS {
        let (x, y) = pairs.pick(&index::sample(rng, pairs.classes.len(), BATCH).into_vec());
        let bound = info_nce(model.scores(Tensor::from_inner(x), Tensor::from_inner(y)));
        let gradients = GradientsParams::from_grads(bound.clone().neg().backward(), &model);
        model = optimizer.step(LEARNING_RATE, model, gradients);
        let value = f64::from(bound.into_scalar::<f32>()) / MEAN_OVER as f64;
        if step < MEAN_OVER {
            curve[0] += value;
        } else if step + MEAN_OVER >= STEPS {
            curve[1] += value;
        }
    }
    (model, curve)
}

/// Trains an encoder with a linear layer on top to tell the classes of labelled samples, and gives the encoder.
pub fn on_labels(encoder: Encoder, labelled: &Pairs, device: &Device) -> Encoder {
    let head = init::linear(D_Z, CLASSES, &mut seed::stream(0, "head", 0), device);
    let mut model = (encoder, head);
    let mut optimizer = AdamWConfig::new().init();
    let loss = CrossEntropyLossConfig::new().init(device);
    let x = Tensor::from_inner(labelled.x.clone());
    let classes = indices(&labelled.classes, device);
    for _ in 0..STEPS / 3 {
        let logits = model.1.forward(model.0.forward(x.clone()));
        let gradients = loss.forward(logits, classes.clone()).backward();
        let gradients = GradientsParams::from_grads(gradients, &model);
        model = optimizer.step(LEARNING_RATE, model, gradients);
    }
    model.0
}
