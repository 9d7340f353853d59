//! Functions of rows, each by a kernel of `mdm-kernels` where the tensors are flex's, by Burn's operations elsewhere.

#[cfg(feature = "flex")]
mod flex;
#[cfg(feature = "flex")]
pub(crate) mod many;
mod mix;
mod outer;

use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::{Tensor, activation, module};

#[cfg(feature = "flex")]
pub(crate) use flex::{Graph, contiguous, guard, plain, serve, tensor, values, vector};
pub(crate) use mix::mix;
pub(crate) use outer::outer;

/// A linear layer over the last dimension.
pub(crate) fn linear<const D: usize>(layer: &Linear, x: Tensor<D>) -> Tensor<D> {
    let bias = layer.bias.as_ref().map(Param::val);
    product(x, layer.weight.val(), bias)
}

/// The product of the last dimension with a matrix.
pub(crate) fn matmul<const D: usize>(x: Tensor<D>, matrix: Tensor<2>) -> Tensor<D> {
    product(x, matrix, None)
}

/// A linear layer over the last dimension, from its parameters.
pub(crate) fn product<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if flex::serve(&x) {
        return flex::linear(x, weight, bias);
    }
    module::linear(x, weight, bias)
}

/// The hyperbolic tangent.
pub(crate) fn tanh<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if flex::serve(&x) {
        return flex::tanh(x);
    }
    activation::tanh(x)
}

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
    fn a_linear_layer_and_its_gradients_are_those_of_burns() {
        let device = Device::flex().autodiff();
        let mut rng = seed::stream(0, "linear", 0);
        let layer = init::linear(7, 3, &mut rng, &device);
        let x = init::uniform([4, 2, 7], 1.0, &mut rng, &device).val();
        let all = |forward: &dyn Fn(Tensor<3>) -> Tensor<3>, has_bias: bool| {
            let x = x.clone().detach().require_grad();
            let y = forward(x.clone());
            let gradients = (y.clone() * y.clone().detach().cos()).sum().backward();
            let mut found = vec![
                y.inner().flatten::<1>(0, 2),
                x.grad(&gradients).unwrap().flatten(0, 2),
                layer.weight.val().grad(&gradients).unwrap().flatten(0, 1),
            ];
            let bias = layer.bias.as_ref().unwrap().val().grad(&gradients);
            assert_eq!(bias.is_some(), has_bias);
            found.extend(bias);
            let values = found.into_iter();
            values
                .flat_map(|tensor| tensor.try_into_vec_as::<f32>().unwrap())
                .collect::<Vec<f32>>()
        };
        for (found, expected) in [
            (
                all(&|x| linear(&layer, x), true),
                all(&|x| layer.forward(x), true),
            ),
            (
                all(&|x| matmul(x, layer.weight.val()), false),
                all(&|x| x.matmul(layer.weight.val().unsqueeze()), false),
            ),
        ] {
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-5, "{found} {expected}");
            }
        }
    }

    #[test]
    fn softmax_and_tanh_and_their_gradients_are_those_of_burns() {
        let device = Device::flex().autodiff();
        let mut rng = seed::stream(0, "softmax", 0);
        let x = init::uniform([3, 4, 11], 3.0, &mut rng, &device).val();
        let all = |function: &dyn Fn(Tensor<3>) -> Tensor<3>| {
            let x = x.clone().detach().require_grad();
            // A transpose: rows that do not lie one after the other.
            let y = function(x.clone().swap_dims(0, 1));
            let gradients = (y.clone() * y.clone().detach().cos()).sum().backward();
            let tensors = [y.inner(), x.grad(&gradients).unwrap()];
            tensors.map(|tensor| tensor.flatten::<1>(0, 2).try_into_vec_as::<f32>().unwrap())
        };
        for (found, expected) in [
            (all(&|x| softmax(x)), all(&|x| activation::softmax(x, 2))),
            (all(&|x| tanh(x)), all(&|x| activation::tanh(x))),
        ] {
            for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
                assert!((found - expected).abs() < 1e-6, "{found} {expected}");
            }
        }
    }
}
