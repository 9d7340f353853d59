//! Pickles that mean harm, in `tests/files/hostile`: each gives a typed error or is harmless, and nothing runs.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use mdm_data::Error;
use mdm_data::layout::{self, Layout};
use mdm_data::pickle::{Limits, Pickle, PickleError, View, parse};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/hostile")
}

fn hostile(name: &str) -> Vec<u8> {
    fs::read(folder().join(format!("{name}.pkl"))).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn error(name: &str) -> PickleError {
    parse(&hostile(name), Limits::default()).expect_err("the pickle should be refused")
}

/// A test for each file, and a list of them all.
macro_rules! files {
    (
        refused { $($refused:ident $file:literal => $error:pat,)+ }
        harmless { $($harmless:ident $name:literal,)+ }
    ) => {
        $(
            #[test]
            fn $refused() {
                let error = error($file);
                assert!(matches!(error, $error), "{error}");
            }
        )+
        $(
            #[test]
            fn $harmless() {
                let bytes = hostile($name);
                let pickle = parse(&bytes, Limits::default()).unwrap_or_else(|e| panic!("{e}"));
                harmless::$harmless(&pickle);
            }
        )+
        const FILES: &[&str] = &[$($file,)+ $($name),+];
    };
}

files! {
    refused {
    os_system "os-system" => PickleError::ForbiddenGlobal { .. },
    posix_system "posix-system" => PickleError::ForbiddenGlobal { .. },
    nt_system "nt-system" => PickleError::ForbiddenGlobal { .. },
    builtins_eval "builtins-eval" => PickleError::ForbiddenGlobal { .. },
    builtins_eval_python2 "builtins-eval-python2" => PickleError::ForbiddenGlobal { .. },
    builtins_getattr "builtins-getattr" => PickleError::ForbiddenGlobal { .. },
    subprocess_popen "subprocess-popen" => PickleError::ForbiddenGlobal { .. },
    importlib_import "importlib-import" => PickleError::ForbiddenGlobal { .. },
    inst_instruction "inst-instruction" => PickleError::ForbiddenGlobal { .. },
    obj_instruction "obj-instruction" => PickleError::ForbiddenGlobal { .. },
    newobj_instruction "newobj-instruction" => PickleError::ForbiddenGlobal { .. },
    newobj_ex_instruction "newobj-ex-instruction" => PickleError::Unsupported { .. },
    name_without_a_call "name-without-a-call" => PickleError::ForbiddenGlobal { .. },
    name_in_a_dict "name-in-a-dict" => PickleError::ForbiddenGlobal { .. },
    numpy_load "numpy-load" => PickleError::ForbiddenGlobal { .. },
    numpy_fromfile "numpy-fromfile" => PickleError::ForbiddenGlobal { .. },
    dotted_name "dotted-name" => PickleError::ForbiddenGlobal { .. },
    codecs_decode "codecs-decode" => PickleError::ForbiddenGlobal { .. },
    codecs_encode_zlib "codecs-encode-zlib" => PickleError::Unsupported { .. },
    terminal_escape_in_name "terminal-escape-in-name" => PickleError::ForbiddenGlobal { .. },
    endless_name "endless-name" => PickleError::Malformed { .. },
    call_of_a_text "call-of-a-text" => PickleError::Malformed { .. },
    call_of_a_call "call-of-a-call" => PickleError::Malformed { .. },
    state_for_a_list "state-for-a-list" => PickleError::Malformed { .. },
    state_for_a_class "state-for-a-class" => PickleError::Malformed { .. },
    dtype_of_a_dict "dtype-of-a-dict" => PickleError::Malformed { .. },
    persistent_id "persistent-id" => PickleError::Unsupported { .. },
    extension_code "extension-code" => PickleError::Unsupported { .. },
    buffer_elsewhere "buffer-elsewhere" => PickleError::Unsupported { .. },
    ndarray_of_length "ndarray-of-length" => PickleError::Malformed { .. },
    bytearray_of_length "bytearray-of-length" => PickleError::Malformed { .. },
    builtins_bytes_of_length "builtins-bytes-of-length" => PickleError::Malformed { .. },
    shape_of_2_40 "shape-of-2-40" => PickleError::Malformed { .. },
    shape_that_overflows "shape-that-overflows" => PickleError::Malformed { .. },
    shape_below_zero "shape-below-zero" => PickleError::Malformed { .. },
    shape_of_65_axes "shape-of-65-axes" => PickleError::Malformed { .. },
    dtype_of_2_40_bytes "dtype-of-2-40-bytes" => PickleError::Malformed { .. },
    dtype_that_overflows "dtype-that-overflows" => PickleError::Malformed { .. },
    length_of_2_64 "length-of-2-64" => PickleError::Limit { .. },
    length_beyond_the_end "length-beyond-the-end" => PickleError::Truncated { needed: 0x7fff_ffff, .. },
    integer_of_2_31_bytes "integer-of-2-31-bytes" => PickleError::Truncated { .. },
    frame_beyond_the_end "frame-beyond-the-end" => PickleError::Truncated { .. },
    open_marks "open-marks" => PickleError::Limit { limit: 1000, .. },
    mark_taken_twice "mark-taken-twice" => PickleError::Malformed { .. },
    memo_that_is_empty "memo-that-is-empty" => PickleError::Malformed { .. },
    key_without_value "key-without-value" => PickleError::Malformed { .. },
    unknown_instruction "unknown-instruction" => PickleError::UnknownOpcode { opcode: 0xfe, offset: 2 },
    protocol_6 "protocol-6" => PickleError::Unsupported { .. },
    nothing "nothing" => PickleError::Malformed { .. },
    no_stop "no-stop" => PickleError::Truncated { .. },
    }
    harmless {
    billion_laughs "billion-laughs",
    list_in_itself "list-in-itself",
    array_in_itself "array-in-itself",
    deep_tuples "deep-tuples",
    deep_lists "deep-lists",
    elements_of_no_bytes "elements-of-no-bytes",
    objects_added_later "objects-added-later",
    memo_number_of_2_32 "memo-number-of-2-32",
    }
}

/// What the harmless ones hold.
mod harmless {
    use super::*;

    /// The root is a list of so many, none of which is a number or a text.
    fn list(pickle: &Pickle<'_>, length: usize) {
        let root = pickle.root();
        assert!(matches!(pickle.view(root), View::List(items) if items.len() == length));
        assert_eq!(pickle.describe(root), format!("a list of {length}"));
        assert!(matches!(
            pickle.numbers(root),
            Err(PickleError::Type { .. })
        ));
        assert!(matches!(pickle.texts(root), Err(PickleError::Type { .. })));
    }

    pub fn billion_laughs(pickle: &Pickle<'_>) {
        list(pickle, 10);
    }

    pub fn list_in_itself(pickle: &Pickle<'_>) {
        list(pickle, 2);
    }

    pub fn array_in_itself(pickle: &Pickle<'_>) {
        let root = pickle.root();
        assert_eq!(pickle.describe(root), "an array (1,) of object");
        assert!(matches!(
            pickle.numbers(root),
            Err(PickleError::Type { .. })
        ));
        assert!(matches!(pickle.text(root), Err(PickleError::Type { .. })));
    }

    pub fn deep_tuples(pickle: &Pickle<'_>) {
        assert_eq!(pickle.describe(pickle.root()), "a tuple of 1");
    }

    pub fn deep_lists(pickle: &Pickle<'_>) {
        list(pickle, 1);
    }

    pub fn elements_of_no_bytes(pickle: &Pickle<'_>) {
        let root = pickle.root();
        assert!(matches!(pickle.texts(root), Err(PickleError::Limit { .. })));
        assert!(matches!(
            pickle.numbers(root),
            Err(PickleError::Limit { .. })
        ));
    }

    pub fn objects_added_later(pickle: &Pickle<'_>) {
        let array = pickle.items(pickle.root()).unwrap()[0];
        assert_eq!(pickle.describe(array), "an array (0,) of object");
        assert!(matches!(
            pickle.numbers(array),
            Err(PickleError::Type { .. })
        ));
        assert!(matches!(pickle.texts(array), Err(PickleError::Type { .. })));
    }

    pub fn memo_number_of_2_32(pickle: &Pickle<'_>) {
        assert!(matches!(pickle.view(pickle.root()), View::None));
    }
}

#[test]
fn every_file_has_a_test_and_a_row_in_the_table() {
    let named: BTreeSet<String> = FILES.iter().map(|name| format!("{name}.pkl")).collect();
    let there: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".pkl"))
        .collect();
    assert_eq!(named, there);
    let table = fs::read_to_string(folder().join("README.md")).unwrap();
    for name in FILES {
        assert!(table.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn no_layout_reads_any_of_them_and_nothing_runs() {
    let layouts = [
        Layout::Mag,
        Layout::Misa,
        Layout::Mult,
        Layout::MultiBench,
        Layout::Mmsa,
        Layout::Conversations,
    ];
    for name in FILES {
        let path = folder().join(format!("{name}.pkl"));
        for layout in layouts {
            let error = layout::read(layout, &path).expect_err(name);
            assert!(
                matches!(error, Error::Pickle { .. } | Error::Content(_)),
                "{error}"
            );
            let message = error.to_string();
            assert!(message.contains(name) && message.len() < 1000, "{message}");
        }
    }
    // The command in those that have one is `touch` with this name.
    assert!(!Path::new("hostile-pickle-ran").exists());
}

#[test]
fn the_message_names_what_was_asked_for_and_where() {
    let message = error("posix-system").to_string();
    assert!(message.contains("posix.system at byte 2"), "{message}");
    assert!(message.contains("nothing was run"), "{message}");
    let message = error("terminal-escape-in-name").to_string();
    assert!(message.contains("\\u{1b}[2Jos.sys\\u{7}tem"), "{message}");
    assert!(!message.contains(char::is_control), "{message}");
}
