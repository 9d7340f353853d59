//! Outer products of rows.

#[cfg(feature = "flex")]
mod flex;

use burn::tensor::Tensor;

/// For each row all products of a number of `slow` with one of `fast`, which vary faster: `[rows, slow · fast]`.
pub(crate) fn outer(slow: Tensor<2>, fast: Tensor<2>) -> Tensor<2> {
    #[cfg(feature = "flex")]
    if let Some(products) = flex::outer(&slow, &fast) {
        return products;
    }
    composed(slow, fast)
}

/// The same in Burn's operations.
fn composed(slow: Tensor<2>, fast: Tensor<2>) -> Tensor<2> {
    let ([rows, slow_width], [_, fast_width]) = (slow.dims(), fast.dims());
    let products = slow.unsqueeze_dim::<3>(2) * fast.unsqueeze_dim::<3>(1);
    products.reshape([rows, slow_width * fast_width])
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use mdm_core::{init, seed};

    #[test]
    fn products_and_gradients_are_those_of_burns_operations() {
        let device = Device::flex().autodiff();
        let mut rng = seed::stream(0, "outer", 0);
        let [slow, fast] =
            [[4, 3], [4, 21]].map(|shape| init::uniform(shape, 1.0, &mut rng, &device).val());
        type Way = fn(Tensor<2>, Tensor<2>) -> Tensor<2>;
        let all = |outer: Way, tracked: [bool; 2]| {
            let leaf = |x: &Tensor<2>, tracked| match tracked {
                true => x.clone().detach().require_grad(),
                false => x.clone().inner(),
            };
            let (slow, fast) = (leaf(&slow, tracked[0]), leaf(&fast, tracked[1]));
            let products = outer(slow.clone(), fast.clone());
            let mut found = vec![products.clone()];
            if tracked.contains(&true) {
                let weights = products.clone().detach().cos();
                let gradients = (products * weights).sum().backward();
                found[0] = found[0].clone().inner();
                found.extend([slow, fast].iter().filter_map(|x| x.grad(&gradients)));
            }
            let numbers = found.into_iter().map(|x| x.flatten::<1>(0, 1));
            numbers
                .flat_map(|x| x.try_into_vec_as::<f32>().unwrap())
                .collect::<Vec<f32>>()
        };
        for tracked in [[true, true], [true, false], [false, true], [false, false]] {
            let (found, expected) = (all(outer, tracked), all(composed, tracked));
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-6, "{found} {expected}");
            }
        }
    }
}
