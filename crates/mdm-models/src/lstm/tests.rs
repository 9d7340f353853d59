//! The ways of computing the layer against each other; the kernel's own tests compare it with double precision.

use super::*;
use burn::tensor::Tensor;
use mdm_core::seed;

/// Values of the states and of the gradients of x and all parameters.
fn all(lstm: &Lstm, x: &Tensor<3>, read: &Read, composed: bool) -> Vec<Vec<f32>> {
    let x = x.clone().detach().require_grad();
    let states = if composed {
        let bias = lstm.bias_ih.val() + lstm.bias_hh.val();
        composition::lstm(
            x.clone(),
            lstm.weight_ih.val(),
            lstm.weight_hh.val(),
            bias,
            read,
        )
    } else {
        lstm.read(x.clone(), read.clone())
    };
    // Different weights for every state.
    let weights = states.clone().detach().cos();
    let gradients = (states.clone() * weights).sum().backward();
    let values = |tensor: Tensor<1>| tensor.try_into_vec_as::<f32>().unwrap();
    vec![
        values(states.inner().flatten(0, 2)),
        values(x.grad(&gradients).unwrap().flatten(0, 2)),
        values(lstm.weight_ih.val().grad(&gradients).unwrap().flatten(0, 1)),
        values(lstm.weight_hh.val().grad(&gradients).unwrap().flatten(0, 1)),
        values(lstm.bias_ih.val().grad(&gradients).unwrap()),
        values(lstm.bias_hh.val().grad(&gradients).unwrap()),
    ]
}

fn same_as_composition(device: &Device) {
    let mut rng = seed::stream(0, "lstm", 0);
    for (dims, steps, cells) in [
        ([3, 7, 5], vec![0, 1, 2, 3, 4, 5, 6], true),
        ([2, 4, 3], vec![1, 3], false),
        ([1, 1, 2], vec![0], false),
    ] {
        let lstm = Lstm::init(dims[2], 6, &mut rng, device);
        let x = mdm_core::init::uniform(dims, 1.0, &mut rng, device).val();
        let read = Read { steps, cells };
        let expected = all(&lstm, &x, &read, true);
        let found = all(&lstm, &x, &read, false);
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-5, "{found} {expected}");
            }
        }
    }
}

#[test]
fn the_kernel_gives_what_the_composition_gives() {
    same_as_composition(&Device::flex().autodiff());
}

#[cfg(feature = "flex")]
#[test]
fn tensor_operations_give_what_the_kernel_gives() {
    use burn::backend::Flex;
    use burn::backend::flex::FlexTensor;
    use burn::tensor::TensorData;
    use operation::{Inputs, LstmParts};

    let mut rng = seed::stream(0, "lstm", 1);
    let mut random = |shape: &[usize]| {
        let count = shape.iter().product();
        let values = mdm_core::init::uniform([count], 1.0, &mut rng, &Device::flex()).val();
        let values = values.try_into_vec_as::<f32>().unwrap();
        FlexTensor::from_data(TensorData::new(values, shape.to_vec()))
    };
    let inputs: Inputs<Flex> = Inputs {
        x: random(&[3, 5, 4]),
        weight_ih: random(&[4, 24]),
        weight_hh: random(&[6, 24]),
        bias: random(&[24]),
    };
    let gradient = random(&[3, 2, 12]);
    let read = Read {
        steps: vec![4, 1],
        cells: true,
    };
    let values = |tensor: FlexTensor| tensor.into_data().try_into_vec::<f32>().unwrap();
    let close = |found: FlexTensor, expected: FlexTensor| {
        for (found, expected) in values(found).into_iter().zip(values(expected)) {
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    };
    let (states, saved) = tensors::states_and_saved(inputs.clone(), &read);
    close(tensors::states(inputs.clone(), &read), states.clone());
    let (by_kernel, saved_by_kernel) = Flex::states_and_saved(inputs.clone(), &read);
    close(states, by_kernel);
    let found = tensors::gradients(inputs.clone(), saved, &read, gradient.clone(), true);
    let expected = Flex::gradients(inputs, saved_by_kernel, &read, gradient, true);
    close(found.x.unwrap(), expected.x.unwrap());
    close(found.weight_ih, expected.weight_ih);
    close(found.weight_hh, expected.weight_hh);
    close(found.bias, expected.bias);
}

#[test]
fn without_a_graph_the_states_are_the_same() {
    let mut rng = seed::stream(0, "lstm", 2);
    let device = Device::flex().autodiff();
    let lstm = Lstm::init(3, 5, &mut rng, &device);
    let x = mdm_core::init::uniform([4, 6, 3], 1.0, &mut rng, &device).val();
    let tracked = lstm.forward(x.clone()).inner();
    let plain = lstm.valid().forward(x.inner());
    let difference = (tracked - plain).abs().max();
    assert_eq!(difference.into_scalar::<f32>(), 0.0);
}
