//! Against the same equations in double precision, and gradients against differences.

use super::*;

/// Inputs in the order candidate, then drive, W₁, W₂ and bias of each gate.
struct Case {
    shape: MemoryShape,
    inputs: [Vec<f64>; 9],
    masks: [Vec<f64>; 2],
}

fn numbers(count: usize, seed: usize) -> Vec<f64> {
    (0..count)
        .map(|i| ((i * 7919 + seed * 104_729) % 1009) as f64 / 504.5 - 1.0)
        .collect()
}

impl Case {
    fn new([batch, steps, memory, retain, update]: [usize; 5], masked: bool) -> Self {
        let shape = MemoryShape {
            batch,
            steps,
            memory,
            hidden: [retain, update],
        };
        let rows = batch * steps;
        let sizes = [
            rows * memory,
            rows * retain,
            memory * retain,
            retain * memory,
            memory,
            rows * update,
            memory * update,
            update * memory,
            memory,
        ];
        let mut seed = 0;
        let inputs = sizes.map(|count| {
            seed += 1;
            numbers(count, seed)
        });
        let mask = |hidden: usize| match masked {
            true => (0..rows * hidden)
                .map(|i| if i % 3 == 0 { 0.0 } else { 1.5 })
                .collect(),
            false => Vec::new(),
        };
        Self {
            shape,
            inputs,
            masks: [mask(retain), mask(update)],
        }
    }

    fn reference(&self) -> Vec<f64> {
        let MemoryShape {
            batch,
            steps,
            memory: width,
            hidden,
        } = self.shape;
        let mut out = Vec::new();
        for row in 0..batch {
            let mut memory = vec![0.0; width];
            for step in 0..steps {
                let place = row * steps + step;
                let gate = |which: usize| -> Vec<f64> {
                    let [drive, of_memory, of_hidden, bias] =
                        [0, 1, 2, 3].map(|input| &self.inputs[1 + 4 * which + input]);
                    let layer = hidden[which];
                    let values: Vec<f64> = (0..layer)
                        .map(|unit| {
                            let recurrent: f64 = (0..width)
                                .map(|i| memory[i] * of_memory[i * layer + unit])
                                .sum();
                            let value = (drive[place * layer + unit] + recurrent).max(0.0);
                            let mask = self.masks[which].get(place * layer + unit);
                            value * mask.copied().unwrap_or(1.0)
                        })
                        .collect();
                    (0..width)
                        .map(|unit| {
                            let sum: f64 = (0..layer)
                                .map(|i| values[i] * of_hidden[i * width + unit])
                                .sum();
                            1.0 / (1.0 + (-sum - bias[unit]).exp())
                        })
                        .collect()
                };
                let (retain, update) = (gate(0), gate(1));
                for unit in 0..width {
                    let candidate = self.inputs[0][place * width + unit];
                    memory[unit] = retain[unit] * memory[unit] + update[unit] * candidate;
                }
                out.extend_from_slice(&memory);
            }
        }
        out
    }
}

fn single(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}

#[test]
fn memories_and_gradients_are_those_of_the_equations() {
    for (sizes, masked) in [
        ([1, 1, 1, 1, 1], false),
        ([3, 4, 9, 5, 16], true),
        ([2, 5, 33, 7, 8], false),
        ([50, 2, 3, 4, 2], true),
        ([0, 2, 3, 4, 2], false),
    ] {
        let mut case = Case::new(sizes, masked);
        let inputs = case.inputs.each_ref().map(|values| single(values));
        let masks = case.masks.each_ref().map(|values| single(values));
        let gates = [0, 1].map(|which| MemoryGate {
            drive: &inputs[1 + 4 * which],
            mask: &masks[which],
            of_memory: &inputs[2 + 4 * which],
            of_hidden: &inputs[3 + 4 * which],
            bias: &inputs[4 + 4 * which],
        });
        let forward = MemoryForward {
            shape: case.shape,
            gates,
            candidate: &inputs[0],
        };
        let (memories, saved) = forward.memories_and_saved();
        assert_eq!(forward.memories(), memories);
        let expected = case.reference();
        assert_eq!(memories.len(), expected.len());
        for (found, expected) in memories.iter().zip(&expected) {
            assert!((f64::from(*found) - expected).abs() < 2e-6);
        }

        let weights = numbers(memories.len(), 77);
        let found = MemoryBackward {
            shape: case.shape,
            gates,
            candidate: &inputs[0],
            gradient: &single(&weights),
        }
        .gradients(saved);
        let [retain, update] = found.gates;
        let mut found = vec![found.candidate];
        for gate in [retain, update] {
            found.extend([gate.drive, gate.of_memory, gate.of_hidden, gate.bias]);
        }
        for (which, found) in found.iter().enumerate() {
            assert_eq!(found.len(), case.inputs[which].len());
            let stride = found.len().div_ceil(30).max(1);
            for place in (0..found.len()).step_by(stride) {
                let original = case.inputs[which][place];
                let mut loss = |value| {
                    case.inputs[which][place] = value;
                    let memories = case.reference();
                    memories
                        .iter()
                        .zip(&weights)
                        .map(|(m, w)| m * w)
                        .sum::<f64>()
                };
                let slope = (loss(original + 1e-6) - loss(original - 1e-6)) / 2e-6;
                loss(original);
                let off = (f64::from(found[place]) - slope).abs();
                assert!(
                    off < 3e-5 * (1.0 + slope.abs()),
                    "{sizes:?} {which} {place}: {off}"
                );
            }
        }
    }
}
