//! What the allowed names mean. Nothing here is a Python call: each name is one of a handful of conversions.

use super::PickleError;
use super::array::{self, Array, shape_text};
use super::dtype::{ByteOrder, Dtype, Kind};
use super::machine::Machine;
use super::text;
use super::value::{Node, Value, View};

/// The names that a pickle may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    Reconstruct,
    Scalar,
    FromBuffer,
    Dtype,
    NdArray,
    Encode,
    OrderedDict,
    Bytes,
    ByteArray,
    Set,
}

impl Global {
    /// The allow-list. NumPy 2 renamed `numpy.core` to `numpy._core`; Python 2 said `__builtin__`.
    pub(super) fn resolve(module: &str, name: &str) -> Option<Self> {
        Some(match (module, name) {
            ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct") => {
                Self::Reconstruct
            }
            ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => Self::Scalar,
            ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer") => Self::FromBuffer,
            ("numpy", "dtype") => Self::Dtype,
            ("numpy", "ndarray") => Self::NdArray,
            ("_codecs", "encode") => Self::Encode,
            ("collections", "OrderedDict") => Self::OrderedDict,
            ("builtins" | "__builtin__", "bytes") => Self::Bytes,
            ("builtins" | "__builtin__", "bytearray") => Self::ByteArray,
            ("builtins" | "__builtin__", "set" | "frozenset") => Self::Set,
            _ => return None,
        })
    }
}

/// NumPy allows 32 axes, and 64 since version 2.
const MAX_AXES: usize = 64;

impl<'a> Machine<'a> {
    /// The instruction `REDUCE` and its relatives: a name applied to arguments.
    pub(super) fn call(
        &mut self,
        callable: Value<'a>,
        arguments: &[Value<'a>],
    ) -> Result<Value<'a>, PickleError> {
        let Some(Node::Global(global)) = self.node(callable) else {
            return Err(self.malformed("a known name to apply", self.describe(callable)));
        };
        match (*global, arguments) {
            (Global::Reconstruct, _) => self.object(Node::EmptyArray),
            (Global::Dtype, [name, ..]) => self.dtype(*name),
            (Global::Scalar, [dtype, data]) => self.scalar(*dtype, *data),
            (Global::FromBuffer, [data, dtype, shape, order, axes @ ..]) => {
                self.array_of_buffer(*data, *dtype, *shape, *order, axes.first().copied())
            }
            (Global::Encode, [text, ..]) => self.encode(*text, arguments.get(1).copied()),
            // So Python 3 writes empty bytes in protocols 0 to 2.
            (Global::Bytes, []) => Ok(Value::Bytes(&[])),
            (Global::ByteArray, []) => self.object(Node::Bytes(Vec::new())),
            (Global::ByteArray, [data]) if matches!(self.view(*data), View::Bytes(_)) => Ok(*data),
            (Global::ByteArray, [text, encoding]) => self.encode(*text, Some(*encoding)),
            (Global::OrderedDict, []) => self.object(Node::Dict(Vec::new())),
            (Global::OrderedDict, [pairs]) => self.ordered_dict(*pairs),
            (Global::Set, []) => self.object(Node::List(Vec::new())),
            (Global::Set, [items]) if matches!(self.view(*items), View::List(_)) => Ok(*items),
            (global, _) => {
                let first = arguments.iter().take(3).map(|&a| self.describe(a));
                let first = first.collect::<Vec<_>>().join(", ");
                let found = format!("{} of them: {first}", arguments.len());
                Err(self.malformed(format!("arguments of {global:?}"), found))
            }
        }
    }

