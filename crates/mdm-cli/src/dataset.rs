//! From the name in a config to a corpus that a model can read.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use mdm_data::clean::{CleanReport, clean, count};
use mdm_data::glove::{self, EmbedReport, WordVectors};
use mdm_data::normalise::{Normalisation, Normaliser};
use mdm_data::store;
use mdm_data::{Corpus, Modality, align, hash, layout, synthetic};
use mdm_train::config::DataConfig;

use crate::failure::usage;
use crate::fetch::{CorpusSource, Manifest, known};

/// A corpus and what was done to it on the way.
pub struct Prepared {
    /// Cleaned, embedded, aligned, cut and normalised.
    pub corpus: Corpus,
    /// What a person should know: values replaced, words without a vector, a total correlation that is known.
    pub notes: Vec<String>,
}

/// Makes the paths of a config absolute, so that its run can be evaluated from any folder.
pub fn anchor_paths(config: &mut DataConfig) -> anyhow::Result<()> {
    let anchor = |path: &str| -> anyhow::Result<String> {
        Ok(std::path::absolute(path)?.display().to_string())
    };
    let name = config.dataset.as_str();
    let is_known = name == "synthetic" || known::datasets().any(|known| known.name == name);
    if !is_known && Path::new(name).is_dir() {
        config.dataset = anchor(name)?;
    }
    if !config.word_vectors.is_empty() {
        config.word_vectors = anchor(&config.word_vectors)?;
    }
    Ok(())
}

/// Loads and prepares the corpus of a config.
///
/// # Errors
///
/// A name that is neither known nor a folder, files that are missing or damaged, words without vectors, modalities that
/// the corpus does not have.
pub fn load(config: &DataConfig) -> anyhow::Result<Prepared> {
    let mut notes = Vec::new();
    let mut corpus = read(config, &mut notes)?;
    // Before anything is aligned: the steps are those of the first modality that is kept.
    if !config.modalities.is_empty() {
        corpus.keep(&config.modalities)?;
    }
    let too_long = corpus.utterances().filter(|(_, utterance)| {
        let language = utterance.features.first();
        language.is_some_and(|features| features.steps() > config.max_steps)
    });
    let too_long = too_long.count();
    if too_long > 0 {
        notes.push(format!(
            "{too_long} of {} utterances are cut to their first {} steps (data.max_steps)",
            corpus.len(),
            config.max_steps
        ));
    }
    align::align(&mut corpus, config.max_steps);
    let normalisations: Vec<Normalisation> = corpus
        .modalities
        .iter()
        .map(|info| config.normalise.of(info.modality))
        .collect();
    Normaliser::fit(&corpus, &normalisations).apply(&mut corpus);
    Ok(Prepared { corpus, notes })
}

fn read(config: &DataConfig, notes: &mut Vec<String>) -> anyhow::Result<Corpus> {
    let name = config.dataset.as_str();
    if name == "synthetic" {
        let corpus = synthetic::generate(&config.synthetic)?.corpus;
        let modalities = match config.modalities.len() {
            0 => corpus.modalities.len(),
            kept => kept,
        };
        let total_correlation = config.synthetic.total_correlation(modalities);
        notes.push(format!(
            "synthetic corpus: total correlation {total_correlation:.4} nats between the modalities",
        ));
        return Ok(corpus);
    }
    let known = known::datasets().find(|known| known.name == name);
    let known = known.and_then(|manifest| Some((manifest.corpus.clone()?, manifest)));
    let modalities = &config.modalities;
    let wants_language = modalities.is_empty() || modalities.contains(&Modality::Language);
    let given = Some(&config.word_vectors).filter(|path| !path.is_empty());
    let (mut corpus, vectors) = match known {
        Some((source, manifest)) => {
            let needs_vectors = wants_language && given.is_none();
            read_known(&manifest, source, needs_vectors, notes)?
        }
        None => (read_store(Path::new(name))?, None),
    };
    let vectors = given.map(PathBuf::from).or(vectors);
    let has_words = corpus.utterances().any(|(_, u)| !u.words.is_empty());
    let has_language = corpus.index_of(Modality::Language).is_some();
    // Vectors that are asked for where there are no words are an error.
    if wants_language && !has_language && (has_words || vectors.is_some()) {
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
    manifest: &Manifest,
    source: CorpusSource,
    needs_vectors: bool,
    notes: &mut Vec<String>,
) -> anyhow::Result<(Corpus, Option<PathBuf>)> {
    let (name, variable) = (&manifest.name, manifest.kind.variable());
    let Some(folder) = std::env::var_os(variable).map(PathBuf::from) else {
        bail!(
            "dataset {name} is read from the folder in {variable}, which is not set; it should hold {} (see \
             datasets/{name}/manifest.toml)",
            source.path.display()
        );
    };
    let file = folder.join(&source.path);
    check_is_there(name, &source.path, &folder)?;
    let mut corpus = layout::read(source.layout, &file)?;
    for target in manifest.targets(&source.path) {
        let file = folder.join(&target.path);
        if let Some(expected) = target.expected.sha256
            && hash::sha256_file(&file)?.1 != expected
        {
            notes.push(format!(
                "{} is not the file of datasets/{name}/manifest.toml (another SHA-256): results may differ",
                file.display()
            ));
        }
    }
    corpus.name.clone_from(name);
    let report: CleanReport = clean(&mut corpus);
    if report.total() > 0 {
        notes.push(report.to_string());
    }
    // Where no vectors or others are asked for, these need not be there.
    if let Some(path) = source.word_vectors.filter(|_| needs_vectors) {
        check_is_there(name, &path, &folder)?;
        return Ok((corpus, Some(folder.join(path))));
    }
    Ok((corpus, None))
}

/// Names the command that fetches a file which is missing.
fn check_is_there(dataset: &str, path: &Path, folder: &Path) -> anyhow::Result<()> {
    let full = folder.join(path);
    if full.exists() {
        return Ok(());
    }
    let all = || known::all().into_iter();
    let own = all().find(|manifest| manifest.name == dataset && manifest.brings(path));
    let holder = own.or_else(|| all().find(|manifest| manifest.brings(path)));
    let hint = holder.map_or(String::new(), |manifest| {
        format!(
            "; `{} {}` fetches it",
            manifest.kind.command(),
            manifest.name
        )
    });
    bail!("dataset {dataset}: {} is not there{hint}", full.display());
}

fn read_store(folder: &Path) -> anyhow::Result<Corpus> {
    if !folder.is_dir() {
        let known: Vec<String> = known::datasets().map(|known| known.name).collect();
        let known = known.join(", ");
        return Err(usage(anyhow!(
            "dataset `{}` is neither a known name (synthetic, {known}) nor the folder of a prepared store",
            folder.display()
        )));
    }
    let (corpus, _) = store::read(folder)?;
    // A store is cleaned when it is prepared: what is not finite in it came there some other way.
    let found = count(&corpus);
    if found.total() > 0 {
        bail!(
            "prepared store {}: expected finite features, found {found}; prepare it again from its source",
            folder.display()
        );
    }
    Ok(corpus)
}
