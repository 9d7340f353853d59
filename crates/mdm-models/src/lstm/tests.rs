//! The ways of computing the layer against each other; the kernel's own tests compare it with double precision.

use super::*;
use burn::tensor::Tensor;
use mdm_core::seed;

/// Values of the states and of the gradients of x and all parameters.
fn all(lstm: &Lstm, x: &Tensor<3>, read: &Read, composed: bool) -> Vec<Vec<f32>> {
    let x = x.clone().detach().require_grad();
    let states = if composed {
        composition::lstm(lstm.drive(x.clone(), 0), lstm.weight_hh.val(), read)
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
    use operation::LstmParts;

    let mut rng = seed::stream(0, "lstm", 1);
    let mut random = |shape: &[usize]| {
        let count = shape.iter().product();
        let values = mdm_core::init::uniform([count], 1.0, &mut rng, &Device::flex()).val();
        let values = values.try_into_vec_as::<f32>().unwrap();
        FlexTensor::from_data(TensorData::new(values, shape.to_vec()))
    };
    let (drive, weight_hh) = (random(&[3, 5, 24]), random(&[6, 24]));
    let gradient = random(&[3, 2, 12]);
    let read = Read {
        steps: vec![4, 1],
        cells: true,
    };
    let values = |tensor: FlexTensor| tensor.into_data().try_into_vec::<f32>().unwrap();
    let close = |found: FlexTensor, expected: FlexTensor| {
        let (found, expected) = (values(found), values(expected));
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    };
    let inputs = || (drive.clone(), weight_hh.clone());
    let (drive_1, weight_1) = inputs();
    let (states, saved) = tensors::states_and_saved::<Flex>(drive_1, weight_1, &read);
    let (drive_2, weight_2) = inputs();
    close(
        tensors::states::<Flex>(drive_2, weight_2, &read),
        states.clone(),
    );
    let (drive_3, weight_3) = inputs();
    let (by_kernel, saved_by_kernel) = Flex::states_and_saved(drive_3, weight_3, &read);
    close(states, by_kernel);
    let weight = weight_hh.clone();
    let found = tensors::gradients::<Flex>(weight.clone(), saved, &read, gradient.clone());
    let expected = Flex::gradients(weight, saved_by_kernel, &read, gradient);
    for (found, expected) in found.into_iter().zip(expected) {
        close(found, expected);
    }
}

#[test]
fn what_parts_of_the_inputs_give_adds_up() {
    let mut rng = seed::stream(0, "lstm", 3);
    let device = Device::flex();
    let lstm = Lstm::init(5, 4, &mut rng, &device);
    let x = mdm_core::init::uniform([3, 6, 5], 1.0, &mut rng, &device).val();
    let part = |first: usize, count: usize| lstm.drive(x.clone().narrow(2, first, count), first);
    let by_parts = lstm.driven(part(0, 2) + part(2, 3), &[1, 5]);
    let difference = (by_parts - lstm.at(x.clone(), &[1, 5])).abs().max();
    assert!(difference.into_scalar::<f32>() < 1e-6);
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
