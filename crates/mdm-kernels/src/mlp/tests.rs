//! Against the same stack in double precision, and gradients against differences.

use super::*;

/// Numbers in [-0.5, 0.5).
fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..count).map(|_| next()).collect()
}

/// A stack with its parameters, rows, and masks where there is dropout.
struct Case {
    widths: Vec<usize>,
    parameters: Vec<[Vec<f32>; 2]>,
    x: Vec<f32>,
    masks: Vec<Vec<f32>>,
}

const SLOPE: f32 = 0.01;

impl Case {
    fn new(widths: &[usize], rows: usize, dropout: bool) -> Self {
        let layers = widths.windows(2).enumerate();
        let parameters = layers.map(|(index, pair)| {
            let seed = index as u32;
            let weight = numbers(pair[0] * pair[1], 2 * seed + 1);
            [weight, numbers(pair[1], 2 * seed + 2)]
        });
        let hidden = &widths[1..widths.len() - 1];
        let mask = |(index, width): (usize, &usize)| {
            let kept = numbers(rows * width, 100 + index as u32).into_iter();
            kept.map(|x| if x < 0.0 { 0.0 } else { 1.5 }).collect()
        };
        Self {
            widths: widths.to_vec(),
            parameters: parameters.collect(),
            x: numbers(rows * widths[0], 77),
            masks: match dropout {
                true => hidden.iter().enumerate().map(mask).collect(),
                false => Vec::new(),
            },
        }
    }

    fn mlp(&self) -> Mlp<'_> {
        let layers = self.parameters.iter();
        let layers = layers.map(|[weight, bias]| MlpLayer { weight, bias });
        Mlp::new(layers.collect(), SLOPE)
    }

    /// The outputs in double precision, with one parameter moved.
    fn output(&self, x: &[f64], moved: Option<(usize, usize, usize, f64)>) -> Vec<f64> {
        let rows = x.len() / self.widths[0];
        let parameter = |layer: usize, which: usize, place: usize| {
            let value = f64::from(self.parameters[layer][which][place]);
            match moved {
                Some((l, w, p, by)) if (l, w, p) == (layer, which, place) => value + by,
                _ => value,
            }
        };
        let mut x = x.to_vec();
        for layer in 0..self.parameters.len() {
            let (inputs, outputs) = (self.widths[layer], self.widths[layer + 1]);
            let mut out = vec![0.0; rows * outputs];
            for row in 0..rows {
                for column in 0..outputs {
                    let mut sum = parameter(layer, 1, column);
                    for k in 0..inputs {
                        sum += x[row * inputs + k] * parameter(layer, 0, k * outputs + column);
                    }
                    if layer + 1 < self.parameters.len() {
                        if sum <= 0.0 {
                            sum *= f64::from(SLOPE);
                        }
                        if let Some(mask) = self.masks.get(layer) {
                            sum *= f64::from(mask[row * outputs + column]);
                        }
                    }
                    out[row * outputs + column] = sum;
                }
            }
            x = out;
        }
        x
    }
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&x| f64::from(x)).collect()
}

const ALL: MlpWanted = MlpWanted {
    x: true,
    layers: true,
};

/// One layer, few rows, and rows that are worth several threads.
fn cases() -> Vec<Case> {
    vec![
        Case::new(&[3, 2], 4, false),
        Case::new(&[5, 7, 3, 1], 6, false),
        Case::new(&[5, 7, 3, 1], 6, true),
        Case::new(&[64, 128, 64, 1], 57, true),
    ]
}

#[test]
fn the_output_is_that_in_double_precision() {
    for case in cases() {
        let found = case.mlp().forward(&case.x, &case.masks).output();
        let expected = case.output(&wide(&case.x), None);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (f64::from(*found) - expected).abs() < 2e-5,
                "{found} {expected}"
            );
        }
    }
}

#[test]
fn gradients_are_those_of_differences() {
    for case in cases() {
        let mlp = case.mlp();
        let saved = mlp.forward(&case.x, &case.masks);
        let weights = numbers(saved.output().len(), 9);
        let found = mlp.gradients(&saved, &case.masks, &weights, ALL);
        let sum = |output: Vec<f64>| -> f64 {
            let terms = output.iter().zip(&weights);
            terms.map(|(x, &weight)| x * f64::from(weight)).sum()
        };
        let x = wide(&case.x);
        let h = 1e-7;
        let check = |found: f32, up: f64, down: f64| {
            let expected = (up - down) / (2.0 * h);
            let difference = (f64::from(found) - expected).abs();
            assert!(
                difference < 1e-4 * (1.0 + expected.abs()),
                "{found} {expected}"
            );
        };
        for (layer, found) in found.layers.iter().enumerate() {
            for (which, found) in found.iter().enumerate() {
                assert_eq!(found.len(), case.parameters[layer][which].len());
                for place in (0..found.len()).step_by(found.len().div_ceil(40)) {
                    let moved = |by| sum(case.output(&x, Some((layer, which, place, by))));
                    check(found[place], moved(h), moved(-h));
                }
            }
        }
        assert_eq!(found.x.len(), x.len());
        for place in (0..x.len()).step_by(x.len().div_ceil(40)) {
            let moved = |by| {
                let mut x = x.clone();
                x[place] += by;
                sum(case.output(&x, None))
            };
            check(found.x[place], moved(h), moved(-h));
        }
    }
}

#[test]
fn what_is_not_asked_for_is_not_there() {
    let case = Case::new(&[5, 7, 3, 1], 6, true);
    let mlp = case.mlp();
    let saved = mlp.forward(&case.x, &case.masks);
    let gradients = |wanted| mlp.gradients(&saved, &case.masks, &[1.0; 6], wanted);
    let all = gradients(ALL);
    let of_layers = gradients(MlpWanted { x: false, ..ALL });
    assert!(of_layers.x.is_empty() && of_layers.layers == all.layers);
    let of_x = gradients(MlpWanted {
        layers: false,
        ..ALL
    });
    assert_eq!(of_x.x, all.x);
    assert!(of_x.layers.is_empty());
}

#[test]
fn a_number_at_0_has_the_slope_of_below() {
    let layers = vec![
        MlpLayer {
            weight: &[1.0],
            bias: &[0.0],
        },
        MlpLayer {
            weight: &[1.0],
            bias: &[0.0],
        },
    ];
    let mlp = Mlp::new(layers, 0.25);
    let saved = mlp.forward(&[0.0], &[]);
    let found = mlp.gradients(&saved, &[], &[1.0], ALL);
    assert_eq!(found.layers[0][1], [0.25]);
}

#[test]
fn no_rows_give_zeros() {
    let case = Case::new(&[3, 2, 1], 0, false);
    let saved = case.mlp().forward(&[], &[]);
    assert!(saved.output().is_empty());
    let found = case.mlp().gradients(&saved, &[], &[], ALL);
    assert_eq!(found.layers[0][0], [0.0; 6]);
}
