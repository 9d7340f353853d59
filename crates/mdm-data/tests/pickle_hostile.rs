//! Pickles that are damaged or mean harm: each gives a typed error, and nothing runs.

mod common;

use common::*;
use mdm_data::pickle::{Limits, PickleError, View, parse};

fn error(bytes: &[u8]) -> PickleError {
    parse(bytes, Limits::default()).expect_err("the pickle should be refused")
}

#[test]
fn code_is_refused_and_does_not_run() {
    let dir = tempfile::tempdir().unwrap();
    let marker = dir.path().join("ran");
    let command = text(&format!("touch {}", marker.display()));
    let arguments = [command.clone()];
    let stacked = |module, name| [text(module), text(name), vec![0x93]].concat();
    let cases = [
        (2, reduce(global("os", "system"), &arguments)),
        (2, reduce(global("posix", "system"), &arguments)),
        (4, reduce(stacked("os", "system"), &arguments)),
        (4, reduce(stacked("builtins", "eval"), &arguments)),
        (2, reduce(global("__builtin__", "exec"), &arguments)),
        (4, reduce(stacked("subprocess", "Popen"), &arguments)),
        // NumPy's own, but not on the list.
        (
            2,
            reduce(global("numpy.core.multiarray", "fromfile"), &arguments),
        ),
        (
            2,
            reduce(global("numpy.core", "multiarray._reconstruct"), &arguments),
        ),
        (2, reduce(global("numpy", "load"), &arguments)),
        // The old call instructions.
        (
            0,
            [b"(".to_vec(), command.clone(), b"ios\nsystem\n".to_vec()].concat(),
        ),
        (
            1,
            [
                b"(".to_vec(),
                global("os", "system"),
                command,
                b"o".to_vec(),
            ]
            .concat(),
        ),
    ];
    for (protocol, value) in cases {
        let bytes = pickle_as(protocol, value);
        match error(&bytes) {
            PickleError::ForbiddenGlobal {
                module,
                name,
                offset,
            } => {
                assert!(!module.is_empty() && !name.is_empty());
                assert!(offset < bytes.len());
            }
            other => panic!("{other}"),
        }
    }
    assert!(!marker.exists());
}

#[test]
fn the_message_names_what_was_asked_for() {
    let bytes = pickle(reduce(global("os", "system"), &[text("id")]));
    let message = error(&bytes).to_string();
    assert!(message.contains("os.system at byte 2"), "{message}");
}

#[test]
fn allowed_names_refuse_other_uses() {
    let encode = |encoding| reduce(global("_codecs", "encode"), &[text("x"), text(encoding)]);
    let cases = [
        encode("zlib"),
        reduce(global("numpy", "ndarray"), &[tuple(&[int(1 << 30)])]),
        reduce(text("os.system"), &[text("id")]),
        reduce(global("numpy", "dtype"), &[dict(&[])]),
        reduce(global("builtins", "bytearray"), &[int(1 << 30)]),
        [global("numpy", "ndarray"), tuple(&[]), b"b".to_vec()].concat(),
    ];
    for value in cases {
        let error = error(&pickle(value));
        let typed = matches!(
            error,
            PickleError::Malformed { .. } | PickleError::Unsupported { .. }
        );
        assert!(typed, "{error}");
    }
}

fn small_pickle() -> Vec<u8> {
    let old = b"(lp0\nI1\naL-2L\naF1.5\naS'a\\x00b'\naV\\u00e9\nag0\na".to_vec();
    let value = dict(&[
        ("array", array(&[2, 2], &[1.0, 2.0, 3.0, 4.0])),
        ("texts", unicode_array(&[2], &["ab", "c"])),
        (
            "words",
            list(&[string2(b"one"), bytes(b"two"), tuple(&[float(0.5), none()])]),
        ),
        ("old", old),
    ]);
    // With a frame, a memo and the short forms of protocol 4.
    let tail = [
        &b"\x94\x95\0\0\0\0\0\0\0\0"[..],
        b"h\x00\x86\x8c\x01x\x86\x8a\x02\xff\x7f\x86",
    ]
    .concat();
    pickle_as(4, [value, tail].concat())
}

