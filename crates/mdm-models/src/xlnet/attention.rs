//! XLNet's relative attention.

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};
use mdm_core::init;
use mdm_core::seed::ChaCha8Rng;
use mdm_core::stochastic::{Mode, dropout};

use super::XlnetConfig;
use crate::transformer::{AttentionMask, INITIALIZER_RANGE};
use crate::{TorchForm, TorchNames, TorchVisitor, rows, torch_names};

/// How the places of a batch stand to each other: the same for every layer.
#[derive(Debug, Clone)]
pub struct Relations {
    /// Encodings of the distances from query to key, from `places` down to `1 - places`: `[2 places, d_model]`.
    distances: Tensor<2>,
    /// 1 where query and key lie in different segments, else 0: `[batch, 1, places, places]`. None: segments play no part.
    apart: Option<Tensor<4>>,
    mask: AttentionMask,
}

impl Relations {
    /// Of places with these segments, `[batch, places]`; `real` tells which hold something.
    pub(super) fn new(
        segments: Option<Tensor<2, Int>>,
        real: &[Vec<bool>],
        d_model: usize,
        device: &Device,
    ) -> Self {
        Self {
            distances: distances(real[0].len(), d_model, device),
            apart: segments.map(apart),
            mask: AttentionMask::of_keys_but_itself(real, device),
        }
    }

    /// The same, after dropout of the encodings.
    pub(super) fn dropped(self, probability: f64, mode: &mut Mode) -> Self {
        Self {
            distances: dropout(self.distances, probability, mode),
            ..self
        }
    }
}

/// `[sin(m f_0), …, cos(m f_0), …]` with `f_k = 10000^(-2k / d_model)` for each distance m.
fn distances(places: usize, d_model: usize, device: &Device) -> Tensor<2> {
    let frequencies = (0..d_model / 2).map(|k| 10000_f64.powf(-2.0 * k as f64 / d_model as f64));
    let frequencies: Vec<f64> = frequencies.collect();
    let places = places as i64;
    let values = (1 - places..=places).rev().flat_map(|distance| {
        let angles = frequencies.iter().map(move |f| distance as f64 * f);
        let sines = angles.clone().map(f64::sin);
        sines.chain(angles.map(f64::cos)).map(|value| value as f32)
    });
    let shape = [2 * places as usize, d_model];
    Tensor::from_data(TensorData::new(values.collect::<Vec<f32>>(), shape), device)
}

fn apart(segments: Tensor<2, Int>) -> Tensor<4> {
    let [batch, places] = segments.dims();
    let square = [batch, places, places];
    let of_query = segments.clone().unsqueeze_dim::<3>(2).expand(square);
    let of_key = segments.unsqueeze_dim::<3>(1).expand(square);
    of_query.not_equal(of_key).float().unsqueeze_dim(1)
}

/// Attention of every place over every place, in several heads, by content, distance and segment:
///
/// ```text
/// score_ij = [ (q_i + r_w)·k_j + (q_i + r_r)·(R(i-j) r) + (q_i + r_s)·segment[apart_ij] ] / √d_head
/// ```
///
/// Dai et al. (2019), "Transformer-XL"; Yang et al. (2019), "XLNet", with biases of each layer's own.
#[derive(Module, Debug)]
pub struct RelativeAttention {
    /// `[d_model, heads · d_head]`, and so the others.
    pub query: Param<Tensor<2>>,
    #[allow(missing_docs)]
    pub key: Param<Tensor<2>>,
    #[allow(missing_docs)]
    pub value: Param<Tensor<2>>,
    /// Of the encodings of distances.
    pub distance: Param<Tensor<2>>,
    /// Of the heads' joined results: `[heads · d_head, d_model]`.
    pub output: Param<Tensor<2>>,
    /// Added to the query that meets a key: `[heads, d_head]`, and so the other biases.
    pub content_bias: Param<Tensor<2>>,
    /// Added to the query that meets a distance.
    pub distance_bias: Param<Tensor<2>>,
    /// Added to the query that meets a segment.
    pub segment_bias: Param<Tensor<2>>,
    /// Of the same segment and of another one: `[2, heads, d_head]`.
    pub segments: Param<Tensor<3>>,
    dropout: f64,
}

impl RelativeAttention {
    pub(super) fn init(config: &XlnetConfig, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let width = config.d_model;
        let (heads, d_head) = (config.n_head, width / config.n_head);
        let mut matrix = |shape| init::normal(shape, INITIALIZER_RANGE, rng, device);
        Self {
            query: matrix([width, width]),
            key: matrix([width, width]),
            value: matrix([width, width]),
            distance: matrix([width, width]),
            output: matrix([width, width]),
            content_bias: matrix([heads, d_head]),
            distance_bias: matrix([heads, d_head]),
            segment_bias: matrix([heads, d_head]),
            segments: init::normal([2, heads, d_head], INITIALIZER_RANGE, rng, device),
            dropout: config.dropout,
        }
    }

