//! Properties of the prepared store: every corpus comes back as it was, and whatever happens to a file of a store, reading
//! it gives the same corpus or a typed error, and never a panic.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use mdm_data::corpus::{Corpus, Emotions, Features, Modality, ModalityInfo, Split, Utterance};
use mdm_data::layout::Layout;
use mdm_data::store::{self, FEATURES, MANIFEST, Reader, SourceInfo, UTTERANCES};
use mdm_data::{Error, clean};
use proptest::array::uniform6;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use serde_json::{Value, json};
use tempfile::TempDir;

const PARTS: [&str; 3] = [MANIFEST, UTTERANCES, FEATURES];

fn finite() -> impl Strategy<Value = f32> {
    let bits = any::<u32>().prop_map(f32::from_bits);
    bits.prop_filter("finite", |value| value.is_finite())
}

fn features(dim: usize) -> impl Strategy<Value = Features> {
    let data = (1..5_usize).prop_flat_map(move |steps| vec(finite(), steps * dim));
    data.prop_map(move |data| Features::new(dim, data))
}

fn utterance(
    modalities: &[ModalityInfo],
    emotions: bool,
) -> impl Strategy<Value = Utterance> + use<> {
    let features: Vec<_> = modalities.iter().map(|info| features(info.dim)).collect();
    let words = vec(any::<String>(), 0..4);
    let parts = (
        any::<String>(),
        words,
        features,
        finite(),
        uniform6(finite()),
    );
    parts.prop_map(move |(id, words, features, label, intensities)| Utterance {
        id,
        words,
        features,
        label,
        emotions: emotions.then_some(Emotions(intensities)),
    })
}

fn corpus() -> impl Strategy<Value = Corpus> {
    let modalities = (
        subsequence(Modality::ALL.to_vec(), 0..=3),
        vec(1..4_usize, 3),
    );
    let frame = (any::<String>(), modalities, any::<bool>());
    frame.prop_flat_map(|(name, (modalities, dims), emotions)| {
        let infos = modalities.into_iter().zip(dims);
        let infos = infos.map(|(modality, dim)| ModalityInfo { modality, dim });
        let infos: Vec<ModalityInfo> = infos.collect();
        let split = || vec(utterance(&infos, emotions), 0..4);
        let splits = (split(), split(), split());
        splits.prop_map(move |(train, valid, test)| Corpus {
            name: name.clone(),
            modalities: infos.clone(),
            pieces: None,
            train,
            valid,
            test,
        })
    })
}

fn save(corpus: &Corpus, dir: &Path) {
    let source = SourceInfo {
        layout: Layout::Mag,
        file_name: "made.pkl".into(),
        sha256: "00".into(),
        bytes: 7,
        vectors: None,
    };
    store::write(corpus, &source, &clean::count(corpus), dir, false).unwrap();
}

/// One store, with emotions, that the tests below damage copies of.
fn sound() -> &'static (TempDir, Corpus) {
    static SOUND: OnceLock<(TempDir, Corpus)> = OnceLock::new();
    SOUND.get_or_init(|| {
        let info = |modality, dim| ModalityInfo { modality, dim };
        let infos = vec![info(Modality::Language, 2), info(Modality::Vision, 3)];
        let mut corpus = Corpus::new("sound", infos);
        for (split, count) in Split::ALL.into_iter().zip([3, 1, 2]) {
            for number in 0..count {
                let values = |n: usize| (0..n).map(|i| (i + number) as f32 / 4.0).collect();
                corpus.split_mut(split).push(Utterance {
                    id: format!("{split}{number}"),
                    words: vec!["fine".into(), "été".into()],
                    features: vec![
                        Features::new(2, values(4)),
                        Features::new(3, values(3 * (number + 1))),
                    ],
                    label: number as f32 - 1.0,
                    emotions: Some(Emotions([number as f32; 6])),
                });
            }
        }
        let folder = tempfile::tempdir().unwrap();
        save(&corpus, &folder.path().join("store"));
        (folder, corpus)
    })
}

/// A copy of the sound store in which one part is what `change` makes of it.
fn with_part(part: &str, change: impl FnOnce(&mut Vec<u8>)) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in PARTS {
        fs::copy(
            sound().0.path().join("store").join(name),
            copy.path().join(name),
        )
        .unwrap();
    }
    let path = copy.path().join(part);
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
    copy
}

/// An error, or the same corpus. Its name may be another: nothing but the manifest says it.
fn is_sound(read: Result<(Corpus, store::Manifest), Error>) -> bool {
    match read {
        Ok((corpus, _)) => {
            let name = sound().1.name.clone();
            Corpus { name, ..corpus } == sound().1
        }
        Err(_) => true,
    }
}

