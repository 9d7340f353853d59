//! The real corpora, where the folder `MDM_DATA_DIR` holds them.

mod common;

use std::fs;

use common::real_file;
use mdm_data::corpus::{Corpus, Modality, Split};
use mdm_data::glove::{self, WordVectors};
use mdm_data::layout::{self, Layout};
use mdm_data::store::{self, FEATURES, MANIFEST, PrepareOptions, UTTERANCES};
use mdm_data::{clean, inspect};
use sha2::{Digest, Sha256};

/// What a corpus holds, in figures that NumPy gave for the same files.
struct Figures {
    /// Sums of the labels, by split.
    labels: [f64; 3],
    words: [usize; 3],
    /// Frames of each modality, by split.
    steps: [&'static [usize]; 3],
    digest: &'static str,
}

fn check(corpus: &Corpus, expected: &Figures) {
    let labels = Split::ALL.map(|split| {
        let labels = corpus.split(split).iter().map(|u| f64::from(u.label));
        labels.sum::<f64>()
    });
    for (sum, expected) in labels.iter().zip(expected.labels) {
        assert!((sum - expected).abs() < 1e-9, "{labels:?}");
    }
    let words = |split| {
        corpus
            .split(split)
            .iter()
            .map(|u| u.words.len())
            .sum::<usize>()
    };
    assert_eq!(Split::ALL.map(words), expected.words);
    for (split, expected) in Split::ALL.into_iter().zip(expected.steps) {
        let steps = |m: usize| -> usize {
            let utterances = corpus.split(split).iter();
            utterances.map(|u| u.features[m].steps()).sum()
        };
        let steps: Vec<usize> = (0..corpus.modalities.len()).map(steps).collect();
        assert_eq!(steps, expected, "{split}");
    }
    assert_eq!(digest(corpus), expected.digest);
}

/// SHA-256 over all utterances, split by split: the id and a line feed, the words with spaces between and a line feed,
/// the label as `f32`, and for each modality the number of frames as `u32` and their values as `f32`; little-endian.
fn digest(corpus: &Corpus) -> String {
    let mut hash = Sha256::new();
    for (_, utterance) in corpus.utterances() {
        hash.update(format!("{}\n{}\n", utterance.id, utterance.words.join(" ")));
        hash.update(utterance.label.to_le_bytes());
        for features in &utterance.features {
            hash.update((features.steps() as u32).to_le_bytes());
            for value in features.data() {
                hash.update(value.to_le_bytes());
            }
        }
    }
    let bytes = hash.finalize();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sizes(corpus: &Corpus) -> [usize; 3] {
    Split::ALL.map(|split| corpus.split(split).len())
}

/// Prepares a file twice: the store holds what the reader gives, and both stores have the same bytes.
fn prepare_twice(layout: Layout, path: &std::path::Path) -> Corpus {
    let folder = tempfile::tempdir().unwrap();
    let outputs = ["one", "two"].map(|name| folder.path().join(name));
    for output in &outputs {
        store::prepare(layout, path, output, &PrepareOptions::default()).unwrap();
    }
    for part in [MANIFEST, UTTERANCES, FEATURES] {
        let [one, two] = [&outputs[0], &outputs[1]].map(|dir| fs::read(dir.join(part)).unwrap());
        assert!(one == two, "{part} differs");
    }
    let mut direct = layout::read(layout, path).unwrap();
    let report = clean::clean(&mut direct);
    let (stored, manifest) = store::read(&outputs[0]).unwrap();
    assert!(
        stored == direct,
        "the store holds something else than the file"
    );
    assert_eq!(manifest.replaced, report);
    store::verify(&outputs[0]).unwrap();
    println!("{}", inspect::inspect(&stored, Some(&manifest.replaced)));
    stored
}

#[test]
fn mosi_in_the_mag_layout() {
    let Some(path) = real_file("mosi/mosi_mag_layout.pkl") else {
        return;
    };
    check(
        &layout::read(Layout::Mag, &path).unwrap(),
        &Figures {
            labels: [301.0833344012499, 70.88333255052567, -217.44999919831753],
            words: [15513, 2577, 9533],
            steps: [&[15513, 15513], &[2577, 2577], &[9533, 9533]],
            digest: "cb54d98a257135978dcb5d8057ee07648c340f04deb69c56233bab0b95718839",
        },
    );
    let mut corpus = prepare_twice(Layout::Mag, &path);
    assert_eq!(sizes(&corpus), [1284, 229, 686]);
    assert_eq!(corpus.dims(), [73, 6]);
    assert!(corpus.is_aligned());
    let first = &corpus.train[0];
    assert_eq!((first.id.as_str(), first.label), ("03bSnISJMiM[11]", -0.5));
    assert_eq!(first.words, ["a", "lot", "of", "sad", "parts"]);
    assert_eq!(first.features[1].row(0)[0], 0.33);

    // The class counts that spec.md gives for the labels of the test split.
    let summary = inspect::inspect(&corpus, None);
    assert_eq!(
        summary.splits[2].label_histogram,
        [46, 156, 145, 106, 113, 100, 20]
    );
    let mean = summary.splits[0].labels.unwrap().mean;
    assert!((mean - 0.234).abs() < 5e-4, "{mean}");

    let Some(path) = real_file("glove/glove.6B.50d.mosi_mosei.txt") else {
        return;
    };
    let vectors = WordVectors::read(&path).unwrap();
    assert_eq!((vectors.dim(), vectors.len()), (50, 18_765));
    let report = glove::embed(&mut corpus, &vectors).unwrap();
    assert_eq!(corpus.dims(), [50, 73, 6]);
    assert!(corpus.is_aligned());
    assert!(report.found * 100 > report.words * 95, "{report}");
    let only_needed = WordVectors::read_for(&path, &corpus).unwrap();
    assert!(only_needed.len() < vectors.len());
    let embedded = corpus.clone();
    assert_eq!(glove::embed(&mut corpus, &only_needed).unwrap(), report);
    assert!(corpus == embedded);
}

#[test]
fn mmmo_in_the_mult_layout() {
    let Some(path) = real_file("mmmo/mmmo_mult_layout.pkl") else {
        return;
    };
    // No utterance is without text, so MultiBench's rule leaves none out.
    for layout in [Layout::Mult, Layout::MultiBench] {
        check(
            &layout::read(layout, &path).unwrap(),
            &Figures {
                labels: [27.5, 20.0, 19.5],
                words: [0; 3],
                steps: [&[1114; 3], &[358; 3], &[752; 3]],
                digest: "03f41becb1a16c9258557ae3cb5c78697ec1c687f6040525c129a966a1709d6f",
            },
        );
    }
    let corpus = prepare_twice(Layout::Mult, &path);
    assert_eq!(sizes(&corpus), [60, 20, 40]);
    assert_eq!(corpus.dims(), [300, 74, 36]);
    assert!(corpus.is_aligned());
    assert_eq!(corpus.train[0].id, "mmmo_test_0");
    // Left-padded by three steps, not padded, right-padded by seven.
    let steps = |utterance: &mdm_data::Utterance| utterance.features[0].steps();
    assert_eq!((steps(&corpus.train[0]), steps(&corpus.train[1])), (17, 20));
    assert_eq!(steps(&corpus.valid[2]), 13);
    assert!(
        corpus
            .utterances()
            .all(|(_, u)| u.words.is_empty() && (-2.0..=2.0).contains(&u.label))
    );
}

#[test]
fn mosi_in_the_mmsa_layout() {
    let Some(path) = real_file("mosi/mosi_mmsa_layout.pkl") else {
        return;
    };
    check(
        &layout::read(Layout::Mmsa, &path).unwrap(),
        &Figures {
            labels: [141.63333377242088, 22.83333322405815, 8.000000640749931],
            words: [2800, 654, 1608],
            steps: [&[2799, 240, 2799], &[656, 60, 656], &[1610, 120, 1610]],
            digest: "c03aa7530d1ae5159607e9b799c192715d5ef7550090146667b8f7d234db0f0f",
        },
    );
    let corpus = prepare_twice(Layout::Mmsa, &path);
    assert_eq!(sizes(&corpus), [240, 60, 120]);
    assert_eq!(corpus.dims(), [50, 73, 6]);
    let report = clean::clean(&mut layout::read(Layout::Mmsa, &path).unwrap());
    assert_eq!(report.total(), 1);
    assert_eq!(
        report
            .get(Split::Train, Modality::Audio)
            .unwrap()
            .negative_infinite,
        1
    );
    let first = &corpus.train[0];
    assert_eq!(first.id, "03bSnISJMiM$_$11");
    assert_eq!(first.words, ["A", "LOT", "OF", "SAD", "PARTS"]);
    // Audio is one frame; text and vision have the same words, also where the last one has no vector.
    for (_, utterance) in corpus.utterances() {
        let steps: Vec<usize> = utterance.features.iter().map(|f| f.steps()).collect();
        assert_eq!((steps[0], steps[1]), (steps[2], 1), "{}", utterance.id);
    }
}

#[test]
fn the_same_utterance_agrees_between_layouts() {
    let Some(mag) = real_file("mosi/mosi_mag_layout.pkl") else {
        return;
    };
    let Some(mmsa) = real_file("mosi/mosi_mmsa_layout.pkl") else {
        return;
    };
    let mag = layout::read(Layout::Mag, &mag).unwrap();
    let mut mmsa = layout::read(Layout::Mmsa, &mmsa).unwrap();
    clean::clean(&mut mmsa);
    let mut compared = 0;
    for (split, utterance) in mmsa.utterances() {
        let id = format!("{}]", utterance.id.replace("$_$", "["));
        let same = mag
            .split(split)
            .iter()
            .find(|u| u.id == id)
            .unwrap_or_else(|| panic!("{id}"));
        assert_eq!(same.label, utterance.label, "{id}");
        if same.features[1] == utterance.features[2] {
            compared += 1;
        }
    }
    // All but the few that were cut at 50 steps.
    assert!(compared >= 410, "{compared} of 420");
}

#[test]
fn mosi_by_conversation_from_the_wild() {
    let Some(path) = real_file("mosi/mosi_conversations_wild.pkl") else {
        return;
    };
    let corpus = layout::read(Layout::Conversations, &path).unwrap();
    assert_eq!(sizes(&corpus), [1284, 229, 686]);
    assert!(corpus.modalities.is_empty());
    check(
        &corpus,
        &Figures {
            labels: [301.0833344012499, 70.88333255052567, -217.44999919831753],
            words: [15473, 2557, 9510],
            steps: [&[], &[], &[]],
            digest: "be9e6a66ec1d95487bc784fd2e41d01829f91b401db20c3930621c6137dd6623",
        },
    );
    let first = &corpus.train[0];
    assert_eq!((first.id.as_str(), first.label), ("03bSnISJMiM_1", 2.4));
    assert_eq!(first.words, ["ANYHOW", "IT", "WAS", "REALLY", "GOOD"]);

    // Another source of the same labels.
    let Some(mag) = real_file("mosi/mosi_mag_layout.pkl") else {
        return;
    };
    let mag = layout::read(Layout::Mag, &mag).unwrap();
    for (split, utterance) in corpus.utterances() {
        let (video, number) = utterance.id.rsplit_once('_').unwrap();
        let id = format!("{video}[{number}]");
        let same = mag.split(split).iter().find(|u| u.id == id);
        assert_eq!(same.map(|u| u.label), Some(utterance.label), "{id}");
    }
}

#[test]
fn a_file_in_another_layout_says_what_it_lacks() {
    let cases = [
        (
            "mosi/mosi_mag_layout.pkl",
            Layout::Mult,
            "split train, field text: expected the field",
        ),
        (
            "mosi/mosi_mag_layout.pkl",
            Layout::Misa,
            "expected (word_ids, vision, audio, words)",
        ),
        (
            "mmmo/mmmo_mult_layout.pkl",
            Layout::Mag,
            "split train: expected a list of records",
        ),
        (
            "mmmo/mmmo_mult_layout.pkl",
            Layout::Mmsa,
            "field regression_labels: expected the field",
        ),
        (
            "mosi/mosi_mmsa_layout.pkl",
            Layout::MultiBench,
            "field labels: expected the field",
        ),
        (
            "mosi/mosi_mmsa_layout.pkl",
            Layout::Conversations,
            "expected a list of 7",
        ),
        (
            "mosi/mosi_conversations_wild.pkl",
            Layout::Mag,
            "expected a dict with the split train",
        ),
    ];
    for (name, layout, expected) in cases {
        let Some(path) = real_file(name) else {
            return;
        };
        let message = layout::read(layout, &path).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
}

/// Every vector, in the order of the words' bytes.
#[test]
fn word_vectors_of_both_widths() {
    for (name, words, sum, expected) in [
        (
            "glove/glove.6B.50d.mosi_mosei.txt",
            18_765,
            22_562.337,
            "ea0ca7cda24ffe804f89a3ee3ed40e6e7b8affada95a1381b4fbd5b19d95c9ed",
        ),
        (
            "glove/glove.6B.100d.mosi_mosei.txt",
            18_354,
            -11_164.372,
            "b1ef926bce0f182b6ac40ede04459d91ae1c07bd3cdbe0d11561bc54bfafaca6",
        ),
    ] {
        let Some(path) = real_file(name) else {
            return;
        };
        let vectors = WordVectors::read(&path).unwrap();
        assert_eq!(vectors.len(), words);
        let text = fs::read_to_string(&path).unwrap();
        let mut words: Vec<&str> = text
            .lines()
            .map(|line| line.split(' ').next().unwrap())
            .collect();
        words.sort_unstable();
        let (mut hash, mut found) = (Sha256::new(), 0.0);
        for vector in words.iter().map(|word| vectors.get(word).unwrap()) {
            for &value in vector {
                hash.update(value.to_le_bytes());
                found += f64::from(value);
            }
        }
        assert!((found - sum).abs() < 1e-3, "{name}: {found}");
        let digest: String = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(digest, expected, "{name}");
    }
}
