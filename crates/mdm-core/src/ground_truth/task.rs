//! A law with a name, samples and its true dependence.

use rand::Rng;

use super::{AdditiveUniform, Gaussian, Map, StudentT, invalid};
use crate::Error;

/// A joint law of N variables whose total correlation is known.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Law {
    /// See [`Gaussian`].
    Gaussian(Gaussian),
    /// See [`StudentT`].
    StudentT(StudentT),
    /// See [`AdditiveUniform`].
    AdditiveUniform(AdditiveUniform),
}

impl Law {
    /// The dimensions of each variable.
    pub fn variables(&self) -> Vec<usize> {
        match self {
            Self::Gaussian(law) => law.blocks().to_vec(),
            Self::StudentT(law) => law.blocks().to_vec(),
            Self::AdditiveUniform(_) => vec![1, 1],
        }
    }

    /// The total correlation in nats.
    pub fn total_correlation(&self) -> f64 {
        match self {
            Self::Gaussian(law) => law.total_correlation(),
            Self::StudentT(law) => law.total_correlation(),
            Self::AdditiveUniform(law) => law.mutual_information(),
        }
    }

    fn draw(&self, row: &mut [f64], rng: &mut impl Rng) {
        match self {
            Self::Gaussian(law) => law.draw(row, rng),
            Self::StudentT(law) => law.draw(row, rng),
            Self::AdditiveUniform(law) => law.draw(row, rng),
        }
    }
}

impl From<Gaussian> for Law {
    fn from(law: Gaussian) -> Self {
        Self::Gaussian(law)
    }
}

impl From<StudentT> for Law {
    fn from(law: StudentT) -> Self {
        Self::StudentT(law)
    }
}

impl From<AdditiveUniform> for Law {
    fn from(law: AdditiveUniform) -> Self {
        Self::AdditiveUniform(law)
    }
}

/// Something to estimate: samples, and the dependence that should come out.
///
/// # Example
///
/// ```
/// use mdm_core::ground_truth::{Gaussian, Task};
/// use mdm_core::seed;
///
/// let task = Task::new("three scalars", Gaussian::equicorrelated(3, 1, 0.5).unwrap());
/// assert_eq!(task.variables(), [1, 1, 1]);
/// assert!((task.truth() - 0.3466).abs() < 1e-4);
/// let samples = task.sample(100, &mut seed::stream(0, "samples", 0));
/// assert!(samples.iter().all(|variable| variable.len() == 100));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    name: String,
    law: Law,
    /// For each variable, what is applied to it, first to last.
    maps: Vec<Vec<Map>>,
    variables: Vec<usize>,
    truth: f64,
}

impl Task {
    /// The law as it is.
    pub fn new(name: impl Into<String>, law: impl Into<Law>) -> Self {
        let law = law.into();
        let variables = law.variables();
        Self {
            name: name.into(),
            maps: vec![Vec::new(); variables.len()],
            variables,
            truth: law.total_correlation(),
            law,
        }
    }

    /// The same under one map for each variable, on top of those it already has. The truth is inherited, since the
    /// maps can be inverted.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] when there are not as many maps as variables, or a map cannot be applied to its
    /// variable (see [`Map`]).
    pub fn mapped(&self, name: impl Into<String>, maps: &[Map]) -> Result<Self, Error> {
        if maps.len() != self.variables.len() {
            let expected = "one map a variable";
            let found = format!("{} for {} variables", maps.len(), self.variables.len());
            return Err(invalid("maps", expected, found));
        }
        let mut task = self.clone();
        task.name = name.into();
        for (variable, &map) in maps.iter().enumerate() {
            task.variables[variable] = map.dims(self.variables[variable])?;
            task.maps[variable].push(map);
        }
        Ok(task)
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The dimensions of each variable.
    pub fn variables(&self) -> Vec<usize> {
        self.variables.clone()
    }

    /// The total correlation in nats.
    pub fn truth(&self) -> f64 {
        self.truth
    }

    /// Independent samples of each variable, drawn in `f64`. The first of them do not depend on `n`.
    ///
    /// # Shapes
    ///
    /// - output: for each variable k, of `d_k` dimensions, `[n, d_k]`, row by row
    pub fn sample(&self, n: usize, rng: &mut impl Rng) -> Vec<Vec<f32>> {
        let dims = self.law.variables();
        let mut row = vec![0.0; dims.iter().sum()];
        let mut samples: Vec<Vec<f32>> = self.variables.iter().map(|_| Vec::new()).collect();
        for _ in 0..n {
            self.law.draw(&mut row, rng);
            let mut rest = row.as_slice();
            for (variable, out) in samples.iter_mut().enumerate() {
                let (value, after) = rest.split_at(dims[variable]);
                rest = after;
                let maps = self.maps[variable].iter();
                let value = maps.fold(value.to_vec(), |value, map| map.apply(&value));
                out.extend(value.into_iter().map(|value| value as f32));
            }
        }
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed;

    fn pair() -> Task {
        Task::new("pair", Gaussian::sparse(2, 3, 1, 0.8).unwrap())
    }

    #[test]
    fn samples_are_a_function_of_the_generator_and_the_first_do_not_depend_on_the_number() {
        let sample = |n| pair().sample(n, &mut seed::stream(3, "samples", 0));
        let (few, many) = (sample(10), sample(100));
        assert_eq!(few, sample(10));
        assert_eq!((few[0].len(), few[1].len()), (20, 30));
        assert_eq!(few[0], many[0][..20]);
        assert_eq!(few[1], many[1][..30]);
        assert!(sample(0).iter().all(Vec::is_empty));
    }

    #[test]
    fn maps_see_the_samples_in_order_and_leave_the_truth() {
        let halfway = pair().mapped("cdf", &[Map::Identity, Map::NormalCdf]);
        let halfway = halfway.unwrap();
        let both = halfway.mapped("both", &[Map::Cube, Map::Asinh]).unwrap();
        assert_eq!(both.truth(), pair().truth());
        assert_eq!((both.name(), both.variables()), ("both", vec![2, 3]));
        let sample = |task: &Task| task.sample(50, &mut seed::stream(3, "samples", 0));
        let (plain, mapped) = (sample(&pair()), sample(&both));
        for (x, y) in plain[0].iter().zip(&mapped[0]) {
            assert!((x.powi(3) - y).abs() < 1e-4);
        }
        for (x, y) in plain[1].iter().zip(&mapped[1]) {
            let expected = crate::normal::cdf(f64::from(*x)).asinh();
            assert!((expected - f64::from(*y)).abs() < 1e-6);
        }
    }

    #[test]
    fn maps_that_do_not_fit_are_errors() {
        assert!(pair().mapped("one map", &[Map::Cube]).is_err());
        let roll = pair().mapped("two dimensions", &[Map::SwissRoll, Map::Identity]);
        assert!(roll.is_err());
    }
}
