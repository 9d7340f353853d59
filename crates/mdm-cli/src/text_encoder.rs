//! The text encoder of a model: its folder, its sizes, its tokeniser.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use mdm_data::Corpus;
use mdm_data::pieces::Tokenizer;
use mdm_models::{ModelConfig, PretrainedConfig};

use crate::fetch::{Kind, known};

/// Makes the paths of a text encoder absolute and takes its sizes from its `config.json`, so that a run knows its model
/// without the pretrained folder.
///
/// # Errors
///
/// A folder or tokeniser that is not there, a `config.json` that cannot be read.
pub fn resolve(config: &mut ModelConfig) -> anyhow::Result<()> {
    let Some(text) = config.text_mut() else {
        return Ok(());
    };
    if !text.tokenizer.is_empty() {
        text.tokenizer = find(&text.tokenizer)?.display().to_string();
    }
    if text.pretrained.is_empty() {
        return Ok(());
    }
    let folder = find(&text.pretrained)?;
    text.pretrained = folder.display().to_string();
    let path = folder.join("config.json");
    let json = std::fs::read(&path)
        .with_context(|| format!("cannot read the sizes of the model {}", path.display()))?;
    serde_json::from_slice(&json)
        .and_then(|json| config.take_sizes(&json))
        .with_context(|| format!("{} is not the config of such a model", path.display()))
}

/// A path, or the name of a model that can be fetched or lies in the folder in `MDM_MODELS_DIR`.
fn find(name: &str) -> anyhow::Result<PathBuf> {
    if Path::new(name).exists() {
        return Ok(std::path::absolute(name)?);
    }
    let manifest = known::find(name).filter(|manifest| manifest.kind == Kind::Model);
    let file = manifest
        .as_ref()
        .and_then(|manifest| manifest.files.first());
    let place = file
        .and_then(|file| file.path.parent())
        .unwrap_or(Path::new(name));
    let folder = std::env::var_os("MDM_MODELS_DIR").map(|models| Path::new(&models).join(place));
    if let Some(folder) = folder.as_ref().filter(|folder| folder.exists()) {
        return Ok(std::path::absolute(folder)?);
    }
    let looked = match folder {
        Some(folder) => format!("{} is not there", folder.display()),
        None => "MDM_MODELS_DIR is not set".to_owned(),
    };
    match manifest {
        Some(_) => bail!("model {name}: {looked}; `mdm model fetch {name}` fetches it"),
        None => {
            bail!("model {name}: it is neither a path nor the name of a known model, and {looked}")
        }
    }
}

/// The tokeniser of a text encoder.
///
/// # Errors
///
/// Files that cannot be read.
pub fn tokenizer(
    text: &PretrainedConfig,
    corpus: &Corpus,
    notes: &mut Vec<String>,
) -> anyhow::Result<Tokenizer> {
    if text.pretrained.is_empty() {
        notes.push(
            "the text encoder starts from RANDOM weights: no pretrained model is set (text.pretrained)".into(),
        );
    }
    let path = match text.tokenizer.is_empty() {
        true => &text.pretrained,
        false => &text.tokenizer,
    };
    if !path.is_empty() {
        return Ok(Tokenizer::open(Path::new(path))?);
    }
    let words = corpus.train.iter().flat_map(|utterance| &utterance.words);
    let tokenizer = Tokenizer::from_words(words.map(String::as_str));
    let size = tokenizer.vocabulary().size;
    notes.push(format!(
        "its vocabulary is the {size} words of the training split: no tokeniser is set (text.tokenizer)"
    ));
    Ok(tokenizer)
}
