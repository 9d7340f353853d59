//! What a pickle may cost, and what is said about one that is cut off.

mod common;

use common::*;
use mdm_data::pickle::{Limits, PickleError, parse};

fn error(bytes: &[u8]) -> PickleError {
    parse(bytes, Limits::default()).expect_err("the pickle should be refused")
}

#[test]
fn truncation_at_every_byte_is_an_error() {
    for bytes in [small_pickle(), python_pickle("misa-protocol4.pkl")] {
        assert!(parse(&bytes, Limits::default()).is_ok());
        for length in 0..bytes.len() {
            match error(&bytes[..length]) {
                PickleError::Truncated { offset, .. } => assert!(offset <= length),
                other => panic!("cut at {length}: {other}"),
            }
        }
    }
}

#[test]
fn shared_values_are_paid_for_each_time_they_are_read_out() {
    // Ten references to one array of 1,000 numbers.
    let remembered = [filled(&[1000], 1.0), b"q\x00".to_vec()].concat();
    let bytes = pickle(list(&[remembered, b"h\x00".repeat(9)]));
    let limits = Limits {
        memory: 25_000,
        ..Limits::default()
    };
    let pickle = parse(&bytes, limits).unwrap();
    let items = pickle.items(pickle.root()).unwrap();
    assert_eq!(items.len(), 10);
    let read: Vec<_> = items
        .iter()
        .map(|&item| pickle.numbers(item).is_ok())
        .collect();
    assert!(read[0] && !read[9]);
}

#[test]
fn limits_are_kept() {
    let default = Limits::default();
    let cases = [
        (
            [&b"\x80\x02"[..], &b"(".repeat(11), b"."].concat(),
            Limits {
                depth: 10,
                ..default
            },
            "10 nested instructions",
        ),
        (
            [&b"\x80\x02"[..], &b"N".repeat(11), b"."].concat(),
            Limits {
                stack: 10,
                ..default
            },
            "10 values on the stack",
        ),
        (
            [&b"\x80\x04N"[..], &[0x94; 11], b"."].concat(),
            Limits {
                memo: 10,
                ..default
            },
            "10 memo entries",
        ),
        (
            pickle(text("0123456789!")),
            Limits {
                string: 10,
                ..default
            },
            "10 bytes in one value",
        ),
        (
            pickle(array(&[4], &[0.0; 4])),
            Limits {
                memory: 100,
                ..default
            },
            "100 bytes of memory",
        ),
    ];
    for (bytes, limits, what) in cases {
        let error = parse(&bytes, limits).unwrap_err();
        assert!(matches!(error, PickleError::Limit { .. }), "{error}");
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[test]
fn instructions_without_what_they_need_are_refused() {
    for bytes in [
        &b"0."[..],
        b"(.",
        b"(0N0.",
        b"a.",
        b"N(e.",
        b"R.",
        b"b.",
        b"\x85.",
        b"K\x01\x93.",
        b"pX\nN.",
        b"IX\n.",
        b"FX\n.",
        b"SX\n.",
    ] {
        assert!(
            matches!(error(bytes), PickleError::Malformed { .. }),
            "{bytes:?}"
        );
    }
}

#[test]
fn integers_of_more_than_64_bits_say_so() {
    let message = error(b"\x80\x02\x8a\x09\0\0\0\0\0\0\0\0\x01.").to_string();
    assert!(message.contains("more than 64 bits"), "{message}");
}
