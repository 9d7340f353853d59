//! The real corpora, where the folder `MDM_DATA_DIR` holds them.

mod common;

use std::fs;

use common::real_file;
use mdm_data::corpus::{Corpus, Modality, Split};
use mdm_data::glove::{self, WordVectors};
use mdm_data::layout::{self, Layout};
use mdm_data::pickle::{self, Limits, View};
use mdm_data::store::{self, FEATURES, MANIFEST, PrepareOptions, UTTERANCES};
use mdm_data::{clean, inspect};

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
fn a_pickle_found_in_the_wild_is_read() {
    let Some(path) = real_file("mosi/mosi_conversations_wild.pkl") else {
        return;
    };
    let bytes = fs::read(path).unwrap();
    let pickle = pickle::parse(&bytes, Limits::default()).unwrap();
    let items = pickle.items(pickle.root()).unwrap();
    assert_eq!(items.len(), 7);
    let ids = pickle.entry(items[0], "03bSnISJMiM").unwrap();
    assert_eq!(pickle.texts(ids).unwrap().data[0], "03bSnISJMiM_1");
    let labels = pickle.entry(items[1], "03bSnISJMiM").unwrap();
    let labels = pickle.numbers(labels).unwrap();
    assert_eq!((labels.shape, labels.data[0]), (vec![13], 2.4));
    let sentences = pickle.entry(items[3], "03bSnISJMiM").unwrap();
    assert!(
        pickle
            .texts(sentences)
            .unwrap()
            .data
            .iter()
            .all(|s| !s.is_empty())
    );
    let lists = items[4..].iter().map(|&split| match pickle.view(split) {
        View::List(videos) => videos.len(),
        _ => 0,
    });
    assert_eq!(lists.collect::<Vec<_>>(), [52, 10, 31]);
}
