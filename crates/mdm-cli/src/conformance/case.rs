//! A case on disk: `case.json` and the `tensors.safetensors` beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Something on disk is not what it should be.
#[derive(Debug)]
pub struct ReadError {
    /// The file.
    pub path: PathBuf,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl ReadError {
    /// An error about `path`.
    pub fn new(path: &Path, expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        Self {
            path: path.to_owned(),
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            expected,
            found,
        } = self;
        write!(f, "{}: expected {expected}, found: {found}", path.display())
    }
}

impl std::error::Error for ReadError {}

/// How far a value may be off: `|got − want| ≤ atol + rtol · |want|`.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Tolerance {
    /// The absolute part.
    pub atol: f64,
    /// The part relative to the expected value.
    pub rtol: f64,
}

/// The content of `case.json`.
#[derive(Debug, Clone, Deserialize)]
pub struct Spec {
    /// What is tested.
    pub kind: String,
    /// Sizes and options of the kind.
    pub config: Value,
    /// Names of the parameters.
    pub weights: Vec<String>,
    /// Names of the inputs.
    pub inputs: Vec<String>,
    /// Names of the outputs that are tensors.
    pub expected: Vec<String>,
    /// Outputs that are numbers, by name.
    #[serde(default)]
    pub expected_values: BTreeMap<String, Value>,
    /// The tolerance of every output…
    #[serde(flatten)]
    pub tolerance: Tolerance,
    /// …but these.
    #[serde(default)]
    pub tolerances: BTreeMap<String, Tolerance>,
}

impl Spec {
    /// Reads the `case.json` of a case's folder.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when it is missing or damaged.
    pub fn read(folder: &Path) -> Result<Self, ReadError> {
        let path = folder.join("case.json");
        let text = std::fs::read_to_string(&path)
            .map_err(|error| ReadError::new(&path, "the description of a case", error))?;
        serde_json::from_str(&text)
            .map_err(|error| ReadError::new(&path, "the description of a case", error))
    }
}

/// A tensor as it is stored, in row-major order.
#[derive(Debug)]
pub struct Stored {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its elements.
    pub values: Values,
}

/// The elements of a stored tensor.
#[derive(Debug)]
pub enum Values {
    /// Numbers.
    F32(Vec<f32>),
    /// Indices and counts.
    I64(Vec<i64>),
}

/// A case with its tensors.
#[derive(Debug)]
pub struct Case {
    /// What `case.json` says.
    pub spec: Spec,
    folder: PathBuf,
    tensors: BTreeMap<String, Stored>,
}

