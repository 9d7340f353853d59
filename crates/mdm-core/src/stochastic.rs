//! Dropout whose masks are drawn on the host.

use burn::tensor::{Tensor, TensorData};
use rand::Rng;

use crate::seed::ChaCha8Rng;

/// How the stochastic layers of a forward pass behave.
///
/// Passed down explicitly, so that a run is a function of its seed on every backend: device generators differ from
/// backend to backend and cannot be saved.
#[derive(Debug)]
pub enum Mode<'rng> {
    /// Dropout is off.
    Eval,
    /// Dropout is on and draws its masks from this generator.
    Train(&'rng mut ChaCha8Rng),
}

/// Zeroes each element with probability `probability` and scales the others by `1 / (1 − probability)`.
///
/// The input is returned as it is in [`Mode::Eval`] or when `probability` is 0.
///
/// # Panics
///
/// When `probability` is not in `[0, 1)`.
///
/// # Example
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use mdm_core::{seed, stochastic::{Mode, dropout}};
///
/// let x = Tensor::<1>::ones([1000], &Device::flex());
/// let mut rng = seed::stream(0, "dropout", 0);
/// let kept: f32 = dropout(x, 0.4, &mut Mode::Train(&mut rng)).mean().into_scalar();
/// assert!((kept - 1.0).abs() < 0.1);
/// ```
pub fn dropout<const D: usize>(x: Tensor<D>, probability: f64, mode: &mut Mode) -> Tensor<D> {
    assert!(
        (0.0..1.0).contains(&probability),
        "a dropout probability is in [0, 1), found {probability}"
    );
    match mode {
        Mode::Train(rng) if probability > 0.0 => {
            let shape = x.shape();
            let threshold = (probability * f64::from(u32::MAX)) as u32;
            let scale = (1.0 / (1.0 - probability)) as f32;
            let mask = (0..shape.num_elements())
                .map(|_| {
                    if rng.next_u32() < threshold {
                        0.0
                    } else {
                        scale
                    }
                })
                .collect::<Vec<f32>>();
            // The mask is a constant: off the autodiff device it costs no graph node of its own.
            let mask = Tensor::<D>::from_data(
                TensorData::new(mask, shape),
                &x.device().without_autodiff(),
            );
            x * mask
        }
        _ => x,
    }
}
