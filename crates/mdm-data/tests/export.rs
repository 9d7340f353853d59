//! Exports of a prepared store, byte by byte.

use std::fs;
use std::io::Read;
use std::path::Path;

use mdm_data::corpus::{Corpus, Emotions, Features, Modality, ModalityInfo, Utterance};
use mdm_data::export::{Format, TABLE, export};
use mdm_data::layout::{self, Layout};
use mdm_data::store::{self, FEATURES, SourceInfo};
use mdm_data::synthetic::{SyntheticConfig, generate};
use mdm_data::{Error, clean, samples};

fn corpus() -> Corpus {
    let info = |modality, dim| ModalityInfo { modality, dim };
    let mut corpus = Corpus::new(
        "tiny",
        vec![info(Modality::Audio, 2), info(Modality::Vision, 1)],
    );
    let utterance = |id: &str, words: &[&str], audio: &[f32], label| Utterance {
        id: id.into(),
        words: words.iter().map(|w| w.to_string()).collect(),
        features: vec![
            Features::new(2, audio.to_vec()),
            Features::new(1, vec![label]),
        ],
        label,
        ..Utterance::default()
    };
    corpus.train = vec![
        utterance("a", &["good", "été"], &[1.0, 2.0, 3.0, 4.0], 1.5),
        utterance("bc", &[], &[5.0, 6.0], -3.0),
    ];
    corpus.test = vec![utterance("d\"", &["<no>"], &[7.0, 8.0], 0.1)];
    corpus
}

fn with_emotions() -> Corpus {
    let mut corpus = corpus();
    for utterance in corpus.train.iter_mut().chain(&mut corpus.test) {
        utterance.emotions = Some(Emotions([3.0, 0.0, 0.5, 0.0, 1.0, 2.0]));
    }
    corpus
}

/// A folder with the corpus as `store` in it.
fn folder(corpus: &Corpus) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let source = SourceInfo {
        layout: Layout::Mag,
        file_name: "tiny.pkl".into(),
        sha256: "00".into(),
        bytes: 7,
        vectors: None,
    };
    let dir = folder.path().join("store");
    store::write(corpus, &source, &clean::count(corpus), &dir, false).unwrap();
    folder
}

/// Names and contents of the entries of a zip file.
fn entries(path: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = fs::read(path).unwrap();
    let archive = rawzip::ZipArchive::from_slice(&bytes).unwrap();
    let mut found = Vec::new();
    for entry in archive.entries() {
        let entry = entry.unwrap();
        assert_eq!(entry.compression_method(), rawzip::CompressionMethod::STORE);
        let name = String::from_utf8(entry.file_path().as_ref().to_vec()).unwrap();
        let packed = archive.get_entry(entry.wayfinder()).unwrap();
        let mut content = Vec::new();
        let mut reader = packed.verifying_reader(packed.data());
        reader.read_to_end(&mut content).unwrap();
        found.push((name, content));
    }
    found
}

/// An array as `numpy.save` writes it in version 1.0, for a header of less than 118 bytes.
fn npy(descr: &str, shape: &str, content: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    let header = format!("{header:<117}\n");
    [b"\x93NUMPY\x01\x00\x76\x00", header.as_bytes(), content].concat()
}

fn floats(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

fn utf32(texts: &[&str]) -> Vec<u8> {
    let chars = texts.iter().flat_map(|text| text.chars());
    chars.flat_map(|c| u32::from(c).to_le_bytes()).collect()
}

#[test]
fn an_archive_holds_padded_arrays() {
    let folder = folder(&corpus());
    let path = folder.path().join("with/parents/tiny.npz");
    export(&folder.path().join("store"), Format::Npz, &path, false).unwrap();
    let found = entries(&path);
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    let of_split = [
        "audio",
        "audio_lengths",
        "vision",
        "vision_lengths",
        "labels",
        "ids",
        "words",
    ];
    let expected =
        ["train", "valid", "test"].map(|split| of_split.map(|n| format!("{split}.{n}.npy")));
    assert_eq!(names, expected.concat());

    let two = |lengths: [i64; 2]| lengths.map(i64::to_le_bytes).concat();
    let expected = [
        npy(
            "<f4",
            "(2, 2, 2)",
            &floats(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.0, 0.0]),
        ),
        npy("<i8", "(2,)", &two([2, 1])),
        npy("<f4", "(2, 1, 1)", &floats(&[1.5, -3.0])),
        npy("<i8", "(2,)", &two([1, 1])),
        npy("<f4", "(2,)", &floats(&[1.5, -3.0])),
        npy("<U2", "(2,)", &utf32(&["a\0", "bc"])),
        npy("<U8", "(2,)", &utf32(&["good été", "\0\0\0\0\0\0\0\0"])),
        npy("<f4", "(0, 1, 2)", &[]),
        npy("<i8", "(0,)", &[]),
        npy("<f4", "(0, 1, 1)", &[]),
        npy("<i8", "(0,)", &[]),
        npy("<f4", "(0,)", &[]),
        npy("<U1", "(0,)", &[]),
        npy("<U1", "(0,)", &[]),
    ];
    for ((name, content), expected) in found.iter().zip(&expected) {
        assert!(
            content == expected,
            "{name}: {}",
            String::from_utf8_lossy(content)
        );
    }
    // Another reader of the format agrees.
    let sampled = samples::read(&path, &["train.audio".to_owned()]).unwrap();
    assert_eq!(sampled[0].values, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.0, 0.0]);
}

