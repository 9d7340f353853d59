//! From a public file to a prepared store, in one call and without holding the corpus in memory.

use std::fmt;
use std::path::{Path, PathBuf};

use super::manifest::{Manifest, SourceInfo, VectorsInfo};
use super::read::Reader;
use super::writer::StoreWriter;
use crate::atomic::NewFolder;
use crate::clean::{CleanReport, Cleaner};
use crate::corpus::{Split, Utterance, dims_line};
use crate::error::Error;
use crate::glove::{EmbedReport, Embedder, WordVectors};
use crate::layout::{Header, Layout, Sink};
use crate::pickle::Limits;
use crate::warnings::{self, Warning, WarningKind, Watch};

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

/// Reads a corpus, cleans it and writes a prepared store, utterance by utterance.
///
/// Which word vectors are needed is known only when all words have been seen. So with vectors there is a store without
/// them first, beside the output, and the source is still read only once.
///
/// # Errors
///
/// Those of [`LayoutReader::read_into`](crate::layout::LayoutReader::read_into), [`WordVectors::read`] and
/// [`StoreWriter`], and [`Error::NoWords`] where vectors are asked for and no utterance has a word. Whether the output may
/// be written is checked first, and after an error there is no output.
pub fn prepare(
    layout: Layout,
    input: &Path,
    output: &Path,
    options: &PrepareOptions,
) -> Result<PrepareReport, Error> {
    let mut watched = Watched {
        watch: Watch::default(),
        writer: StoreWriter::create(output, options.overwrite)?,
    };
    let mut source = SourceInfo::of(layout, input)?;
    let (mut header, clean);
    let mut embed = None;
    match &options.vectors {
        None => (header, clean) = read_clean(layout, input, options, &mut watched)?,
        Some(path) => {
            let folder = NewFolder::beside(output)?;
            let dir = folder.path("without-vectors");
            let mut plain = StoreWriter::create(&dir, false)?;
            (header, clean) = read_clean(layout, input, options, &mut plain)?;
            plain.finish(&header, &source, &clean)?;
            let report = add_vectors(&Reader::open(&dir)?, path, &mut header, &mut watched)?;
            source.vectors = Some(VectorsInfo::of(path, report)?);
            embed = Some(report);
        }
    }
    let mut warnings = watched.watch.finish(&header.modalities);
    warnings.extend(warnings::replaced(&clean));
    let manifest = watched.writer.finish(&header, &source, &clean)?;
    Ok(PrepareReport {
        manifest,
        clean,
        embed,
        warnings,
    })
}

/// Hands the utterances of the source to `next`, cleaned.
fn read_clean(
    layout: Layout,
    input: &Path,
    options: &PrepareOptions,
    next: &mut dyn Sink,
) -> Result<(Header, CleanReport), Error> {
    let mut cleaned = Cleaned {
        cleaner: Cleaner::default(),
        next,
    };
    let mut header = layout
        .reader()
        .read_into(input, options.limits, &mut cleaned)?;
    let report = cleaned.cleaner.finish(&header.modalities);
    if let Some(name) = &options.name {
        header.name.clone_from(name);
    }
    Ok((header, report))
}

/// Hands the utterances of a store to `next`, with vectors for their words.
fn add_vectors(
    plain: &Reader,
    path: &Path,
    header: &mut Header,
    next: &mut dyn Sink,
) -> Result<EmbedReport, Error> {
    let words = plain.rows().iter().flat_map(|row| &row.words);
    if words.clone().next().is_none() {
        return Err(Error::NoWords {
            corpus: header.name.clone(),
        });
    }
    let vectors = WordVectors::read_words(path, words.map(String::as_str))?;
    let mut embedder = Embedder::new(&vectors, &header.modalities);
    for (split, mut utterance) in plain.utterances() {
        embedder.embed(&mut utterance);
        next.push(split, utterance)?;
    }
    Ok(embedder.finish(&mut header.modalities))
}

/// Cleans utterances on their way.
struct Cleaned<'s> {
    cleaner: Cleaner,
    next: &'s mut dyn Sink,
}

impl Sink for Cleaned<'_> {
    fn push(&mut self, split: Split, mut utterance: Utterance) -> Result<(), Error> {
        self.cleaner.clean(split, &mut utterance);
        self.next.push(split, utterance)
    }
}

/// Looks at utterances as they go into the store.
struct Watched {
    watch: Watch,
    writer: StoreWriter,
}

impl Sink for Watched {
    fn push(&mut self, split: Split, utterance: Utterance) -> Result<(), Error> {
        self.watch.see(split, &utterance);
        self.writer.push(split, utterance)
    }
}

impl fmt::Display for PrepareReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes: Vec<String> = self
            .manifest
            .splits
            .iter()
            .map(|(split, n)| format!("{split} {}", n.utterances))
            .collect();
        writeln!(f, "{}: {}", self.manifest.name, sizes.join(", "))?;
        writeln!(f, "dims: {}", dims_line(&self.manifest.modalities))?;
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
