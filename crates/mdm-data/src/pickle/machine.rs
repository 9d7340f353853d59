//! The stack machine: reads instructions and builds values.

use std::collections::BTreeMap;

use super::call::Global;
use super::limits::{Budget, Limits};
use super::opcode as op;
use super::value::{self, Node, Pickle, Value, View};
use super::{PickleError, text};

/// Bytes that an entry of the memo is charged with. Nodes of a `BTreeMap` hold 11 entries, are at least about half full
/// and need a word per entry for the inner nodes.
const MEMO_ENTRY: usize = 4 * size_of::<Value<'_>>();

pub(super) struct Machine<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) position: usize,
    /// Offset of the instruction being carried out.
    pub(super) at: usize,
    pub(super) limits: Limits,
    pub(super) budget: Budget,
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) stack: Vec<Value<'a>>,
    /// Heights of the stack at the marks that are open.
    pub(super) marks: Vec<usize>,
    /// A tree and no hash table: it grows in small steps, so that what it costs can be charged entry by entry.
    memo: BTreeMap<u32, Value<'a>>,
}

impl<'a> Machine<'a> {
    pub(super) fn new(bytes: &'a [u8], limits: Limits) -> Self {
        Self {
            bytes,
            position: 0,
            at: 0,
            limits,
            budget: Budget::new(limits.memory),
            nodes: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: BTreeMap::new(),
        }
    }

