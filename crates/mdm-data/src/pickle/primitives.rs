//! What every instruction of the machine is made of: input, stack, arena, limits and errors.

use super::PickleError;
use super::machine::Machine;
use super::text;
use super::value::{self, Handle, Node, Value, View};

/// Bytes of the longest module, dtype or encoding that is looked at.
const LONGEST_NAME: usize = 256;

impl<'a> Machine<'a> {
    // Stack

    pub(super) fn push(&mut self, value: Value<'a>) -> Result<(), PickleError> {
        self.limit("values on the stack", self.stack.len(), self.limits.stack)?;
        self.budget.grow(&mut self.stack, 1, self.at)?;
        self.stack.push(value);
        Ok(())
    }

    pub(super) fn push_object(&mut self, node: Node<'a>) -> Result<(), PickleError> {
        let value = self.object(node)?;
        self.push(value)
    }

    /// What may be popped ends at the last mark.
    pub(super) fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    pub(super) fn top(&self) -> Result<Value<'a>, PickleError> {
        match self.stack.last() {
            Some(&value) if self.stack.len() > self.floor() => Ok(value),
            _ => Err(self.malformed("a value on the stack", "an empty stack")),
        }
    }

    pub(super) fn pop(&mut self) -> Result<Value<'a>, PickleError> {
        let value = self.top()?;
        self.stack.pop();
        Ok(value)
    }

    pub(super) fn since_mark(&mut self) -> Result<Vec<Value<'a>>, PickleError> {
        let Some(mark) = self.marks.pop() else {
            return Err(self.malformed("an open mark", "none"));
        };
        self.charge(self.stack.len() - mark, size_of::<Value<'_>>())?;
        Ok(self.stack.drain(mark..).collect())
    }

    // Arena

    pub(super) fn object(&mut self, node: Node<'a>) -> Result<Value<'a>, PickleError> {
        let handle = Handle(self.nodes.len() as u32);
        self.limit("objects", self.nodes.len(), u32::MAX as usize)?;
        self.budget.grow(&mut self.nodes, 1, self.at)?;
        self.nodes.push(node);
        Ok(Value::Object(handle))
    }

    pub(super) fn node(&self, value: Value<'a>) -> Option<&Node<'a>> {
        match value {
            Value::Object(handle) => self.nodes.get(handle.0 as usize),
            _ => None,
        }
    }

    pub(super) fn replace(&mut self, value: Value<'a>, node: Node<'a>) {
        if let Some(place) = value::node_mut(&mut self.nodes, value) {
            *place = node;
        }
    }

    pub(super) fn view(&self, value: Value<'a>) -> View<'_, 'a> {
        value::view(&self.nodes, value)
    }

    /// A short text: the name of a module, a dtype, an encoding.
    pub(super) fn text_of(&self, value: Value<'a>) -> Option<String> {
        match self.view(value) {
            View::Str(text) if text.len() <= LONGEST_NAME => Some(text.to_owned()),
            View::Bytes(bytes) if bytes.len() <= LONGEST_NAME => Some(text::decode(bytes)),
            _ => None,
        }
    }

    // Input

    pub(super) fn byte(&mut self) -> Result<u8, PickleError> {
        Ok(self.fixed::<1>()?[0])
    }

    pub(super) fn u32(&mut self) -> Result<u32, PickleError> {
        Ok(u32::from_le_bytes(self.fixed()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, PickleError> {
        Ok(u64::from_le_bytes(self.fixed()?))
    }

    pub(super) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N as u64)?);
        Ok(bytes)
    }

    pub(super) fn check_remaining(&self, needed: u64) -> Result<(), PickleError> {
        let remaining = self.bytes.len() - self.position;
        if needed > remaining as u64 {
            return Err(PickleError::Truncated {
                offset: self.position,
                needed,
                remaining,
            });
        }
        Ok(())
    }

    pub(super) fn take(&mut self, length: u64) -> Result<&'a [u8], PickleError> {
        if length > self.limits.string {
            return Err(self.over("bytes in one value", self.limits.string));
        }
        self.check_remaining(length)?;
        let start = self.position;
        self.position += length as usize;
        Ok(&self.bytes[start..self.position])
    }

    /// A name of the old, readable protocols, on a line of its own.
    pub(super) fn name_line(&mut self) -> Result<String, PickleError> {
        let line = self.line()?;
        if line.len() > LONGEST_NAME {
            let found = format!("{} bytes: {}", line.len(), text::shown(line));
            return Err(self.malformed(format!("a name of at most {LONGEST_NAME} bytes"), found));
        }
        Ok(text::decode(line))
    }

    /// Up to the next line feed, without it.
    pub(super) fn line(&mut self) -> Result<&'a [u8], PickleError> {
        let rest = &self.bytes[self.position..];
        let Some(length) = rest.iter().position(|&b| b == b'\n') else {
            return Err(PickleError::Truncated {
                offset: self.bytes.len(),
                needed: 1,
                remaining: 0,
            });
        };
        let line = self.take(length as u64)?;
        self.position += 1;
        Ok(line.strip_suffix(b"\r").unwrap_or(line))
    }

    // Errors

    pub(super) fn charge(&self, count: usize, size: usize) -> Result<(), PickleError> {
        self.budget.charge(count, size, self.at)
    }

    /// Refuses to go on when `used` has reached `limit`.
    pub(super) fn limit(
        &self,
        what: &'static str,
        used: usize,
        limit: usize,
    ) -> Result<(), PickleError> {
        if used >= limit {
            return Err(self.over(what, limit as u64));
        }
        Ok(())
    }

    pub(super) fn over(&self, what: &'static str, limit: u64) -> PickleError {
        PickleError::Limit {
            what,
            limit,
            offset: self.at,
        }
    }

    pub(super) fn malformed(
        &self,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> PickleError {
        PickleError::Malformed {
            expected: expected.into(),
            found: found.into(),
            offset: self.at,
        }
    }

    pub(super) fn unsupported(&self, what: impl Into<String>) -> PickleError {
        PickleError::Unsupported {
            what: what.into(),
            offset: self.at,
        }
    }

    pub(super) fn describe(&self, value: Value<'a>) -> String {
        value::describe(&self.nodes, value)
    }
}
