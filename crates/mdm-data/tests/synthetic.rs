//! Synthetic corpora of any number of modalities.

use mdm_data::corpus::{Corpus, Modality};
use mdm_data::synthetic::{SyntheticConfig, generate};
use sha2::{Digest, Sha256};

/// SHA-256 of everything that utterances hold.
fn fingerprint(corpus: &Corpus) -> String {
    let mut hash = Sha256::new();
    for (split, utterance) in corpus.utterances() {
        hash.update(format!("{split} {} {:?}", utterance.id, utterance.words));
        hash.update(utterance.label.to_le_bytes());
        for intensity in utterance.emotions.iter().flat_map(|emotions| emotions.0) {
            hash.update(intensity.to_le_bytes());
        }
        for features in &utterance.features {
            hash.update(features.dim().to_le_bytes());
            for value in features.data() {
                hash.update(value.to_le_bytes());
            }
        }
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

/// Tables and tests hold figures of this corpus, so it must never change.
#[test]
fn the_corpus_of_three_modalities_is_always_the_same() {
    let config = SyntheticConfig {
        emotions: true,
        ..Default::default()
    };
    let synthetic = generate(&config).unwrap();
    let expected = "6ecd1cf889e0c4161836d5a06a6a7db21519fc46e71d806e71e07b69e9466d0b";
    assert_eq!(fingerprint(&synthetic.corpus), expected);
    assert!((synthetic.total_correlation - 0.8642483877573963).abs() < 1e-12);
}

/// Mean of the pointwise dependence of the training split, and the total correlation that it estimates.
fn mean_dependence(config: &SyntheticConfig) -> (f64, f64) {
    let synthetic = generate(config).unwrap();
    let pointwise = &synthetic.pointwise[0];
    let mean = pointwise.iter().sum::<f64>() / pointwise.len() as f64;
    (mean, synthetic.total_correlation)
}

#[test]
fn two_and_four_modalities_have_the_total_correlation_of_their_law() {
    // -ln(1 - r^2) of two scalars and -ln((1 - r)^3 (1 + 3 r)) of four, twice half of it, with r = 0.6 / (1 + 0.25).
    for (dims, expected) in [
        (vec![6, 4], 0.26188437963064026),
        (vec![6, 4, 4, 3], 1.0697813629148814),
    ] {
        let config = SyntheticConfig {
            train: 20_000,
            steps: [4, 4],
            noise: 1.0,
            dims,
            ..Default::default()
        };
        let (mean, total_correlation) = mean_dependence(&config);
        assert!(
            (total_correlation - expected).abs() < 1e-12,
            "{total_correlation}"
        );
        assert!((mean - expected).abs() < 0.03, "{mean} {expected}");
    }
}

#[test]
fn widths_name_the_modalities_in_order_and_labels_stay_balanced() {
    for n in 2..=4 {
        let config = SyntheticConfig {
            train: 4000,
            dims: vec![5, 4, 3, 2][..n].to_vec(),
            emotions: true,
            ..Default::default()
        };
        let corpus = generate(&config).unwrap().corpus;
        let modalities: Vec<Modality> =
            corpus.modalities.iter().map(|info| info.modality).collect();
        assert_eq!(modalities, Modality::ALL[..n]);
        assert_eq!(corpus.dims(), config.dims);
        assert!(corpus.is_aligned() && corpus.has_emotions());
        let share = |is: fn(f32) -> bool| {
            corpus.train.iter().filter(|u| is(u.label)).count() as f64 / 4000.0
        };
        let (negative, positive) = (share(|y| y < 0.0), share(|y| y > 0.0));
        assert!(
            negative > 0.3 && positive > 0.3,
            "{n}: {negative} {positive}"
        );
    }
}
