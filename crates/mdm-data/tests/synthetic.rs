//! Synthetic corpora of any number of modalities.

use mdm_data::corpus::Corpus;
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
    let bits: Vec<u64> = synthetic.pointwise.concat().iter().map(|x| x.to_bits()).collect();
    let mut hash = Sha256::new();
    bits.iter().for_each(|b| hash.update(b.to_le_bytes()));
    eprintln!("{:?} {}", hash.finalize(), synthetic.total_correlation);
}
