//! The distributions of the real corpora, against figures that NumPy gave for the same files.

mod common;

use common::real_file;
use mdm_data::clean;
use mdm_data::corpus::{Modality, Split};
use mdm_data::inspect::{Distributions, FeatureSummary, typical};
use mdm_data::layout::{self, Layout};

fn feature(distributions: &Distributions, modality: Modality, place: usize) -> &FeatureSummary {
    let mut features = distributions.features.iter();
    features
        .find(|f| (f.modality, f.feature) == (modality, place))
        .unwrap()
}

/// Lowest, quartiles and highest, as `numpy.percentile(x, [0, 25, 50, 75, 100])`.
fn five(feature: &FeatureSummary) -> [f32; 5] {
    let range = feature.range.unwrap();
    [
        range.min,
        range.lower_quartile,
        range.median,
        range.upper_quartile,
        range.max,
    ]
}

#[test]
fn mosi_in_the_mag_layout() {
    let Some(path) = real_file("mosi/mosi_mag_layout.pkl") else {
        return;
    };
    let corpus = layout::read(Layout::Mag, &path).unwrap();
    let distributions = Distributions::of(&corpus, None);
    assert_eq!(distributions.features.len(), 73 + 6);
    assert!(distributions.features.iter().all(|f| f.values == 27_623));
    let of = |modality, place| five(feature(&distributions, modality, place));
    let audio = [79.983, 145.32, 187.37, 229.32, 376.02];
    assert_eq!(of(Modality::Audio, 0), audio);
    let audio = [0.0020367, 0.02116, 0.042456, 0.094492, 0.92941];
    assert_eq!(of(Modality::Audio, 10), audio);
    let pace = [0.0, 8.82353, 16.666666, 33.333332, 500.0];
    let found = of(Modality::Vision, 5);
    for (found, expected) in found.into_iter().zip(pace) {
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }
    let zeros = (0..6).map(|place| feature(&distributions, Modality::Vision, place).zeros);
    let expected = [2, 21_729, 22_373, 5, 2, 2];
    assert!(zeros.eq(expected));

    // Labels in steps of 0.2 from −3, as numpy.bincount has them for the test split.
    let labels = &distributions.labels[2];
    assert_eq!((labels.split, labels.histogram.width), (Split::Test, 0.2));
    let expected = [
        5, 20, 21, 23, 27, 42, 31, 29, 39, 26, 43, 19, 22, 20, 12, 30, 22, 15, 28, 29, 15, 26, 22,
        22, 19, 31, 15, 11, 11, 8, 3,
    ];
    assert_eq!(labels.histogram.counts, expected);

    let lengths = &distributions.lengths[1];
    assert_eq!(
        (lengths.modality, lengths.split),
        (Modality::Audio, Split::Valid)
    );
    assert_eq!(
        (lengths.histogram.start, lengths.histogram.width),
        (0.0, 5.0)
    );
    let expected = [22, 104, 48, 22, 16, 10, 3, 3, 0, 1];
    assert_eq!(lengths.histogram.counts[..10], expected);
    assert_eq!(lengths.histogram.total(), 229);

    // The median of the 1,284 lengths is 10, and this is the first utterance of 10 words.
    let (split, utterance) = typical(&corpus).unwrap();
    assert_eq!(
        (split, utterance.id.as_str()),
        (Split::Train, "0h-zjBukYpk[23]")
    );
}

#[test]
fn the_infinite_value_of_the_mmsa_file_is_found_at_its_feature() {
    let Some(path) = real_file("mosi/mosi_mmsa_layout.pkl") else {
        return;
    };
    let mut corpus = layout::read(Layout::Mmsa, &path).unwrap();
    let damaged = |distributions: &Distributions| {
        let features = distributions.features.iter().filter(|f| f.missing() > 0);
        let places = features.map(|f| (f.modality, f.feature, f.not_finite, f.replaced));
        places.collect::<Vec<_>>()
    };
    let before = Distributions::of(&corpus, None);
    assert_eq!(damaged(&before), [(Modality::Audio, 7, 1, 0)]);
    let report = clean::clean(&mut corpus);
    let after = Distributions::of(&corpus, Some(&report));
    assert_eq!(damaged(&after), [(Modality::Audio, 7, 0, 1)]);
}
