//! From a public file to a prepared store, in one call.

use std::fmt;
use std::path::{Path, PathBuf};

use super::manifest::{Manifest, SourceInfo, VectorsInfo};
use super::write::{check_target, write};
use crate::clean::{self, CleanReport};
use crate::error::Error;
use crate::glove::{self, EmbedReport, WordVectors};
use crate::layout::Layout;
use crate::pickle::Limits;
use crate::warnings::{self, Warning, WarningKind};

/// How to prepare. The default replaces nothing, takes the name from the file and leaves words as words.
#[derive(Clone, Debug, Default)]
pub struct PrepareOptions {
    /// Replace a prepared store that is there already.
    pub overwrite: bool,
    /// Name of the corpus; by default that of the file, without the extension.
    pub name: Option<String>,
    /// A GloVe text file, to give the words vectors as language features.
    pub vectors: Option<PathBuf>,
    /// What reading may cost.
    pub limits: Limits,
}

/// What came of it. [`fmt::Display`] prints a few lines.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PrepareReport {
    /// The manifest of the store.
    pub manifest: Manifest,
    /// What was replaced by 0.
    pub clean: CleanReport,
    /// How many words have a vector, if vectors were asked for.
    pub embed: Option<EmbedReport>,
    /// What is odd about the corpus, what was replaced included.
    pub warnings: Vec<Warning>,
}

/// Reads a corpus file, cleans it and writes a prepared store.
///
/// # Errors
///
/// Those of [`crate::layout::LayoutReader::read`], [`WordVectors::read`], [`glove::embed`] and [`super::write()`]. Whether
/// the output may be written is checked first, and after an error there is no output.
pub fn prepare(
    layout: Layout,
    input: &Path,
    output: &Path,
    options: &PrepareOptions,
) -> Result<PrepareReport, Error> {
    check_target(output, options.overwrite)?;
    let mut corpus = layout.reader().read(input, options.limits)?;
    if let Some(name) = &options.name {
        corpus.name.clone_from(name);
    }
    let clean = clean::clean(&mut corpus);
    let mut source = SourceInfo::of(layout, input)?;
    let mut embed = None;
    if let Some(path) = &options.vectors {
        let vectors = WordVectors::read_for(path, &corpus)?;
        let report = glove::embed(&mut corpus, &vectors)?;
        source.vectors = Some(VectorsInfo::of(path, report)?);
        embed = Some(report);
    }
    let mut warnings = warnings::check(&corpus);
    warnings.extend(warnings::replaced(&clean));
    write(&corpus, &source, &clean, output, options.overwrite)?;
    Ok(PrepareReport {
        manifest: super::manifest::read(output)?,
        clean,
        embed,
        warnings,
    })
}

impl fmt::Display for PrepareReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes: Vec<String> = self
            .manifest
            .splits
            .iter()
            .map(|(split, n)| format!("{split} {}", n.utterances))
            .collect();
        let dims: Vec<String> = self
            .manifest
            .modalities
            .iter()
            .map(|m| format!("{} {}", m.modality, m.dim))
            .collect();
        writeln!(f, "{}: {}", self.manifest.name, sizes.join(", "))?;
        writeln!(f, "dims: {}", dims.join(", "))?;
        if let Some(embed) = &self.embed {
            writeln!(f, "{embed}")?;
        }
        write!(f, "{}", self.clean)?;
        // What was replaced stands in the line above, in full.
        let others = self
            .warnings
            .iter()
            .filter(|warning| warning.kind != WarningKind::Replaced);
        for warning in others {
            write!(f, "\nwarning: {warning}")?;
        }
        Ok(())
    }
}
