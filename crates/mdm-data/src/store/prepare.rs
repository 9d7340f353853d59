//! From a public file to a prepared store, in one call and without holding the corpus in memory.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use super::manifest::{Manifest, SourceInfo, VectorsInfo};
use super::writer::StoreWriter;
use crate::clean::{CleanReport, Cleaner};
use crate::corpus::{ModalityInfo, Split, Utterance};
use crate::error::Error;
use crate::glove::{EmbedReport, Embedder, WordVectors};
use crate::layout::{Layout, LayoutReader, Sink};
use crate::pickle::Limits;
use crate::warnings::{Warning, Watch};

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
    /// What is odd about the corpus.
    pub warnings: Vec<Warning>,
}

/// Reads a corpus, cleans it and writes a prepared store, utterance by utterance. With word vectors the source is read
/// twice, the first time for its words.
///
/// # Errors
///
/// Those of [`LayoutReader::read_into`], [`WordVectors::read`] and [`StoreWriter`], and [`Error::NoWords`] where vectors are
/// asked for and no utterance has a word. Whether the output may be written is checked first, and after an error there
/// is no output.
pub fn prepare(
    layout: Layout,
    input: &Path,
    output: &Path,
    options: &PrepareOptions,
) -> Result<PrepareReport, Error> {
    let reader = layout.reader();
    let writer = StoreWriter::create(output, options.overwrite)?;
    let vectors = match &options.vectors {
        Some(path) => Some(Vectors::read(path, reader, input, options)?),
        None => None,
    };
    let mut line = Line {
        cleaner: Cleaner::default(),
        embedder: vectors.as_ref().map(Vectors::embedder),
        watch: Watch::default(),
        writer,
    };
    let mut header = reader.read_into(input, options.limits, &mut line)?;
    if let Some(name) = &options.name {
        header.name.clone_from(name);
    }
    let clean = line.cleaner.finish(&header.modalities);
    let mut source = SourceInfo::of(layout, input)?;
    let mut embed = None;
    if let (Some(embedder), Some(path)) = (line.embedder, &options.vectors) {
        let report = embedder.finish(&mut header.modalities);
        source.vectors = Some(VectorsInfo::of(path, report)?);
        embed = Some(report);
    }
    let warnings = line.watch.finish(&header.modalities);
    let manifest = line.writer.finish(&header, &source, &clean)?;
    Ok(PrepareReport {
        manifest,
        clean,
        embed,
        warnings,
    })
}

/// What an utterance goes through on its way to the store.
struct Line<'v> {
    cleaner: Cleaner,
    embedder: Option<Embedder<'v>>,
    watch: Watch,
    writer: StoreWriter,
}

impl Sink for Line<'_> {
    fn push(&mut self, split: Split, mut utterance: Utterance) -> Result<(), Error> {
        self.cleaner.clean(split, &mut utterance);
        if let Some(embedder) = &mut self.embedder {
            embedder.embed(&mut utterance);
        }
        self.watch.see(split, &utterance);
        self.writer.push(split, utterance)
    }
}

/// The word vectors that a source needs.
struct Vectors {
    vectors: WordVectors,
    /// Those of the source, which are known only when it has been read.
    modalities: Vec<ModalityInfo>,
}

impl Vectors {
    fn read(
        path: &Path,
        reader: &dyn LayoutReader,
        input: &Path,
        options: &PrepareOptions,
    ) -> Result<Self, Error> {
        let mut words = Words::default();
        let header = reader.read_into(input, options.limits, &mut words)?;
        if words.0.is_empty() {
            return Err(Error::NoWords {
                corpus: options.name.clone().unwrap_or(header.name),
            });
        }
        Ok(Self {
            vectors: WordVectors::read_words(path, words.0.iter().map(String::as_str))?,
            modalities: header.modalities,
        })
    }

    fn embedder(&self) -> Embedder<'_> {
        Embedder::new(&self.vectors, &self.modalities)
    }
}

/// Keeps the different words and nothing else.
#[derive(Default)]
struct Words(HashSet<String>);

impl Sink for Words {
    fn push(&mut self, _: Split, utterance: Utterance) -> Result<(), Error> {
        self.0.extend(utterance.words);
        Ok(())
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
        for warning in &self.warnings {
            write!(f, "\nwarning: {warning}")?;
        }
        Ok(())
    }
}
