//! Against the same equations in double precision, and gradients against differences.

use super::*;

struct Case {
    shape: Shape,
    drive: Vec<f32>,
    weight_hh: Vec<f32>,
    read: Vec<usize>,
    cells: bool,
    initial: Vec<f32>,
    held: Vec<bool>,
}

/// Numbers in −1..1 from a small generator, the same in every run.
fn numbers(count: usize, state: &mut u64) -> Vec<f32> {
    let mut next = || {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (*state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

impl Case {
    fn new([batch, steps, hidden]: [usize; 3], read: Vec<usize>, cells: bool) -> Self {
        let shape = Shape {
            batch,
            steps,
            hidden,
        };
        let mut state = (batch + 7 * steps + 101 * hidden) as u64;
        Self {
            shape,
            drive: numbers(batch * steps * 4 * hidden, &mut state),
            weight_hh: numbers(hidden * 4 * hidden, &mut state),
            read,
            cells,
            initial: Vec::new(),
            held: Vec::new(),
        }
    }

    /// With states before the first step.
    fn starting_anywhere(mut self) -> Self {
        let count = self.shape.batch * 2 * self.shape.hidden;
        self.initial = numbers(count, &mut 3);
        self
    }

    /// With steps at which a state is held, the first and the last among them.
    fn held_now_and_then(mut self) -> Self {
        let Shape { batch, steps, .. } = self.shape;
        let held = |place: usize| (place / steps + place % steps).is_multiple_of(3);
        self.held = (0..batch * steps).map(held).collect();
        self
    }

    fn recursion(&self) -> Recursion<'_> {
        Recursion {
            shape: self.shape,
            weight_hh: &self.weight_hh,
            read: &self.read,
            cells: self.cells,
            initial: &self.initial,
            held: &self.held,
        }
    }

    /// The states that are read, in double precision, from drive, W_hh and the first states.
    fn reference(&self, [drive, hh, initial]: [&[f64]; 3]) -> Vec<f64> {
        let Shape {
            batch,
            steps,
            hidden,
        } = self.shape;
        let of_step = hidden * if self.cells { 2 } else { 1 };
        let mut out = vec![0.0; batch * self.read.len() * of_step];
        for row in 0..batch {
            let (mut h, mut c) = (vec![0.0; hidden], vec![0.0; hidden]);
            if !initial.is_empty() {
                let initial = &initial[row * 2 * hidden..][..2 * hidden];
                h.copy_from_slice(&initial[..hidden]);
                c.copy_from_slice(&initial[hidden..]);
            }
            for step in 0..steps {
                let drive = &drive[(row * steps + step) * 4 * hidden..][..4 * hidden];
                let sum = |column: usize| {
                    let of_h: f64 = (0..hidden)
                        .map(|i| h[i] * hh[i * 4 * hidden + column])
                        .sum();
                    drive[column] + of_h
                };
                let sums: Vec<f64> = (0..4 * hidden).map(sum).collect();
                let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
                let held = !self.held.is_empty() && self.held[row * steps + step];
                for unit in (0..hidden).filter(|_| !held) {
                    let [i, f, g, o] = [0, 1, 2, 3].map(|gate| sums[gate * hidden + unit]);
                    c[unit] = sigmoid(f) * c[unit] + sigmoid(i) * g.tanh();
                    h[unit] = sigmoid(o) * c[unit].tanh();
                }
                if let Some(place) = self.read.iter().position(|&read| read == step) {
                    let out = &mut out[(row * self.read.len() + place) * of_step..][..of_step];
                    out[..hidden].copy_from_slice(&h);
                    if self.cells {
                        out[hidden..].copy_from_slice(&c);
                    }
                }
            }
        }
        out
    }

    fn doubles(&self) -> [Vec<f64>; 3] {
        [&self.drive, &self.weight_hh, &self.initial]
            .map(|values| values.iter().map(|&value| f64::from(value)).collect())
    }
}

/// Widths below, at, and between multiples of any vector's; one row, one step, more rows than a chunk holds.
fn cases() -> Vec<Case> {
    vec![
        Case::new([1, 1, 1], vec![0], false),
        Case::new([3, 4, 8], vec![3], false),
        Case::new([2, 5, 16], vec![0, 2, 4], true),
        Case::new([7, 6, 11], vec![5, 1], true),
        Case::new([61, 3, 5], vec![2], false),
        Case::new([4, 7, 37], vec![2, 3], false),
        Case::new([13, 2, 70], vec![0, 1], true),
        Case::new([0, 2, 4], vec![1], false),
        Case::new([2, 3, 4], vec![], false),
        Case::new([7, 4, 11], vec![1, 3], true).starting_anywhere(),
        Case::new([5, 7, 16], vec![0, 2, 6], true).held_now_and_then(),
        Case::new([61, 5, 9], vec![4], false)
            .starting_anywhere()
            .held_now_and_then(),
        Case::new([2, 3, 4], vec![], false).starting_anywhere(),
    ]
}

fn close(found: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (place, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let difference = (f64::from(found) - expected).abs();
        assert!(
            difference < tolerance * (1.0 + expected.abs()),
            "{place}: {found} {expected}"
        );
    }
}

#[test]
fn states_are_those_of_the_equations() {
    for case in cases() {
        let doubles = case.doubles();
        let expected = case.reference(doubles.each_ref().map(Vec::as_slice));
        let recursion = case.recursion();
        let states = recursion.states(&case.drive);
        close(&states, &expected, 2e-6);
        assert_eq!(states, recursion.states_and_saved(case.drive.clone()).0);
    }
}

#[test]
fn gradients_are_those_of_differences() {
    const STEP: f64 = 1e-5;
    for case in cases() {
        let recursion = case.recursion();
        let (states, saved) = recursion.states_and_saved(case.drive.clone());
        let gradient = numbers(states.len(), &mut 5);
        let gradients = recursion.gradients(saved, &gradient);
        let found = [&gradients.drive, &gradients.weight_hh, &gradients.initial];
        let mut doubles = case.doubles();
        for (which, found) in found.into_iter().enumerate() {
            assert_eq!(found.len(), doubles[which].len());
            // All of a few, some of many.
            let stride = found.len().div_ceil(40).max(1);
            for place in (0..found.len()).step_by(stride) {
                let original = doubles[which][place];
                let mut loss = |value| {
                    doubles[which][place] = value;
                    let states = case.reference(doubles.each_ref().map(Vec::as_slice));
                    let terms = states.iter().zip(&gradient);
                    terms
                        .map(|(state, &weight)| state * f64::from(weight))
                        .sum::<f64>()
                };
                let difference = loss(original + STEP) - loss(original - STEP);
                loss(original);
                close(&found[place..=place], &[difference / (2.0 * STEP)], 2e-5);
            }
        }
    }
}

#[test]
fn the_same_bits_from_run_to_run() {
    let case = Case::new([50, 9, 20], vec![4, 8], true);
    let recursion = case.recursion();
    let (states, saved) = recursion.states_and_saved(case.drive.clone());
    let gradients = recursion.gradients(saved.clone(), &states);
    for _ in 0..3 {
        assert_eq!(
            recursion.states_and_saved(case.drive.clone()),
            (states.clone(), saved.clone())
        );
        assert_eq!(recursion.gradients(saved.clone(), &states), gradients);
    }
}

#[test]
#[should_panic(expected = "step 3 of 3")]
fn a_step_that_is_not_there_is_not_read() {
    let case = Case::new([2, 3, 4], vec![3], false);
    case.recursion().states(&case.drive);
}

#[test]
fn inputs_drive_as_their_products_do() {
    let case = Case::new([50, 6, 5], vec![1, 5], true);
    let Shape {
        batch,
        steps,
        hidden,
    } = case.shape;
    let mut state = 5;
    let bias = numbers(4 * hidden, &mut state);
    let x = [3, 2].map(|columns| numbers(batch * steps * columns, &mut state));
    let weight_ih = numbers(5 * 4 * hidden, &mut state);
    let (first, second) = weight_ih.split_at(3 * 4 * hidden);
    let parts = [
        crate::linear(&x[0], first, &bias, [3, 4 * hidden]),
        crate::linear(&x[1], second, &[], [2, 4 * hidden]),
    ];
    let drive: Vec<f32> = parts[0].iter().zip(&parts[1]).map(|(a, b)| a + b).collect();
    let input = |which: usize, columns| Input {
        x: &x[which],
        columns,
    };
    let inputs = [input(0, 3), input(1, 2)];
    let found = case
        .recursion()
        .states_of_inputs(&inputs, &weight_ih, &bias);
    let expected = case.recursion().states(&drive);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }
}

#[test]
fn rows_of_a_mixture_are_those_that_were_put_together() {
    // More rows than sequences, one of which nobody takes.
    let case = Case::new([50, 6, 5], vec![1, 5], true);
    let Shape {
        batch,
        steps,
        hidden,
    } = case.shape;
    let mut state = 7;
    let (sequences, columns) = (9, [3, 2]);
    let parts = columns.map(|columns| numbers(sequences * steps * columns, &mut state));
    let weight_ih = numbers(5 * 4 * hidden, &mut state);
    let bias = numbers(4 * hidden, &mut state);
    let rows = [5, 7].map(|by| (0..batch).map(|row| row * by % 8).collect::<Vec<usize>>());
    let input = |part: usize| Input {
        x: &parts[part],
        columns: columns[part],
    };
    let mixture = Mixture {
        parts: &[input(0), input(1)],
        sequences,
        rows: &rows,
        weight_ih: &weight_ih,
        bias: &bias,
    };
    let found = case.recursion().states_of_mixture(&mixture);

    let together = [0, 1].map(|part| {
        let of_row =
            |&row: &usize| &parts[part][row * steps * columns[part]..][..steps * columns[part]];
        rows[part].iter().map(of_row).collect::<Vec<_>>().concat()
    });
    let input = |part: usize| Input {
        x: &together[part],
        columns: columns[part],
    };
    let inputs = [input(0), input(1)];
    let expected = (case.recursion()).states_of_inputs(&inputs, &weight_ih, &bias);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }
}
