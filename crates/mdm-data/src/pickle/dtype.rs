//! NumPy element types, as far as corpora use them.

use std::fmt;

/// What an element is, with its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `f2`, `f4`, `f8`; the field is the size in bytes.
    Float(u8),
    /// `i1` to `i8`.
    Int(u8),
    /// `u1` to `u8`.
    Uint(u8),
    /// One byte, zero or not.
    Bool,
    /// `S`: fixed number of bytes, filled up with NUL.
    Bytes(usize),
    /// `U`: fixed number of characters of four bytes each, filled up with NUL.
    Unicode(usize),
    /// `O`: any pickled value.
    Object,
}

/// Order of the bytes of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

/// An element type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dtype {
    /// What an element is.
    pub kind: Kind,
    /// How its bytes are ordered.
    pub order: ByteOrder,
}

impl Dtype {
    /// Reads NumPy's short name: an optional byte order, a letter and a size. `None` for the types not handled here
    /// (complex, dates, records).
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (order, rest) = match name.as_bytes().first()? {
            b'>' => (ByteOrder::Big, &name[1..]),
            b'<' | b'=' | b'|' => (ByteOrder::Little, &name[1..]),
            _ => (ByteOrder::Little, name),
        };
        let letter = rest.chars().next()?;
        let digits = &rest[letter.len_utf8()..];
        let size: Option<usize> = if digits.is_empty() {
            None
        } else {
            Some(digits.parse().ok()?)
        };
        let kind = match (letter, size) {
            ('f', Some(n @ (2 | 4 | 8))) => Kind::Float(n as u8),
            ('i', Some(n @ (1 | 2 | 4 | 8))) => Kind::Int(n as u8),
            ('u', Some(n @ (1 | 2 | 4 | 8))) => Kind::Uint(n as u8),
            ('b', Some(1)) | ('?', None) => Kind::Bool,
            ('S' | 'a', n) => Kind::Bytes(n.unwrap_or(0)),
            ('U', n) => Kind::Unicode(n.unwrap_or(0)),
            ('O', _) => Kind::Object,
            _ => return None,
        };
        Some(Self { kind, order })
    }

    /// Bytes of one element in an array's data; `None` where that overflows, or for objects, which have no bytes.
    pub fn size(self) -> Option<usize> {
        match self.kind {
            Kind::Float(n) | Kind::Int(n) | Kind::Uint(n) => Some(usize::from(n)),
            Kind::Bool => Some(1),
            Kind::Bytes(n) => Some(n),
            Kind::Unicode(n) => n.checked_mul(4),
            Kind::Object => None,
        }
    }

    /// One element as a number; `None` for text and objects. `bytes` has the element's size.
    pub(crate) fn number(self, bytes: &[u8]) -> Option<f64> {
        Some(match self.kind {
            Kind::Float(2) => half_to_f32(self.bits(bytes) as u16).into(),
            Kind::Float(4) => f32::from_bits(self.bits(bytes) as u32).into(),
            Kind::Float(_) => f64::from_bits(self.bits(bytes)),
            Kind::Int(_) => self.integer(bytes)? as f64,
            Kind::Uint(_) => self.bits(bytes) as f64,
            Kind::Bool => f64::from(u8::from(self.bits(bytes) != 0)),
            Kind::Bytes(_) | Kind::Unicode(_) | Kind::Object => return None,
        })
    }

    /// One element as an integer; `None` for everything but integers that fit.
    pub(super) fn integer(self, bytes: &[u8]) -> Option<i64> {
        match self.kind {
            Kind::Int(n) => {
                let unused = 64 - 8 * u32::from(n);
                Some((self.bits(bytes) << unused) as i64 >> unused)
            }
            Kind::Uint(_) => i64::try_from(self.bits(bytes)).ok(),
            _ => None,
        }
    }

    /// One element as text, without the NULs that fill it up; `None` for numbers and for what is no valid text.
    pub(crate) fn text(self, bytes: &[u8]) -> Option<String> {
        match self.kind {
            Kind::Bytes(_) => {
                let end = bytes.iter().rposition(|&b| b != 0).map_or(0, |i| i + 1);
                Some(super::text::decode(&bytes[..end]))
            }
            Kind::Unicode(_) => {
                let units = bytes.chunks_exact(4);
                let filling = units.rev().take_while(|unit| *unit == [0; 4]).count();
                let real = bytes.len() - 4 * filling;
                // No character takes more bytes in UTF-8 than here.
                let mut text = String::with_capacity(real);
                for unit in bytes[..real].chunks_exact(4) {
                    text.push(char::from_u32(self.bits(unit) as u32)?);
                }
                text.shrink_to_fit();
                Some(text)
            }
            _ => None,
        }
    }

    /// At most eight bytes as an integer, in this type's byte order.
    fn bits(self, bytes: &[u8]) -> u64 {
        let mut raw = [0; 8];
        match self.order {
            ByteOrder::Little => {
                raw[..bytes.len()].copy_from_slice(bytes);
                u64::from_le_bytes(raw)
            }
            ByteOrder::Big => {
                raw[8 - bytes.len()..].copy_from_slice(bytes);
                u64::from_be_bytes(raw)
            }
        }
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match (self.order, self.kind) {
            (ByteOrder::Big, Kind::Float(_) | Kind::Int(_) | Kind::Uint(_) | Kind::Unicode(_)) => {
                ">"
            }
            _ => "",
        };
        match self.kind {
            Kind::Float(n) => write!(f, "{sign}f{n}"),
            Kind::Int(n) => write!(f, "{sign}i{n}"),
            Kind::Uint(n) => write!(f, "{sign}u{n}"),
            Kind::Bool => write!(f, "bool"),
            Kind::Bytes(n) => write!(f, "S{n}"),
            Kind::Unicode(n) => write!(f, "{sign}U{n}"),
            Kind::Object => write!(f, "object"),
        }
    }
}

