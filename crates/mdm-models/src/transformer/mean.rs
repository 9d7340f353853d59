//! The mean over the places that hold something.

use burn::tensor::{Tensor, TensorData};

/// The mean over the real places: `[batch, places, width]` to `[batch, width]`.
pub(crate) fn mean(hidden: Tensor<3>, real: &[Vec<bool>]) -> Tensor<2> {
    let [batch, places, _] = hidden.dims();
    let weights = real.iter().flat_map(|row| {
        let count = row.iter().filter(|&&real| real).count();
        let weight = 1.0 / count as f32;
        row.iter().map(move |&real| if real { weight } else { 0.0 })
    });
    let weights = TensorData::new(weights.collect::<Vec<f32>>(), [batch, 1, places]);
    let weights = Tensor::<3>::from_data(weights, &hidden.device());
    weights.matmul(hidden).squeeze_dim(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn padding_has_no_part_in_the_mean() {
        let hidden = [[[1.0, 2.0], [3.0, 6.0], [90.0, 90.0]]];
        let hidden = Tensor::<3>::from_floats(hidden, &Device::flex());
        let mean = mean(hidden, &[vec![true, true, false]]);
        assert_eq!(mean.try_into_vec_as::<f32>().unwrap(), [2.0, 4.0]);
    }
}
