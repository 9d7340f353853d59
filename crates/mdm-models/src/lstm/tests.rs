//! The ways of computing the layer against each other; the kernel's own tests compare it with double precision.

use super::*;
use burn::tensor::Tensor;
use mdm_core::seed;

/// Values of the states and of the gradients of x, of all parameters, and of the first states where these are given.
fn all(
    lstm: &Lstm,
    x: &Tensor<3>,
    initial: &Option<Tensor<2>>,
    read: &Read,
    composed: bool,
) -> Vec<Vec<f32>> {
    let x = x.clone().detach().require_grad();
    let initial = (initial.as_ref()).map(|states| states.clone().detach().require_grad());
    let states = if composed {
        let drive = lstm.drive(x.clone(), 0);
        composition::lstm(drive, lstm.weight_hh.val(), initial.clone(), read)
    } else {
        lstm.read(vec![x.clone()], initial.clone(), read.clone())
    };
    // Different weights for every state.
    let weights = states.clone().detach().cos();
    let gradients = (states.clone() * weights).sum().backward();
    let values = |tensor: Tensor<1>| tensor.try_into_vec_as::<f32>().unwrap();
    let mut found = vec![
        values(states.inner().flatten(0, 2)),
        values(x.grad(&gradients).unwrap().flatten(0, 2)),
        values(lstm.weight_ih.val().grad(&gradients).unwrap().flatten(0, 1)),
        values(lstm.weight_hh.val().grad(&gradients).unwrap().flatten(0, 1)),
        values(lstm.bias_ih.val().grad(&gradients).unwrap()),
        values(lstm.bias_hh.val().grad(&gradients).unwrap()),
    ];
    let of_initial = initial.map(|states| states.grad(&gradients).unwrap().flatten(0, 1));
    found.extend(of_initial.map(values));
    found
}

/// Some steps of rows, each row at others; none where nothing is held.
fn held([batch, steps, _]: [usize; 3], any: bool) -> Arc<Vec<bool>> {
    let held = |place: usize| (place / steps + place % steps).is_multiple_of(3);
    let places = (0..batch * steps).map(held);
    Arc::new(if any { places.collect() } else { Vec::new() })
}

fn same_as_composition(device: &Device) {
    let mut rng = seed::stream(0, "lstm", 0);
    for (dims, steps, cells) in [
        ([3, 7, 5], vec![0, 1, 2, 3, 4, 5, 6], true),
        ([2, 4, 3], vec![1, 3], false),
        ([1, 1, 2], vec![0], false),
    ] {
        let lstm = Lstm::init(dims[2], 6, &mut rng, device);
        let mut random = |shape| mdm_core::init::uniform(shape, 1.0, &mut rng, device).val();
        let states = random([dims[0], 12, 1]).squeeze_dim::<2>(2);
        let x = random(dims);
        for (initial, any_held) in [
            (None, false),
            (Some(states.clone()), false),
            (None, true),
            (Some(states), true),
        ] {
            let read = Read {
                held: held(dims, any_held),
                ..Read::of(&steps, cells)
            };
            let expected = all(&lstm, &x, &initial, &read, true);
            let found = all(&lstm, &x, &initial, &read, false);
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                assert_eq!(found.len(), expected.len());
                for (found, expected) in found.iter().zip(expected) {
                    assert!((found - expected).abs() < 1e-5, "{found} {expected}");
                }
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
    let (gradient, first) = (random(&[3, 2, 12]), random(&[3, 12]));
    let values = |tensor: FlexTensor| tensor.into_data().try_into_vec::<f32>().unwrap();
    let close = |found: FlexTensor, expected: FlexTensor| {
        let (found, expected) = (values(found), values(expected));
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    };
    for (initial, any_held) in [
        (None, false),
        (Some(first.clone()), false),
        (None, true),
        (Some(first), true),
    ] {
        let read = Read {
            held: held([3, 5, 0], any_held),
            ..Read::of(&[4, 1], true)
        };
        let inputs = || (drive.clone(), weight_hh.clone(), initial.clone());
        let (x, weight, start) = inputs();
        let (states, saved) = tensors::states_and_saved::<Flex>(x, weight, start, &read);
        let (x, weight, start) = inputs();
        close(
            tensors::states::<Flex>(x, weight, start, &read),
            states.clone(),
        );
        let (x, weight, start) = inputs();
        let (by_kernel, saved_by_kernel) = Flex::states_and_saved(x, weight, start, &read);
        close(states, by_kernel);
        let (_, weight, start) = inputs();
        let (of_drive, of_weight, of_first) =
            tensors::gradients::<Flex>(weight, start, saved, &read, gradient.clone());
        let (_, weight, start) = inputs();
        let expected = Flex::gradients(weight, start, saved_by_kernel, &read, gradient.clone());
        close(of_drive, expected.0);
        close(of_weight, expected.1);
        assert_eq!(of_first.is_some(), initial.is_some());
        for (found, expected) in of_first.into_iter().zip(expected.2) {
            close(found, expected);
        }
    }
}

#[test]
fn a_sequence_in_two_pieces_is_the_sequence() {
    let mut rng = seed::stream(0, "lstm", 4);
    let device = Device::flex();
    let lstm = Lstm::init(3, 5, &mut rng, &device);
    let x = mdm_core::init::uniform([4, 6, 3], 1.0, &mut rng, &device).val();
    let (whole, end) = lstm.run(x.clone(), None, None);
    let (first, state) = lstm.run(x.clone().narrow(1, 0, 2), None, None);
    let (second, last) = lstm.run(x.clone().narrow(1, 2, 4), Some(state), None);
    let off = |a: Tensor<3>, b: Tensor<3>| (a - b).abs().max().into_scalar::<f32>();
    assert!(off(Tensor::cat(vec![first, second], 1), whole.clone()) < 1e-6);
    assert!((last.cells - end.cells).abs().max().into_scalar::<f32>() < 1e-6);
    // And these are the states that are read elsewhere.
    assert!(off(whole, lstm.forward(x)) < 1e-6);
}

#[test]
fn padding_leaves_a_state_as_it_is() {
    let mut rng = seed::stream(0, "lstm", 5);
    let device = Device::flex().autodiff();
    let lstm = Lstm::init(3, 5, &mut rng, &device);
    let x = mdm_core::init::uniform([2, 6, 3], 1.0, &mut rng, &device).val();
    let x = x.detach().require_grad();
    let mask = StepMask::from_lengths(&[6, 4], 6);
    let (states, last) = lstm.run(x.clone(), None, Some(&mask));
    let row = |states: &Tensor<3>, step: usize| states.clone().slice([1..2, step..step + 1, 0..5]);
    for step in [4, 5] {
        let moved = (row(&states, step) - row(&states, 3)).abs().max();
        assert_eq!(moved.into_scalar::<f32>(), 0.0);
    }
    // The last state of a short row is that after its last step, and nothing after it has a gradient.
    let gradients = last.hidden.sum().backward();
    let of_x = x.grad(&gradients).unwrap().abs().sum_dim(2);
    let of_x = of_x.try_into_vec_as::<f32>().unwrap();
    assert!(of_x[..10].iter().all(|&x| x > 0.0), "{of_x:?}");
    assert_eq!(of_x[10..], [0.0, 0.0]);
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
