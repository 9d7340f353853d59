//! Arrays, and the reading of numbers and texts out of them.

use std::fmt;

use super::dtype::{Dtype, Kind};
use super::value::{Pickle, Value, View};
use super::{PickleError, text};

/// An array whose data has been checked against its shape.
#[derive(Debug)]
pub struct Array<'a> {
    pub(super) shape: Vec<usize>,
    pub(super) dtype: Dtype,
    /// Whether the first index varies fastest.
    pub(super) fortran: bool,
    /// Bytes, or a list for arrays of objects.
    pub(super) data: Value<'a>,
}

/// Numbers read out of a value, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers {
    /// Length along each axis; empty for a single number.
    pub shape: Vec<usize>,
    /// As many values as the product of the lengths.
    pub data: Vec<f32>,
}

/// Texts read out of a value, row-major.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// Length along each axis; empty for a single text.
    pub shape: Vec<usize>,
    /// As many texts as the product of the lengths.
    pub data: Vec<String>,
}

/// A shape as Python writes it.
pub(crate) fn shape_text(shape: &[usize]) -> String {
    match shape {
        [n] => format!("({n},)"),
        _ => {
            let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
            format!("({})", lengths.join(", "))
        }
    }
}

impl fmt::Display for Array<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array {} of {}", shape_text(&self.shape), self.dtype)
    }
}

impl Array<'_> {
    /// Length along each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Element type.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Number of elements. The product was checked for overflow when the array was made.
    fn count(&self) -> usize {
        self.shape.iter().product()
    }

    /// Where the `index`-th element in row-major order stands in the data.
    fn position(&self, mut index: usize) -> usize {
        if !self.fortran || self.shape.len() < 2 {
            return index;
        }
        let mut stride = self.count();
        let mut position = 0;
        for &length in self.shape.iter().rev() {
            stride /= length;
            position += index % length * stride;
            index /= length;
        }
        position
    }

    /// The elements' bytes, in row-major order.
    fn elements<'b>(&self, bytes: &'b [u8], size: usize) -> impl Iterator<Item = &'b [u8]> {
        (0..self.count()).map(move |index| {
            let start = self.position(index) * size;
            &bytes[start..start + size]
        })
    }
}

impl<'a> Pickle<'a> {
    /// Reads an array, a single number, or a flat list of numbers as `f32`.
    ///
    /// # Errors
    ///
    /// [`PickleError::Type`] where something is no number, [`PickleError::Limit`] where memory runs out.
    pub fn numbers(&self, value: Value<'a>) -> Result<Numbers, PickleError> {
        match self.view(value) {
            View::Array(array) => self.array_numbers(array),
            View::List(items) | View::Tuple(items) => {
                self.charge(items.len(), size_of::<f32>())?;
                let data: Result<Vec<f32>, _> =
                    items.iter().map(|&item| self.number(item)).collect();
                Ok(Numbers {
                    shape: vec![items.len()],
                    data: data?,
                })
            }
            _ => Ok(Numbers {
                shape: Vec::new(),
                data: vec![self.number(value)?],
            }),
        }
    }

    /// Reads a single number, also from an array of one element.
    ///
    /// # Errors
    ///
    /// [`PickleError::Type`] where the value is not one number.
    pub fn number(&self, value: Value<'a>) -> Result<f32, PickleError> {
        match self.view(value) {
            View::Bool(b) => Ok(f32::from(u8::from(b))),
            View::Int(i) => Ok(i as f32),
            View::Float(x) => Ok(x as f32),
            View::Array(array) if array.count() == 1 && array.dtype.kind != Kind::Object => {
                let numbers = self.array_numbers(array)?;
                numbers
                    .data
                    .first()
                    .copied()
                    .ok_or_else(|| self.no_number(value))
            }
            _ => Err(self.no_number(value)),
        }
    }

