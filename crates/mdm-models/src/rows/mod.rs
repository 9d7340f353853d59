//! Functions of rows, each by a kernel of `mdm-kernels` where the tensors are flex's, by Burn's operations elsewhere.

#[cfg(feature = "flex")]
mod flex;

use burn::tensor::{Tensor, activation, module};

/// The softmax of the last dimension.
pub(crate) fn softmax<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if flex::serve(&x) {
        return flex::softmax(x);
    }
    activation::softmax(x, D - 1)
}

/// Layer normalisation over the last dimension.
pub(crate) fn layer_norm<const D: usize>(
    x: Tensor<D>,
    scale: Tensor<1>,
    shift: Tensor<1>,
    epsilon: f64,
) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if flex::serve(&x) {
        return flex::layer_norm(x, scale, shift, epsilon);
    }
    module::layer_norm(x, scale, Some(shift), epsilon)
}

/// The exact GELU, `x Φ(x)`; none where there is no kernel.
pub(crate) fn gelu<const D: usize>(x: &Tensor<D>) -> Option<Tensor<D>> {
    #[cfg(feature = "flex")]
    if flex::serve(x) {
        return Some(flex::gelu(x.clone()));
    }
    let _ = x;
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use mdm_core::{init, seed};

    #[test]
    fn softmax_and_its_gradient_are_those_of_burns() {
        let device = Device::flex().autodiff();
        let mut rng = seed::stream(0, "softmax", 0);
        let x = init::uniform([3, 4, 11], 3.0, &mut rng, &device).val();
        let all = |softmax: &dyn Fn(Tensor<3>) -> Tensor<3>| {
            let x = x.clone().detach().require_grad();
            // A transpose: rows that do not lie one after the other.
            let y = softmax(x.clone().swap_dims(0, 1));
            let gradients = (y.clone() * y.clone().detach().cos()).sum().backward();
            let tensors = [y.inner(), x.grad(&gradients).unwrap()];
            tensors.map(|tensor| tensor.flatten::<1>(0, 2).try_into_vec_as::<f32>().unwrap())
        };
        let found = all(&|x| softmax(x));
        let expected = all(&|x| activation::softmax(x, 2));
        for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }
}
