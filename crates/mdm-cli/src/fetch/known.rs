//! The manifests that come with the program.

use std::path::Path;

use super::manifest::Manifest;

macro_rules! manifests {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../../datasets/", $name, "/manifest.toml")))),*]
    };
}

/// Names and texts, in the order in which they are listed.
const MANIFESTS: [(&str, &str); 15] = manifests![
    "mosi",
    "mosi-text",
    "mosi-mag",
    "mosi-mmsa",
    "mosi-mmsa-unaligned",
    "mosei",
    "mosei-mmsa",
    "mosei-mmsa-unaligned",
    "mmmo",
    "mmmo-h5",
    "glove.6B",
    "glove.840B",
    "bert-base-uncased",
    "xlnet-base-cased",
    "all-minilm-l6-v2",
];

/// All of them.
pub fn all() -> Vec<Manifest> {
    let manifest = |(name, text): (&str, &str)| {
        let origin = format!("datasets/{name}/manifest.toml");
        Manifest::parse(text, Path::new(&origin)).expect("a test reads every manifest")
    };
    MANIFESTS.into_iter().map(manifest).collect()
}

/// The one of this name.
pub fn find(name: &str) -> Option<Manifest> {
    all().into_iter().find(|manifest| manifest.name == name)
}

/// Those that `--dataset NAME` loads.
pub fn datasets() -> impl Iterator<Item = Manifest> {
    all()
        .into_iter()
        .filter(|manifest| manifest.corpus.is_some())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_manifest_of_the_repository_is_known_and_right() {
        let datasets = concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets");
        let folders = std::fs::read_dir(datasets).unwrap();
        let folders = folders.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let names = MANIFESTS.map(|(name, _)| name.to_owned());
        assert_eq!(
            folders.collect::<BTreeSet<_>>(),
            BTreeSet::from(names.clone())
        );
        assert_eq!(all().into_iter().map(|m| m.name).collect::<Vec<_>>(), names);
    }

    #[test]
    fn word_vectors_of_a_dataset_can_be_had() {
        let manifests = all();
        for dataset in datasets() {
            let Some(path) = dataset.corpus.unwrap().word_vectors else {
                continue;
            };
            let is_known = manifests.iter().any(|m| m.brings(&path));
            assert!(is_known, "{}: {}", dataset.name, path.display());
        }
    }

    #[test]
    fn what_can_only_be_brought_says_how() {
        for manifest in all() {
            let has_urls = manifest.files.iter().all(|file| !file.urls.is_empty());
            assert!(has_urls || manifest.by_hand.is_some(), "{}", manifest.name);
        }
    }
}
