//! Forms of single values that the pickles of `tests/files/pickles` do not hold, and what a value may be read as.

mod common;

use common::*;
use mdm_data::pickle::{Limits, Numbers, PickleError, Texts, parse};

fn numbers(value: Vec<u8>) -> Result<Numbers, PickleError> {
    let bytes = pickle(value);
    let pickle = parse(&bytes, Limits::default()).unwrap_or_else(|e| panic!("{e}"));
    pickle.numbers(pickle.root())
}

fn texts(value: Vec<u8>) -> Result<Texts, PickleError> {
    let bytes = pickle(value);
    let pickle = parse(&bytes, Limits::default()).unwrap_or_else(|e| panic!("{e}"));
    pickle.texts(pickle.root())
}

#[test]
fn python_2_strings_are_text_in_utf_8_or_latin_1() {
    let words = list(&[
        string2(b"caf\xe9"),
        string2("café".as_bytes()),
        b"U\x02ab".to_vec(),
    ]);
    assert_eq!(texts(words).unwrap().data, ["café", "café", "ab"]);
}

#[test]
fn integers_are_texts_as_digits() {
    let integers = array_of(
        "numpy.core",
        &[2],
        dtype("i2", ">"),
        false,
        bytes(&[0, 5, 255, 255]),
    );
    assert_eq!(texts(integers).unwrap().data, ["5", "-1"]);
    assert_eq!(texts(list(&[int(-7)])).unwrap().data, ["-7"]);
}

#[test]
fn a_single_value_has_no_axes() {
    assert_eq!(texts(text("alone")).unwrap().shape, [0usize; 0]);
    assert_eq!(numbers(float(0.5)).unwrap().shape, [0usize; 0]);
}

#[test]
fn small_arrays_are_single_numbers() {
    let number = |value| {
        let bytes = pickle(value);
        let pickle = parse(&bytes, Limits::default()).unwrap_or_else(|e| panic!("{e}"));
        pickle.number(pickle.root())
    };
    assert_eq!(number(filled(&[1, 1], -1.8)), Ok(-1.8));
    assert_eq!(number(float(1.25)), Ok(1.25));
    assert!(number(filled(&[2], 1.0)).is_err());
    assert!(number(text("1.0")).is_err());
}

#[test]
fn what_is_no_number_or_text_is_named() {
    let message = |error: PickleError| error.to_string();
    let found = message(numbers(list(&[int(1), text("x")])).unwrap_err());
    assert_eq!(found, "expected a number, found \"x\"");
    let found = message(texts(filled(&[2], 1.0)).unwrap_err());
    assert_eq!(found, "expected valid text, found an array (2,) of f4");
    let found = message(texts(none()).unwrap_err());
    assert_eq!(found, "expected text, found None");
}

#[test]
fn text_that_latin_1_lacks_cannot_become_bytes() {
    let wide = reduce(global("_codecs", "encode"), &[text("€"), text("latin1")]);
    assert!(matches!(
        parse(&pickle(wide), Limits::default()),
        Err(PickleError::Malformed { .. })
    ));
}

#[test]
fn axes_of_a_buffer_must_be_those_of_its_shape() {
    let read = |order, axes: &[i32]| {
        let axes: Vec<Vec<u8>> = axes.iter().map(|&axis| int(axis)).collect();
        let arguments = [
            bytes(&[0; 8]),
            dtype("f4", "<"),
            tuple(&[int(2), int(1)]),
            text(order),
            tuple(&axes),
        ];
        let value = reduce(global("numpy._core.numeric", "_frombuffer"), &arguments);
        parse(&pickle_as(5, value), Limits::default()).map(|_| ())
    };
    assert_eq!(read("K", &[1, 0]), Ok(()));
    for (order, axes) in [
        ("K", &[1, 1][..]),
        ("K", &[0]),
        ("K", &[0, 2]),
        ("A", &[0, 1]),
    ] {
        let error = read(order, axes).unwrap_err();
        assert!(matches!(error, PickleError::Malformed { .. }), "{error}");
    }
}

#[test]
fn dtypes_outside_the_list_say_so() {
    for name in ["c16", "M8", "V8"] {
        let bytes = pickle(dtype(name, "<"));
        let message = parse(&bytes, Limits::default()).unwrap_err().to_string();
        assert!(
            message.contains(name) && message.contains("not supported"),
            "{message}"
        );
    }
}