#[test]
fn emotions_stand_beside_the_sentiment() {
    let folder = folder(&with_emotions());
    let store = folder.path().join("store");
    let path = folder.path().join("tiny.npz");
    export(&store, Format::Npz, &path, false).unwrap();
    let found = entries(&path);
    let content = |name: &str| &found.iter().find(|(n, _)| n == name).unwrap().1;
    let row = [0.1, 3.0, 0.0, 0.5, 0.0, 1.0, 2.0];
    assert_eq!(
        content("test.labels.npy"),
        &npy("<f4", "(1, 7)", &floats(&row))
    );
    assert_eq!(content("valid.labels.npy"), &npy("<f4", "(0, 7)", &[]));

    let dir = folder.path().join("out");
    export(&store, Format::Safetensors, &dir, false).unwrap();
    let table = fs::read_to_string(dir.join(TABLE)).unwrap();
    let emotions = r#""emotions":{"happiness":3.0,"sadness":0.0,"anger":0.5,"surprise":0.0,"disgust":1.0,"fear":2.0}"#;
    assert_eq!(table.matches(emotions).count(), 3, "{table}");
}

/// Four modalities of other lengths each.
fn with_physiology() -> Corpus {
    let config = SyntheticConfig {
        train: 5,
        valid: 2,
        test: 3,
        dims: vec![3, 2, 2, 4],
        emotions: true,
        ..Default::default()
    };
    let mut corpus = generate(&config).unwrap().corpus;
    for utterance in &mut corpus.train {
        utterance.features[3] = Features::new(4, vec![1.5; 4 * (1 + utterance.words.len() / 2)]);
    }
    // An archive has the name of its file.
    corpus.name = "tiny".into();
    corpus
}

#[test]
fn four_modalities_go_through_a_store() {
    let corpus = with_physiology();
    let folder = folder(&corpus);
    let (read, manifest) = store::read(&folder.path().join("store")).unwrap();
    assert_eq!(read, corpus);
    let modalities: Vec<&str> = manifest
        .modalities
        .iter()
        .map(|m| m.modality.name())
        .collect();
    assert_eq!(modalities, ["language", "audio", "vision", "physiology"]);
}

#[test]
fn an_archive_is_a_source_again() {
    for corpus in [corpus(), with_emotions(), with_physiology()] {
        let folder = folder(&corpus);
        let path = folder.path().join("tiny.npz");
        export(&folder.path().join("store"), Format::Npz, &path, false).unwrap();
        assert_eq!(layout::read(Layout::Npz, &path).unwrap(), corpus);
    }
}

#[test]
fn safetensors_come_with_a_line_for_each_utterance() {
    let folder = folder(&corpus());
    let store = folder.path().join("store");
    let dir = folder.path().join("out");
    export(&store, Format::Safetensors, &dir, false).unwrap();
    let read = |path: &Path| fs::read(path.join(FEATURES)).unwrap();
    assert_eq!(read(&store), read(&dir));
    let expected = r#"{"id":"a","split":"train","words":["good","été"],"label":1.5,"offsets":{"audio":0,"vision":0},"steps":{"audio":2,"vision":1}}
{"id":"bc","split":"train","words":[],"label":-3.0,"offsets":{"audio":2,"vision":1},"steps":{"audio":1,"vision":1}}
{"id":"d\"","split":"test","words":["<no>"],"label":0.1,"offsets":{"audio":0,"vision":0},"steps":{"audio":1,"vision":1}}
"#;
    assert_eq!(fs::read_to_string(dir.join(TABLE)).unwrap(), expected);
}

#[test]
fn an_export_is_replaced_on_request_and_a_store_never() {
    let folder = folder(&corpus());
    let store = folder.path().join("store");
    for format in Format::ALL {
        assert_eq!(format.to_string().parse::<Format>().unwrap(), format);
        let output = folder.path().join(format.name());
        let bytes = || match format {
            Format::Npz => fs::read(&output).unwrap(),
            _ => fs::read(output.join(TABLE)).unwrap(),
        };
        export(&store, format, &output, false).unwrap();
        let first = bytes();
        let refused = export(&store, format, &output, false);
        assert!(matches!(refused, Err(Error::OutputExists { .. })));
        export(&store, format, &output, true).unwrap();
        assert_eq!(bytes(), first);
        let refused = export(&store, format, &store, true);
        assert!(matches!(refused, Err(Error::OutputExists { .. })));
    }
    store::verify(&store).unwrap();
    assert!(
        "hdf5"
            .parse::<Format>()
            .unwrap_err()
            .to_string()
            .contains("npz, safetensors")
    );
}

#[test]
fn a_damaged_store_is_not_exported() {
    let folder = folder(&corpus());
    let store = folder.path().join("store");
    let mut bytes = fs::read(store.join(FEATURES)).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(store.join(FEATURES), bytes).unwrap();
    for format in Format::ALL {
        let error = export(&store, format, &folder.path().join("out"), false).unwrap_err();
        assert!(error.to_string().contains("SHA-256"), "{error}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
