//! A store of the real MOSI holds, byte for byte, what Python finds in the same files.

mod common;

use std::fs;

use common::real_file;
use mdm_data::layout::Layout;
use mdm_data::store::{self, FEATURES, PrepareOptions, Reader};
use safetensors::SafeTensors;
use sha2::{Digest, Sha256};

#[test]
fn mosi_with_word_vectors() {
    let (Some(input), Some(glove)) = (
        real_file("mosi/mosi_mag_layout.pkl"),
        real_file("glove/glove.6B.50d.mosi_mosei.txt"),
    ) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("mosi");
    let options = PrepareOptions {
        vectors: Some(glove),
        ..PrepareOptions::default()
    };
    let report = store::prepare(Layout::Mag, &input, &dir, &options).unwrap();
    assert_eq!(report.clean.total(), 0);
    let embed = report.embed.unwrap();
    assert_eq!((embed.words, embed.found), (27_623, 27_308));
    assert_eq!(
        Reader::open(&dir).unwrap().utterances().len(),
        1284 + 229 + 686
    );

    // SHA-256 of the frames of all utterances, float32, from `pickle.load`, and of the vectors of all words, from the
    // text file: as the word stands, or else in lower case, or else zeros.
    let bytes = fs::read(dir.join(FEATURES)).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(tensors.len(), 9);
    for (name, steps, sha256) in [
        (
            "train.language",
            15_513,
            "74795215abf7c5f813ddc3b3c26becb0b6288dea078a315a08b0002d6e888934",
        ),
        (
            "train.audio",
            15_513,
            "636b4e9ec2bb0d9de005cb31b6bea9d68d09d5d05877e6067cdd35129f9e9765",
        ),
        (
            "train.vision",
            15_513,
            "2fce96eeb688b80c9d3b47c30a0bbfb45e6f0ed2816f489dda382c074bdb39f8",
        ),
        (
            "valid.language",
            2_577,
            "f5e91ab3b17ea8dbed8ad456197b46b386c35944c8480e971ec0f26994d00075",
        ),
        (
            "valid.audio",
            2_577,
            "bdfefec64145bf36eb93923307ecf74449e5e88d09f88ea8788761942d66ba0a",
        ),
        (
            "valid.vision",
            2_577,
            "06de8b3f0a4a0bee80494d1bd6cd8e01fafba76e60021494471766b3ece3e55f",
        ),
        (
            "test.language",
            9_533,
            "fa966ad498393f4e171e199f2bea0160c9fb549423c9285674579e57a5e9baa1",
        ),
        (
            "test.audio",
            9_533,
            "1df4d81403fc7f5c6ca6125310c36236f9c58039f8a24d40fad7d6fbccb4323c",
        ),
        (
            "test.vision",
            9_533,
            "dd8246f9127bb3a52ea30b2159ff851f2ba50ecda1b9bf065fb6799103b07c2f",
        ),
    ] {
        let tensor = tensors.tensor(name).unwrap();
        assert_eq!(tensor.shape()[0], steps, "{name}");
        let digest = Sha256::digest(tensor.data());
        let found: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, sha256, "{name}");
    }
}
