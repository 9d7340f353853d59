//! `mdm data` on small corpora.

mod common;

use std::fs;

use common::{corpus, mdm, stderr, stdout, succeeds, write_store};
use mdm_data::layout::Layout;

#[test]
fn the_help_lists_every_layout() {
    let output = mdm(["data", "prepare", "--help"]);
    succeeds(&output);
    let help = stdout(&output);
    for layout in Layout::ALL {
        let is_there = help
            .lines()
            .filter(|line| line.starts_with("Layouts of"))
            .any(|line| {
                let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '-');
                words.any(|word| word == layout.name())
            });
        assert!(is_there, "{layout} is not in: {help}");
    }
}

#[test]
fn transcripts_become_a_store_with_vectors() {
    let folder = tempfile::tempdir().unwrap();
    let tables = folder.path().join("tables");
    fs::create_dir(&tables).unwrap();
    for (split, rows) in [
        ("train", "a\tGood film\t2\n"),
        ("dev", "b\tbad\t-1\n"),
        ("test", "c\t\t0\n"),
    ] {
        let table = format!("id\ttext\tlabel\n{rows}");
        fs::write(tables.join(format!("{split}.tsv")), table).unwrap();
    }
    let glove = folder.path().join("glove.txt");
    fs::write(&glove, "good 1 2\nbad 3 4\n").unwrap();
    let [words, vectors] = ["words", "vectors"].map(|name| folder.path().join(name));
    let paths = [&tables, &words, &vectors, &glove].map(|path| path.to_str().unwrap());
    let [tables, words, vectors, glove] = paths;

    let output = mdm(["data", "prepare", "--input", tables, "--output", words]);
    succeeds(&output);
    let said = "layout tsv, from its content";
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
    let printed = stdout(&output);
    assert!(
        printed.contains("test: utterances without words: 1, for instance c"),
        "{printed}"
    );
    succeeds(&mdm(["data", "verify", words]));

    // From store to store, this time with vectors.
    let output = mdm([
        "data", "prepare", "--input", words, "--output", vectors, "--glove", glove,
    ]);
    succeeds(&output);
    assert!(
        stderr(&output).contains("layout store"),
        "{}",
        stderr(&output)
    );
    let output = mdm(["data", "inspect", vectors]);
    succeeds(&output);
    assert!(
        stdout(&output).contains("language 2"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn a_source_is_inspected_as_its_store_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut with_nan = corpus();
    with_nan.test[0].features[0].data_mut()[0] = f32::NAN;
    let store = folder.path().join("small");
    write_store(&with_nan, &store);
    let output = mdm(["data", "inspect", store.to_str().unwrap(), "--json"]);
    succeeds(&output);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let warning = &summary["warnings"][0];
    assert_eq!(
        (&warning["kind"], &warning["example"]),
        (&"not_finite".into(), &"test-0".into())
    );

    let tables = folder.path().join("tables");
    fs::create_dir(&tables).unwrap();
    for split in ["train", "valid", "test"] {
        fs::write(
            tables.join(format!("{split}.tsv")),
            "id\ttext\tlabel\na_1\tx\t4\n",
        )
        .unwrap();
    }
    let output = mdm(["data", "inspect", tables.to_str().unwrap()]);
    succeeds(&output);
    let printed = stdout(&output);
    assert!(
        printed.contains("ids in more than one split: 1"),
        "{printed}"
    );
    assert!(
        printed.contains("valid: labels outside [-3, 3]: 1"),
        "{printed}"
    );
}
