//! Word-vector files of any content: vectors or a typed error, never a panic.

use std::path::Path;

use mdm_data::Error;
use mdm_data::glove::WordVectors;
use proptest::prelude::*;

const WHOLE: &str = "2 3\ngood 0.1 -0.2 0.3\nfilm 1e3 2 -3.5\n. . 0.5 0.5 0.5\n";

/// Reads it in both ways; an error names the file.
fn read(content: &[u8]) -> Option<WordVectors> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("glove.txt");
    std::fs::write(&path, content).unwrap();
    let some = WordVectors::read_words(&path, ["good", "été"]);
    let all = WordVectors::read(&path);
    for error in some.err().iter().chain(all.as_ref().err()) {
        assert!(names(error, &path), "{error}");
    }
    all.ok()
}

fn names(error: &Error, path: &Path) -> bool {
    error.to_string().contains(&path.display().to_string())
}

#[test]
fn the_whole_file_is_read() {
    assert_eq!(
        read(WHOLE.as_bytes()).unwrap().get("film").unwrap(),
        [1e3, 2.0, -3.5]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes(content in proptest::collection::vec(any::<u8>(), 0..200)) {
        read(&content);
    }

    #[test]
    fn lines_that_nearly_hold_vectors(lines in proptest::collection::vec("[a-z ]{0,4}( -?[0-9.e]{0,5}){0,4}", 0..6)) {
        if let Some(vectors) = read(lines.join("\n").as_bytes()) {
            prop_assert!(vectors.dim() > 0);
        }
    }

    #[test]
    fn a_byte_changed_anywhere(place in 0..WHOLE.len(), value in any::<u8>()) {
        let mut content = WHOLE.as_bytes().to_vec();
        content[place] = value;
        read(&content);
    }
}
