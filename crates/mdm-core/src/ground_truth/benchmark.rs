//! The tasks of published benchmarks.

use super::{AdditiveUniform, Gaussian, Map, StudentT, Task, rho_for};
use crate::Error;

/// Correlation of the one-dimensional Gaussian pairs of [`bmi_tasks`].
const BIVARIATE_RHO: f64 = 0.75;

/// The 40 tasks of Czyż et al., "Beyond Normal: On the Evaluation of Mutual Information Estimators", NeurIPS 2023 (the
/// benchmark `bmi`). A name is that of the law, with its maps before it, the last applied first. Truths in nats:
///
/// | task | truth |
/// |---|---|
/// | `bivariate_normal_rho_0.75` | 0.4133 |
/// | the same with `normal_cdf_`, `bimodal_`, `wiggly_`, `half_cube_`, `swiss_roll_normal_cdf_` | 0.4133 |
/// | `additive_uniform_eps_0.1`, `additive_uniform_eps_0.75` | 1.7094, 0.3333 |
/// | `dense_0.5_2x2`, `_3x3`, `_5x5`, `_25x25`, `_50x50` | 0.2939, 0.4133, 0.5928, 1.2922, 1.6243 |
/// | `sparse_two_pair_rho_0.8` (2 × 2), `_3x3`, `_5x5`, `_25x25` | 1.0217 |
/// | the last three with `normal_cdf_`, `half_cube_`, `spiral_`, `spiral_normal_cdf_` | 1.0217 |
/// | `student_identity_1x1_dof1`, `_2x2_dof1`, `_2x2_dof2` | 0.2242, 0.4319, 0.1931 |
/// | `student_identity_3x3_dof2`, `_3x3_dof3`, `_5x5_dof2`, `_5x5_dof3` | 0.2909, 0.1787, 0.4482, 0.2985 |
/// | `asinh_student_identity_1x1_dof1`, `_2x2_dof1`, `_3x3_dof2`, `_5x5_dof2` | as without |
///
/// # Example
///
/// ```
/// use mdm_core::ground_truth;
///
/// let tasks = ground_truth::bmi_tasks();
/// let task = tasks.iter().find(|task| task.name() == "dense_0.5_3x3").unwrap();
/// assert_eq!(task.variables(), [3, 3]);
/// // Determinants of equicorrelated variables: ½ ln(0.5² · 2) · 2 − ½ ln(0.5⁵ · 3.5).
/// assert!((task.truth() - 0.4133).abs() < 1e-4);
/// ```
pub fn bmi_tasks() -> Vec<Task> {
    [one_dimensional(), multinormal(), student(), transformed()]
        .into_iter()
        .flatten()
        .collect::<Result<_, _>>()
        .expect("constant settings are in their ranges")
}

fn one_dimensional() -> Vec<Result<Task, Error>> {
    let two_modes = |share, means| Map::Bimodal { share, means };
    let bimodal = [two_modes(0.3, [0.0, 5.0]), two_modes(0.5, [-1.0, 3.0])];
    let roll = [Map::SwissRoll, Map::Identity];
    vec![
        bivariate_normal(),
        both("normal_cdf", Map::NormalCdf, bivariate_normal()),
        additive_uniform(0.1),
        additive_uniform(0.75),
        mapped("bimodal", &bimodal, bivariate_normal()),
        mapped("wiggly", &[Map::WigglyX, Map::WigglyY], bivariate_normal()),
        both("half_cube", Map::HalfCube, bivariate_normal()),
        student_identity(1, 1),
        both("asinh", Map::Asinh, student_identity(1, 1)),
        mapped(
            "swiss_roll",
            &roll,
            both("normal_cdf", Map::NormalCdf, bivariate_normal()),
        ),
    ]
}

fn multinormal() -> Vec<Result<Task, Error>> {
    let dense = [2, 3, 5, 25, 50].into_iter().map(|dim| {
        let law = Gaussian::dense(dim, dim, 0.5)?;
        Ok(Task::new(format!("dense_0.5_{dim}x{dim}"), law))
    });
    dense.chain([2, 3, 5, 25].map(sparse)).collect()
}

fn student() -> Vec<Result<Task, Error>> {
    [(2, 1), (2, 2), (3, 2), (3, 3), (5, 2), (5, 3)]
        .map(|(dim, degrees_of_freedom)| student_identity(dim, degrees_of_freedom))
        .into()
}

