//! Samples of N variables, checked once.

use burn::tensor::Tensor;

use crate::Error;

/// One random variable: a name and `n` samples of `dims` numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    name: String,
    dims: usize,
    values: Vec<f32>,
}

impl Variable {
    /// A variable from its samples, one after the other.
    ///
    /// # Shapes
    ///
    /// - `values`: `[n, dims]`, row by row
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSamples`] when `dims` is 0, `values` does not divide into rows, or a value is NaN or infinite.
    pub fn new(name: impl Into<String>, dims: usize, values: Vec<f32>) -> Result<Self, Error> {
        let name = name.into();
        let invalid = |expected: String, found: String| Error::InvalidSamples {
            variable: name.clone(),
            expected,
            found,
        };
        if dims == 0 {
            return Err(invalid("at least one column".into(), "none".into()));
        }
        if !values.len().is_multiple_of(dims) {
            return Err(invalid(
                format!("rows of {dims} values"),
                format!("{} values", values.len()),
            ));
        }
        if let Some(place) = values.iter().position(|value| !value.is_finite()) {
            return Err(invalid(
                "finite values".into(),
                format!(
                    "{} in row {}, column {} (counted from 0)",
                    values[place],
                    place / dims,
                    place % dims
                ),
            ));
        }
        Ok(Self { name, dims, values })
    }

    /// A variable from a tensor `[n, dims]`, which is read back to the host.
    ///
    /// # Errors
    ///
    /// As [`Variable::new`], and when the tensor cannot be read as `f32`.
    pub fn from_tensor(name: impl Into<String>, values: Tensor<2>) -> Result<Self, Error> {
        let name = name.into();
        let [_, dims] = values.dims();
        match values.try_into_vec_as::<f32>() {
            Ok(values) => Self::new(name, dims, values),
            Err(error) => Err(Error::InvalidSamples {
                variable: name,
                expected: "a tensor that can be read".into(),
                found: error.to_string(),
            }),
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Numbers in a sample.
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// The samples, row by row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.values.len() / self.dims
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

/// Joint samples of N ≥ 2 variables: row i of every variable belongs to sample i.
///
/// # Example
///
/// ```
/// use mdm_core::estimate::{Samples, Variable};
///
/// let height = Variable::new("height", 1, vec![1.6, 1.7, 1.8]).unwrap();
/// let shape = Variable::new("shape", 2, vec![60.0, 0.9, 70.0, 0.8, 80.0, 0.7]).unwrap();
/// let samples = Samples::new(vec![height.clone(), shape]).unwrap();
/// assert_eq!(samples.len(), 3);
///
/// let other = Variable::new("other", 1, vec![0.0]).unwrap();
/// assert!(Samples::new(vec![height, other]).is_err());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    variables: Vec<Variable>,
}

impl Samples {
    /// Variables that were observed together.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSamples`] for fewer than two variables, two of one name, or variables of unequal length.
    pub fn new(variables: Vec<Variable>) -> Result<Self, Error> {
        let Some((first, others)) = variables.split_first().filter(|(_, o)| !o.is_empty()) else {
            let names: Vec<_> = variables.iter().map(Variable::name).collect();
            return Err(Error::InvalidSamples {
                variable: names.concat(),
                expected: "at least two variables".into(),
                found: variables.len().to_string(),
            });
        };
        for (place, variable) in others.iter().enumerate() {
            if variable.len() != first.len() {
                return Err(Error::InvalidSamples {
                    variable: variable.name.clone(),
                    expected: format!("{} samples, as `{}` has", first.len(), first.name),
                    found: variable.len().to_string(),
                });
            }
            if variables[..=place].iter().any(|o| o.name == variable.name) {
                return Err(Error::InvalidSamples {
                    variable: variable.name.clone(),
                    expected: "a name of its own".into(),
                    found: "another variable of that name".into(),
                });
            }
        }
        Ok(Self { variables })
    }

    /// The variables.
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.variables[0].len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
