//! `mdm evaluate --keep`: which modalities are missing, and the table that sets the two results side by side.

use anyhow::{anyhow, bail};
use mdm_data::{Corpus, Modality};
use mdm_train::Metrics;
use mdm_train::robustness::{Missing, Robustness};

use crate::args::EvaluateArgs;
use crate::failure::usage;
use crate::table::{decimal, percent};

/// What the arguments take from the corpus; none without `--keep` and `--drop`.
///
/// # Errors
///
/// A usage error for a modality that the corpus does not have, and when none would be left.
pub fn missing(args: &EvaluateArgs, corpus: &Corpus) -> anyhow::Result<Option<Missing>> {
    let (flag, names) = match (args.keep.is_empty(), args.drop.is_empty()) {
        (true, true) => return Ok(None),
        (false, _) => ("--keep", &args.keep),
        (true, false) => ("--drop", &args.drop),
    };
    let named = modalities(flag, names, corpus).map_err(usage)?;
    let is_kept = |modality: &Modality| named.contains(modality) == (flag == "--keep");
    let all = corpus.modalities.iter().map(|info| info.modality);
    let (kept, dropped): (Vec<_>, Vec<_>) = all.partition(is_kept);
    if kept.is_empty() {
        return Err(usage(anyhow!(
            "{flag} leaves no modality of {}",
            corpus.name
        )));
    }
    Ok(Some(Missing {
        kept,
        dropped,
        fill: args.fill,
        rate: args.rate,
        seed: args.seed,
    }))
}

fn modalities(flag: &str, names: &[String], corpus: &Corpus) -> anyhow::Result<Vec<Modality>> {
    let known: Vec<Modality> = corpus.modalities.iter().map(|info| info.modality).collect();
    let mut found = Vec::new();
    for name in names {
        match known.iter().find(|modality| modality.name() == name) {
            Some(&modality) => found.push(modality),
            None => bail!(
                "{flag}: corpus {} has no modality {name:?}; it has {}",
                corpus.name,
                join(&known)
            ),
        }
    }
    Ok(found)
}

/// The test metrics of the whole input and of what is left of it, side by side.
pub fn table(whole: &Metrics, robustness: &Robustness) -> String {
    let Robustness {
        missing,
        test,
        ratio,
        majority_ratio,
    } = robustness;
    let decimals = |all, kept| [decimal(all), decimal(kept)];
    let [mae, corr] = [
        decimals(whole.mae, test.mae),
        decimals(whole.corr, test.corr),
    ];
    let acc7 = [
        percent(whole.acc7),
        percent(test.acc7),
        String::new(),
        percent(whole.majority_acc7),
    ];
    let has0 = [
        percent(whole.acc2_has0),
        percent(test.acc2_has0),
        decimal(ratio.acc2_has0),
        percent(whole.majority_acc2_has0),
        decimal(majority_ratio.acc2_has0),
    ];
    let non0 = [
        percent(whole.acc2_non0),
        percent(test.acc2_non0),
        decimal(ratio.acc2_non0),
        percent(whole.majority_acc2_non0),
        decimal(majority_ratio.acc2_non0),
    ];
    let header = ["all", "kept", "kept/all", "majority", "majority/all"].map(String::from);
    [
        describe(missing),
        row("", &header),
        row("MAE", &mae),
        row("Corr", &corr),
        row("Acc7", &acc7),
        row("Acc2 has0", &has0),
        row("Acc2 non0", &non0),
    ]
    .join("\n")
}

fn row(name: &str, cells: &[String]) -> String {
    let cells: String = cells.iter().map(|cell| format!(" {cell:>12}")).collect();
    format!("{name:<18}{cells}")
}

/// One line: what is kept, what is dropped, and how.
fn describe(missing: &Missing) -> String {
    let kept = join(&missing.kept);
    if missing.dropped.is_empty() {
        return format!("kept: {kept}; nothing is dropped");
    }
    let dropped = join(&missing.dropped);
    let whose = match missing.rate {
        1.0 => "of every utterance".to_owned(),
        rate => format!("each with probability {rate}"),
    };
    format!(
        "kept: {kept}; dropped: {dropped}, {whose} (fill {}, seed {})",
        missing.fill, missing.seed
    )
}

fn join(modalities: &[Modality]) -> String {
    let names: Vec<&str> = modalities.iter().map(|modality| modality.name()).collect();
    names.join(", ")
}