    /// Reads an array, list or tuple of texts, or a single text. Integers become digits, bytes become text.
    ///
    /// # Errors
    ///
    /// [`PickleError::Type`] where something is no text, [`PickleError::Limit`] where memory runs out.
    pub fn texts(&self, value: Value<'a>) -> Result<Texts, PickleError> {
        match self.view(value) {
            View::Array(array) if array.dtype.kind == Kind::Object => Ok(Texts {
                shape: array.shape.clone(),
                data: self.object_texts(array)?,
            }),
            View::Array(array) => {
                let (bytes, size) = self.array_bytes(array)?;
                self.charge(array.count(), size_of::<String>().saturating_add(size))?;
                let wanted = || PickleError::ty("valid text", array.to_string());
                let data: Result<Vec<String>, _> = array
                    .elements(bytes, size)
                    .map(|element| {
                        let number = || array.dtype.integer(element).map(|i| i.to_string());
                        array.dtype.text(element).or_else(number).ok_or_else(wanted)
                    })
                    .collect();
                Ok(Texts {
                    shape: array.shape.clone(),
                    data: data?,
                })
            }
            View::List(items) | View::Tuple(items) => {
                self.charge(items.len(), size_of::<String>())?;
                let data: Result<Vec<String>, _> =
                    items.iter().map(|&item| self.text(item)).collect();
                Ok(Texts {
                    shape: vec![items.len()],
                    data: data?,
                })
            }
            _ => Ok(Texts {
                shape: Vec::new(),
                data: vec![self.text(value)?],
            }),
        }
    }

    /// Reads a single text, also from bytes, from an integer and from an array of one element.
    ///
    /// # Errors
    ///
    /// [`PickleError::Type`] where the value is not one text.
    pub fn text(&self, value: Value<'a>) -> Result<String, PickleError> {
        let wrong = || PickleError::ty("text", self.describe(value));
        match self.view(value) {
            View::Str(text) => {
                self.charge(text.len(), 1)?;
                Ok(text.to_owned())
            }
            View::Bytes(bytes) => {
                self.charge(bytes.len(), 2)?;
                Ok(text::decode(bytes))
            }
            View::Int(i) => Ok(i.to_string()),
            View::Array(array) if array.count() == 1 && array.dtype.kind != Kind::Object => {
                self.texts(value)?.data.pop().ok_or_else(wrong)
            }
            _ => Err(wrong()),
        }
    }

    fn no_number(&self, value: Value<'a>) -> PickleError {
        PickleError::ty("a number", self.describe(value))
    }

    fn array_numbers(&self, array: &Array<'a>) -> Result<Numbers, PickleError> {
        let no_numbers = || PickleError::ty("an array of numbers", array.to_string());
        let count = array.count();
        self.charge(count, size_of::<f32>())?;
        let data = if array.dtype.kind == Kind::Object {
            let items = self.object_items(array)?;
            let read = |index| self.number(items[array.position(index)]);
            (0..count).map(read).collect::<Result<Vec<f32>, _>>()?
        } else {
            let (bytes, size) = self.array_bytes(array)?;
            let read = |element: &[u8]| array.dtype.number(element).map(|x| x as f32);
            array
                .elements(bytes, size)
                .map(read)
                .collect::<Option<Vec<f32>>>()
                .ok_or_else(no_numbers)?
        };
        Ok(Numbers {
            shape: array.shape.clone(),
            data,
        })
    }

    fn object_texts(&self, array: &Array<'a>) -> Result<Vec<String>, PickleError> {
        let items = self.object_items(array)?;
        self.charge(items.len(), size_of::<String>())?;
        (0..array.count())
            .map(|index| self.text(items[array.position(index)]))
            .collect()
    }

    /// The data of an array that is not of objects, with the size of an element.
    fn array_bytes<'p>(&'p self, array: &'p Array<'a>) -> Result<(&'p [u8], usize), PickleError> {
        match (self.view(array.data), array.dtype.size()) {
            (View::Bytes(bytes), Some(size)) if bytes.len() == array.count() * size => {
                Ok((bytes, size))
            }
            _ => Err(PickleError::ty(
                "an array with its bytes",
                array.to_string(),
            )),
        }
    }

    /// The items of an array of objects. Checked here, because the list may have grown since the array was made.
    fn object_items<'p>(&'p self, array: &Array<'a>) -> Result<&'p [Value<'a>], PickleError> {
        match self.items(array.data) {
            Some(items) if items.len() == array.count() => Ok(items),
            _ => Err(PickleError::ty("one object per element", array.to_string())),
        }
    }
}
