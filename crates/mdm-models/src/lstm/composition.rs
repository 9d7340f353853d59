//! The recursion as its equations read, in operations that Burn differentiates.

use burn::tensor::{Bool, Tensor, TensorData, activation};

use super::Read;

/// The states that are read. What every other way of computing them is compared with, and the way of a backend that
/// this crate is not compiled for.
pub(super) fn lstm(
    drive: Tensor<3>,
    weight_hh: Tensor<2>,
    initial: Option<Tensor<2>>,
    read: &Read,
) -> Tensor<3> {
    let [batch, steps, _] = drive.dims();
    let hidden = weight_hh.dims()[0];
    let device = drive.device();
    let (mut h, mut c) = match initial {
        Some(states) => (
            states.clone().narrow(1, 0, hidden),
            states.narrow(1, hidden, hidden),
        ),
        None => {
            let zeros = Tensor::<2>::zeros([batch, hidden], &device);
            (zeros.clone(), zeros)
        }
    };
    let mut states = Vec::with_capacity(steps);
    // Steps first, so that a step is a contiguous piece.
    for (number, step) in split_steps(drive.swap_dims(0, 1)).into_iter().enumerate() {
        let gates = step + h.clone().matmul(weight_hh.clone());
        let [i, f, g, o] = quarters(gates);
        let mut new_c =
            activation::sigmoid(f) * c.clone() + activation::sigmoid(i) * activation::tanh(g);
        let mut new_h = activation::sigmoid(o) * activation::tanh(new_c.clone());
        if let Some(held) = read.held_at(number, batch) {
            let held = TensorData::new(held, [batch, 1]);
            let held = Tensor::<2, Bool>::from_data(held, &device).expand([batch, hidden]);
            new_h = new_h.mask_where(held.clone(), h);
            new_c = new_c.mask_where(held, c);
        }
        (h, c) = (new_h, new_c);
        states.push((h.clone(), c.clone()));
    }
    let states = read.steps.iter().map(|&step| {
        let (hidden, cells) = states[step].clone();
        match read.cells {
            true => Tensor::cat(vec![hidden, cells], 1),
            false => hidden,
        }
    });
    Tensor::stack(states.collect(), 1)
}

/// Splits `[steps, batch, width]` into its steps by halves.
///
/// The backward of one slice fills a tensor of the size of what was sliced: cutting every step from the whole costs
/// O(steps²), halving costs O(steps log steps).
pub(crate) fn split_steps(x: Tensor<3>) -> Vec<Tensor<2>> {
    let steps = x.dims()[0];
    if steps == 1 {
        return vec![x.squeeze_dim(0)];
    }
    let half = steps / 2;
    let mut first = split_steps(x.clone().narrow(0, 0, half));
    first.extend(split_steps(x.narrow(0, half, steps - half)));
    first
}

fn quarters(gates: Tensor<2>) -> [Tensor<2>; 4] {
    let width = gates.dims()[1] / 4;
    [0, 1, 2, 3].map(|gate| gates.clone().narrow(1, gate * width, width))
}
