//! What MFN's attention looks at: the cells of each step beside those of the one before.

use rayon::prelude::*;

use crate::vector::add;

/// For each step the cells of the step before it, of all layers, and behind them those of the step itself: `[batch, steps,
/// 2 · width of all]`, with zeros before the first step.
///
/// # Shapes
///
/// - `states`: `[batch, steps, 2 · width]` of each layer, hidden states and behind them cells
///
/// # Panics
///
/// When there are no steps, or the layers have not one width each and as many sequences.
pub fn windows(states: &[&[f32]], widths: &[usize], steps: usize) -> Vec<f32> {
    let all = checked(widths, steps);
    assert_eq!(states.len(), widths.len());
    let sequences = states[0].len() / (2 * widths[0] * steps);
    for (states, width) in states.iter().zip(widths) {
        assert_eq!(states.len(), sequences * steps * 2 * width);
    }
    let mut out = vec![0.0; sequences * steps * 2 * all];
    out.par_chunks_mut(steps * 2 * all)
        .enumerate()
        .for_each(|(sequence, out)| {
            for (step, out) in out.chunks_exact_mut(2 * all).enumerate() {
                let (before, now) = out.split_at_mut(all);
                let mut first = 0;
                for (states, &width) in states.iter().zip(widths) {
                    let cells = |step: usize| {
                        let place = (sequence * steps + step) * 2 * width + width;
                        &states[place..place + width]
                    };
                    if step > 0 {
                        before[first..first + width].copy_from_slice(cells(step - 1));
                    }
                    now[first..first + width].copy_from_slice(cells(step));
                    first += width;
                }
            }
        });
    out
}

/// The gradient of the states of each layer from that of the windows: none of the hidden states.
///
/// # Panics
///
/// As [`windows`].
pub fn windows_gradients(gradient: &[f32], widths: &[usize], steps: usize) -> Vec<Vec<f32>> {
    let all = checked(widths, steps);
    let of_sequence = steps * 2 * all;
    let sequences = gradient.len() / of_sequence;
    assert_eq!(gradient.len(), sequences * of_sequence);
    let mut first = 0;
    let of_layer = |&width: &usize| {
        let columns = first..first + width;
        first += width;
        let mut found = vec![0.0; sequences * steps * 2 * width];
        found
            .par_chunks_mut(steps * 2 * width)
            .zip(gradient.par_chunks(of_sequence))
            .for_each(|(found, gradient)| {
                for step in 0..steps {
                    let cells = &mut found[step * 2 * width + width..][..width];
                    cells.copy_from_slice(&gradient[(step * 2 + 1) * all..][columns.clone()]);
                    if step + 1 < steps {
                        add(cells, &gradient[(step + 1) * 2 * all..][columns.clone()]);
                    }
                }
            });
        found
    };
    widths.iter().map(of_layer).collect()
}

/// The width of all layers.
fn checked(widths: &[usize], steps: usize) -> usize {
    assert!(steps > 0, "a sequence has steps");
    assert!(
        !widths.is_empty() && !widths.contains(&0),
        "layers have a width"
    );
    widths.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_holds_the_cells_of_two_steps_and_their_gradients_add_up() {
        // One sequence of two steps, layers of widths 1 and 2; hidden states are negative.
        let (a, b) = (
            [-1.0, 1.0, -1.0, 2.0],
            [-1.0, -1.0, 10.0, 20.0, -1.0, -1.0, 30.0, 40.0],
        );
        let found = windows(&[&a, &b], &[1, 2], 2);
        let expected = [
            [0.0, 0.0, 0.0, 1.0, 10.0, 20.0],
            [1.0, 10.0, 20.0, 2.0, 30.0, 40.0],
        ];
        assert_eq!(found, expected.concat());
        let gradient: Vec<f32> = (1..=12).map(|i| i as f32).collect();
        let found = windows_gradients(&gradient, &[1, 2], 2);
        assert_eq!(found[0], [0.0, 4.0 + 7.0, 0.0, 10.0]);
        assert_eq!(
            found[1],
            [0.0, 0.0, 5.0 + 8.0, 6.0 + 9.0, 0.0, 0.0, 11.0, 12.0]
        );
    }
}
