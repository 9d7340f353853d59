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
    let shape = x.shape();
    match dropout_mask(shape.num_elements(), probability, mode) {
        Some(mask) => {
            // The mask is a constant: off the autodiff device it costs no graph node of its own.
            let mask = Tensor::<D>::from_data(
                TensorData::new(mask, shape),
                &x.device().without_autodiff(),
            );
            x * mask
        }
        None => x,
    }
}

/// What [`dropout`] multiplies `count` elements by; none where it drops nothing.
///
/// # Panics
///
/// When `probability` is not in `[0, 1)`.
pub fn dropout_mask(count: usize, probability: f64, mode: &mut Mode) -> Option<Vec<f32>> {
    assert!(
        (0.0..1.0).contains(&probability),
        "a dropout probability is in [0, 1), found {probability}"
    );
    match mode {
        Mode::Train(rng) if probability > 0.0 => {
            let threshold = (probability * f64::from(u32::MAX)) as u32;
            let scale = (1.0 / (1.0 - probability)) as f32;
            Some(mask(count, threshold, scale, rng))
        }
        _ => None,
    }
}

/// 0 where the generator's next number is below the threshold, `scale` elsewhere.
///
/// The numbers are those of `next_u32`, drawn many at a time: comparing them is then one vector instruction for several.
fn mask(count: usize, threshold: u32, scale: f32, rng: &mut ChaCha8Rng) -> Vec<f32> {
    const NUMBERS: usize = 1024;
    let mut bytes = [0; 4 * NUMBERS];
    let mut mask = vec![0.0; count];
    for mask in mask.chunks_mut(NUMBERS) {
        let bytes = &mut bytes[..4 * mask.len()];
        rng.fill_bytes(bytes);
        for (value, bytes) in mask.iter_mut().zip(bytes.chunks_exact(4)) {
            let number = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            *value = if number < threshold { 0.0 } else { scale };
        }
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed;

    #[test]
    fn a_mask_takes_the_generators_numbers_one_by_one() {
        for count in [1, 3, 1023, 1024, 2500] {
            let (mut many, mut single) = (seed::stream(3, "mask", 0), seed::stream(3, "mask", 0));
            // Somewhere inside the generator's block.
            assert_eq!(many.next_u32(), single.next_u32());
            let threshold = u32::MAX / 3;
            let expected: Vec<f32> = (0..count)
                .map(|_| match single.next_u32() < threshold {
                    true => 0.0,
                    false => 1.5,
                })
                .collect();
            assert_eq!(mask(count, threshold, 1.5, &mut many), expected);
            // And leaves it where it would be.
            assert_eq!(many.next_u32(), single.next_u32());
        }
    }
}
