//! The values of a finished pickle, and the arena they live in.

use super::array::Array;
use super::dtype::Dtype;
use super::limits::Budget;
use super::{PickleError, call::Global};

/// A value: small things in place, everything else by its number in the arena.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer of at most 64 bits.
    Int(i64),
    /// A float.
    Float(f64),
    /// Text, as it stands in the input.
    Str(&'a str),
    /// Bytes, or a Python 2 string, as they stand in the input.
    Bytes(&'a [u8]),
    /// Anything that had to be built.
    Object(Handle),
}

/// The place of an object in the arena of its pickle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle(pub(super) u32);

/// What the arena holds. Objects refer to each other by handle only, so cycles and deep nests need no care when freed.
#[derive(Debug)]
pub(super) enum Node<'a> {
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Value<'a>>),
    Tuple(Vec<Value<'a>>),
    Dict(Vec<(Value<'a>, Value<'a>)>),
    // Boxed, so that the many small nodes stay small.
    Array(Box<Array<'a>>),
    /// What `_reconstruct` gives before its content arrives.
    EmptyArray,
    Dtype(Dtype),
    Global(Global),
}

/// A value, opened one level deep.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum View<'p, 'a> {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// Text.
    Str(&'p str),
    /// Bytes, or a Python 2 string.
    Bytes(&'p [u8]),
    /// A list or a set.
    List(&'p [Value<'a>]),
    /// A tuple.
    Tuple(&'p [Value<'a>]),
    /// A dictionary, in the order of insertion; of two equal keys the later counts.
    Dict(&'p [(Value<'a>, Value<'a>)]),
    /// An array.
    Array(&'p Array<'a>),
    /// Something that carries no data, such as a dtype.
    Other(&'static str),
}

/// A pickle that has been read.
#[derive(Debug)]
pub struct Pickle<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) root: Value<'a>,
    pub(super) budget: Budget,
    /// Length of the input, the offset of errors that arise when values are read out.
    pub(super) end: usize,
}

impl<'a> Pickle<'a> {
    /// The value that the pickle stands for.
    pub fn root(&self) -> Value<'a> {
        self.root
    }

    /// Opens a value.
    pub fn view<'p>(&'p self, value: Value<'a>) -> View<'p, 'a> {
        view(&self.nodes, value)
    }

    /// The items of a list, set or tuple.
    pub fn items<'p>(&'p self, value: Value<'a>) -> Option<&'p [Value<'a>]> {
        match self.view(value) {
            View::List(items) | View::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// The value under a text key of a dictionary. A Python 2 string counts as text.
    pub fn entry(&self, dict: Value<'a>, key: &str) -> Option<Value<'a>> {
        let View::Dict(entries) = self.view(dict) else {
            return None;
        };
        let matches = |k: Value<'a>| match self.view(k) {
            View::Str(text) => text == key,
            View::Bytes(bytes) => bytes == key.as_bytes(),
            _ => false,
        };
        entries
            .iter()
            .rev()
            .find(|&&(k, _)| matches(k))
            .map(|&(_, v)| v)
    }

    /// The keys of a dictionary as [`describe`](Self::describe) shows them, for messages. Nothing for other values.
    pub fn keys(&self, dict: Value<'a>) -> impl Iterator<Item = String> {
        let entries = match self.view(dict) {
            View::Dict(entries) => entries,
            _ => &[],
        };
        entries.iter().map(|&(k, _)| self.describe(k))
    }

    /// A value in a few words, for messages.
    pub fn describe(&self, value: Value<'a>) -> String {
        describe(&self.nodes, value)
    }

    /// Takes memory for `count` values of `size` bytes from the budget.
    pub(crate) fn charge(&self, count: usize, size: usize) -> Result<(), PickleError> {
        self.budget.charge(count, size, self.end)
    }
}

pub(super) fn view<'p, 'a>(nodes: &'p [Node<'a>], value: Value<'a>) -> View<'p, 'a> {
    match value {
        Value::None => View::None,
        Value::Bool(b) => View::Bool(b),
        Value::Int(i) => View::Int(i),
        Value::Float(x) => View::Float(x),
        Value::Str(text) => View::Str(text),
        Value::Bytes(bytes) => View::Bytes(bytes),
        Value::Object(handle) => match nodes.get(handle.0 as usize) {
            Some(Node::Text(text)) => View::Str(text),
            Some(Node::Bytes(bytes)) => View::Bytes(bytes),
            Some(Node::List(items)) => View::List(items),
            Some(Node::Tuple(items)) => View::Tuple(items),
            Some(Node::Dict(entries)) => View::Dict(entries),
            Some(Node::Array(array)) => View::Array(array),
            Some(Node::EmptyArray) => View::Other("an array without content"),
            Some(Node::Dtype(_)) => View::Other("a dtype"),
            Some(Node::Global(_)) => View::Other("a type"),
            // Only a handle of another pickle can miss.
            None => View::Other("nothing"),
        },
    }
}

pub(super) fn node_mut<'n, 'a>(
    nodes: &'n mut [Node<'a>],
    value: Value<'a>,
) -> Option<&'n mut Node<'a>> {
    match value {
        Value::Object(handle) => nodes.get_mut(handle.0 as usize),
        _ => None,
    }
}

pub(super) fn describe(nodes: &[Node<'_>], value: Value<'_>) -> String {
    const SHOWN: usize = 40;
    match view(nodes, value) {
        View::None => "None".to_owned(),
        View::Bool(b) => format!("the bool {b}"),
        View::Int(i) => format!("the integer {i}"),
        View::Float(x) => format!("the float {x}"),
        View::Str(text) if text.chars().nth(SHOWN).is_none() => format!("{text:?}"),
        View::Str(text) => format!("text of {} bytes", text.len()),
        View::Bytes(bytes) if bytes.len() <= SHOWN => format!("{:?}", super::text::decode(bytes)),
        View::Bytes(bytes) => format!("{} bytes", bytes.len()),
        View::List(items) => format!("a list of {}", items.len()),
        View::Tuple(items) => format!("a tuple of {}", items.len()),
        View::Dict(entries) => format!("a dict of {}", entries.len()),
        View::Array(array) => array.to_string(),
        View::Other(what) => what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, parse};

    #[test]
    fn later_keys_win_and_python_2_keys_match() {
        // {u"a": 1, u"a": 2, b"b": 3}
        let bytes = b"\x80\x02}(X\x01\0\0\0aK\x01X\x01\0\0\0aK\x02U\x01bK\x03u.";
        let pickle = parse(bytes, Limits::default()).unwrap();
        let get = |key| pickle.entry(pickle.root(), key).map(|v| pickle.describe(v));
        assert_eq!(get("a").unwrap(), "the integer 2");
        assert_eq!(get("b").unwrap(), "the integer 3");
        assert_eq!(get("c"), None);
        let keys: Vec<String> = pickle.keys(pickle.root()).collect();
        assert_eq!(keys, ["\"a\"", "\"a\"", "\"b\""]);
    }
}