    /// The instruction `BUILD`: the content of an array or the byte order of a dtype.
    pub(super) fn build(&mut self, target: Value<'a>, state: Value<'a>) -> Result<(), PickleError> {
        let fields: Vec<Value<'a>> = match self.view(state) {
            View::Tuple(fields) if fields.len() <= 16 => fields.to_vec(),
            _ => return Err(self.malformed("a tuple of state", self.describe(state))),
        };
        let node = match (self.node(target), &fields[..]) {
            // Version 1 has a leading 1, the oldest has not.
            (
                Some(Node::EmptyArray),
                [_, shape, dtype, fortran, data] | [shape, dtype, fortran, data],
            ) => {
                let fortran = match self.view(*fortran) {
                    View::Bool(b) => b,
                    View::Int(i) => i != 0,
                    _ => return Err(self.malformed("an array's order", self.describe(*fortran))),
                };
                Node::Array(Box::new(self.array(*shape, *dtype, fortran, *data)?))
            }
            (Some(&Node::Dtype(dtype)), [_, order, subarray, names, ..]) => {
                if !matches!((subarray, names), (Value::None, Value::None)) {
                    return Err(self.unsupported("an array of records"));
                }
                let order = match self.text_of(*order).as_deref() {
                    Some("<" | "|" | "=") => ByteOrder::Little,
                    Some(">") => ByteOrder::Big,
                    _ => return Err(self.malformed("a byte order", self.describe(*order))),
                };
                Node::Dtype(Dtype { order, ..dtype })
            }
            _ => {
                let found = format!("{} with {}", self.describe(target), self.describe(state));
                return Err(self.malformed("an array or a dtype to complete", found));
            }
        };
        self.replace(target, node);
        Ok(())
    }

    fn dtype(&mut self, name: Value<'a>) -> Result<Value<'a>, PickleError> {
        let Some(name) = self.text_of(name) else {
            return Err(self.malformed("the name of a dtype", self.describe(name)));
        };
        match Dtype::parse(&name) {
            Some(dtype) => self.object(Node::Dtype(dtype)),
            None if name.trim_start_matches('|').starts_with('V') => {
                Err(self.unsupported(format!("an array of records (dtype {name:?})")))
            }
            None => Err(self.unsupported(format!("the dtype {name:?}"))),
        }
    }

    fn scalar(&mut self, dtype: Value<'a>, data: Value<'a>) -> Result<Value<'a>, PickleError> {
        let (Some(&Node::Dtype(dtype)), View::Bytes(bytes)) = (self.node(dtype), self.view(data))
        else {
            return Err(self.malformed("a dtype and bytes", self.describe(data)));
        };
        if dtype.size() != Some(bytes.len()) {
            return Err(self.malformed(format!("the bytes of one {dtype}"), self.describe(data)));
        }
        if dtype.kind == Kind::Bool {
            return Ok(Value::Bool(bytes != [0]));
        }
        if let Some(integer) = dtype.integer(bytes) {
            return Ok(Value::Int(integer));
        }
        if let Some(number) = dtype.number(bytes) {
            return Ok(Value::Float(number));
        }
        self.charge(bytes.len(), text::GROWTH)?;
        match dtype.text(bytes) {
            Some(text) => self.object(Node::Text(text)),
            None => Err(self.malformed("valid text", self.describe(data))),
        }
    }

    /// `_codecs.encode(text, "latin1")`, by which protocols 0 to 2 write bytes.
    fn encode(
        &mut self,
        value: Value<'a>,
        encoding: Option<Value<'a>>,
    ) -> Result<Value<'a>, PickleError> {
        let encoding = encoding.and_then(|e| self.text_of(e));
        if !matches!(
            encoding.as_deref(),
            Some("latin1" | "latin-1" | "latin_1" | "iso-8859-1" | "iso8859-1")
        ) {
            return Err(self.unsupported(format!("the encoding {encoding:?}")));
        }
        let View::Str(source) = self.view(value) else {
            return Err(self.malformed("text to encode", self.describe(value)));
        };
        self.charge(source.len(), 1)?;
        match text::to_latin1(source) {
            Some(bytes) => self.object(Node::Bytes(bytes)),
            None => Err(self.malformed("Latin-1 text", self.describe(value))),
        }
    }

    fn ordered_dict(&mut self, pairs: Value<'a>) -> Result<Value<'a>, PickleError> {
        let View::List(items) = self.view(pairs) else {
            return Err(self.malformed("a list of pairs", self.describe(pairs)));
        };
        self.charge(items.len(), size_of::<(Value<'_>, Value<'_>)>())?;
        let mut entries = Vec::with_capacity(items.len());
        for &item in items {
            match self.view(item) {
                View::Tuple(&[key, value]) | View::List(&[key, value]) => {
                    entries.push((key, value));
                }
                _ => return Err(self.malformed("a pair", self.describe(item))),
            }
        }
        self.object(Node::Dict(entries))
    }

    /// `_frombuffer`, by which protocol 5 writes arrays. Order `K` of NumPy 2.3 and later is a row-major array with its
    /// axes in another order.
    fn array_of_buffer(
        &mut self,
        data: Value<'a>,
        dtype: Value<'a>,
        shape: Value<'a>,
        order: Value<'a>,
        axes: Option<Value<'a>>,
    ) -> Result<Value<'a>, PickleError> {
        let order = self.text_of(order).unwrap_or_default();
        let array = self.array(shape, dtype, order == "F", data)?;
        let array = match (order.as_str(), axes.unwrap_or(Value::None)) {
            ("C" | "F", Value::None) => array,
            ("K", axes) => {
                let order = self.shape(axes)?;
                let wrong = || self.malformed("the axes in some order", shape_text(&order));
                array.transposed(&order).ok_or_else(wrong)?
            }
            _ => return Err(self.malformed("the order C, F or K", format!("{order:?}"))),
        };
        self.object(Node::Array(Box::new(array)))
    }

    /// Checks shape, dtype and data against each other.
    fn array(
        &self,
        shape: Value<'a>,
        dtype: Value<'a>,
        fortran: bool,
        data: Value<'a>,
    ) -> Result<Array<'a>, PickleError> {
        let shape = self.shape(shape)?;
        let Some(&Node::Dtype(dtype)) = self.node(dtype) else {
            return Err(self.malformed("a dtype", self.describe(dtype)));
        };
        let count = array::count(&shape);
        // Shape and strides, both as they are made and as they are kept.
        self.charge(shape.len(), 4 * size_of::<usize>())?;
        self.charge(1, size_of::<Array<'_>>())?;
        // The list of an array of objects is row-major, whatever the array was in memory.
        let fortran = fortran && dtype.kind != Kind::Object;
        let array = Array::new(shape, dtype, fortran, data);
        let fits = match (self.view(data), dtype.kind) {
            (View::List(items), Kind::Object) => count == Some(items.len()),
            (View::Bytes(bytes), _) => {
                let size = count
                    .zip(dtype.size())
                    .and_then(|(n, size)| n.checked_mul(size));
                size == Some(bytes.len())
            }
            _ => false,
        };
        if fits {
            return Ok(array);
        }
        let expected = format!("the data of {array}");
        Err(self.malformed(expected, self.describe(data)))
    }

    fn shape(&self, shape: Value<'a>) -> Result<Vec<usize>, PickleError> {
        let lengths = match self.view(shape) {
            View::Tuple(lengths) if lengths.len() <= MAX_AXES => lengths,
            _ => return Err(self.malformed("a shape", self.describe(shape))),
        };
        let mut read = Vec::with_capacity(lengths.len());
        for &length in lengths {
            match self.view(length) {
                View::Int(n) if n >= 0 => read.push(n as usize),
                _ => {
                    let expected = format!("a length after {}", shape_text(&read));
                    return Err(self.malformed(expected, self.describe(length)));
                }
            }
        }
        Ok(read)
    }
}