    /// From `[batch, places, d_model]` to the same.
    pub(super) fn forward(
        &self,
        x: Tensor<3>,
        relations: &Relations,
        mode: &mut Mode,
    ) -> Tensor<3> {
        let [batch, places, d_model] = x.dims();
        let [heads, d_head] = self.content_bias.dims();
        let split = |x: Tensor<3>, matrix: &Param<Tensor<2>>| {
            let [rows, places, _] = x.dims();
            rows::matmul(x, matrix.val())
                .reshape([rows, places, heads, d_head])
                .swap_dims(1, 2)
        };
        let query = split(x.clone(), &self.query);
        let biased =
            |bias: &Param<Tensor<2>>| query.clone() + bias.val().reshape([1, heads, 1, d_head]);
        let key = split(x.clone(), &self.key);
        let distance = split(relations.distances.clone().unsqueeze(), &self.distance);
        let mut scores = biased(&self.content_bias).matmul(key.swap_dims(2, 3))
            + shift(biased(&self.distance_bias).matmul(distance.swap_dims(2, 3)));
        if let Some(apart) = &relations.apart {
            let segments = self.segments.val().permute([1, 2, 0]).unsqueeze::<4>();
            let by_segment = biased(&self.segment_bias).matmul(segments);
            let [same, other] = [0, 1].map(|column| by_segment.clone().narrow(3, column, 1));
            scores = scores + same.clone() + (other - same) * apart.clone();
        }
        let shares = relations.mask.shares(scores / (d_head as f64).sqrt());
        let weights = dropout(shares, self.dropout, mode);
        let value = split(x, &self.value);
        let joined = weights.matmul(value).swap_dims(1, 2);
        let joined = joined.reshape([batch, places, d_model]);
        rows::matmul(joined, self.output.val())
    }
}

/// From scores by distance to scores by key: `[batch, heads, queries, 2 places]` to `[…, queries, places]`.
///
/// The distance `i - j` stands in column `places - i + j`. Read row after row, that is every `2 places - 1` steps from
/// `places` on: so rows that are one shorter line the columns up.
fn shift(scores: Tensor<4>) -> Tensor<4> {
    let [batch, heads, places, width] = scores.dims();
    scores
        .reshape([batch, heads, places * width])
        .narrow(2, places, places * (width - 1))
        .reshape([batch, heads, places, width - 1])
        .narrow(3, 0, places)
}

impl TorchNames for RelativeAttention {
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        let [heads, d_head] = self.content_bias.dims();
        for (name, matrix, transposed) in [
            ("q", &mut self.query, false),
            ("k", &mut self.key, false),
            ("v", &mut self.value, false),
            ("o", &mut self.output, true),
            ("r", &mut self.distance, false),
        ] {
            let form = TorchForm {
                shape: vec![heads * d_head, heads, d_head],
                transposed,
            };
            visitor.parameter(&format!("{prefix}{name}"), form, matrix);
        }
        for (name, bias) in [
            ("r_w_bias", &mut self.content_bias),
            ("r_r_bias", &mut self.distance_bias),
            ("r_s_bias", &mut self.segment_bias),
        ] {
            torch_names::same(&format!("{prefix}{name}"), bias, visitor);
        }
        torch_names::same(&format!("{prefix}seg_embed"), &mut self.segments, visitor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shift_puts_each_distance_where_it_belongs() {
        let device = Device::flex();
        for places in [1, 2, 5] {
            // Every row holds its distances: places, …, 1 - places.
            let places = places as i64;
            let row = Tensor::<1, Int>::arange_step(1 - places..places + 1, 1, &device).flip([0]);
            let width = 2 * places as usize;
            let scores =
                row.float()
                    .reshape([1, 1, 1, width])
                    .expand([1, 1, places as usize, width]);
            let shifted = shift(scores).try_into_vec_as::<f32>().unwrap();
            let expected = (0..places).flat_map(|i| (0..places).map(move |j| (i - j) as f32));
            assert_eq!(shifted, expected.collect::<Vec<_>>());
        }
    }

    #[test]
    fn distances_are_sines_then_cosines_from_far_behind_to_far_ahead() {
        let table = distances(2, 4, &Device::flex());
        assert_eq!(table.dims(), [4, 4]);
        let values = table.try_into_vec_as::<f32>().unwrap();
        for (row, distance) in [2.0_f32, 1.0, 0.0, -1.0].into_iter().enumerate() {
            let slow = distance / 100.0;
            let expected = [distance.sin(), slow.sin(), distance.cos(), slow.cos()];
            for (value, expected) in values[4 * row..].iter().zip(expected) {
                assert!((value - expected).abs() < 1e-6, "{value} and {expected}");
            }
        }
    }
}
