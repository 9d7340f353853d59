//! What representations are good for.

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::{Int, Tensor};
use mdm_core::estimate::{Estimate, Estimator, EstimatorConfig, Samples, Variable};
use mdm_core::{DependencyMeasure, Error, init, seed};

use crate::model::TwoViews;
use crate::views::{CLASSES, Pairs, indices};

/// Fits a linear classifier to the encoded first view of labelled samples and gives its accuracy on test samples.
pub fn probe(encode: impl Fn(Tensor<2>) -> Tensor<2>, labelled: &Pairs, test: &Pairs) -> f64 {
    let z = Tensor::from_inner(encode(labelled.x.clone()));
    let device = z.device();
    let mut layer = init::linear(
        z.dims()[1],
        CLASSES,
        &mut seed::stream(0, "probe", 0),
        &device,
    );
    let mut optimizer = AdamWConfig::new().init();
    let loss = CrossEntropyLossConfig::new().init(&device);
    let classes = indices(&labelled.classes, &device);
    for _ in 0..300 {
        let gradients = loss
            .forward(layer.forward(z.clone()), classes.clone())
            .backward();
        let gradients = GradientsParams::from_grads(gradients, &layer);
        layer = optimizer.step(0.02, layer, gradients);
    }
    let found = layer
        .valid()
        .forward(encode(test.x.clone()))
        .argmax(1)
        .squeeze_dim::<1>(1);
    share_equal(found, &test.classes)
}

/// How often the second view with the best score, of all of them, is of the first view's class.
pub fn retrieval(model: &TwoViews, test: &Pairs) -> f64 {
    let best = model
        .scores(test.x.clone(), test.y.clone())
        .argmax(1)
        .squeeze_dim::<1>(1);
    let class = indices(&test.classes, &best.device()).select(0, best);
    share_equal(class, &test.classes)
}

/// The dependence of the two representations of held-out pairs, by an estimator that knows nothing of the training.
pub fn dependence(model: &TwoViews, test: &Pairs) -> Result<Estimate, Error> {
    let samples = Samples::new(vec![
        Variable::from_tensor("z_x", model.x.forward(test.x.clone()))?,
        Variable::from_tensor("z_y", model.y.forward(test.y.clone()))?,
    ])?;
    // InfoNCE bounds the same quantity as the default measure does, and learns clusters sooner.
    let config = EstimatorConfig {
        folds: 3,
        batch_size: 256,
        max_steps: 600,
        ..EstimatorConfig::new(DependencyMeasure::InfoNce)
    };
    Estimator::new(config, &test.x.device().autodiff())?.fit(&samples)
}

fn share_equal(found: Tensor<1, Int>, classes: &[usize]) -> f64 {
    let expected = indices(classes, &found.device());
    let equal = found.equal(expected).int().sum();
    f64::from(equal.into_scalar::<i32>()) / classes.len() as f64
}