#[test]
fn truncation_at_every_byte_is_an_error() {
    let bytes = small_pickle();
    assert!(parse(&bytes, Limits::default()).is_ok());
    for length in 0..bytes.len() {
        match error(&bytes[..length]) {
            PickleError::Truncated { offset, .. } => assert!(offset <= length),
            other => panic!("cut at {length}: {other}"),
        }
    }
}

#[test]
fn every_other_byte_at_every_place_is_no_panic() {
    let bytes = small_pickle();
    let limits = Limits {
        memory: 1 << 20,
        ..Limits::default()
    };
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        for value in 0..=255 {
            damaged[place] = value;
            let Ok(pickle) = parse(&damaged, limits) else {
                continue;
            };
            if let View::Dict(entries) = pickle.view(pickle.root()) {
                for &(_, value) in entries {
                    let _ = pickle.numbers(value);
                    let _ = pickle.texts(value);
                    let _ = pickle.describe(value);
                }
            }
        }
    }
}

#[test]
fn declared_lengths_are_held_against_the_input() {
    let huge = u64::MAX.to_le_bytes();
    let cases = [
        b"\x80\x02X\xff\xff\xff\xffab.".to_vec(),
        b"\x80\x02T\xff\xff\xff\xffab.".to_vec(),
        b"\x80\x03B\xff\xff\xff\x7fab.".to_vec(),
        b"\x80\x02\x8b\xff\xff\xff\x7fab.".to_vec(),
        [&b"\x80\x04\x8d"[..], &huge, b"ab."].concat(),
        [&b"\x80\x04\x8e"[..], &huge, b"ab."].concat(),
        [&b"\x80\x05\x96"[..], &huge, b"ab."].concat(),
        [&b"\x80\x04\x95"[..], &huge, b"N."].concat(),
    ];
    for bytes in cases {
        let error = error(&bytes);
        let typed = matches!(
            error,
            PickleError::Truncated { .. } | PickleError::Limit { .. }
        );
        assert!(typed, "{error}");
    }
}

