//! From the name in a config to a corpus that a model can read.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use mdm_data::clean::{CleanReport, clean};
use mdm_data::glove::{self, EmbedReport, WordVectors};
use mdm_data::layout::{self, Layout};
use mdm_data::normalise::{Normalisation, Normaliser};
use mdm_data::{Corpus, Modality, align, store, synthetic};
use mdm_train::config::DataConfig;
use serde::Deserialize;

use crate::failure::usage;

/// The folder of downloaded corpora.
const DATA_DIR: &str = "MDM_DATA_DIR";

/// The datasets known by name, with their manifests.
const KNOWN: [(&str, &str); 2] = [
    ("mosi", include_str!("../../../datasets/mosi/manifest.toml")),
    ("mmmo", include_str!("../../../datasets/mmmo/manifest.toml")),
];

/// The part of `datasets/NAME/manifest.toml` that loading needs.
#[derive(Debug, Deserialize)]
struct DatasetManifest {
    layout: Layout,
    /// Relative to the data folder.
    file: PathBuf,
    word_vectors: Option<PathBuf>,
}

/// A corpus and what was done to it on the way.
pub struct Prepared {
    /// Cleaned, embedded, aligned, cut and normalised.
    pub corpus: Corpus,
    /// What a person should know: values replaced, words without a vector, a total correlation that is known.
    pub notes: Vec<String>,
}

/// Loads and prepares the corpus of a config.
///
/// # Errors
///
/// A name that is neither known nor a folder, files that are missing or damaged, words without vectors.
pub fn load(config: &DataConfig) -> anyhow::Result<Prepared> {
    let mut notes = Vec::new();
    let mut corpus = read(config, &mut notes)?;
    align::align(&mut corpus, config.max_steps);
    let normalise = &config.normalise;
    let normalisations: Vec<Normalisation> = corpus
        .modalities
        .iter()
        .map(|info| match info.modality {
            Modality::Language => normalise.language,
            Modality::Audio => normalise.audio,
            Modality::Vision => normalise.vision,
            _ => Normalisation::None,
        })
        .collect();
    Normaliser::fit(&corpus, &normalisations).apply(&mut corpus);
    Ok(Prepared { corpus, notes })
}

fn read(config: &DataConfig, notes: &mut Vec<String>) -> anyhow::Result<Corpus> {
    let name = config.dataset.as_str();
    if name == "synthetic" {
        let synthetic = synthetic::generate(&config.synthetic)?;
        notes.push(format!(
            "synthetic corpus: total correlation {:.4} nats between the modalities",
            synthetic.total_correlation
        ));
        return Ok(synthetic.corpus);
    }
    let (mut corpus, vectors) = match KNOWN.iter().find(|(known, _)| *known == name) {
        Some((_, manifest)) => read_known(name, manifest, notes)?,
        None => (read_store(Path::new(name))?, None),
    };
    let given = Some(&config.word_vectors).filter(|path| !path.is_empty());
    let vectors = given.map(PathBuf::from).or(vectors);
    if corpus.index_of(Modality::Language).is_none() {
        let vectors = vectors.ok_or_else(|| {
            usage(anyhow!(
                "corpus {} holds words without vectors: set data.word_vectors to a GloVe text file",
                corpus.name
            ))
        })?;
        let vectors = WordVectors::read_for(&vectors, &corpus)?;
        let report: EmbedReport = glove::embed(&mut corpus, &vectors)?;
        notes.push(report.to_string());
    }
    Ok(corpus)
}

fn read_known(
    name: &str,
    manifest: &str,
    notes: &mut Vec<String>,
) -> anyhow::Result<(Corpus, Option<PathBuf>)> {
    let manifest: DatasetManifest =
        toml::from_str(manifest).with_context(|| format!("the manifest of dataset {name}"))?;
    let Some(folder) = std::env::var_os(DATA_DIR).map(PathBuf::from) else {
        bail!(
            "dataset {name} is read from the folder in {DATA_DIR}, which is not set; it should hold {} (see \
             datasets/{name}/manifest.toml)",
            manifest.file.display()
        );
    };
    let mut corpus = layout::read(manifest.layout, &folder.join(&manifest.file))?;
    corpus.name = name.to_owned();
    let report: CleanReport = clean(&mut corpus);
    if report.total() > 0 {
        notes.push(report.to_string());
    }
    Ok((corpus, manifest.word_vectors.map(|path| folder.join(path))))
}

fn read_store(folder: &Path) -> anyhow::Result<Corpus> {
    if !folder.is_dir() {
        let known = KNOWN.map(|(known, _)| known).join(", ");
        return Err(usage(anyhow!(
            "dataset `{}` is neither a known name (synthetic, {known}) nor the folder of a prepared store",
            folder.display()
        )));
    }
    let (corpus, _) = store::read(folder)?;
    Ok(corpus)
}