/// IEEE 754 binary16 to binary32.
fn half_to_f32(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f32::from(bits & 0x3ff);
    match exponent {
        0 => sign * fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        _ => sign * (1.0 + fraction / 1024.0) * 2f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dtype(name: &str) -> Dtype {
        Dtype::parse(name).unwrap()
    }

    #[test]
    fn numbers_of_both_byte_orders() {
        assert_eq!(dtype("<f4").number(&1.5f32.to_le_bytes()), Some(1.5));
        assert_eq!(dtype(">f4").number(&1.5f32.to_be_bytes()), Some(1.5));
        assert_eq!(dtype(">f8").number(&(-0.1f64).to_be_bytes()), Some(-0.1));
        assert_eq!(dtype("i2").number(&(-2i16).to_le_bytes()), Some(-2.0));
        assert_eq!(dtype(">i8").integer(&(-3i64).to_be_bytes()), Some(-3));
        assert_eq!(dtype("u1").number(&[255]), Some(255.0));
        assert_eq!(dtype("u8").integer(&[255; 8]), None);
        assert_eq!(dtype("b1").number(&[2]), Some(1.0));
        assert_eq!(dtype("S3").number(b"1.5"), None);
    }

    #[test]
    fn half_precision() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x0001, 2f32.powi(-24)),
            (0x7bff, 65504.0),
        ] {
            assert_eq!(half_to_f32(bits), value);
        }
        assert_eq!(half_to_f32(0xfc00), f32::NEG_INFINITY);
        assert!(half_to_f32(0x7e00).is_nan());
    }

    #[test]
    fn text_loses_its_filling() {
        assert_eq!(dtype("S4").text(b"ab\0\0").as_deref(), Some("ab"));
        let big: Vec<u8> = "aé"
            .chars()
            .chain(['\0'])
            .flat_map(|c| u32::from(c).to_be_bytes())
            .collect();
        assert_eq!(dtype(">U3").text(&big).as_deref(), Some("aé"));
        assert_eq!(dtype("<U1").text(&[0, 0, 0, 0xff]), None);
    }

    #[test]
    fn names_outside_the_list_are_refused() {
        for name in ["", "c8", "M8", "f16", "V4", "f", "i3", "f-4", "é4"] {
            assert_eq!(Dtype::parse(name), None, "{name}");
        }
    }
}
