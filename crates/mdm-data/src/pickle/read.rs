//! Numbers and texts, read out of the values of a finished pickle.

use super::array::Array;
use super::dtype::{ByteOrder, Dtype, Kind};
use super::value::{Pickle, Value, View};
use super::{PickleError, text};

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

/// Bytes of the longest integer in digits, rounded up to what a growing string takes.
const DIGITS: usize = 32;

impl<'a> Pickle<'a> {
    /// Reads an array, a single number, or a flat list of numbers as `f32`.
    ///
    /// # Errors
    ///
    /// [`PickleError::Type`] where something is no number, [`PickleError::Limit`] where memory runs out.
    pub fn numbers(&self, value: Value<'a>) -> Result<Numbers, PickleError> {
        match self.view(value) {
            View::Array(array) => Ok(Numbers {
                data: self.array_numbers(array)?,
                shape: array.shape.clone(),
            }),
            View::List(items) | View::Tuple(items) => {
                let read = |&item| self.number(item);
                Ok(Numbers {
                    shape: vec![items.len()],
                    data: self.collect(items.len(), items.iter().map(read))?,
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
        let wrong = || PickleError::ty("a number", self.describe(value));
        match self.view(value) {
            View::Bool(b) => Ok(f32::from(u8::from(b))),
            View::Int(i) => Ok(i as f32),
            View::Float(x) => Ok(x as f32),
            // Not from an array of objects, whose one object may be such an array again.
            View::Array(array) if array.count() == 1 && array.dtype.kind != Kind::Object => {
                self.array_numbers(array)?.pop().ok_or_else(wrong)
            }
            _ => Err(wrong()),
        }
    }

    /// Reads an array, list or tuple of texts, or a single text. Integers become digits, bytes become text.
    ///
    /// # Errors
    ///
    /// [`PickleError::Type`] where something is no text, [`PickleError::Limit`] where memory runs out.
    pub fn texts(&self, value: Value<'a>) -> Result<Texts, PickleError> {
        match self.view(value) {
            View::Array(array) => Ok(Texts {
                data: self.array_texts(array)?,
                shape: array.shape.clone(),
            }),
            View::List(items) | View::Tuple(items) => {
                let read = |&item| self.text(item);
                Ok(Texts {
                    shape: vec![items.len()],
                    data: self.collect(items.len(), items.iter().map(read))?,
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
                self.charge(bytes.len(), text::GROWTH)?;
                Ok(text::decode(bytes))
            }
            View::Int(i) => {
                self.charge(DIGITS, text::GROWTH)?;
                Ok(i.to_string())
            }
            View::Array(array) if array.count() == 1 && array.dtype.kind != Kind::Object => {
                self.array_texts(array)?.pop().ok_or_else(wrong)
            }
            _ => Err(wrong()),
        }
    }

    fn array_numbers(&self, array: &Array<'a>) -> Result<Vec<f32>, PickleError> {
        const NATIVE: Dtype = Dtype {
            kind: Kind::Float(4),
            order: ByteOrder::Little,
        };
        let wrong = || PickleError::ty("an array of numbers", array.to_string());
        let count = array.count();
        if array.dtype.kind == Kind::Object {
            let items = self.object_items(array)?;
            return self.collect(count, array.positions().map(|at| self.number(items[at])));
        }
        let (bytes, size) = self.array_bytes(array)?;
        // What nearly every corpus consists of.
        if array.dtype == NATIVE && array.is_row_major() {
            let (elements, _) = bytes.as_chunks();
            return self.collect(count, elements.iter().map(|&x| Ok(f32::from_le_bytes(x))));
        }
        let read = |at| {
            let number = array.dtype.number(&bytes[at * size..][..size]);
            number.map(|x| x as f32).ok_or_else(wrong)
        };
        self.collect(count, array.positions().map(read))
    }

    fn array_texts(&self, array: &Array<'a>) -> Result<Vec<String>, PickleError> {
        let count = array.count();
        if array.dtype.kind == Kind::Object {
            let items = self.object_items(array)?;
            return self.collect(count, array.positions().map(|at| self.text(items[at])));
        }
        let (bytes, size) = self.array_bytes(array)?;
        let read = |at| {
            let element = &bytes[at * size..][..size];
            self.charge(element.len().max(DIGITS), text::GROWTH)?;
            let number = || array.dtype.integer(element).map(|i| i.to_string());
            let text = array.dtype.text(element).or_else(number);
            text.ok_or_else(|| PickleError::ty("valid text", array.to_string()))
        };
        self.collect(count, array.positions().map(read))
    }

    /// Collects `count` results into a vector that is charged first and never grows.
    fn collect<T>(
        &self,
        count: usize,
        items: impl Iterator<Item = Result<T, PickleError>>,
    ) -> Result<Vec<T>, PickleError> {
        self.charge(count, size_of::<T>())?;
        let mut data = Vec::with_capacity(count);
        for item in items {
            data.push(item?);
        }
        Ok(data)
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