impl Case {
    /// Reads the tensors of a case.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when the file is missing or damaged, or lacks a tensor that `case.json` lists.
    pub fn read(folder: &Path, spec: Spec) -> Result<Self, ReadError> {
        let names = |group: &'static str, names: &[String]| -> Vec<String> {
            names.iter().map(|name| format!("{group}.{name}")).collect()
        };
        let listed = [
            names("weight", &spec.weights),
            names("input", &spec.inputs),
            names("expected", &spec.expected),
        ]
        .concat();
        let path = tensors_path(folder);
        let tensors = match listed.is_empty() && !path.exists() {
            true => BTreeMap::new(),
            false => read_tensors(&path)?,
        };
        if let Some(name) = listed.iter().find(|name| !tensors.contains_key(*name)) {
            let expected = format!("the tensor `{name}`, which case.json lists");
            return Err(ReadError::new(&path, expected, "no such tensor"));
        }
        Ok(Self {
            spec,
            folder: folder.to_owned(),
            tensors,
        })
    }

    /// The settings of the kind.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when they are not those of the kind.
    pub fn config<T: DeserializeOwned>(&self) -> Result<T, ReadError> {
        self.settings(&self.spec.config)
    }

    /// A part of the settings.
    ///
    /// # Errors
    ///
    /// As [`config`](Self::config).
    pub fn settings<T: DeserializeOwned>(&self, value: &Value) -> Result<T, ReadError> {
        T::deserialize(value).map_err(|error| self.wrong(self.kind_settings(), error))
    }

    fn kind_settings(&self) -> String {
        format!("the config of the kind `{}`", self.spec.kind)
    }

    /// An error in what `case.json` says.
    pub fn wrong(&self, expected: impl fmt::Display, found: impl fmt::Display) -> ReadError {
        ReadError::new(&self.folder.join("case.json"), expected, found)
    }

    /// An error in a tensor.
    pub fn wrong_tensor(&self, expected: impl fmt::Display, found: impl fmt::Display) -> ReadError {
        ReadError::new(&tensors_path(&self.folder), expected, found)
    }

    /// A parameter of a known shape.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when it is missing or of another type or shape.
    pub fn weight<const D: usize>(
        &self,
        name: &str,
        shape: [usize; D],
        device: &Device,
    ) -> Result<Tensor<D>, ReadError> {
        self.tensor(&format!("weight.{name}"), shape, device)
    }

    /// The numbers of a parameter of a known shape.
    ///
    /// # Errors
    ///
    /// As [`weight`](Self::weight).
    pub fn weight_values(&self, name: &str, shape: &[usize]) -> Result<&[f32], ReadError> {
        self.shaped_numbers(&format!("weight.{name}"), shape)
    }

    /// Refuses a config with a number above every dimension of the stored tensors: each width of a model is one of those,
    /// and a damaged config must not ask for a gigantic one.
    ///
    /// # Errors
    ///
    /// [`ReadError`] naming the number.
    pub fn check_sizes(&self, config: &Value) -> Result<(), ReadError> {
        // Numbers of layers and heads are no dimension.
        const COUNT: usize = 64;
        let dimensions = self.tensors.values().flat_map(|stored| &stored.shape);
        let largest = dimensions.copied().max().unwrap_or(0).max(COUNT);
        match largest_number(config) {
            Some(number) if number > largest as u64 => {
                let expected = format!("no width above {largest}, the largest stored");
                Err(self.wrong(expected, number))
            }
            _ => Ok(()),
        }
    }

    /// An input of a known shape.
    ///
    /// # Errors
    ///
    /// As [`weight`](Self::weight).
    pub fn input<const D: usize>(
        &self,
        name: &str,
        shape: [usize; D],
        device: &Device,
    ) -> Result<Tensor<D>, ReadError> {
        self.tensor(&format!("input.{name}"), shape, device)
    }

    /// Whether the case has this input.
    pub fn has_input(&self, name: &str) -> bool {
        self.tensors.contains_key(&format!("input.{name}"))
    }

    /// The shape of an input of a known number of dimensions, none of them 0.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when it is missing, has another number of dimensions or no element.
    pub fn input_shape<const D: usize>(&self, name: &str) -> Result<[usize; D], ReadError> {
        let name = format!("input.{name}");
        let shape = &self.stored(&name)?.shape;
        <[usize; D]>::try_from(shape.as_slice())
            .ok()
            .filter(|shape| !shape.contains(&0))
            .ok_or_else(|| {
                let expected = format!("`{name}` with {D} dimensions of at least 1");
                self.wrong_tensor(expected, format!("{shape:?}"))
            })
    }

    /// The shape and the numbers of an input.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when it is missing or holds no numbers.
    pub fn input_values(&self, name: &str) -> Result<(&[usize], &[f32]), ReadError> {
        self.numbers(&format!("input.{name}"))
    }

    /// An input of this shape with indices, each in `0..limit`, in row-major order.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when it is missing or holds something else.
    pub fn input_indices(
        &self,
        name: &str,
        shape: &[usize],
        limit: usize,
    ) -> Result<Vec<usize>, ReadError> {
        let name = format!("input.{name}");
        let stored = self.stored(&name)?;
        let wrong = |found: String| {
            let expected = format!("`{name}` of shape {shape:?} with indices below {limit}");
            self.wrong_tensor(expected, found)
        };
        match &stored.values {
            Values::I64(values) if stored.shape == shape => values
                .iter()
                .map(|&index| usize::try_from(index).ok().filter(|&index| index < limit))
                .collect::<Option<_>>()
                .ok_or_else(|| wrong(format!("{values:?}"))),
            values => Err(wrong(format!("{} {:?}", values.type_name(), stored.shape))),
        }
    }

    /// The shape and the numbers of an expected output.
    ///
    /// # Errors
    ///
    /// As [`input_values`](Self::input_values).
    pub fn expected(&self, name: &str) -> Result<(&[usize], &[f32]), ReadError> {
        self.numbers(&format!("expected.{name}"))
    }

    /// Every output that the case knows, listed or merely stored.
    pub fn expected_names(&self) -> BTreeSet<String> {
        let stored = self.tensors.keys();
        let stored = stored.filter_map(|name| name.strip_prefix("expected."));
        stored
            .map(str::to_owned)
            .chain(self.spec.expected.iter().cloned())
            .chain(self.spec.expected_values.keys().cloned())
            .collect()
    }

    fn tensor<const D: usize>(
        &self,
        name: &str,
        shape: [usize; D],
        device: &Device,
    ) -> Result<Tensor<D>, ReadError> {
        let values = self.shaped_numbers(name, &shape)?;
        let data = TensorData::new(values.to_vec(), shape);
        Ok(Tensor::from_data(data, device))
    }

    fn shaped_numbers(&self, name: &str, shape: &[usize]) -> Result<&[f32], ReadError> {
        let (found, values) = self.numbers(name)?;
        if found != shape {
            let expected = format!("`{name}` of shape {shape:?}");
            return Err(self.wrong_tensor(expected, format!("{found:?}")));
        }
        Ok(values)
    }

    fn numbers(&self, name: &str) -> Result<(&[usize], &[f32]), ReadError> {
        let stored = self.stored(name)?;
        match &stored.values {
            Values::F32(values) => Ok((&stored.shape, values)),
            values => {
                let expected = format!("`{name}` as F32");
                Err(self.wrong_tensor(expected, values.type_name()))
            }
        }
    }

    fn stored(&self, name: &str) -> Result<&Stored, ReadError> {
        self.tensors
            .get(name)
            .ok_or_else(|| self.wrong_tensor(format!("the tensor `{name}`"), "no such tensor"))
    }
}

