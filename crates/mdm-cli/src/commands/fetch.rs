//! `mdm data fetch` and `mdm model fetch`

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use indicatif::HumanBytes;
use mdm_data::corpus::Split;
use mdm_data::store::{self, PrepareOptions, SourceInfo};

use crate::args::{DataFetchArgs, FetchArgs, ModelFetchArgs};
use crate::failure::usage;
use crate::fetch::{self, Client, CorpusSource, Kind, Manifest, Patience, Source, known};
use crate::output;

/// Fetches a corpus or word vectors, and prepares a corpus.
pub fn data(args: &DataFetchArgs) -> anyhow::Result<()> {
    let Some(manifest) = choose(&args.fetch, &[Kind::Dataset, Kind::WordVectors])? else {
        return Ok(());
    };
    let name = &manifest.name;
    if manifest.corpus.is_none() && args.output.is_some() {
        let message = anyhow!("--output: {name} is nothing to prepare a store from");
        return Err(usage(message));
    }
    let folder = fetch(&manifest, &args.fetch)?;
    if let Some(corpus) = manifest.corpus.as_ref().filter(|_| !args.no_prepare) {
        let by_default = || Path::new("stores").join(name);
        let store = args.output.clone().unwrap_or_else(by_default);
        prepare(name, corpus, &folder, &store)?;
    }
    Ok(())
}

/// Fetches a pretrained encoder.
pub fn model(args: &ModelFetchArgs) -> anyhow::Result<()> {
    if let Some(manifest) = choose(&args.fetch, &[Kind::Model])? {
        fetch(&manifest, &args.fetch)?;
    }
    Ok(())
}

/// The manifest that was asked for. Where none was, lists those that are known.
fn choose(args: &FetchArgs, kinds: &[Kind]) -> anyhow::Result<Option<Manifest>> {
    let manifest = match (&args.manifest, &args.name) {
        (Some(path), _) => read(path).map_err(usage)?,
        (None, Some(name)) => known::find(name).ok_or_else(|| unknown(name, kinds))?,
        (None, None) => return list(kinds).map(|()| None),
    };
    let (name, kind) = (&manifest.name, manifest.kind);
    if !kinds.contains(&kind) {
        let command = kind.command();
        return Err(usage(anyhow!("{name} is a {kind}: `{command} {name}`")));
    }
    Ok(Some(manifest))
}

/// Fetches all files, and gives the folder that they are in.
fn fetch(manifest: &Manifest, args: &FetchArgs) -> anyhow::Result<PathBuf> {
    let variable = manifest.kind.variable();
    let by_default = || std::env::var_os(variable).map(PathBuf::from);
    let folder = args.dir.clone().or_else(by_default).ok_or_else(|| {
        usage(anyhow!(
            "where should the files go? Set {variable} to a folder, or name one with --dir"
        ))
    })?;
    let source = match &args.from {
        Some(from) => Source::Folder(from.clone()),
        None => Source::Web(Client::new(Patience {
            timeout: Duration::from_secs(args.timeout),
            attempts: args.attempts,
        })),
    };
    eprintln!("{}: {}", manifest.name, manifest.title);
    eprintln!("licence: {}", manifest.licence);
    fetch::fetch(manifest, &folder, &source)?;
    Ok(folder)
}

fn read(path: &Path) -> anyhow::Result<Manifest> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Manifest::parse(&text, path)
}

fn unknown(name: &str, kinds: &[Kind]) -> anyhow::Error {
    let known = known::all().into_iter();
    let known = known.filter(|manifest| kinds.contains(&manifest.kind));
    let known: Vec<String> = known.map(|manifest| manifest.name).collect();
    usage(anyhow!(
        "nothing is known under the name {name:?}; known are {}, and --manifest FILE takes your own",
        known.join(", ")
    ))
}

fn list(kinds: &[Kind]) -> anyhow::Result<()> {
    let known = known::all().into_iter();
    for manifest in known.filter(|manifest| kinds.contains(&manifest.kind)) {
        let size = manifest.bytes().map_or("size unknown".to_owned(), |bytes| {
            HumanBytes(bytes).to_string()
        });
        let has_urls = manifest.files.iter().all(|file| !file.urls.is_empty());
        let by_hand = if has_urls {
            ""
        } else {
            " (no address: --from)"
        };
        output::line(format!(
            "{:<21} {:<12} {size:>12}  {}{by_hand}",
            manifest.name, manifest.kind, manifest.title
        ))?;
    }
    Ok(())
}

/// Prepares a store from the files of a dataset, unless that is what stands there.
fn prepare(name: &str, corpus: &CorpusSource, folder: &Path, output: &Path) -> anyhow::Result<()> {
    let input = folder.join(&corpus.path);
    let vectors = corpus.word_vectors.as_ref();
    let vectors = vectors.map(|path| folder.join(path));
    let there = vectors.clone().filter(|path| path.is_file());
    if is_prepared(corpus, &input, there.is_some(), output)? {
        return output::line(format!("{}: already prepared", output.display()));
    }
    let options = PrepareOptions {
        name: Some(name.to_owned()),
        vectors: there.clone(),
        ..PrepareOptions::default()
    };
    let report = store::prepare(corpus.layout, &input, output, &options)?;
    output::line(&report)?;
    for split in Split::ALL {
        let expected = corpus.splits.get(&split).copied().unwrap_or(0);
        let found = report.manifest.splits.get(&split);
        let found = found.map_or(0, |counts| counts.utterances);
        if found != expected {
            output::line(format!(
                "warning: {split}: the manifest says {expected} utterances, there are {found}"
            ))?;
        }
    }
    if let (Some(path), None) = (&vectors, &there) {
        output::line(format!(
            "the words have no vectors yet: {} is not there. Fetch it and prepare again, \
             or set data.word_vectors to train",
            path.display()
        ))?;
    }
    output::line(format!("written to {}", output.display()))
}

/// Whether a sound store of this very file is there.
fn is_prepared(
    corpus: &CorpusSource,
    input: &Path,
    with_vectors: bool,
    output: &Path,
) -> anyhow::Result<bool> {
    if !output.join(store::MANIFEST).is_file() {
        return Ok(false);
    }
    let source = store::verify(output)?.source;
    let file = SourceInfo::of(corpus.layout, input)?;
    Ok(source.sha256 == file.sha256
        && source.layout == file.layout
        && source.vectors.is_some() == with_vectors)
}
