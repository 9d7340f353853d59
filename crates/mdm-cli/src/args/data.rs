//! `mdm data` and `mdm model`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

/// Commands on corpora.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    Fetch(DataFetchArgs),
    Prepare(PrepareArgs),
    Inspect(InspectArgs),
    Verify(VerifyArgs),
    Export(ExportArgs),
}

/// Commands on pretrained encoders.
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    Fetch(ModelFetchArgs),
}

/// Fetch a known corpus or word vectors, check them and prepare a store; without a name, list what is known.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  mdm data fetch                                   what is known, with its size
  mdm data fetch mosei-mmsa                        into the folder in MDM_DATA_DIR, and a store in stores/mosei-mmsa
  mdm data fetch mosi --from ~/Downloads           files that are there already: checked, copied, prepared
  mdm data fetch glove.6B --dir corpora            word vectors, into a folder of your choice
  mdm data fetch --manifest mine.toml --no-prepare

A download that breaks off is continued by the same command. Every file is compared with the SHA-256 of its manifest
before it gets its name. The form of a manifest, for a corpus of your own: docs/datasets.md, \"Fetching\".")]
pub struct DataFetchArgs {
    #[command(flatten)]
    pub fetch: FetchArgs,
    /// The store to prepare [default: stores/NAME].
    #[arg(long, value_name = "DIR", conflicts_with = "no_prepare")]
    pub output: Option<PathBuf>,
    /// Only fetch.
    #[arg(long)]
    pub no_prepare: bool,
}

/// Fetch a known pretrained encoder and check it; without a name, list what is known.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  mdm model fetch                                  what is known, with its size
  mdm model fetch bert-base-uncased                into the folder in MDM_MODELS_DIR
  mdm model fetch all-minilm-l6-v2 --from ~/Downloads --dir models")]
pub struct ModelFetchArgs {
    #[command(flatten)]
    pub fetch: FetchArgs,
}

/// What to fetch, from where and to where.
#[derive(Debug, ClapArgs)]
pub struct FetchArgs {
    /// The name of a manifest.
    pub name: Option<String>,
    /// A manifest of your own in place of a known one.
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    pub manifest: Option<PathBuf>,
    /// Take the files from this folder, under their names, and download nothing.
    #[arg(long, value_name = "FOLDER")]
    pub from: Option<PathBuf>,
    /// The folder to fetch into [default: that in MDM_DATA_DIR, for models that in MDM_MODELS_DIR].
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Give up waiting for a silent server after this many seconds.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: u64,
    /// Tries of an address that bring a file no further, with growing pauses, before the next one.
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub attempts: u32,
}

/// Read a corpus file or folder and write a prepared store.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  mdm data prepare --input mosi.pkl --glove glove.6B.50d.txt --output stores/mosi
  mdm data prepare --input transcripts/ --glove glove.6B.50d.txt --output stores/text
  mdm data prepare --layout multibench --input mosi_raw.pkl --output stores/mosi-raw

Layouts of one file: mag, misa, mult, multibench, mmsa, conversations (pickles), npz.
Layouts of a folder: csd, cmu-h5, mmmo-h5 (HDF5), tsv, store.
Without --layout, the content tells; multibench looks like mult and has to be named.")]
pub struct PrepareArgs {
    /// One of the layouts below; left out, it is told from the content.
    #[arg(long, value_name = "NAME")]
    pub layout: Option<String>,
    /// The corpus file or folder.
    #[arg(long, value_name = "PATH")]
    pub input: PathBuf,
    /// The folder to write; empty or not there yet.
    #[arg(long, value_name = "DIR")]
    pub output: PathBuf,
    /// A GloVe text file, to give words their vectors.
    #[arg(long, value_name = "FILE")]
    pub glove: Option<PathBuf>,
    /// Replace a prepared store that is there already.
    #[arg(long)]
    pub overwrite: bool,
}

/// Print sizes, dimensions, labels, lengths, missing values and what is odd of a corpus; draw them on a page.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  mdm data inspect stores/mosi                          tables
  mdm data inspect mosi.pkl                             the same of a file that is not prepared
  mdm data inspect stores/mosi --html mosi.html         a page with pictures, for any browser
  mdm data inspect stores/mosi --html mosi.html --utterance '03bSnISJMiM[11]'
  mdm data inspect stores/mosi --json | jq '.features[] | select(.zeros == .values)'

The page is one file that loads nothing: histograms of labels and lengths, range and missing values of every feature, the
frequencies of emotions where there are any, and one utterance over time with its words.")]
pub struct InspectArgs {
    /// A prepared store, or a corpus file or folder whose content tells its layout.
    pub corpus: PathBuf,
    /// Also write a page with tables and pictures; a file that is there is replaced.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// The utterance that the page draws; by default the first of median length.
    #[arg(long, value_name = "ID", requires = "html")]
    pub utterance: Option<String>,
    /// One JSON object on standard output, with the histograms and the range of every feature.
    #[arg(long)]
    pub json: bool,
}

/// Check every part of a prepared store against the hashes of its manifest.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:\n  mdm data verify stores/mosi")]
pub struct VerifyArgs {
    /// The prepared store.
    pub store: PathBuf,
}

/// Write a prepared store as a NumPy archive, or as safetensors with a line of JSON for each utterance.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  mdm data export stores/mosi --format npz --output mosi.npz
  mdm data export stores/mosi --format safetensors --output exports/mosi")]
pub struct ExportArgs {
    /// The prepared store.
    pub store: PathBuf,
    /// npz or safetensors.
    #[arg(long)]
    pub format: String,
    /// The file to write (npz), or the folder (safetensors).
    #[arg(long, value_name = "PATH")]
    pub output: PathBuf,
    /// Replace an export that is there already.
    #[arg(long)]
    pub overwrite: bool,
}
