//! Two views that share a hidden class and nothing else.

use burn::tensor::{Device, Int, Tensor, TensorData};
use mdm_core::seed::ChaCha8Rng;
use rand::RngExt;

pub const CLASSES: usize = 8;
pub const D_VIEW: usize = 24;

/// A class has a direction of so many numbers; so many others, as loud, say nothing.
const D_SIGNAL: usize = 6;
const D_NUISANCE: usize = 6;
const D_HIDDEN: usize = D_SIGNAL + D_NUISANCE;

/// Length of a class's direction, and standard deviation of the noise on it.
const LOUDNESS: f32 = 3.0;
const NOISE: f32 = 0.3;

/// Samples: row i of both views comes from class `classes[i]`.
pub struct Pairs {
    /// `[n, D_VIEW]`
    pub x: Tensor<2>,
    /// `[n, D_VIEW]`
    pub y: Tensor<2>,
    pub classes: Vec<usize>,
}

/// How the classes look in each of the views.
pub struct World {
    views: [View; 2],
}

struct View {
    /// A direction for each class.
    directions: Vec<[f32; D_SIGNAL]>,
    /// From what is hidden to what is seen, `[D_HIDDEN, D_VIEW]`.
    mixing: Tensor<2>,
}

impl World {
    pub fn new(rng: &mut ChaCha8Rng, device: &Device) -> Self {
        Self {
            views: [View::new(rng, device), View::new(rng, device)],
        }
    }

    /// Independent samples of both views.
    pub fn draw(&self, n: usize, rng: &mut ChaCha8Rng, device: &Device) -> Pairs {
        let classes: Vec<usize> = (0..n).map(|_| rng.random_range(0..CLASSES)).collect();
        let [x, y] = self
            .views
            .each_ref()
            .map(|view| view.draw(&classes, rng, device));
        Pairs { x, y, classes }
    }
}

impl View {
    fn new(rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let direction = |rng: &mut ChaCha8Rng| {
            let direction = [(); D_SIGNAL].map(|()| normal(rng));
            let length = direction.iter().map(|part| part * part).sum::<f32>().sqrt();
            direction.map(|part| part * LOUDNESS / length)
        };
        let directions = (0..CLASSES).map(|_| direction(rng)).collect();
        let scale = 1.0 / (D_HIDDEN as f32).sqrt();
        let mixing = (0..D_HIDDEN * D_VIEW)
            .map(|_| normal(rng) * scale)
            .collect();
        Self {
            directions,
            mixing: matrix(mixing, D_VIEW, device),
        }
    }

    /// One sample of the view for each class.
    ///
    /// The sign of the direction is drawn anew: a class is a pair of opposite clouds, both around 0 on average, which
    /// no linear classifier can tell from another pair.
    fn draw(&self, classes: &[usize], rng: &mut ChaCha8Rng, device: &Device) -> Tensor<2> {
        let mut hidden = Vec::with_capacity(classes.len() * D_HIDDEN);
        for &class in classes {
            let sign = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
            hidden.extend(self.directions[class].map(|part| sign * part + NOISE * normal(rng)));
            hidden.extend([(); D_NUISANCE].map(|()| normal(rng)));
        }
        matrix(hidden, D_HIDDEN, device)
            .matmul(self.mixing.clone())
            .tanh()
    }
}

impl Pairs {
    /// The pairs at these places.
    pub fn pick(&self, rows: &[usize]) -> (Tensor<2>, Tensor<2>) {
        let rows = indices(rows, &self.x.device());
        (
            self.x.clone().select(0, rows.clone()),
            self.y.clone().select(0, rows),
        )
    }
}

/// Numbers of samples or classes, on the device.
pub fn indices(values: &[usize], device: &Device) -> Tensor<1, Int> {
    let values: Vec<i64> = values.iter().map(|&value| value as i64).collect();
    Tensor::from_data(values.as_slice(), device)
}

fn matrix(values: Vec<f32>, columns: usize, device: &Device) -> Tensor<2> {
    let rows = values.len() / columns;
    Tensor::from_data(TensorData::new(values, [rows, columns]), device)
}

/// A standard normal number (Box and Muller, 1958).
fn normal(rng: &mut ChaCha8Rng) -> f32 {
    let (u, v): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
    ((-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()) as f32
}
