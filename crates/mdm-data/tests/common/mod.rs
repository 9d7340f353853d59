//! Writes pickles by hand: each function gives the instructions that leave one value on the stack.

#![allow(dead_code, reason = "each test file uses its own part of the helpers")]

use std::io::Write;
use std::path::{Path, PathBuf};

/// Closes a pickle of protocol 2.
pub fn pickle(value: Vec<u8>) -> Vec<u8> {
    pickle_as(2, value)
}

pub fn pickle_as(protocol: u8, value: Vec<u8>) -> Vec<u8> {
    [&[0x80, protocol][..], &value, b"."].concat()
}

pub fn text(value: &str) -> Vec<u8> {
    let length = (value.len() as u32).to_le_bytes();
    [b"X", &length[..], value.as_bytes()].concat()
}

/// A Python 2 string.
pub fn string2(value: &[u8]) -> Vec<u8> {
    let length = (value.len() as u32).to_le_bytes();
    [b"T", &length[..], value].concat()
}

/// Bytes of Python 3.
pub fn bytes(value: &[u8]) -> Vec<u8> {
    let length = (value.len() as u32).to_le_bytes();
    [b"B", &length[..], value].concat()
}

pub fn int(value: i32) -> Vec<u8> {
    [b"J", &value.to_le_bytes()[..]].concat()
}

pub fn float(value: f64) -> Vec<u8> {
    [b"G", &value.to_be_bytes()[..]].concat()
}

pub fn none() -> Vec<u8> {
    b"N".to_vec()
}

pub fn tuple(items: &[Vec<u8>]) -> Vec<u8> {
    [b"(", &items.concat()[..], b"t"].concat()
}

pub fn list(items: &[Vec<u8>]) -> Vec<u8> {
    [b"](", &items.concat()[..], b"e"].concat()
}

pub fn dict(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let pairs: Vec<Vec<u8>> = entries
        .iter()
        .map(|(k, v)| [text(k), v.clone()].concat())
        .collect();
    [b"}(", &pairs.concat()[..], b"u"].concat()
}

pub fn global(module: &str, name: &str) -> Vec<u8> {
    format!("c{module}\n{name}\n").into_bytes()
}

pub fn reduce(callable: Vec<u8>, arguments: &[Vec<u8>]) -> Vec<u8> {
    [callable, tuple(arguments), b"R".to_vec()].concat()
}

/// A dtype with its byte order: `dtype("f4", "<")`.
pub fn dtype(name: &str, order: &str) -> Vec<u8> {
    let made = reduce(global("numpy", "dtype"), &[text(name), int(0), int(1)]);
    let state = [
        int(3),
        text(order),
        none(),
        none(),
        none(),
        int(-1),
        int(-1),
        int(0),
    ];
    [made, tuple(&state), b"b".to_vec()].concat()
}

/// An array from its parts.
pub fn array_of(
    core: &str,
    shape: &[usize],
    dtype: Vec<u8>,
    fortran: bool,
    data: Vec<u8>,
) -> Vec<u8> {
    let start = [global("numpy", "ndarray"), tuple(&[int(0)]), bytes(b"b")];
    let made = reduce(
        global(&format!("{core}.multiarray"), "_reconstruct"),
        &start,
    );
    let lengths: Vec<Vec<u8>> = shape.iter().map(|&n| int(n as i32)).collect();
    let fortran = if fortran { vec![0x88] } else { vec![0x89] };
    let state = tuple(&[int(1), tuple(&lengths), dtype, fortran, data]);
    [made, state, b"b".to_vec()].concat()
}

/// A row-major array of little-endian `f4`.
pub fn array(shape: &[usize], values: &[f32]) -> Vec<u8> {
    let raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    array_of("numpy.core", shape, dtype("f4", "<"), false, bytes(&raw))
}

/// An array with all values equal.
pub fn filled(shape: &[usize], value: f32) -> Vec<u8> {
    array(shape, &vec![value; shape.iter().product()])
}

/// An array of fixed-length texts, as `np.array([...])` of strings gives.
pub fn unicode_array(shape: &[usize], texts: &[&str]) -> Vec<u8> {
    let width = texts.iter().map(|t| t.chars().count()).max().unwrap_or(0);
    let mut raw = Vec::new();
    for text in texts {
        let filling = std::iter::repeat('\0');
        for c in text.chars().chain(filling).take(width) {
            raw.extend(u32::from(c).to_le_bytes());
        }
    }
    array_of(
        "numpy._core",
        shape,
        dtype(&format!("U{width}"), "<"),
        false,
        bytes(&raw),
    )
}

/// A pickle with something of every kind, old and new instructions in one.
pub fn small_pickle() -> Vec<u8> {
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

/// A file of `tests/files/pickles`, which Python wrote.
pub fn python_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/files/pickles")
        .join(name)
}

/// The content of such a file.
pub fn python_pickle(name: &str) -> Vec<u8> {
    std::fs::read(python_file(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// A file with the given content in a folder of its own.
pub fn file(name: &str, content: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join(name);
    std::fs::write(&path, content).expect("a temporary file");
    (dir, path)
}

/// A file of the real corpora. `None`, with a loud line, where no folder is configured; a failed test where one is and
/// the file is not in it.
pub fn real_file(name: &str) -> Option<PathBuf> {
    file_in("MDM_DATA_DIR", name)
}

/// A file of the pretrained models, in the same way.
pub fn model_file(name: &str) -> Option<PathBuf> {
    file_in("MDM_MODELS_DIR", name)
}

fn file_in(variable: &str, name: &str) -> Option<PathBuf> {
    let Some(dir) = std::env::var_os(variable) else {
        // Not eprintln!, whose output the test harness keeps to itself when a test passes.
        let line =
            format!("NOT RUN: a test needs {name} in the folder {variable}, which is not set\n");
        std::io::stderr()
            .write_all(line.as_bytes())
            .expect("standard error is open");
        return None;
    };
    let path = PathBuf::from(dir).join(name);
    assert!(
        path.is_file(),
        "{variable} is set, but {} is not there",
        path.display()
    );
    Some(path)
}

/// An array in NumPy's format, row-major.
pub fn npy(descr: &str, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let lengths: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let header =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({lengths}), }}\n");
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

/// A row-major array of little-endian `f4` in NumPy's format.
pub fn npy_f32(shape: &[usize], values: &[f32]) -> Vec<u8> {
    let data: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    npy("<f4", shape, &data)
}

/// A NumPy archive.
pub fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = rawzip::ZipArchiveWriter::new(&mut bytes);
    for (name, array) in arrays {
        let (mut entry, config) = writer
            .new_file(format!("{name}.npy"))
            .start()
            .expect("the name is valid");
        let mut content = config.wrap(&mut entry);
        content.write_all(array).expect("memory takes it");
        let (_, descriptor) = content.finish().expect("memory takes it");
        entry.finish(descriptor).expect("memory takes it");
    }
    writer.finish().expect("memory takes it");
    bytes
}
