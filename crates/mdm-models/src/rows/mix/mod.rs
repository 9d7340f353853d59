//! Sums of rows of several tensors.

#[cfg(feature = "flex")]
mod flex;

use burn::tensor::{Tensor, TensorData};

/// Row j of the result is the sum of row `rows[k][j]` of each part k: `[rows, steps, width]`.
pub(crate) fn mix(parts: &[Tensor<3>], rows: &[Vec<usize>]) -> Tensor<3> {
    #[cfg(feature = "flex")]
    if let Some(mixed) = flex::mix(parts, rows) {
        return mixed;
    }
    composed(parts, rows)
}

/// The same in Burn's operations.
fn composed(parts: &[Tensor<3>], rows: &[Vec<usize>]) -> Tensor<3> {
    let taken = parts.iter().zip(rows).map(|(part, rows)| {
        let numbers: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
        let numbers = TensorData::new(numbers, [rows.len()]);
        let indices = Tensor::from_data(numbers, &part.device());
        part.clone().select(0, indices)
    });
    let mixed = taken.reduce(|sum, term| sum + term);
    mixed.expect("at least one part")
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use mdm_core::{init, seed};

    #[test]
    fn sums_and_gradients_are_those_of_burns_operations() {
        let device = Device::flex().autodiff();
        let mut rng = seed::stream(0, "mix", 0);
        let parts = [(); 3].map(|()| init::uniform([4, 2, 5], 1.0, &mut rng, &device).val());
        let rows = [
            vec![0, 1, 2, 3, 0],
            vec![3, 2, 1, 0, 3],
            vec![1, 1, 1, 2, 3],
        ];
        type Way = fn(&[Tensor<3>], &[Vec<usize>]) -> Tensor<3>;
        let all = |mix: Way, tracked: usize| {
            let parts: Vec<Tensor<3>> = parts.iter().map(|part| part.clone().detach()).collect();
            let (first, last) = parts.split_at(tracked);
            let first = first.iter().map(|part| part.clone().require_grad());
            let parts: Vec<Tensor<3>> = first.chain(last.iter().cloned()).collect();
            let mixed = mix(&parts, &rows);
            let mut found = vec![mixed.clone().inner()];
            if tracked > 0 {
                let gradients = (mixed.clone() * mixed.detach().cos()).sum().backward();
                let of_parts = parts[..tracked].iter();
                found.extend(of_parts.map(|part| part.grad(&gradients).unwrap()));
            }
            let numbers = found.into_iter().map(|x| x.flatten::<1>(0, 2));
            numbers
                .flat_map(|x| x.try_into_vec_as::<f32>().unwrap())
                .collect::<Vec<f32>>()
        };
        for tracked in [0, 2, 3] {
            let (found, expected) = (all(mix, tracked), all(composed, tracked));
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-6, "{found} {expected}");
            }
        }
    }
}
