//! The fields of a protocol-buffer message, without copying.
//!
//! Format: <https://protobuf.dev/programming-guides/encoding/>.

/// The fields of one message, in the order of the bytes.
pub(super) struct Fields<'b> {
    bytes: &'b [u8],
}

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'b> {
    Number(u64),
    Fixed64,
    Bytes(&'b [u8]),
    Fixed32([u8; 4]),
}

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Damaged(pub(super) &'static str);

impl<'b> Fields<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len()
    }

    /// The next field with its number; none at the end.
    pub(super) fn field(&mut self) -> Result<Option<(u64, Value<'b>)>, Damaged> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let key = self.number()?;
        let value = match key & 7 {
            0 => Value::Number(self.number()?),
            1 => self.take(8).map(|_| Value::Fixed64)?,
            2 => {
                let length = usize::try_from(self.number()?);
                let length = length.map_err(|_| Damaged("a length beyond the end"))?;
                Value::Bytes(self.take(length)?)
            }
            5 => {
                let (bytes, rest) = self.bytes.split_first_chunk().ok_or(END)?;
                self.bytes = rest;
                Value::Fixed32(*bytes)
            }
            _ => return Err(Damaged("a type of field that is not in use")),
        };
        Ok(Some((key >> 3, value)))
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], Damaged> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or(END)?;
        self.bytes = rest;
        Ok(taken)
    }

    /// Seven bits a byte, lowest first.
    fn number(&mut self) -> Result<u64, Damaged> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.bytes.split_first().ok_or(END)?;
            self.bytes = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Damaged("a number of more than ten bytes"))
    }
}

const END: Damaged = Damaged("the end within a field");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_specification() {
        let mut fields = Fields::new(b"\x08\x96\x01\x12\x07testing\x1d\x00\x00\x80\x3f");
        assert_eq!(fields.field(), Ok(Some((1, Value::Number(150)))));
        assert_eq!(fields.field(), Ok(Some((2, Value::Bytes(b"testing")))));
        let one = 1.0_f32.to_le_bytes();
        assert_eq!(fields.field(), Ok(Some((3, Value::Fixed32(one)))));
        assert_eq!(fields.field(), Ok(None));
    }

    #[test]
    fn damage_is_said() {
        for bytes in [
            &b"\x08"[..],
            b"\x08\x96",
            b"\x12\x07test",
            b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\x1d\0\0",
            b"\x0b",
            &[0x80; 11],
        ] {
            assert!(Fields::new(bytes).field().is_err(), "{bytes:?}");
        }
    }
}
