//! The two forms of GELU.

use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};

use crate::rows;

/// The activation of a feed-forward layer, by Hugging Face's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gelu {
    /// `gelu`: the exact form, with the error function.
    #[default]
    #[serde(rename = "gelu")]
    Exact,
    /// `gelu_new`: the tanh form of the original BERT and XLNet code. Old versions of Transformers take it for XLNet's
    /// `gelu`, new ones do not.
    #[serde(rename = "gelu_new")]
    Tanh,
}

impl Gelu {
    /// Applies it to each element.
    pub fn forward<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Exact => rows::gelu(&x).unwrap_or_else(|| exact(x)),
            Self::Tanh => activation::gelu_approximate(x),
        }
    }
}

/// `x Φ(x)`.
///
/// # Numerics
///
/// Φ is computed to 1e-7 with one exponential that its derivative shares, in place of a scalar error function in each
/// direction: a quarter of the time of a BERT step otherwise. The graph holds the tangent at x alone, `y₀ + y′₀ (x − x₀)`,
/// whose value and gradient there are those of the function.
fn exact<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    if !x.is_tracked() {
        let (value, _) = value_and_slope(x, false);
        return value;
    }
    let inner = x.clone().inner();
    let (value, slope) = value_and_slope(inner.clone(), true);
    let slope = slope.expect("the slope was asked for");
    let offset = value - slope.clone() * inner;
    x * Tensor::from_inner(slope) + Tensor::from_inner(offset)
}

/// `x Φ(x)` and, if asked for, its derivative `Φ(x) + x φ(x)`.
///
/// The tail `1 − Φ(|x|)` is Abramowitz and Stegun's 7.1.26 (error below 7.5e-8): a polynomial in `1 / (1 + p |x|)` times
/// `exp(−x²/2)`.
fn value_and_slope<const D: usize>(x: Tensor<D>, slope: bool) -> (Tensor<D>, Option<Tensor<D>>) {
    const P: f64 = 0.327_591_1 * std::f64::consts::FRAC_1_SQRT_2;
    const COEFFICIENTS: [f64; 5] = [
        1.061_405_429,
        -1.453_152_027,
        1.421_413_741,
        -0.284_496_736,
        0.254_829_592,
    ];
    const DENSITY_AT_0: f64 = 0.398_942_280_401_432_7;
    let bell = (x.clone().square() * -0.5).exp();
    let t = (x.clone().abs() * P + 1.0).recip();
    let [first, rest @ ..] = COEFFICIENTS;
    // Half of 1 − erf, by Horner's rule.
    let mut polynomial = t.clone() * (0.5 * first);
    for coefficient in rest {
        polynomial = (polynomial + 0.5 * coefficient) * t.clone();
    }
    let tail = polynomial * bell.clone();
    // x Φ(x) = max(x, 0) − |x| tail, for either sign.
    let value = activation::relu(x.clone()) - x.clone().abs() * tail.clone();
    let slope = slope.then(|| {
        let negative = x.clone().lower_elem(0.0);
        let cumulative = (tail.clone().neg() + 1.0).mask_where(negative, tail);
        cumulative + x * bell * DENSITY_AT_0
    });
    (value, slope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn value_and_gradient_are_those_of_the_error_function() {
        let device = Device::flex();
        let points: Vec<f32> = (-800..=800).map(|i| i as f32 / 100.0).collect();
        let x = Tensor::<1>::from_floats(points.as_slice(), &device.clone().autodiff());
        let gradient = |gelu: fn(Tensor<1>) -> Tensor<1>| {
            let x = x.clone().require_grad();
            let y = gelu(x.clone());
            let gradients = y.clone().sum().backward();
            (y.inner(), x.grad(&gradients).unwrap())
        };
        let (expected, expected_slope) = gradient(activation::gelu);
        let off = |a: Tensor<1>, b: Tensor<1>| (a - b).abs().max().into_scalar::<f32>();
        // The kernel, and the composition for other devices.
        for gelu in [|x| Gelu::Exact.forward(x), exact] {
            let (value, slope) = gradient(gelu);
            assert!(off(value, expected.clone()) < 1e-6);
            assert!(off(slope, expected_slope.clone()) < 1e-6);
            // Off the graph too.
            assert!(off(gelu(x.clone().inner()), expected.clone()) < 1e-6);
        }
    }
}
