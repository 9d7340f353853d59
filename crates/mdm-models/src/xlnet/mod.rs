//! XLNet: Yang et al. (2019), with the layout and the parameter names of Hugging Face's `XLNetModel`, as an encoder of whole
//! sequences: attention in both directions, no memory, no permuted prediction.

mod attention;
mod config;
mod layer;

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor};
use mdm_core::seed::ChaCha8Rng;
use mdm_core::stochastic::{Mode, dropout};

use crate::transformer::embedding_table;
use crate::{Error, TorchNames, TorchVisitor, torch_names};

pub use attention::{Relations, RelativeAttention};
pub use config::XlnetConfig;
pub use layer::XlnetLayer;

/// An XLNet encoder.
///
/// It is split where others join in: [`words`](Self::words) looks pieces up, and [layer](Self::layers) by layer they become
/// hidden states. Distances, segments and padding are the business of the attention ([`relations`](Self::relations)).
///
/// # Example
///
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use mdm_core::{Mode, seed};
/// use mdm_models::{Xlnet, XlnetConfig};
///
/// let device = Device::flex();
/// let config = XlnetConfig { vocab_size: 30, ..Default::default() };
/// let xlnet = config.init(&mut seed::stream(0, "xlnet", 0), &device).unwrap();
/// // a b <sep> <cls> and, padded on the left, c <sep> <cls>
/// let ids = Tensor::<2, Int>::from_ints([[10, 11, 4, 3], [5, 12, 4, 3]], &device);
/// let segments = Tensor::<2, Int>::from_ints([[0, 0, 0, 2], [3, 0, 0, 2]], &device);
/// let real = [vec![true; 4], vec![false, true, true, true]];
/// let hidden = xlnet.forward(ids, Some(segments), &real, &mut Mode::Eval);
/// assert_eq!(hidden.dims(), [2, 4, 64]);
/// ```
#[derive(Module, Debug)]
pub struct Xlnet {
    /// `[vocabulary, d_model]`
    pub word_embedding: Param<Tensor<2>>,
    /// The layers.
    pub layers: Vec<XlnetLayer>,
    dropout: f64,
}

impl XlnetConfig {
    /// An XLNet with random weights: `N(0, 0.02²)`, the attention's biases too, other biases 0.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for sizes that are out of range.
    pub fn init(&self, rng: &mut ChaCha8Rng, device: &Device) -> Result<Xlnet, Error> {
        self.check()?;
        Ok(Xlnet {
            word_embedding: embedding_table(self.vocab_size, self.d_model, rng, device),
            layers: (0..self.n_layer)
                .map(|_| XlnetLayer::init(self, rng, device))
                .collect(),
            dropout: self.dropout,
        })
    }
}

impl Xlnet {
    /// The word embeddings of pieces: `[batch, places]` to `[batch, places, d_model]`.
    pub fn words(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        let [batch, places] = ids.dims();
        let rows = self.word_embedding.val().select(0, ids.flatten(0, 1));
        rows.reshape([batch, places, self.d_model()])
    }

    /// What every layer is told beside the hidden states: distances, segments (`[batch, places]`; none: they play no part)
    /// and which places hold something.
    pub fn relations(
        &self,
        segments: Option<Tensor<2, Int>>,
        real: &[Vec<bool>],
        mode: &mut Mode,
    ) -> Relations {
        let device = self.word_embedding.device();
        Relations::new(segments, real, self.d_model(), &device).dropped(self.dropout, mode)
    }

    /// The dropout before the first layer and after the last.
    pub fn drop(&self, hidden: Tensor<3>, mode: &mut Mode) -> Tensor<3> {
        dropout(hidden, self.dropout, mode)
    }

    /// The last hidden states of framed pieces.
    ///
    /// # Shapes
    ///
    /// - `ids`, `segments`: `[batch, places]`
    /// - `real`: which places hold something
    /// - output: `[batch, places, d_model]`
    pub fn forward(
        &self,
        ids: Tensor<2, Int>,
        segments: Option<Tensor<2, Int>>,
        real: &[Vec<bool>],
        mode: &mut Mode,
    ) -> Tensor<3> {
        let relations = self.relations(segments, real, mode);
        let mut hidden = self.drop(self.words(ids), mode);
        for layer in &self.layers {
            hidden = layer.forward(hidden, &relations, mode);
        }
        self.drop(hidden, mode)
    }

    /// The same, with embeddings that are not trained.
    pub(crate) fn freeze_embeddings(self) -> Self {
        Self {
            word_embedding: self.word_embedding.no_grad(),
            ..self
        }
    }

    /// Width of the hidden states.
    pub fn d_model(&self) -> usize {
        self.word_embedding.dims()[1]
    }
}

impl TorchNames for Xlnet {
    /// Without `mask_emb`, which only pretraining uses.
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        let name = format!("{prefix}word_embedding.weight");
        torch_names::same(&name, &mut self.word_embedding, visitor);
        for (number, layer) in self.layers.iter_mut().enumerate() {
            layer.visit_torch(&format!("{prefix}layer.{number}."), visitor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mdm_core::seed;

    fn hidden(ids: &[i64], padding: usize) -> Vec<f32> {
        let device = Device::flex();
        let config = XlnetConfig {
            vocab_size: 20,
            ..Default::default()
        };
        let xlnet = config.init(&mut seed::stream(0, "xlnet", 0), &device);
        let places = ids.len();
        let data = burn::tensor::TensorData::new(ids.to_vec(), [1, places]);
        let real = vec![(0..places).map(|place| place >= padding).collect()];
        let ids = Tensor::from_data(data, &device);
        let hidden = xlnet.unwrap().forward(ids, None, &real, &mut Mode::Eval);
        let values = hidden.try_into_vec_as::<f32>().unwrap();
        assert!(values.iter().all(|value| value.is_finite()));
        values[padding * 64..].to_vec()
    }

    #[test]
    fn padding_changes_no_real_place_and_a_row_of_padding_is_finite() {
        let alone = hidden(&[11, 12, 4, 3], 0);
        for padded in [[5, 5, 11, 12, 4, 3], [7, 19, 11, 12, 4, 3]] {
            let difference = alone
                .iter()
                .zip(hidden(&padded, 2))
                .map(|(a, b)| (a - b).abs());
            assert!(difference.fold(0.0, f32::max) < 1e-6);
        }
        hidden(&[5, 5], 2);
    }

    #[test]
    fn the_order_of_the_pieces_matters() {
        let (forwards, backwards) = (hidden(&[11, 12, 4, 3], 0), hidden(&[12, 11, 4, 3], 0));
        assert_ne!(forwards[3 * 64..], backwards[3 * 64..]);
    }

    #[test]
    fn odd_widths_and_widths_no_multiple_of_the_heads_are_refused() {
        for (d_model, n_head) in [(65, 5), (64, 3)] {
            let config = XlnetConfig {
                vocab_size: 20,
                d_model,
                n_head,
                ..Default::default()
            };
            let error = config.check().unwrap_err().to_string();
            assert!(error.contains("xlnet.d_model"), "{error}");
        }
    }
}