fn transformed() -> Vec<Result<Task, Error>> {
    let mut tasks = Vec::new();
    for dim in [3, 5, 25] {
        // Slower in more dimensions, where |x|² is larger.
        let spiral = [[0, 1], [1, 2]].map(|plane| Map::Spiral {
            plane,
            speed: 1.0 / dim as f64,
        });
        let uniform = || both("normal_cdf", Map::NormalCdf, sparse(dim));
        tasks.extend([
            uniform(),
            both("half_cube", Map::HalfCube, sparse(dim)),
            mapped("spiral", &spiral, sparse(dim)),
            mapped("spiral", &spiral, uniform()),
        ]);
    }
    let students = [(2, 1), (3, 2), (5, 2)];
    tasks.extend(students.map(|(dim, degrees_of_freedom)| {
        let law = student_identity(dim, degrees_of_freedom);
        both("asinh", Map::Asinh, law)
    }));
    tasks
}

fn bivariate_normal() -> Result<Task, Error> {
    let law = Gaussian::componentwise(1, BIVARIATE_RHO)?;
    Ok(Task::new(
        format!("bivariate_normal_rho_{BIVARIATE_RHO}"),
        law,
    ))
}

fn additive_uniform(epsilon: f64) -> Result<Task, Error> {
    let law = AdditiveUniform::new(epsilon)?;
    Ok(Task::new(format!("additive_uniform_eps_{epsilon}"), law))
}

fn sparse(dim: usize) -> Result<Task, Error> {
    const PAIRS: usize = 2;
    let law = Gaussian::sparse(dim, dim, PAIRS, 0.8)?;
    let mut name = "sparse_two_pair_rho_0.8".to_owned();
    if dim > PAIRS {
        name += &format!("_{dim}x{dim}");
    }
    Ok(Task::new(name, law))
}

fn student_identity(dim: usize, degrees_of_freedom: u8) -> Result<Task, Error> {
    let law = StudentT::identity(&[dim, dim], degrees_of_freedom.into())?;
    let name = format!("student_identity_{dim}x{dim}_dof{degrees_of_freedom}");
    Ok(Task::new(name, law))
}

fn mapped(prefix: &str, maps: &[Map], base: Result<Task, Error>) -> Result<Task, Error> {
    let base = base?;
    base.mapped(format!("{prefix}_{}", base.name()), maps)
}

fn both(prefix: &str, map: Map, base: Result<Task, Error>) -> Result<Task, Error> {
    mapped(prefix, &[map, map], base)
}

/// The schedule of Song and Ermon, "Understanding the Limitations of Variational Mutual Information Estimators", ICLR
/// 2020: [`componentwise`](Gaussian::componentwise) pairs of 20 components with 2, 4, 6, 8 and 10 nats
/// (`smile_gaussian_mi_2`, …), and the same with y³ for y (`smile_cubic_mi_2`, …).
///
/// # Example
///
/// ```
/// use mdm_core::ground_truth;
///
/// let tasks = ground_truth::smile_tasks();
/// assert_eq!(tasks.len(), 10);
/// assert_eq!(tasks[9].name(), "smile_cubic_mi_10");
/// assert!((tasks[9].truth() - 10.0).abs() < 1e-9);
/// ```
pub fn smile_tasks() -> Vec<Task> {
    const DIM: usize = 20;
    let gaussian = |mi: u8| {
        let law = Gaussian::componentwise(DIM, rho_for(mi.into(), DIM)?)?;
        Ok(Task::new(format!("smile_gaussian_mi_{mi}"), law))
    };
    let cubic = |mi: u8| {
        let maps = [Map::Identity, Map::Cube];
        gaussian(mi)?.mapped(format!("smile_cubic_mi_{mi}"), &maps)
    };
    let levels = [2, 4, 6, 8, 10];
    (levels.map(gaussian).into_iter())
        .chain(levels.map(cubic))
        .collect::<Result<_, Error>>()
        .expect("constant settings are in their ranges")
}

