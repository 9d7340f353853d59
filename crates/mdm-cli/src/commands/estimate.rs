//! `mdm estimate`

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};
use mdm_core::estimate::{Estimate, Estimator, EstimatorConfig, Samples, Variable};
use mdm_core::{DependencyMeasure, FDivergence};
use mdm_data::samples;
use serde_json::json;
use toml::{Table, Value};

use crate::args::EstimateArgs;
use crate::failure::usage;
use crate::{backend, output};

/// Estimates how dependent the variables of a file are.
pub fn run(args: &EstimateArgs) -> anyhow::Result<()> {
    let config = config(args).map_err(usage)?;
    let device = backend::device(&args.backend.backend)?.autodiff();
    let estimator = Estimator::new(config, &device)?;
    let samples = read(args)?;

    let bar = bar();
    let estimate = estimator.fit_with(&samples, &|done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    let estimate = estimate?;

    if let Some(path) = &args.out {
        write(path, &estimate)?;
    }
    for warning in &estimate.warnings {
        eprintln!("warning: {warning}");
    }
    if args.json {
        return output::line(json(&samples, &estimate));
    }
    output::line(text(&samples, &estimate))
}

/// The defaults, the file of `--config`, `--set` and the flags, later ones over earlier ones.
fn config(args: &EstimateArgs) -> anyhow::Result<EstimatorConfig> {
    let mut table = Table::new();
    if let Some(path) = &args.config {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        table = text
            .parse()
            .map_err(|error: toml::de::Error| anyhow!("{}: {error}", path.display()))?;
    }
    for setting in &args.set {
        let Some((key, value)) = setting.split_once('=') else {
            bail!("--set {setting}: expected KEY=VALUE");
        };
        // A bare word is a text, as in `--set critic=separable`.
        let value = match format!("value = {value}").parse::<Table>() {
            Ok(mut table) => table.remove("value").expect("the key just written"),
            Err(_) => Value::String(value.to_owned()),
        };
        table.insert(key.to_owned(), value);
    }
    if let Some(measure) = &args.measure {
        table.insert("measure".into(), Value::String(measure.clone()));
    }
    if let Some(seed) = args.seed {
        let seed = i64::try_from(seed).context("--seed: at most 2⁶³ − 1")?;
        table.insert("seed".into(), Value::Integer(seed));
    }
    let config: EstimatorConfig =
        serde_path_to_error::deserialize(Value::Table(table)).map_err(|error| {
            let message = error.inner().to_string();
            anyhow!(
                "{}: {}",
                error.path(),
                message.trim_end().replace('\n', ", ")
            )
        })?;
    config.check()?;
    Ok(config)
}

fn read(args: &EstimateArgs) -> anyhow::Result<Samples> {
    let path = args.file.display();
    if args.variables.len() < 2 {
        let offered: Vec<String> = samples::list(&args.file)?
            .into_iter()
            .map(|variable| format!("{} ({} × {})", variable.name, variable.rows, variable.dims))
            .collect();
        return Err(usage(anyhow!(
            "--variables: name at least two of those in {path}: {}",
            offered.join(", ")
        )));
    }
    let variables = samples::read(&args.file, &args.variables)?
        .into_iter()
        .map(|variable| Variable::new(variable.name, variable.dims, variable.values))
        .collect::<Result<_, _>>()
        .and_then(Samples::new);
    variables.with_context(|| format!("{path}"))
}

/// Critics trained so far, on a terminal.
fn bar() -> ProgressBar {
    let bar = ProgressBar::no_length(); // Draws nothing unless standard error is a terminal.
    let template = "critics {bar:30} {pos}/{len}  {elapsed} elapsed, {eta} left";
    bar.set_style(ProgressStyle::with_template(template).expect("a valid template"));
    bar.enable_steady_tick(std::time::Duration::from_millis(500));
    bar
}

/// The whole estimate: training curves and the score of each sample too.
fn write(path: &Path, estimate: &Estimate) -> anyhow::Result<()> {
    let mut bytes = serde_json::to_vec_pretty(estimate)?;
    bytes.push(b'\n');
    mdm_train::atomic::write_atomically(path, &bytes)?;
    Ok(())
}

fn json(samples: &Samples, estimate: &Estimate) -> serde_json::Value {
    let variables = samples.variables().iter();
    let variables = variables.map(|v| json!({ "name": v.name(), "dims": v.dims() }));
    let terms = estimate.terms.iter();
    let terms = terms.map(|term| json!({ "variables": term.variables, "estimate": term.value }));
    json!({
        "estimate": estimate.value,
        "ci95": estimate.ci95,
        "measure": estimate.measure,
        "unit": unit(estimate.measure),
        "n": estimate.n,
        "variables": variables.collect::<Vec<_>>(),
        "terms": terms.collect::<Vec<_>>(),
        "warnings": estimate.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn text(samples: &Samples, estimate: &Estimate) -> String {
    let unit = unit(estimate.measure);
    let [low, high] = estimate.ci95;
    let variables: Vec<String> = samples
        .variables()
        .iter()
        .map(|variable| match variable.dims() {
            1 => variable.name().to_owned(),
            dims => format!("{} ({dims} columns)", variable.name()),
        })
        .collect();
    let mut text = format!(
        "{} of {}\n{:.4} {unit}, 95 % interval {low:.4} to {high:.4}, {} samples",
        name(estimate.measure),
        variables.join(", "),
        estimate.value,
        estimate.n,
    );
    if let terms @ [_, _, ..] = estimate.terms.as_slice() {
        let width = terms
            .iter()
            .map(|term| term.variables.chars().count())
            .max();
        let width = width.unwrap_or(0);
        for term in terms {
            text += &format!("\n  I({:width$}) {:.4}", term.variables, term.value);
        }
    }
    text
}

fn name(measure: DependencyMeasure) -> String {
    use DependencyMeasure as M;
    match measure {
        M::TotalCorrelation
        | M::Mine { .. }
        | M::Smile { .. }
        | M::InfoNce
        | M::FDivergence(FDivergence::Kl) => format!("Total correlation ({measure})"),
        M::Wasserstein => "Wasserstein distance between joint law and product of marginals".into(),
        other => format!("`{other}`"),
    }
}

fn unit(measure: DependencyMeasure) -> &'static str {
    match measure {
        DependencyMeasure::Wasserstein | DependencyMeasure::WassersteinPaperLiteral => {
            "in units of the data"
        }
        DependencyMeasure::FDivergence(
            FDivergence::PearsonChi2 | FDivergence::SquaredHellinger | FDivergence::TotalVariation,
        ) => "(no unit)",
        _ => "nats",
    }
}
