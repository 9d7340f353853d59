//! How many floating-point operations a second the kernels reach, on all threads of Rayon's pool.
//!
//! ```sh
//! cargo run --release --package mdm-kernels --example rates --features x86-v4
//! ```
//!
//! The first line is a large product of matrices, which is about what the processor can do: how far a kernel is below it is what
//! its own work around the products costs.

use std::hint::black_box;
use std::time::Instant;

use mdm_kernels::{
    Attention, AttentionShape, Input, Mlp, MlpLayer, MlpWanted, Recursion, Shape, linear,
    linear_gradients,
};

fn main() {
    println!("{:44} {:>9} {:>9}", "", "ms", "GFLOP/s");
    for [rows, inputs, outputs] in [[1024, 1024, 1024], [1600, 300, 512], [800, 384, 1536]] {
        products(rows, inputs, outputs);
    }
    for [batch, hidden] in [[32, 128], [320, 128], [32, 32]] {
        recursion(batch, hidden);
    }
    for (widths, rows) in [
        (vec![128, 64, 128, 128, 32, 32, 1], 64),
        (vec![60, 256, 256, 1], 512),
    ] {
        critic(&widths, rows);
    }
    attention(16);
}

fn products(rows: usize, inputs: usize, outputs: usize) {
    let (x, weight) = (numbers(rows * inputs), numbers(inputs * outputs));
    let (bias, gradient) = (numbers(outputs), numbers(rows * outputs));
    let operations = 2 * rows * inputs * outputs;
    let sizes = [inputs, outputs];
    report(
        &format!("linear {rows} x {inputs} x {outputs}"),
        operations,
        || {
            black_box(linear(&x, &weight, &bias, sizes));
        },
    );
    report("  gradients", 2 * operations, || {
        black_box(linear_gradients(&x, &weight, &gradient, sizes, true));
    });
}

fn recursion(batch: usize, hidden: usize) {
    const STEPS: usize = 50;
    const COLUMNS: usize = 300;
    let steps = batch * STEPS;
    let weight_hh = numbers(hidden * 4 * hidden);
    let (x, weight_ih) = (numbers(steps * COLUMNS), numbers(COLUMNS * 4 * hidden));
    let (drive, gradient) = (numbers(steps * 4 * hidden), numbers(batch * hidden));
    let recursion = Recursion {
        shape: Shape {
            batch,
            steps: STEPS,
            hidden,
        },
        weight_hh: &weight_hh,
        read: &[STEPS - 1],
        cells: false,
        initial: &[],
        held: &[],
    };
    let of_states = 2 * steps * hidden * 4 * hidden;
    let of_inputs = 2 * steps * COLUMNS * 4 * hidden;
    report(
        &format!("lstm {batch} x {STEPS}, {hidden} wide"),
        of_states,
        || {
            black_box(recursion.states(&drive));
        },
    );
    let (input, bias) = (
        Input {
            x: &x,
            columns: COLUMNS,
        },
        numbers(4 * hidden),
    );
    report("  from its inputs", of_states + of_inputs, || {
        black_box(recursion.states_of_inputs(&[input], &weight_ih, &bias));
    });
    let (_, saved) = recursion.states_and_saved(drive.clone());
    report("  gradients", 2 * of_states, || {
        black_box(recursion.gradients(saved.clone(), &gradient));
    });
}

fn critic(widths: &[usize], rows: usize) {
    let layers = widths.windows(2);
    let layers = layers.map(|pair| (numbers(pair[0] * pair[1]), numbers(pair[1])));
    let layers: Vec<(Vec<f32>, Vec<f32>)> = layers.collect();
    let of_layers = layers
        .iter()
        .map(|(weight, bias)| MlpLayer { weight, bias });
    let mlp = Mlp::new(of_layers.collect(), 0.01);
    let (x, gradient) = (numbers(rows * widths[0]), numbers(rows));
    let operations: usize = layers
        .iter()
        .map(|(weight, _)| 2 * rows * weight.len())
        .sum();
    report(
        &format!("critic {widths:?}, {rows} rows"),
        operations,
        || {
            black_box(mlp.forward(&x, &[]));
        },
    );
    let saved = mlp.forward(&x, &[]);
    let wanted = MlpWanted {
        x: false,
        layers: true,
    };
    report("  gradients", 2 * operations, || {
        black_box(mlp.gradients(&saved, &[], &gradient, wanted));
    });
}

fn attention(batch: usize) {
    let shape = AttentionShape {
        batch,
        places: 50,
        heads: 12,
        d_head: 32,
    };
    let count = batch * shape.places * shape.heads * shape.d_head;
    let (query, key, value, gradient) = (
        numbers(count),
        numbers(count),
        numbers(count),
        numbers(count),
    );
    let attention = Attention {
        shape,
        query: &query,
        key: &key,
        value: &value,
        hidden: &[],
        dropout: &[],
    };
    let operations = 4 * count * shape.places;
    report(
        &format!("attention {batch} x 50, 12 heads of 32"),
        operations,
        || {
            black_box(attention.forward_and_shares());
        },
    );
    let (_, shares) = attention.forward_and_shares();
    report("  gradients", 2 * operations, || {
        black_box(attention.gradients(&shares, &gradient));
    });
}

/// The median of some runs.
fn report(name: &str, operations: usize, mut work: impl FnMut()) {
    const WARM: usize = 3;
    const RUNS: usize = 15;
    let mut seconds: Vec<f64> = (0..WARM + RUNS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        })
        .skip(WARM)
        .collect();
    seconds.sort_by(f64::total_cmp);
    let median = seconds[RUNS / 2];
    let rate = operations as f64 / median / 1e9;
    println!("{name:44} {:>9.3} {rate:>9.1}", 1e3 * median);
}

/// Numbers in [-0.5, 0.5).
fn numbers(count: usize) -> Vec<f32> {
    (0..count)
        .map(|i| ((i * 7919) % 1000) as f32 / 1000.0 - 0.5)
        .collect()
}
