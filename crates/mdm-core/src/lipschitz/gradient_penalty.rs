use burn::tensor::{Int, Tensor};

use crate::Critic;

/// ε inside the root of [`gradient_penalty`] in the dependency objective: the root has no derivative at 0.
pub const GRADIENT_NORM_EPSILON: f64 = 1e-12;

/// How far the critic's slope is from 1 on the lines between the two laws; 0 for a critic of slope 1 there.
///
/// ```text
/// mean( (norm − 1)² )
///
/// norm   = √( Σ input_gradient(points)² + epsilon )
/// points = interpolates(z_joint, z_product, u)
/// ```
///
/// `one_sided` takes `max(norm − 1, 0)²` instead, which leaves flatter critics alone. The two-sided form is that of
/// WGAN-GP (Gulrajani et al., 2017, equation 3); it names the one-sided one, which Petzka et al. (2018) argue for.
///
/// # Shapes
///
/// - `z_joint`: `[n, d_z]`
/// - `z_product`: `[m, d_z]`
/// - `u`: `[max(n, m), 1]`, uniform in [0, 1)
/// - output: `[1]`
///
/// # Numerics
///
/// Exact, and differentiable with respect to the weights by first-order autodiff: see [`Critic::input_gradient`].
///
/// # Panics
///
/// As [`interpolates`].
///
/// # Example
///
/// ```
/// use burn::module::Param;
/// use burn::tensor::{Device, Tensor};
/// use mdm_core::lipschitz::gradient_penalty;
/// use mdm_core::{CriticConfig, CriticOutput, seed};
///
/// let device = Device::flex();
/// let mut critic = CriticConfig::new(2)
///     .with_hidden(vec![])
///     .with_output(CriticOutput::Identity)
///     .init(&mut seed::stream(0, "critic", 0), &device)
///     .unwrap();
/// critic.mlp.layers[0].weight = Param::from_tensor(Tensor::from_floats([[3.0], [4.0]], &device));
/// let (joint, product) = (Tensor::ones([4, 2], &device), Tensor::zeros([4, 2], &device));
/// let u = Tensor::full([4, 1], 0.5, &device);
/// // The slope is 5 everywhere: (5 − 1)²
/// let penalty = gradient_penalty(&critic, joint, product, u, false, 0.0);
/// assert_eq!(penalty.into_scalar::<f32>(), 16.0);
/// ```
pub fn gradient_penalty(
    critic: &Critic,
    z_joint: Tensor<2>,
    z_product: Tensor<2>,
    u: Tensor<2>,
    one_sided: bool,
    epsilon: f64,
) -> Tensor<1> {
    let gradient = critic.input_gradient(interpolates(z_joint, z_product, u));
    let norm = (gradient.square().sum_dim(1) + epsilon).sqrt();
    let excess = norm - 1.0;
    let excess = if one_sided {
        excess.clamp_min(0.0)
    } else {
        excess
    };
    excess.square().mean()
}

/// Random points between the two laws: `u · z_joint + (1 − u) · z_product`, row by row.
///
/// Where one batch has fewer rows than the other, its rows are taken again from the first one on: every row of the
/// larger batch lies on a line.
///
/// # Shapes
///
/// - `z_joint`: `[n, d_z]`
/// - `z_product`: `[m, d_z]`
/// - `u`: `[max(n, m), 1]`
/// - output: `[max(n, m), d_z]`
///
/// # Panics
///
/// When `u` has another number of rows.
pub fn interpolates(z_joint: Tensor<2>, z_product: Tensor<2>, u: Tensor<2>) -> Tensor<2> {
    let rows = z_joint.dims()[0].max(z_product.dims()[0]);
    assert_eq!(
        u.dims(),
        [rows, 1],
        "one u for each row of the larger batch"
    );
    let (z_joint, z_product) = (cycled(z_joint, rows), cycled(z_product, rows));
    z_joint * u.clone() + z_product * (1.0 - u)
}

fn cycled(z: Tensor<2>, rows: usize) -> Tensor<2> {
    let [found, _] = z.dims();
    if found == rows {
        return z;
    }
    let indices: Vec<i64> = (0..rows).map(|row| (row % found) as i64).collect();
    let indices = Tensor::<1, Int>::from_data(indices.as_slice(), &z.device());
    z.select(0, indices)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn the_smaller_batch_is_repeated() {
        let device = Device::flex();
        let joint = Tensor::<2>::from_floats([[1.0], [2.0]], &device);
        let product = Tensor::<2>::from_floats([[10.0], [20.0], [30.0], [40.0], [50.0]], &device);
        let u = Tensor::<2>::from_floats([[1.0], [1.0], [1.0], [0.0], [0.5]], &device);
        for (points, expected) in [
            (
                interpolates(joint.clone(), product.clone(), u.clone()),
                [1.0, 2.0, 1.0, 40.0, 25.5],
            ),
            (
                interpolates(product, joint, u),
                [10.0, 20.0, 30.0, 2.0, 25.5],
            ),
        ] {
            assert_eq!(points.try_into_vec_as::<f32>().unwrap(), expected);
        }
    }
}