impl Values {
    fn type_name(&self) -> &'static str {
        match self {
            Self::F32(_) => "F32",
            Self::I64(_) => "I64",
        }
    }
}

fn largest_number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::Array(values) => values.iter().filter_map(largest_number).max(),
        Value::Object(fields) => fields.values().filter_map(largest_number).max(),
        _ => None,
    }
}

fn tensors_path(folder: &Path) -> PathBuf {
    folder.join("tensors.safetensors")
}

fn read_tensors(path: &Path) -> Result<BTreeMap<String, Stored>, ReadError> {
    let bytes = std::fs::read(path)
        .map_err(|error| ReadError::new(path, "the tensors of a case", error))?;
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|error| ReadError::new(path, "a safetensors file", error))?;
    let mut tensors = BTreeMap::new();
    for (name, view) in file.iter() {
        let values = match view.dtype() {
            Dtype::F32 => Values::F32(elements(view.data(), f32::from_le_bytes)),
            Dtype::I64 => Values::I64(elements(view.data(), i64::from_le_bytes)),
            other => {
                let expected = format!("`{name}` as F32 or I64");
                return Err(ReadError::new(path, expected, format!("{other:?}")));
            }
        };
        let shape = view.shape().to_vec();
        tensors.insert(name.to_owned(), Stored { shape, values });
    }
    Ok(tensors)
}

fn elements<T, const N: usize>(bytes: &[u8], element: fn([u8; N]) -> T) -> Vec<T> {
    let (elements, _) = bytes.as_chunks::<N>();
    elements.iter().map(|&bytes| element(bytes)).collect()
}
