//! What the attention looks at: the cells of each step beside those of the one before.

#[cfg(feature = "flex")]
mod flex;

use burn::tensor::Tensor;

/// For each step the cells of the step before it, of all modalities, and behind them those of the step itself: `[batch, steps,
/// 2 · width of all]`, with zeros before the first step.
///
/// # Shapes
///
/// - `states`: `[batch, steps, 2 · width]` a modality, hidden states and behind them cells
pub(super) fn windows(states: &[Tensor<3>]) -> Tensor<3> {
    #[cfg(feature = "flex")]
    if let Some(windows) = flex::windows(states) {
        return windows;
    }
    composed(states)
}

/// The same in Burn's operations.
fn composed(states: &[Tensor<3>]) -> Tensor<3> {
    let cells = states.iter().map(|states| {
        let width = states.dims()[2] / 2;
        states.clone().narrow(2, width, width)
    });
    let cells = Tensor::cat(cells.collect(), 2);
    let [batch, steps, width] = cells.dims();
    let zero = Tensor::zeros([batch, 1, width], &cells.device());
    let before = Tensor::cat(vec![zero, cells.clone()], 1).narrow(1, 0, steps);
    Tensor::cat(vec![before, cells], 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use mdm_core::{init, seed};

    #[test]
    fn windows_and_gradients_are_those_of_burns_operations() {
        let device = Device::flex().autodiff();
        let mut rng = seed::stream(0, "windows", 0);
        let states = [2, 8, 6].map(|width| {
            let states = init::uniform([3, 5, width], 1.0, &mut rng, &device);
            states.val().detach().require_grad()
        });
        type Way = fn(&[Tensor<3>]) -> Tensor<3>;
        let all = |windows: Way| {
            let found = windows(&states);
            let weights = found.clone().detach().cos();
            let gradients = (found.clone() * weights).sum().backward();
            let mut found = vec![found.inner()];
            found.extend(states.iter().map(|states| states.grad(&gradients).unwrap()));
            let numbers = found.into_iter().map(|x| x.flatten::<1>(0, 2));
            numbers
                .flat_map(|x| x.try_into_vec_as::<f32>().unwrap())
                .collect::<Vec<f32>>()
        };
        let (found, expected) = (all(windows), all(composed));
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }
}
