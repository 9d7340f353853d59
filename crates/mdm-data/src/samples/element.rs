//! The elements of a NumPy array.

use burn::tensor::f16;

use crate::pickle::{ByteOrder, Dtype, Kind};

/// The element type of NumPy's short name, such as `<f4`; `None` for all but numbers.
pub(super) fn parse(name: &str) -> Option<Dtype> {
    let (order, name) = match name.split_at_checked(1)? {
        (">", rest) => (ByteOrder::Big, rest),
        ("<" | "|" | "=", rest) => (ByteOrder::Little, rest),
        _ => (ByteOrder::Little, name),
    };
    let kind = match name {
        "f2" => Kind::Float(2),
        "f4" => Kind::Float(4),
        "f8" => Kind::Float(8),
        "i1" => Kind::Int(1),
        "i2" => Kind::Int(2),
        "i4" => Kind::Int(4),
        "i8" => Kind::Int(8),
        "u1" => Kind::Uint(1),
        "u2" => Kind::Uint(2),
        "u4" => Kind::Uint(4),
        "u8" => Kind::Uint(8),
        "b1" => Kind::Bool,
        _ => return None,
    };
    Some(Dtype { kind, order })
}

/// The number in the bytes of one element, of at most eight.
pub(super) fn number(dtype: Dtype, element: &[u8]) -> f64 {
    let join = |bits: u64, &byte: &u8| bits << 8 | u64::from(byte);
    let bits = match dtype.order {
        ByteOrder::Little => element.iter().rev().fold(0, join),
        ByteOrder::Big => element.iter().fold(0, join),
    };
    match dtype.kind {
        Kind::Float(2) => f16::from_bits(bits as u16).to_f64(),
        Kind::Float(4) => f32::from_bits(bits as u32).into(),
        Kind::Float(_) => f64::from_bits(bits),
        Kind::Int(size) => {
            let unused = 64 - 8 * u32::from(size);
            ((bits << unused) as i64 >> unused) as f64
        }
        Kind::Bool => f64::from(u8::from(bits != 0)),
        // Other kinds are not made by [`parse`].
        _ => bits as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width_and_order_of_bytes() {
        for (name, element, expected) in [
            ("<f2", &[0x00, 0xc0][..], -2.0),
            (">f2", &[0xc0, 0x00], -2.0),
            ("<f4", &(-0.5f32).to_le_bytes(), -0.5),
            (">f8", &(-0.1f64).to_be_bytes(), -0.1),
            ("|i1", &[0x80], -128.0),
            (">i2", &(-2i16).to_be_bytes(), -2.0),
            ("<i4", &i32::MIN.to_le_bytes(), -2_147_483_648.0),
            (">i8", &(-3i64).to_be_bytes(), -3.0),
            ("|u1", &[255], 255.0),
            ("<u2", &[1, 2], 513.0),
            (">u4", &[0, 0, 1, 2], 258.0),
            ("<u8", &u64::MAX.to_le_bytes(), 18_446_744_073_709_551_615.0),
            ("|b1", &[2], 1.0),
        ] {
            let dtype = parse(name).unwrap();
            assert_eq!(dtype.size(), Some(element.len()), "{name}");
            assert_eq!(number(dtype, element), expected, "{name}");
        }
    }
}
