//! Attention in several heads, and what may be attended to.

#[cfg(feature = "flex")]
mod flex;

use std::sync::Arc;

use burn::tensor::{Bool, Device, Tensor, TensorData};
use mdm_core::stochastic::{Mode, dropout_mask};

use crate::rows;

/// Which keys a query must not attend to.
#[derive(Debug, Clone)]
pub struct AttentionMask {
    /// None when nothing is hidden.
    hidden: Option<Hidden>,
}

/// True where a key is hidden, in a form that broadcasts over heads: `[batch, 1, queries or 1, keys]`.
#[derive(Debug, Clone)]
struct Hidden {
    values: Arc<Vec<bool>>,
    tensor: Tensor<4, Bool>,
}

/// Finite, so that a row in which everything is hidden stays a number.
const HIDDEN: f64 = -1e30;

impl AttentionMask {
    /// Hides the keys that hold nothing.
    pub fn of_keys(real: &[Vec<bool>], device: &Device) -> Self {
        Self::new(real, 1, |row, _, key| !row[key], device)
    }

    /// Hides the keys that hold nothing, but each of them from all other queries only: a padded place attends to itself,
    /// as in XLNet.
    pub fn of_keys_but_itself(real: &[Vec<bool>], device: &Device) -> Self {
        let places = real[0].len();
        let hidden = |row: &[bool], query: usize, key: usize| !row[key] && query != key;
        Self::new(real, places, hidden, device)
    }

    fn new(
        real: &[Vec<bool>],
        queries: usize,
        hidden: impl Fn(&[bool], usize, usize) -> bool,
        device: &Device,
    ) -> Self {
        if real.iter().flatten().all(|&real| real) {
            return Self { hidden: None };
        }
        let keys = real[0].len();
        let mut values = Vec::with_capacity(real.len() * queries * keys);
        for row in real {
            for query in 0..queries {
                values.extend((0..keys).map(|key| hidden(row, query, key)));
            }
        }
        let data = TensorData::new(values.clone(), [real.len(), 1, queries, keys]);
        Self {
            hidden: Some(Hidden {
                values: Arc::new(values),
                tensor: Tensor::from_data(data, device),
            }),
        }
    }

    /// The shares of the keys, from scores `[batch, heads, queries, keys]`: those of hidden keys are 0.
    pub fn shares(&self, scores: Tensor<4>) -> Tensor<4> {
        let scores = match &self.hidden {
            None => scores,
            Some(hidden) => {
                let hidden = hidden.tensor.clone().expand(scores.shape());
                scores.mask_fill(hidden, HIDDEN)
            }
        };
        rows::softmax(scores)
    }
}

/// Scaled dot-product attention of every place over every place, with dropout of the shares:
///
/// ```text
/// dropout(softmax(q kᵀ / √d_head)) v
/// ```
///
/// Queries, keys, values and what comes out are `[batch, places, heads · d_head]`.
pub(crate) fn attend(
    inputs: [Tensor<3>; 3],
    heads: usize,
    mask: &AttentionMask,
    dropout: f64,
    mode: &mut Mode,
) -> Tensor<3> {
    let [batch, places, _] = inputs[0].dims();
    let factors = dropout_mask(batch * heads * places * places, dropout, mode).map(Arc::new);
    #[cfg(feature = "flex")]
    if let Some(out) = flex::attend(&inputs, heads, mask, &factors) {
        return out;
    }
    composed(inputs, heads, mask, factors)
}

/// The same in Burn's operations; `factors`, `[batch, heads, places, places]`, are those of the dropout.
fn composed(
    inputs: [Tensor<3>; 3],
    heads: usize,
    mask: &AttentionMask,
    factors: Option<Arc<Vec<f32>>>,
) -> Tensor<3> {
    let [batch, places, width] = inputs[0].dims();
    let d_head = width / heads;
    let split = |x: Tensor<3>| x.reshape([batch, places, heads, d_head]).swap_dims(1, 2);
    let [query, key, value] = inputs.map(split);
    let query = query / (d_head as f64).sqrt();
    let mut shares = mask.shares(query.matmul(key.swap_dims(2, 3)));
    if let Some(factors) = factors {
        let factors = TensorData::new(Arc::unwrap_or_clone(factors), shares.shape());
        // A constant: off the autodiff device it costs no graph node of its own.
        let device = shares.device().without_autodiff();
        shares = shares * Tensor::from_data(factors, &device);
    }
    let joined = shares.matmul(value).swap_dims(1, 2);
    joined.reshape([batch, places, width])
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use mdm_core::{init, seed};

    /// The output, and the gradients of queries, keys and values, where these are tracked.
    fn all(
        inputs: &[Tensor<3>; 3],
        attend: &dyn Fn([Tensor<3>; 3]) -> Tensor<3>,
    ) -> Vec<Option<Vec<f32>>> {
        let numbers = |x: Tensor<3>| x.flatten::<1>(0, 2).try_into_vec_as::<f32>().unwrap();
        let y = attend(inputs.clone());
        let mut found = vec![Some(numbers(y.clone().inner()))];
        if y.is_tracked() {
            let gradients = (y.clone() * y.detach().cos()).sum().backward();
            found.extend(inputs.iter().map(|x| x.grad(&gradients).map(numbers)));
        }
        found
    }

    #[test]
    fn the_kernel_gives_what_the_operations_give() {
        let device = Device::flex().autodiff();
        let plain = device.clone().without_autodiff();
        let mut rng = seed::stream(0, "attention", 0);
        let real = [vec![true, true, true, false, false], vec![true; 5]];
        for mask in [
            AttentionMask { hidden: None },
            AttentionMask::of_keys(&real, &plain),
            AttentionMask::of_keys_but_itself(&real, &plain),
        ] {
            for dropout in [0.0, 0.3] {
                let mode = &mut Mode::Train(&mut rng);
                let factors = dropout_mask(2 * 3 * 5 * 5, dropout, mode).map(Arc::new);
                let fresh = [(); 3].map(|()| init::uniform([2, 5, 12], 2.0, &mut rng, &device));
                let fresh = fresh.map(|x| x.val().detach());
                let [query, key, value] = fresh.clone().map(Tensor::require_grad);
                for inputs in [
                    fresh.clone().map(Tensor::inner),
                    [query.clone(), key, value.clone()],
                    [query, fresh[1].clone(), value],
                ] {
                    let kernel = |inputs| {
                        let out = flex::attend(&inputs, 3, &mask, &factors);
                        out.expect("tensors for the kernel")
                    };
                    let found = all(&inputs, &kernel);
                    let operations = |inputs| composed(inputs, 3, &mask, factors.clone());
                    let expected = all(&inputs, &operations);
                    assert_eq!(found.len(), expected.len());
                    for (found, expected) in found.iter().zip(&expected) {
                        assert_eq!(found.is_some(), expected.is_some());
                        let found = found.iter().flatten();
                        for (found, expected) in found.zip(expected.iter().flatten()) {
                            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
                        }
                    }
                }
            }
        }
    }
}
