//! `mdm data …`

use std::path::Path;

use anyhow::ensure;
use mdm_data::Modality;
use mdm_data::inspect::inspect;
use mdm_data::layout::Layout;
use mdm_data::store::{self, PrepareOptions};

use super::fetch;
use crate::args::{DataCommand, InspectArgs, PrepareArgs, VerifyArgs};
use crate::output;

/// Runs a command on corpora.
pub fn run(command: &DataCommand) -> anyhow::Result<()> {
    match command {
        DataCommand::Fetch(args) => fetch::data(args),
        DataCommand::Prepare(args) => prepare(args),
        DataCommand::Inspect(args) => inspect_store(args),
        DataCommand::Verify(args) => verify(args),
    }
}

fn prepare(args: &PrepareArgs) -> anyhow::Result<()> {
    let layout: Layout = args.layout.parse()?;
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

fn inspect_store(args: &InspectArgs) -> anyhow::Result<()> {
    check_is_store(&args.store)?;
    let (corpus, manifest) = store::read(&args.store)?;
    let summary = inspect(&corpus, Some(&manifest.replaced));
    if args.json {
        output::line(serde_json::to_string(&summary)?)?;
    } else {
        output::line(&summary)?;
    }
    Ok(())
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

fn check_is_store(folder: &Path) -> anyhow::Result<()> {
    ensure!(
        folder.join("manifest.json").is_file(),
        "{} is not a prepared store: it has no manifest.json (`mdm data prepare` writes one)",
        folder.display()
    );
    Ok(())
}
