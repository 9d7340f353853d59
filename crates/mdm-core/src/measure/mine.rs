use burn::tensor::Tensor;

use super::{DependencyMeasure, donsker_varadhan};
use crate::numerics::log_mean_exp;

/// Share of the newest batch in MINE's running mean: 0.01, as in gtegner/mine-pytorch.
pub const MINE_RATE: f64 = 0.01;

/// MINE: the value of [`donsker_varadhan`] on the batch, in nats, with a gradient whose bias is corrected by a running
/// mean. Returns the value and the new state.
///
/// ```text
/// value    = mean(scores_joint) − ln( mean( exp(scores_product) ) )
/// gradient = ∇ mean(scores_joint) − mean( exp(scores_product) · ∇ scores_product ) / running_mean
///
/// running_mean = (1 − rate) · running_mean + rate · mean( exp(scores_product) )
/// ```
///
/// The gradient of the logarithm over a batch has the batch's own mean below the line, which makes it biased; a mean
/// over many batches takes its place (Belghazi et al., "Mutual Information Neural Estimation", 2018, section 3.2). The
/// running mean takes in the batch before it is used. `log_mean` is its logarithm, `None` before the first batch,
/// whose gradient is that of Donsker–Varadhan.
///
/// # Shapes
///
/// - `scores_joint`: `[n]`
/// - `scores_product`: `[m]`
/// - `rate`: in (0, 1]; [`MINE_RATE`] by default
/// - `log_mean`: `[1]`
/// - output: the value `[1]` and the new `log_mean` `[1]`, off the graph
///
/// # Numerics
///
/// All in log space. Since the running mean has taken in the batch, `exp(scores_product) / running_mean` is at most
/// `m / rate`: the gradient is finite wherever the scores are.
///
/// # Example
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use mdm_core::measure::mine;
///
/// let device = Device::flex().autodiff();
/// let joint = Tensor::from_floats([1.0], &device);
/// let product = Tensor::<1>::from_floats([0.0, 3f32.ln()], &device).require_grad();
/// let log_mean = Tensor::from_floats([4f32.ln()], &device);
/// // The batch's mean is (1 + 3) / 2 = 2; the running mean goes from 4 halfway to it.
/// let (value, log_mean) = mine(joint, product.clone(), 0.5, Some(log_mean));
/// assert!((log_mean.into_scalar::<f32>() - 3f32.ln()).abs() < 1e-6);
///
/// let gradient = product.grad(&value.backward()).unwrap().try_into_vec_as::<f32>().unwrap();
/// // −exp(score) / (2 · 3)
/// assert!((gradient[0] + 1.0 / 6.0).abs() < 1e-6 && (gradient[1] + 0.5).abs() < 1e-6);
/// assert!((value.into_scalar::<f32>() - (1.0 - 2f32.ln())).abs() < 1e-6);
/// ```
pub fn mine(
    scores_joint: Tensor<1>,
    scores_product: Tensor<1>,
    rate: f64,
    log_mean: Option<Tensor<1>>,
) -> (Tensor<1>, Tensor<1>) {
    let batch = log_mean_exp(scores_product.clone().inner());
    let log_mean = match log_mean {
        Some(log_mean) => weighted(log_mean.inner(), batch, rate),
        None => batch,
    };
    let ratio = (scores_product.clone() - log_mean.clone()).exp().mean();
    let trained = scores_joint.clone().mean() - ratio;
    let value = donsker_varadhan(scores_joint.inner(), scores_product.inner());
    // Adds and takes away the same number: only its gradient stays.
    (value + (trained.clone() - trained.detach()), log_mean)
}

/// The value that a critic ascends: that of [`DependencyMeasure::value`], under [`DependencyMeasure::Mine`] with the
/// running mean kept from one update to the next.
#[derive(Debug, Default)]
pub(crate) struct CriticValue {
    pub log_mean: Option<Tensor<1>>,
}

impl CriticValue {
    pub fn next(
        &mut self,
        measure: DependencyMeasure,
        scores_joint: Tensor<1>,
        scores_product: Tensor<1>,
    ) -> Tensor<1> {
        match measure {
            DependencyMeasure::Mine { rate } => {
                let log_mean = self.log_mean.take();
                let (value, log_mean) = mine(scores_joint, scores_product, rate, log_mean);
                self.log_mean = Some(log_mean);
                value
            }
            measure => measure.value(scores_joint, scores_product),
        }
    }
}

/// `ln( (1 − rate) · exp(old) + rate · exp(new) )`.
fn weighted(old: Tensor<1>, new: Tensor<1>, rate: f64) -> Tensor<1> {
    let largest = old.clone().max_pair(new.clone());
    let old = (old - largest.clone()).exp() * (1.0 - rate);
    let new = (new - largest.clone()).exp() * rate;
    (old + new).log() + largest
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn gradients(value: &Tensor<1>, scores: [&Tensor<1>; 2]) -> [Vec<f32>; 2] {
        let gradients = value.backward();
        scores.map(|scores| scores.grad(&gradients).unwrap().try_into_vec_as().unwrap())
    }

    #[test]
    fn the_first_batch_is_donsker_varadhan() {
        let device = Device::flex().autodiff();
        let joint = Tensor::<1>::from_floats([0.5, 2.0], &device).require_grad();
        let product = Tensor::<1>::from_floats([-1.0, 0.3, 1.7], &device).require_grad();
        let (value, _) = mine(joint.clone(), product.clone(), 0.1, None);
        let plain = donsker_varadhan(joint.clone(), product.clone());
        let corrected = gradients(&value, [&joint, &product]).concat();
        let biased = gradients(&plain, [&joint, &product]).concat();
        for (a, b) in corrected.iter().zip(&biased) {
            assert!((a - b).abs() < 1e-6, "{corrected:?} {biased:?}");
        }
        assert_eq!(value.into_scalar::<f32>(), plain.into_scalar::<f32>());
    }

    #[test]
    fn batches_of_very_different_scores_keep_the_gradient_finite() {
        let device = Device::flex().autodiff();
        let rate = MINE_RATE;
        let mut log_mean = None;
        for score in [-100.0, 100.0, -100.0] {
            let joint = Tensor::<1>::full([1], score, &device).require_grad();
            let product = Tensor::<1>::full([4], score, &device).require_grad();
            let (value, new) = mine(joint.clone(), product.clone(), rate, log_mean.take());
            let [_, of_product] = gradients(&value, [&joint, &product]);
            let bound = (1.0 / rate) as f32 * 1.0001;
            assert!(of_product.iter().all(|g| (-bound..=0.0).contains(g)));
            assert!(value.into_scalar::<f32>().abs() < 1e-4);
            log_mean = Some(new);
        }
        // ln(0.99 · 0.01 · e^100), the other terms being 200 smaller in the exponent
        let expected = 100.0 + (0.99f32 * 0.01).ln();
        let log_mean: f32 = log_mean.unwrap().into_scalar();
        assert!((log_mean - expected).abs() < 1e-4, "{log_mean}");
    }
}
