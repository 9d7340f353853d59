//! `mdm data …`

use std::cell::LazyCell;
use std::path::Path;

use anyhow::ensure;
use mdm_data::Modality;
use mdm_data::export::{Format, export};
use mdm_data::inspect::{Distributions, Summary, inspect};
use mdm_data::layout::{self, Layout};
use mdm_data::pickle::Limits;
use mdm_data::store::{self, PrepareOptions};
use mdm_train::write_atomically;
use serde::Serialize;

use super::fetch;
use crate::args::{DataCommand, ExportArgs, InspectArgs, PrepareArgs, VerifyArgs};
use crate::inspect_page::{self, Chosen, Page};
use crate::{dataset, output};

/// Runs a command on corpora.
pub fn run(command: &DataCommand) -> anyhow::Result<()> {
    match command {
        DataCommand::Fetch(args) => fetch::data(args),
        DataCommand::Prepare(args) => prepare(args),
        DataCommand::Inspect(args) => inspect_corpus(args),
        DataCommand::Verify(args) => verify(args),
        DataCommand::Export(args) => export_store(args),
    }
}

fn prepare(args: &PrepareArgs) -> anyhow::Result<()> {
    let layout = match &args.layout {
        Some(name) => name.parse()?,
        None => dataset::detect(&args.input)?,
    };
    let options = PrepareOptions {
        overwrite: args.overwrite,
        vectors: args.glove.clone(),
        ..Default::default()
    };
    let report = store::prepare(layout, &args.input, &args.output, &options)?;
    output::line(&report)?;
    let modalities = &report.manifest.modalities;
    if !modalities
        .iter()
        .any(|info| info.modality == Modality::Language)
    {
        output::line(
            "the words have no vectors yet: prepare with --glove, or set data.word_vectors to train",
        )?;
    }
    output::line(format!("written to {}", args.output.display()))?;
    Ok(())
}

fn inspect_corpus(args: &InspectArgs) -> anyhow::Result<()> {
    let (corpus, manifest) = match layout::detect(&args.corpus, Limits::default())? {
        Layout::Store => {
            let (corpus, manifest) = store::read(&args.corpus)?;
            (corpus, Some(manifest))
        }
        layout => (layout::read(layout, &args.corpus)?, None),
    };
    let replaced = manifest.as_ref().map(|manifest| &manifest.replaced);
    let summary = inspect(&corpus, replaced);
    // It takes a while, and the tables do without.
    let distributions = LazyCell::new(|| Distributions::of(&corpus, replaced));
    if let Some(file) = &args.html {
        let page = inspect_page::render(&Page {
            corpus: &corpus,
            summary: &summary,
            distributions: &distributions,
            manifest: manifest.as_ref(),
            utterance: Chosen::from(&corpus, args.utterance.as_deref())?,
        });
        write_atomically(file, page.as_bytes())?;
    }
    if args.json {
        let inspection = Inspection {
            summary: &summary,
            distributions: &distributions,
        };
        return output::line(serde_json::to_string(&inspection)?);
    }
    output::line(&summary)?;
    if let Some(file) = &args.html {
        output::line(format!("page written to {}", file.display()))?;
    }
    Ok(())
}

/// Everything that `--json` prints.
#[derive(Serialize)]
struct Inspection<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    #[serde(flatten)]
    distributions: &'a Distributions,
}

fn verify(args: &VerifyArgs) -> anyhow::Result<()> {
    check_is_store(&args.store)?;
    let manifest = store::verify(&args.store)?;
    output::line(format!(
        "{}: every part of {} is as its manifest says",
        args.store.display(),
        manifest.name
    ))?;
    Ok(())
}

fn export_store(args: &ExportArgs) -> anyhow::Result<()> {
    let format: Format = args.format.parse()?;
    check_is_store(&args.store)?;
    export(&args.store, format, &args.output, args.overwrite)?;
    output::line(format!("written to {}", args.output.display()))?;
    Ok(())
}

fn check_is_store(folder: &Path) -> anyhow::Result<()> {
    ensure!(
        folder.join("manifest.json").is_file(),
        "{} is not a prepared store: it has no manifest.json (`mdm data prepare` writes one)",
        folder.display()
    );
    Ok(())
}
