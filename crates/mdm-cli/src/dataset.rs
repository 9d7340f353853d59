//! From the name in a config to a corpus that a model can read.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use mdm_data::clean::count;
use mdm_data::glove::WordVectors;
use mdm_data::layout::{self, Layout};
use mdm_data::pickle::Limits;
use mdm_data::preparation::{LanguageSource, Preparation};
use mdm_data::{Corpus, Modality, hash, store, synthetic};
use mdm_train::ExperimentConfig;
use mdm_train::config::DataConfig;

use crate::failure::usage;
use crate::fetch::{CorpusSource, Manifest, known};
use crate::text_encoder;

/// A corpus and what was done to it on the way.
pub struct Prepared {
    /// Cleaned, embedded, aligned, cut and normalised.
    pub corpus: Corpus,
    /// How, for the run folder.
    pub preparation: Preparation,
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

/// Loads the corpus of a config and fits its preparation.
///
/// # Errors
///
/// A name that is neither known nor a folder, files that are missing or damaged, words without vectors, modalities that
/// the corpus does not have, a tokeniser that cannot be read.
pub fn load(config: &ExperimentConfig) -> anyhow::Result<Prepared> {
    let ExperimentConfig { data, model, .. } = config;
    let mut notes = Vec::new();
    let given = Some(&data.word_vectors).filter(|path| !path.is_empty());
    let needs_vectors = given.is_none() && wants_language(data) && model.text().is_none();
    let (mut corpus, vectors) = read(data, needs_vectors, &mut notes)?;
    let language = match model.text() {
        Some(text) => LanguageSource::Pieces(text_encoder::tokenizer(text, &corpus, &mut notes)?),
        None => language(data, &corpus, given.map(PathBuf::from).or(vectors))?,
    };
    let normalise = |modality| data.normalise.of(modality);
    let (preparation, report) = Preparation::fit(
        &mut corpus,
        language,
        &data.modalities,
        data.max_steps,
        normalise,
    )?;
    notes.extend(report.notes());
    Ok(Prepared {
        corpus,
        preparation,
        notes,
    })
}

fn wants_language(config: &DataConfig) -> bool {
    config.modalities.is_empty() || config.modalities.contains(&Modality::Language)
}

/// Loads the corpus of a config for a run that has its preparation already.
///
/// # Errors
///
/// As for [`load`], and a corpus that has changed in its modalities since.
pub fn load_for(config: &DataConfig, preparation: &Preparation) -> anyhow::Result<Corpus> {
    let (mut corpus, _) = read(config, false, &mut Vec::new())?;
    preparation.apply(&mut corpus)?;
    Ok(corpus)
}

/// Reads data to predict from: labels may be missing. Without a layout, the content tells it.
///
/// # Errors
///
/// Files that are missing, damaged or of no layout, and a store that holds what is not finite.
pub fn read_input(path: &Path, layout: Option<Layout>) -> anyhow::Result<Corpus> {
    match layout.map_or_else(|| detect(path), Ok)? {
        Layout::Store => read_store(path),
        layout => Ok(layout::read_unlabelled(layout, path)?),
    }
}

/// The layout that the content tells, said so that the user can disagree.
///
/// # Errors
///
/// As for [`layout::detect`].
pub fn detect(path: &Path) -> anyhow::Result<Layout> {
    let layout = layout::detect(path, Limits::default())?;
    eprintln!("{}: layout {layout}, from its content", path.display());
    if layout == Layout::Mult {
        eprintln!(
            "files of MultiBench look the same; --layout multibench leaves out utterances without text"
        );
    }
    Ok(layout)
}

/// The features of a corpus, or the vectors of its words.
fn language(
    config: &DataConfig,
    corpus: &Corpus,
    vectors: Option<PathBuf>,
) -> anyhow::Result<LanguageSource> {
    let has_words = corpus.utterances().any(|(_, u)| !u.words.is_empty());
    let has_features = corpus.index_of(Modality::Language).is_some();
    // Vectors that are asked for where there are no words are an error.
    if !wants_language(config) || has_features || !(has_words || vectors.is_some()) {
        return Ok(LanguageSource::Features);
    }
    let vectors = vectors.ok_or_else(|| {
        usage(anyhow!(
            "corpus {} holds words without vectors: set data.word_vectors to a GloVe text file",
            corpus.name
        ))
    })?;
    let vectors = WordVectors::read_for(&vectors, corpus)?;
    Ok(LanguageSource::Words(vectors))
}

/// The corpus as it is read, and its word vectors where they are needed and it brings them.
fn read(
    config: &DataConfig,
    needs_vectors: bool,
    notes: &mut Vec<String>,
) -> anyhow::Result<(Corpus, Option<PathBuf>)> {
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
        return Ok((corpus, None));
    }
    let known = known::datasets().find(|known| known.name == name);
    let known = known.and_then(|manifest| Some((manifest.corpus.clone()?, manifest)));
    match known {
        Some((source, manifest)) => read_known(&manifest, source, needs_vectors, notes),
        None => Ok((read_store(Path::new(name))?, None)),
    }
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
