//! What may be attended to.

use burn::tensor::{Bool, Device, Tensor, TensorData};

use crate::rows;

/// Which keys a query must not attend to, in a form that broadcasts over heads: added nothing, masked out as −∞ would be.
#[derive(Debug, Clone)]
pub struct AttentionMask {
    /// True where a key is hidden: `[batch, 1, queries or 1, keys]`; none when nothing is.
    hidden: Option<Tensor<4, Bool>>,
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
        let values = TensorData::new(values, [real.len(), 1, queries, keys]);
        Self {
            hidden: Some(Tensor::from_data(values, device)),
        }
    }

    /// The shares of the keys, from scores `[batch, heads, queries, keys]`: those of hidden keys are 0.
    pub fn shares(&self, scores: Tensor<4>) -> Tensor<4> {
        let scores = match &self.hidden {
            None => scores,
            Some(hidden) => {
                let hidden = hidden.clone().expand(scores.shape());
                scores.mask_fill(hidden, HIDDEN)
            }
        };
        rows::softmax(scores)
    }
}