/// What happens to files.
#[derive(Clone, Debug)]
enum Damage {
    Flip(Index, u8),
    Cut(Index),
    Remove(Index, usize),
    Insert(Index, Vec<u8>),
}

impl Damage {
    fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            (any::<Index>(), 1..=255_u8).prop_map(|(place, bits)| Self::Flip(place, bits)),
            any::<Index>().prop_map(Self::Cut),
            (any::<Index>(), 1..9_usize).prop_map(|(place, length)| Self::Remove(place, length)),
            (any::<Index>(), vec(any::<u8>(), 1..9))
                .prop_map(|(place, new)| Self::Insert(place, new)),
        ]
    }

    fn apply(&self, bytes: &mut Vec<u8>) {
        let length = bytes.len();
        match self {
            Self::Flip(place, bits) => bytes[place.index(length)] ^= bits,
            Self::Cut(place) => bytes.truncate(place.index(length)),
            Self::Remove(place, count) => {
                let place = place.index(length);
                bytes.drain(place..length.min(place + count));
            }
            Self::Insert(place, new) => {
                let place = place.index(length);
                bytes.splice(place..place, new.iter().copied());
            }
        }
    }
}

/// The places of all values in a JSON document.
fn places(value: &Value, place: &str, found: &mut Vec<String>) {
    found.push(place.to_owned());
    let mut below = |key: &str, value| places(value, &format!("{place}/{key}"), found);
    match value {
        Value::Array(items) => {
            (0..)
                .zip(items)
                .for_each(|(index, item)| below(&index.to_string(), item));
        }
        Value::Object(entries) => entries.iter().for_each(|(key, value)| below(key, value)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_corpus_comes_back(corpus in corpus()) {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        save(&corpus, &one);
        save(&corpus, &two);
        for part in PARTS {
            prop_assert_eq!(fs::read(one.join(part)).unwrap(), fs::read(two.join(part)).unwrap());
        }
        store::verify(&one).unwrap();
        prop_assert_eq!(&store::read(&one).unwrap().0, &corpus);
        let streamed = Reader::open(&one).unwrap();
        prop_assert_eq!(streamed.utterances().len(), corpus.len());
        let expected = corpus.utterances().map(|(split, utterance)| (split, utterance.clone()));
        prop_assert!(streamed.utterances().eq(expected));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn damage_is_an_error_or_harmless(part in select(&PARTS[..]), damage in Damage::any()) {
        let copy = with_part(part, |bytes| damage.apply(bytes));
        let changed = fs::read(copy.path().join(part)).unwrap()
            != fs::read(sound().0.path().join("store").join(part)).unwrap();
        let verified = store::verify(copy.path());
        if part == MANIFEST {
            prop_assert!(is_sound(store::read(copy.path())));
        } else {
            prop_assert_eq!(verified.is_err(), changed);
        }
        // Values of the features may differ then, but nothing worse.
        let _ = store::read(copy.path());
    }

    #[test]
    fn features_with_a_forged_hash_never_panic(damage in Damage::any()) {
        let copy = with_part(FEATURES, |bytes| damage.apply(bytes));
        let path = copy.path().join(MANIFEST);
        let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let length = fs::metadata(copy.path().join(FEATURES)).unwrap().len();
        manifest["parts"][FEATURES]["bytes"] = json!(length);
        fs::write(&path, manifest.to_string()).unwrap();
        if let Ok((corpus, _)) = store::read(copy.path()) {
            prop_assert_eq!(corpus.len(), sound().1.len());
        }
    }

    #[test]
    fn a_manifest_with_another_field_is_an_error_or_harmless(
        place in any::<Index>(),
        new in select(vec![
            json!(null), json!(true), json!(false), json!(-1), json!(0), json!(1), json!(3), json!(2.5),
            json!(u64::MAX), json!("train"), json!("language"), json!([]), json!({}),
        ]),
        remove in any::<bool>(),
    ) {
        let copy = with_part(MANIFEST, |bytes| {
            let mut manifest: Value = serde_json::from_slice(bytes).unwrap();
            let mut all = Vec::new();
            places(&manifest, "", &mut all);
            let place = place.get(&all);
            let (parent, key) = place.rsplit_once('/').unwrap_or(("", ""));
            match manifest.pointer_mut(parent) {
                Some(Value::Object(entries)) if remove => drop(entries.remove(key)),
                _ => *manifest.pointer_mut(place).unwrap() = new,
            }
            *bytes = manifest.to_string().into_bytes();
        });
        prop_assert!(is_sound(store::read(copy.path())));
        let _ = store::verify(copy.path());
    }
}