#[test]
fn array_sizes_are_held_against_the_data() {
    let long = |value: i64| [&[0x8a, 8][..], &value.to_le_bytes()].concat();
    let with_shape = |shape: Vec<u8>, dtype: Vec<u8>, data: Vec<u8>| {
        let start = [global("numpy", "ndarray"), tuple(&[int(0)]), bytes(b"b")];
        let made = reduce(global("numpy.core.multiarray", "_reconstruct"), &start);
        pickle(
            [
                made,
                tuple(&[int(1), shape, dtype, vec![0x89], data]),
                b"b".to_vec(),
            ]
            .concat(),
        )
    };
    let f4 = || dtype("f4", "<");
    let four = || bytes(&[0; 4]);
    let cases = [
        with_shape(tuple(&[long(1 << 40)]), f4(), four()),
        with_shape(tuple(&[long(i64::MAX), long(i64::MAX)]), f4(), four()),
        with_shape(tuple(&[long(1 << 62), int(4)]), f4(), four()),
        with_shape(tuple(&[int(-1)]), f4(), four()),
        with_shape(tuple(&[int(2)]), f4(), four()),
        with_shape(tuple(&[int(1)]), dtype("S1099511627776", "|"), four()),
        with_shape(tuple(&[int(1)]), dtype("U9223372036854775807", "<"), four()),
        with_shape(tuple(&vec![int(1); 65]), f4(), four()),
        with_shape(tuple(&[int(1)]), f4(), list(&[int(1)])),
        with_shape(tuple(&[int(2)]), dtype("O", "|"), list(&[int(1)])),
    ];
    for bytes in cases {
        let error = error(&bytes);
        assert!(matches!(error, PickleError::Malformed { .. }), "{error}");
    }
    // Elements of no bytes need no data, so any number of them is consistent; reading them out is not free.
    let bytes = with_shape(tuple(&[long(1 << 60)]), dtype("S0", "|"), bytes(b""));
    let pickle = parse(&bytes, Limits::default()).unwrap();
    assert!(matches!(
        pickle.texts(pickle.root()),
        Err(PickleError::Limit { .. })
    ));
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
fn billion_laughs_costs_nothing_but_its_length() {
    // Each list holds the one before ten times.
    let mut bytes = b"\x80\x02]q\x00".to_vec();
    for level in 1..100u8 {
        bytes.extend_from_slice(b"](");
        bytes.extend([b'h', level - 1].repeat(10));
        bytes.extend([b'e', b'q', level]);
    }
    bytes.push(b'.');
    let pickle = parse(&bytes, Limits::default()).unwrap();
    assert_eq!(pickle.items(pickle.root()).unwrap().len(), 10);
    assert_eq!(pickle.describe(pickle.root()), "a list of 10");
    assert!(pickle.texts(pickle.root()).is_err());
}

#[test]
fn values_that_contain_themselves_and_deep_nests_are_freed() {
    let bytes = b"\x80\x02]q\x00h\x00ah\x00a.";
    let pickle = parse(bytes, Limits::default()).unwrap();
    assert!(pickle.numbers(pickle.root()).is_err());

    let deep = [&b"\x80\x02N"[..], &vec![0x85; 1_000_000], b"."].concat();
    assert!(parse(&deep, Limits::default()).is_ok());
    let lists = [
        &b"\x80\x02"[..],
        &b"]".repeat(100_000),
        &b"a".repeat(99_999),
        b".",
    ]
    .concat();
    assert!(parse(&lists, Limits::default()).is_ok());
}

#[test]
fn limits_are_kept() {
    let is_limit =
        |bytes: &[u8], limits| matches!(parse(bytes, limits), Err(PickleError::Limit { .. }));
    let default = Limits::default();
    let marks = [&b"\x80\x02"[..], &b"(".repeat(1001), b"."].concat();
    assert!(is_limit(&marks, default));
    let stack = [&b"\x80\x02"[..], &b"N".repeat(11), b"."].concat();
    assert!(is_limit(
        &stack,
        Limits {
            stack: 10,
            ..default
        }
    ));
    let memo = [&b"\x80\x04N"[..], &[0x94; 11], b"."].concat();
    assert!(is_limit(
        &memo,
        Limits {
            memo: 10,
            ..default
        }
    ));
    let string = pickle(text("0123456789!"));
    assert!(is_limit(
        &string,
        Limits {
            string: 10,
            ..default
        }
    ));
    let memory = pickle(array(&[4], &[0.0; 4]));
    assert!(is_limit(
        &memory,
        Limits {
            memory: 100,
            ..default
        }
    ));
}

#[test]
fn what_cannot_stand_in_one_file_is_refused() {
    for bytes in [
        &b"\x80\x02Px\n."[..],
        b"\x80\x02NQ.",
        b"\x80\x02\x82\x01.",
        b"\x80\x05\x97.",
        b"\x80\x05N\x98.",
        b"\x80\x06N.",
    ] {
        assert!(matches!(error(bytes), PickleError::Unsupported { .. }));
    }
    assert!(matches!(
        error(b"\x80\x02\xfe."),
        PickleError::UnknownOpcode {
            opcode: 0xfe,
            offset: 2
        }
    ));
    for bytes in [
        &b"."[..],
        b"0.",
        b"(.",
        b"(0N0.",
        b"h\x07.",
        b"a.",
        b"N(e.",
        b"}(Nu.",
        b"R.",
        b"b.",
        b"\x85.",
    ] {
        assert!(
            matches!(error(bytes), PickleError::Malformed { .. }),
            "{bytes:?}"
        );
    }
}