    pub(super) fn run(mut self) -> Result<Pickle<'a>, PickleError> {
        loop {
            self.at = self.position;
            let opcode = self.byte()?;
            if opcode == op::STOP {
                let root = self.pop()?;
                return Ok(Pickle {
                    nodes: self.nodes,
                    root,
                    budget: self.budget,
                    end: self.bytes.len(),
                });
            }
            self.step(opcode)?;
        }
    }

    fn step(&mut self, opcode: u8) -> Result<(), PickleError> {
        match opcode {
            op::PROTO => {
                let version = self.byte()?;
                if version > 5 {
                    return Err(self.unsupported(format!("protocol {version}")));
                }
            }
            op::FRAME => {
                let length = self.u64()?;
                self.check_remaining(length)?;
            }
            op::MARK => {
                self.limit("nested instructions", self.marks.len(), self.limits.depth)?;
                self.budget.grow(&mut self.marks, 1, self.at)?;
                self.marks.push(self.stack.len());
            }
            // Python lets POP take a mark that nothing has been pushed above.
            op::POP if self.marks.last() == Some(&self.stack.len()) => {
                self.marks.pop();
            }
            op::POP => {
                self.pop()?;
            }
            op::POP_MARK => {
                self.since_mark()?;
            }
            op::DUP => {
                let top = self.top()?;
                self.push(top)?;
            }
            op::PUT | op::BINPUT | op::LONG_BINPUT | op::MEMOIZE => self.memoize(opcode)?,
            op::GET | op::BINGET | op::LONG_BINGET => self.recall(opcode)?,
            op::NONE => self.push(Value::None)?,
            op::NEWTRUE => self.push(Value::Bool(true))?,
            op::NEWFALSE => self.push(Value::Bool(false))?,
            op::INT | op::LONG | op::FLOAT | op::STRING | op::UNICODE => self.readable(opcode)?,
            op::BININT | op::BININT1 | op::BININT2 | op::LONG1 | op::LONG4 | op::BINFLOAT => {
                self.number(opcode)?;
            }
            op::BINSTRING
            | op::SHORT_BINSTRING
            | op::BINBYTES
            | op::SHORT_BINBYTES
            | op::BINBYTES8
            | op::BYTEARRAY8
            | op::BINUNICODE
            | op::SHORT_BINUNICODE
            | op::BINUNICODE8 => self.string(opcode)?,
            op::EMPTY_LIST | op::EMPTY_SET => self.push_object(Node::List(Vec::new()))?,
            op::EMPTY_DICT => self.push_object(Node::Dict(Vec::new()))?,
            op::EMPTY_TUPLE => self.push_object(Node::Tuple(Vec::new()))?,
            op::LIST | op::FROZENSET => {
                let items = self.since_mark()?;
                self.push_object(Node::List(items))?;
            }
            op::TUPLE => {
                let items = self.since_mark()?;
                self.push_object(Node::Tuple(items))?;
            }
            op::TUPLE1 | op::TUPLE2 | op::TUPLE3 => {
                let length = usize::from(opcode - op::TUPLE1) + 1;
                self.charge(length, size_of::<Value<'_>>())?;
                let mut items = vec![Value::None; length];
                for item in items.iter_mut().rev() {
                    *item = self.pop()?;
                }
                self.push_object(Node::Tuple(items))?;
            }
            op::APPEND => {
                let item = self.pop()?;
                self.extend_list(&[item])?;
            }
            op::APPENDS | op::ADDITEMS => {
                let items = self.since_mark()?;
                self.extend_list(&items)?;
            }
            op::DICT => {
                let items = self.since_mark()?;
                self.push_object(Node::Dict(Vec::new()))?;
                self.extend_dict(&items)?;
            }
            op::SETITEM => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.extend_dict(&[key, value])?;
            }
            op::SETITEMS => {
                let items = self.since_mark()?;
                self.extend_dict(&items)?;
            }
            op::GLOBAL => {
                let (module, name) = (self.name_line()?, self.name_line()?);
                self.global(module, name)?;
            }
            op::STACK_GLOBAL => {
                let (name, module) = (self.pop()?, self.pop()?);
                match (self.text_of(module), self.text_of(name)) {
                    (Some(module), Some(name)) => self.global(module, name)?,
                    _ => return Err(self.malformed("a module and a name", self.describe(name))),
                }
            }
            op::REDUCE | op::NEWOBJ => {
                let arguments = self.pop()?;
                let callable = self.pop()?;
                let View::Tuple(items) = self.view(arguments) else {
                    return Err(self.malformed("a tuple of arguments", self.describe(arguments)));
                };
                let items = self.few(items)?;
                let result = self.call(callable, &items)?;
                self.push(result)?;
            }
            op::INST => {
                let (module, name) = (self.name_line()?, self.name_line()?);
                let arguments = self.since_mark()?;
                self.global(module, name)?;
                let callable = self.pop()?;
                let result = self.call(callable, &arguments)?;
                self.push(result)?;
            }
            op::OBJ => {
                let items = self.since_mark()?;
                let Some((&callable, arguments)) = items.split_first() else {
                    return Err(self.malformed("a class", "nothing"));
                };
                let result = self.call(callable, arguments)?;
                self.push(result)?;
            }
            op::BUILD => {
                let state = self.pop()?;
                let target = self.top()?;
                self.build(target, state)?;
            }
            op::PERSID | op::BINPERSID => return Err(self.unsupported("a persistent id")),
            op::EXT1 | op::EXT2 | op::EXT4 => return Err(self.unsupported("an extension code")),
            op::NEWOBJ_EX => return Err(self.unsupported("a call with keywords")),
            op::NEXT_BUFFER | op::READONLY_BUFFER => {
                return Err(self.unsupported("a buffer that is not in the file"));
            }
            _ => {
                return Err(PickleError::UnknownOpcode {
                    opcode,
                    offset: self.at,
                });
            }
        }
        Ok(())
    }

    // Instructions in groups

    fn memoize(&mut self, opcode: u8) -> Result<(), PickleError> {
        let index = match opcode {
            op::MEMOIZE => self.memo.len() as u32,
            _ => self.memo_index(opcode)?,
        };
        self.limit("memo entries", self.memo.len(), self.limits.memo)?;
        self.charge(1, MEMO_ENTRY)?;
        let top = self.top()?;
        self.memo.insert(index, top);
        Ok(())
    }

    fn recall(&mut self, opcode: u8) -> Result<(), PickleError> {
        let index = self.memo_index(opcode)?;
        match self.memo.get(&index) {
            Some(&value) => self.push(value),
            None => Err(self.malformed(
                "a value remembered earlier",
                format!("memo {index}, which is empty"),
            )),
        }
    }

    fn memo_index(&mut self, opcode: u8) -> Result<u32, PickleError> {
        match opcode {
            op::BINPUT | op::BINGET => Ok(self.byte()?.into()),
            op::LONG_BINPUT | op::LONG_BINGET => self.u32(),
            _ => {
                let line = self.line()?;
                let number = std::str::from_utf8(line).ok().and_then(|l| l.parse().ok());
                number.ok_or_else(|| self.malformed("a memo number", text::shown(line)))
            }
        }
    }

    /// Numbers and strings of protocol 0, one line each.
    fn readable(&mut self, opcode: u8) -> Result<(), PickleError> {
        let line = self.line()?;
        if matches!(opcode, op::STRING | op::UNICODE) {
            self.charge(line.len(), text::GROWTH)?;
        }
        let wrong = |what| self.malformed(what, text::shown(line));
        let as_text = std::str::from_utf8(line).unwrap_or_default();
        let node = match (opcode, as_text) {
            (op::INT, "00") => return self.push(Value::Bool(false)),
            (op::INT, "01") => return self.push(Value::Bool(true)),
            (op::INT | op::LONG, number) => {
                let integer = number.trim_end_matches('L').parse();
                let integer = integer.map_err(|_| wrong("an integer of 64 bits"))?;
                return self.push(Value::Int(integer));
            }
            (op::FLOAT, number) => {
                let float = number.parse().map_err(|_| wrong("a float"))?;
                return self.push(Value::Float(float));
            }
            (op::STRING, _) => {
                Node::Bytes(text::unquote(line).ok_or_else(|| wrong("a quoted string"))?)
            }
            _ => Node::Text(text::raw_unicode_escape(line).ok_or_else(|| wrong("escaped text"))?),
        };
        self.push_object(node)
    }

    fn number(&mut self, opcode: u8) -> Result<(), PickleError> {
        let value = match opcode {
            op::BININT1 => Value::Int(self.byte()?.into()),
            op::BININT2 => Value::Int(u16::from_le_bytes(self.fixed()?).into()),
            op::BININT => Value::Int(i32::from_le_bytes(self.fixed()?).into()),
            op::BINFLOAT => Value::Float(f64::from_be_bytes(self.fixed()?)),
            _ => {
                let length = match opcode {
                    op::LONG1 => self.byte()?.into(),
                    _ => self.u32()?.into(),
                };
                let digits = self.take(length)?;
                // Two's complement, shortest form: more than eight bytes never fit 64 bits.
                if digits.len() > 8 {
                    return Err(self.unsupported("an integer of more than 64 bits"));
                }
                let fill = match digits.last() {
                    Some(&top) if top >= 0x80 => 0xff,
                    _ => 0,
                };
                let mut bytes = [fill; 8];
                bytes[..digits.len()].copy_from_slice(digits);
                Value::Int(i64::from_le_bytes(bytes))
            }
        };
        self.push(value)
    }

    fn string(&mut self, opcode: u8) -> Result<(), PickleError> {
        let length = match opcode {
            op::SHORT_BINSTRING | op::SHORT_BINBYTES | op::SHORT_BINUNICODE => self.byte()?.into(),
            op::BINSTRING | op::BINBYTES | op::BINUNICODE => self.u32()?.into(),
            _ => self.u64()?,
        };
        let bytes = self.take(length)?;
        let is_text = matches!(
            opcode,
            op::BINUNICODE | op::SHORT_BINUNICODE | op::BINUNICODE8
        );
        if !is_text {
            return self.push(Value::Bytes(bytes));
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => self.push(Value::Str(text)),
            Err(_) => Err(self.malformed("UTF-8 text", format!("{} other bytes", bytes.len()))),
        }
    }

    fn extend_list(&mut self, items: &[Value<'a>]) -> Result<(), PickleError> {
        let target = self.top()?;
        match value::node_mut(&mut self.nodes, target) {
            Some(Node::List(list)) => {
                self.budget.grow(list, items.len(), self.at)?;
                list.extend_from_slice(items);
                Ok(())
            }
            _ => Err(self.malformed("a list or a set to add to", self.describe(target))),
        }
    }

    fn extend_dict(&mut self, items: &[Value<'a>]) -> Result<(), PickleError> {
        let (pairs, rest) = items.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(self.malformed("keys with values", "a key without one"));
        }
        let target = self.top()?;
        match value::node_mut(&mut self.nodes, target) {
            Some(Node::Dict(entries)) => {
                self.budget.grow(entries, pairs.len(), self.at)?;
                entries.extend(pairs.iter().map(|&[key, value]| (key, value)));
                Ok(())
            }
            _ => Err(self.malformed("a dict to add to", self.describe(target))),
        }
    }

    fn global(&mut self, module: String, name: String) -> Result<(), PickleError> {
        match Global::resolve(&module, &name) {
            Some(global) => self.push_object(Node::Global(global)),
            None => Err(PickleError::ForbiddenGlobal {
                module,
                name,
                offset: self.at,
            }),
        }
    }

    /// A copy of the arguments of a call. No allowed name takes more than a few, so a long tuple is refused rather
    /// than copied.
    fn few(&self, items: &[Value<'a>]) -> Result<Vec<Value<'a>>, PickleError> {
        if items.len() > 16 {
            return Err(self.malformed("a few arguments", format!("{} of them", items.len())));
        }
        Ok(items.to_vec())
    }
}
