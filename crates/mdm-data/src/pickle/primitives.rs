//! What every instruction of the machine is made of: input, stack, arena, limits and errors.

use super::PickleError;
use super::machine::Machine;
use super::text;
use super::value::{self, Handle, Node, Value, View};

impl<'a> Machine<'a> {
    // Stack

    pub(super) fn push(&mut self, value: Value<'a>) -> Result<(), PickleError> {
        self.limit("values on the stack", self.stack.len(), self.limits.stack)?;
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
        self.charge(1, size_of::<Node<'_>>())?;
        let handle = Handle(self.nodes.len() as u32);
        self.limit("objects", self.nodes.len(), u32::MAX as usize)?;
        self.nodes.push(node);
        Ok(Value::Object(handle))
    }

    pub(super) fn node(&self, value: Value<'a>) -> Option<&Node<'a>> {
        match value {
            Value::Object(handle) => self.nodes.get(handle.0 as usize),
            _ => None,
        }
    }

    pub(super) fn node_mut(&mut self, value: Value<'a>) -> Option<&mut Node<'a>> {
        match value {
            Value::Object(handle) => self.nodes.get_mut(handle.0 as usize),
            _ => None,
        }
    }

    pub(super) fn replace(&mut self, value: Value<'a>, node: Node<'a>) {
        if let Some(place) = self.node_mut(value) {
            *place = node;
        }
    }

    pub(super) fn view(&self, value: Value<'a>) -> View<'_, 'a> {
        value::view(&self.nodes, value)
    }

    /// A short text: the name of a module, a dtype, an encoding.
    pub(super) fn text_of(&self, value: Value<'a>) -> Option<String> {
        const LONGEST: usize = 256;
        match self.view(value) {
            View::Str(text) if text.len() <= LONGEST => Some(text.to_owned()),
            View::Bytes(bytes) if bytes.len() <= LONGEST => Some(text::decode(bytes)),
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
