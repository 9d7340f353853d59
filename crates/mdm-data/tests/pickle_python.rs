//! What Python and NumPy wrote comes back as the same values, from every protocol (`tests/files/pickles`).

mod common;

use common::python_pickle;
use mdm_data::pickle::{Kind, Limits, Pickle, PickleError, Value, View, parse};
use serde_json::{Value as Json, json};

/// A number as `make.py` writes it, which has no other way to say infinity; the sign of zero counts.
fn same_number(expected: &Json, found: f32) -> bool {
    let expected: f64 = expected.as_str().expect("a text").parse().expect("a float");
    let expected = expected as f32;
    expected.is_nan() && found.is_nan() || expected.to_bits() == found.to_bits()
}

fn shape(shape: &[usize]) -> Json {
    json!(shape)
}

/// Compares a value of a pickle with what `make.py` says that it is.
fn check(name: &str, pickle: &Pickle<'_>, value: Value<'_>, expected: &Json) {
    let items = |items: &[Value<'_>], expected: &Json| {
        let expected = expected
            .as_array()
            .unwrap_or_else(|| panic!("{name}: a list"));
        assert_eq!(items.len(), expected.len(), "{name}");
        for (&item, expected) in items.iter().zip(expected) {
            check(name, pickle, item, expected);
        }
    };
    match pickle.view(value) {
        View::None => assert!(expected.is_null(), "{name}"),
        View::Bool(b) => assert_eq!(json!(b), *expected, "{name}"),
        View::Int(i) => assert_eq!(json!(i), *expected, "{name}"),
        View::Float(x) => {
            let text = expected["float"]
                .as_str()
                .unwrap_or_else(|| panic!("{name}: a float"));
            assert_eq!(x, text.parse::<f64>().expect("a float"), "{name}");
        }
        View::Str(text) => assert_eq!(json!(text), *expected, "{name}"),
        View::Bytes(bytes) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(json!({ "bytes": hex }), *expected, "{name}");
        }
        View::List(list) => items(list, &expected["list"]),
        View::Tuple(tuple) => items(tuple, &expected["tuple"]),
        View::Dict(entries) => {
            let expected = expected["dict"]
                .as_object()
                .unwrap_or_else(|| panic!("{name}: a dict"));
            assert_eq!(entries.len(), expected.len(), "{name}");
            for (key, expected) in expected {
                let item = pickle
                    .entry(value, key)
                    .unwrap_or_else(|| panic!("{name}: {key}"));
                check(name, pickle, item, expected);
            }
        }
        View::Array(array) if !expected["texts"].is_null() => {
            let expected = &expected["texts"];
            let read = pickle
                .texts(value)
                .unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(read.shape, array.shape(), "{name}");
            assert_eq!(shape(&read.shape), expected["shape"], "{name}");
            assert_eq!(json!(read.data), expected["data"], "{name}");
        }
        View::Array(_) => {
            let expected = &expected["numbers"];
            let read = pickle
                .numbers(value)
                .unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(shape(&read.shape), expected["shape"], "{name}");
            let data = expected["data"]
                .as_array()
                .unwrap_or_else(|| panic!("{name}: numbers"));
            assert_eq!(read.data.len(), data.len(), "{name}");
            for (expected, &found) in data.iter().zip(&read.data) {
                assert!(
                    same_number(expected, found),
                    "{name}: {expected}, found {found}"
                );
            }
        }
        other => panic!("{name}: {other:?}"),
    }
}

fn check_file(file: &str) {
    let expected: Json = serde_json::from_slice(&python_pickle("expected.json")).unwrap();
    let expected = expected.as_object().unwrap();
    assert!(expected.len() > 60);
    let bytes = python_pickle(file);
    let pickle = parse(&bytes, Limits::default()).unwrap_or_else(|e| panic!("{file}: {e}"));
    let View::Dict(entries) = pickle.view(pickle.root()) else {
        panic!("{file}: a dict");
    };
    assert_eq!(entries.len(), expected.len(), "{file}");
    for (name, expected) in expected {
        let value = pickle.entry(pickle.root(), name);
        let value = value.unwrap_or_else(|| panic!("{file}: {name}"));
        check(&format!("{file}: {name}"), &pickle, value, expected);
    }
}

#[test]
fn python_3_with_numpy_2_in_every_protocol() {
    for protocol in 0..=5 {
        check_file(&format!("numpy2-protocol{protocol}.pkl"));
    }
}

#[test]
fn python_3_with_numpy_1() {
    check_file("numpy1-protocol2.pkl");
    check_file("numpy1-protocol5.pkl");
}

#[test]
fn python_2_in_every_protocol() {
    for protocol in 0..=2 {
        check_file(&format!("python2-protocol{protocol}.pkl"));
    }
}

#[test]
fn bytes_after_the_end_are_left_alone() {
    let mut bytes = python_pickle("numpy2-protocol2.pkl");
    bytes.extend(b"cos\nsystem\n");
    assert!(parse(&bytes, Limits::default()).is_ok());
}

#[test]
fn arrays_of_records_say_that_they_are_not_read() {
    let error = parse(&python_pickle("records.pkl"), Limits::default()).unwrap_err();
    assert!(matches!(error, PickleError::Unsupported { .. }), "{error}");
    assert!(error.to_string().contains("an array of records"), "{error}");
}

#[test]
fn the_type_of_an_array_is_kept() {
    let bytes = python_pickle("numpy2-protocol5.pkl");
    let pickle = parse(&bytes, Limits::default()).unwrap();
    let dtype = |name| {
        let value = pickle.entry(pickle.root(), name).unwrap();
        match pickle.view(value) {
            View::Array(array) => (array.dtype().kind, array.dtype().to_string()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(dtype(">f8"), (Kind::Float(8), ">f8".to_owned()));
    assert_eq!(dtype("ids"), (Kind::Bytes(5), "S5".to_owned()));
    assert_eq!(dtype("<U"), (Kind::Unicode(5), "U5".to_owned()));
    assert_eq!(dtype("object texts"), (Kind::Object, "object".to_owned()));
}
