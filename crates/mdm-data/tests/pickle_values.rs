//! What NumPy writes comes back as the same numbers and texts, in every form in which it is written.

mod common;

use common::*;
use mdm_data::pickle::{Limits, Numbers, Pickle, PickleError, Texts, View, parse};

fn read(bytes: &[u8]) -> Pickle<'_> {
    parse(bytes, Limits::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn numbers(value: Vec<u8>) -> Numbers {
    let bytes = pickle(value);
    let pickle = read(&bytes);
    pickle.numbers(pickle.root()).unwrap()
}

fn texts(value: Vec<u8>) -> Texts {
    let bytes = pickle(value);
    let pickle = read(&bytes);
    pickle.texts(pickle.root()).unwrap()
}

#[test]
fn both_homes_of_the_array_constructor() {
    for core in ["numpy.core", "numpy._core"] {
        let raw: Vec<u8> = [1.5f32, -2.0]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let read = numbers(array_of(
            core,
            &[2, 1],
            dtype("f4", "<"),
            false,
            bytes(&raw),
        ));
        assert_eq!((read.shape, read.data), (vec![2, 1], vec![1.5, -2.0]));
    }
}

#[test]
fn every_number_type_in_both_byte_orders() {
    macro_rules! case {
        ($name:literal, $($value:expr),+) => {
            let values = [$($value),+];
            let expected: Vec<f32> = values.iter().map(|&v| v as f32).collect();
            let little: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            let big: Vec<u8> = values.iter().flat_map(|v| v.to_be_bytes()).collect();
            for (order, raw) in [("<", little), (">", big)] {
                let value = array_of("numpy.core", &[values.len()], dtype($name, order), false, bytes(&raw));
                assert_eq!(numbers(value).data, expected, "{order}{}", $name);
            }
        };
    }
    case!("f4", 0.1f32, -3.5, f32::NEG_INFINITY);
    case!("f8", 0.1f64, -3.5, 1e300);
    case!("i1", -128i8, 127);
    case!("i2", -2i16, 300);
    case!("i4", -70_000i32, 3);
    case!("i8", -5_000_000_000i64, 7);
    case!("u1", 200u8, 1);
    case!("u2", 60_000u16, 1);
    case!("u4", 4_000_000_000u32, 1);
    case!("u8", 9_000_000_000u64, 1);
    let halves = array_of(
        "numpy.core",
        &[2],
        dtype("f2", ">"),
        false,
        bytes(&[0x3c, 0, 0xc0, 0]),
    );
    assert_eq!(numbers(halves).data, [1.0, -2.0]);
    let bools = array_of("numpy.core", &[2], dtype("b1", "|"), false, bytes(&[1, 0]));
    assert_eq!(numbers(bools).data, [1.0, 0.0]);
}

#[test]
fn fortran_order_is_turned() {
    // Element (i, j, k) of a (2, 3, 2) array is 100 i + 10 j + k.
    let mut column_major = Vec::new();
    for k in 0..2 {
        for j in 0..3 {
            for i in 0..2 {
                column_major.extend(((100 * i + 10 * j + k) as f32).to_le_bytes());
            }
        }
    }
    let value = array_of(
        "numpy.core",
        &[2, 3, 2],
        dtype("f4", "<"),
        true,
        bytes(&column_major),
    );
    let expected: Vec<f32> = vec![
        0.0, 1.0, 10.0, 11.0, 20.0, 21.0, 100.0, 101.0, 110.0, 111.0, 120.0, 121.0,
    ];
    assert_eq!(numbers(value).data, expected);
    let empty = array_of("numpy.core", &[2, 0], dtype("f4", "<"), true, bytes(b""));
    assert!(numbers(empty).data.is_empty());
}

#[test]
fn python_2_strings_are_bytes_and_text() {
    // Dtype name, byte order and array data as Python 2 writes them.
    let made = reduce(global("numpy", "dtype"), &[string2(b"f4"), int(0), int(1)]);
    let state = [
        int(3),
        string2(b"<"),
        none(),
        none(),
        none(),
        int(-1),
        int(-1),
        int(0),
    ];
    let old_dtype = [made, tuple(&state), b"b".to_vec()].concat();
    let value = array_of(
        "numpy.core",
        &[1],
        old_dtype,
        false,
        string2(&2.5f32.to_le_bytes()),
    );
    assert_eq!(numbers(value).data, [2.5]);
    let words = list(&[
        string2(b"caf\xe9"),
        string2("café".as_bytes()),
        b"U\x02ab".to_vec(),
    ]);
    assert_eq!(texts(words).data, ["café", "café", "ab"]);
}

#[test]
fn bytes_written_by_protocol_2_of_python_3() {
    let raw: String = 300.25f32
        .to_le_bytes()
        .iter()
        .map(|&b| char::from(b))
        .collect();
    let data = reduce(global("_codecs", "encode"), &[text(&raw), text("latin1")]);
    let value = array_of("numpy.core", &[1], dtype("f4", "<"), false, data);
    assert_eq!(numbers(value).data, [300.25]);
    let wide = reduce(global("_codecs", "encode"), &[text("€"), text("latin1")]);
    assert!(matches!(
        parse(&pickle(wide), Limits::default()),
        Err(PickleError::Malformed { .. })
    ));
}

#[test]
fn buffers_of_protocol_5() {
    let raw: Vec<u8> = [1.0f32, 2.0, 3.0, 4.0]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let buffer = [&[0x96][..], &(raw.len() as u64).to_le_bytes(), &raw].concat();
    let shape = tuple(&[int(2), int(2)]);
    for (order, expected) in [("C", [1.0, 2.0, 3.0, 4.0]), ("F", [1.0, 3.0, 2.0, 4.0])] {
        let arguments = [buffer.clone(), dtype("f4", "<"), shape.clone(), text(order)];
        let value = reduce(global("numpy._core.numeric", "_frombuffer"), &arguments);
        let bytes = pickle_as(5, value);
        let pickle = read(&bytes);
        assert_eq!(pickle.numbers(pickle.root()).unwrap().data, expected);
    }
}

#[test]
fn texts_of_every_kind() {
    let unicode = texts(unicode_array(&[2, 1], &["ab", "é"]));
    assert_eq!(
        (unicode.shape, unicode.data),
        (vec![2, 1], vec!["ab".to_owned(), "é".to_owned()])
    );
    let fixed = array_of(
        "numpy.core",
        &[2],
        dtype("S3", "|"),
        false,
        bytes(b"ab\0xyz"),
    );
    assert_eq!(texts(fixed).data, ["ab", "xyz"]);
    let objects = list(&[text("a"), string2(b"b"), int(7)]);
    let objects = array_of("numpy.core", &[3], dtype("O8", "|"), false, objects);
    assert_eq!(texts(objects).data, ["a", "b", "7"]);
    let integers = array_of(
        "numpy.core",
        &[2],
        dtype("i2", ">"),
        false,
        bytes(&[0, 5, 255, 255]),
    );
    assert_eq!(texts(integers).data, ["5", "-1"]);
    assert_eq!(texts(text("alone")).shape, [0usize; 0]);
}

#[test]
fn scalars_and_small_arrays_are_single_numbers() {
    let scalar = |name, raw: &[u8]| {
        reduce(
            global("numpy.core.multiarray", "scalar"),
            &[dtype(name, "<"), bytes(raw)],
        )
    };
    let number = |value| {
        let bytes = pickle(value);
        let pickle = read(&bytes);
        pickle.number(pickle.root())
    };
    assert_eq!(number(scalar("f8", &0.5f64.to_le_bytes())), Ok(0.5));
    assert_eq!(number(scalar("i4", &(-3i32).to_le_bytes())), Ok(-3.0));
    assert_eq!(number(scalar("b1", &[1])), Ok(1.0));
    assert_eq!(number(filled(&[1, 1], -1.8)), Ok(-1.8));
    assert_eq!(number(float(1.25)), Ok(1.25));
    assert!(number(filled(&[2], 1.0)).is_err());
    assert!(number(text("1.0")).is_err());
    let objects = array_of(
        "numpy.core",
        &[2],
        dtype("O", "|"),
        false,
        list(&[int(1), float(0.5)]),
    );
    assert_eq!(numbers(objects).data, [1.0, 0.5]);
}

#[test]
fn protocol_0_is_read() {
    let bytes = b"(dp0\nS'a'\np1\n(lp2\nI1\naI01\naF-0.5\naL7L\nasV\\u00e9t\\u00e9\n(I1\nI2\nts.";
    let pickle = read(bytes);
    let a = pickle.entry(pickle.root(), "a").unwrap();
    assert_eq!(pickle.numbers(a).unwrap().data, [1.0, 1.0, -0.5, 7.0]);
    let pair = pickle.entry(pickle.root(), "été").unwrap();
    assert!(matches!(pickle.view(pair), View::Tuple(items) if items.len() == 2));
}

#[test]
fn ordered_dicts_and_sets() {
    let pairs = list(&[tuple(&[text("k"), int(1)])]);
    let bytes = pickle(reduce(global("collections", "OrderedDict"), &[pairs]));
    let ordered = read(&bytes);
    assert!(ordered.entry(ordered.root(), "k").is_some());
    // OrderedDict() with its items set afterwards, as Python 3 writes it.
    let empty = reduce(global("collections", "OrderedDict"), &[]);
    let bytes = pickle([empty, b"(".to_vec(), text("k"), int(1), b"u".to_vec()].concat());
    let ordered = read(&bytes);
    assert!(ordered.entry(ordered.root(), "k").is_some());
    let bytes = b"\x80\x04\x8f(K\x01K\x02\x90.";
    let set = read(bytes);
    assert_eq!(set.items(set.root()).unwrap().len(), 2);
    let bytes = pickle(reduce(global("__builtin__", "set"), &[list(&[int(1)])]));
    assert_eq!(read(&bytes).items(read(&bytes).root()).unwrap().len(), 1);
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