/// One level of the line structure of Bai et al., "Estimating Total Correlation with Mutual Information Estimators",
/// AISTATS 2023: a [`chain`](Gaussian::chain) of four variables of 20 components with the total correlation `truth` in
/// nats, a third of it in each link. The paper takes 2, 4, 6, 8 and 10.
///
/// # Errors
///
/// [`Error::InvalidConfig`] when `truth` is negative, not finite, or so large (over 1000) that the correlation is 1 in
/// all its digits.
///
/// # Example
///
/// ```
/// use mdm_core::ground_truth;
///
/// let task = ground_truth::total_correlation_ladder(6.0).unwrap();
/// assert_eq!((task.name(), task.variables()), ("line_4x20_tc_6", vec![20; 4]));
/// assert!((task.truth() - 6.0).abs() < 1e-9);
/// ```
pub fn total_correlation_ladder(truth: f64) -> Result<Task, Error> {
    const VARIABLES: usize = 4;
    const DIM: usize = 20;
    let rho = rho_for(truth / (VARIABLES - 1) as f64, DIM)?;
    let law = Gaussian::chain(VARIABLES, DIM, rho)?;
    Ok(Task::new(format!("line_{VARIABLES}x{DIM}_tc_{truth}"), law))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::seed;

    #[test]
    fn forty_tasks_of_different_names_with_the_truths_of_the_literature() {
        let tasks = bmi_tasks();
        let names: BTreeSet<&str> = tasks.iter().map(Task::name).collect();
        assert_eq!((tasks.len(), names.len()), (40, 40));
        for (end, truth) in [
            ("bivariate_normal_rho_0.75", 0.4133),
            ("additive_uniform_eps_0.1", 1.7094),
            ("additive_uniform_eps_0.75", 0.3333),
            ("dense_0.5_2x2", 0.2939),
            ("dense_0.5_3x3", 0.4133),
            ("dense_0.5_5x5", 0.5928),
            ("dense_0.5_25x25", 1.2922),
            ("dense_0.5_50x50", 1.6243),
            ("sparse_two_pair_rho_0.8", 1.0217),
            ("sparse_two_pair_rho_0.8_3x3", 1.0217),
            ("sparse_two_pair_rho_0.8_5x5", 1.0217),
            ("sparse_two_pair_rho_0.8_25x25", 1.0217),
            ("student_identity_1x1_dof1", 0.2242),
            ("student_identity_2x2_dof1", 0.4319),
            ("student_identity_2x2_dof2", 0.1931),
            ("student_identity_3x3_dof2", 0.2909),
            ("student_identity_3x3_dof3", 0.1787),
            ("student_identity_5x5_dof2", 0.4482),
            ("student_identity_5x5_dof3", 0.2985),
        ] {
            let found: Vec<_> = tasks.iter().filter(|t| t.name().ends_with(end)).collect();
            assert!(!found.is_empty(), "{end}");
            for task in found {
                let error = task.truth() - truth;
                assert!(error.abs() < 1e-4, "{}: {}", task.name(), task.truth());
            }
        }
    }

    #[test]
    fn every_task_gives_finite_samples_of_its_shape() {
        let ladder = total_correlation_ladder(2.0).unwrap();
        for task in bmi_tasks().into_iter().chain(smile_tasks()).chain([ladder]) {
            let samples = task.sample(200, &mut seed::stream(0, task.name(), 0));
            for (values, dims) in samples.iter().zip(task.variables()) {
                assert_eq!(values.len(), 200 * dims, "{}", task.name());
                assert!(values.iter().all(|v| v.is_finite()), "{}", task.name());
                let first = &values[..dims];
                let rows = values.chunks(dims);
                assert!(rows.skip(1).all(|row| row != first), "{}", task.name());
            }
        }
    }

    /// Correlation of the first components of two variables.
    fn correlation(samples: &[Vec<f32>], dims: [usize; 2]) -> f64 {
        let column = |variable: usize| -> Vec<f64> {
            let values = samples[variable].iter().step_by(dims[variable]);
            values.map(|&value| f64::from(value)).collect()
        };
        let (x, y) = (column(0), column(1));
        let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        // All of them have mean 0.
        sum(&x, &y) / (sum(&x, &x) * sum(&y, &y)).sqrt()
    }

    #[test]
    fn samples_have_the_correlations() {
        for task in bmi_tasks().into_iter().chain(smile_tasks()) {
            let expected = match task.name() {
                "bivariate_normal_rho_0.75" => 0.75,
                name if name.starts_with("dense") => 0.5,
                name if name.starts_with("sparse") => 0.8,
                "smile_gaussian_mi_6" => 0.6717,
                "student_identity_3x3_dof3" => 0.0,
                _ => continue,
            };
            let samples = task.sample(8000, &mut seed::stream(1, task.name(), 0));
            let variables = task.variables();
            let found = correlation(&samples, [variables[0], variables[1]]);
            assert!((found - expected).abs() < 0.05, "{}: {found}", task.name());
        }
    }

    #[test]
    fn a_level_of_the_ladder_is_a_chain_of_equal_links() {
        for truth in [2.0, 4.0, 6.0, 8.0, 10.0] {
            let rho = rho_for(truth / 3.0, 20).unwrap();
            let chain = Gaussian::chain(4, 20, rho).unwrap();
            let mut links = chain.chain_terms().iter();
            assert!(links.all(|link| (link - truth / 3.0).abs() < 1e-9));
            let task = total_correlation_ladder(truth).unwrap();
            let samples = task.sample(4000, &mut seed::stream(2, "ladder", 0));
            let neighbours = correlation(&samples, [20, 20]);
            let across = correlation(&[samples[0].clone(), samples[3].clone()], [20, 20]);
            assert!((neighbours - rho).abs() < 0.05 && (across - rho.powi(3)).abs() < 0.05);
        }
        assert_eq!(total_correlation_ladder(0.0).unwrap().truth(), 0.0);
        assert!(total_correlation_ladder(-1.0).is_err());
        assert!(total_correlation_ladder(1e4).is_err());
    }
}
