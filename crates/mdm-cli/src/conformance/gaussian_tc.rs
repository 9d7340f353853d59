//! Kind `gaussian_tc`: laws whose dependence is known in closed form.

use std::collections::BTreeMap;
use std::path::Path;

use mdm_core::ground_truth::{Gaussian, bmi_tasks, rho_for};
use serde::Deserialize;
use serde_json::Value;

use super::case::{Case, Spec};
use super::compare::Checks;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    equicorrelated: Vec<Equicorrelated>,
    covariances: Vec<Covariance>,
    tasks: BTreeMap<String, f64>,
    gaussian_schedule: Vec<Level>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Equicorrelated {
    name: String,
    variables: usize,
    copies: usize,
    rho: f64,
    total_correlation: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Covariance {
    blocks: Vec<usize>,
    covariance: Vec<Vec<f64>>,
    total_correlation: f64,
    mi_first_two: Option<f64>,
    mi_pair_third: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Level {
    dim: usize,
    mi: f64,
    rho: f64,
}

/// An expected number by its place in the lists of the case, and what came out.
struct Number {
    name: String,
    got: f64,
    want: f64,
}

impl Number {
    fn new(name: impl Into<String>, got: f64, want: f64) -> Self {
        let name = name.into();
        Self { name, got, want }
    }
}

/// Runs a case. Truths are computed on the host, so there is no device.
pub fn check(case: &Case, checks: &mut Checks) -> anyhow::Result<()> {
    let expected = case.spec.expected_values.clone().into_iter().collect();
    let expected: Expected = case.settings(&Value::Object(expected))?;
    let mut numbers = equicorrelated(&expected.equicorrelated)?;
    numbers.extend(covariances(case, &expected.covariances)?);
    numbers.extend(tasks(case, &expected.tasks)?);
    numbers.extend(schedule(&expected.gaussian_schedule)?);

    // The comparison knows numbers by name and no lists of records: it gets the same case with a name for each number.
    // It borrows that case for as long as it lives itself, so this one, of a few kilobytes, is never dropped.
    *checks = Checks::new(Box::leak(Box::new(flat(case, &numbers)?)));
    for Number { name, got, .. } in &numbers {
        checks.number(name, *got)?;
    }
    Ok(())
}

/// The case with each number under its own name.
fn flat(case: &Case, numbers: &[Number]) -> anyhow::Result<Case> {
    let description = case.wrong("", "").path;
    let folder = description.parent().unwrap_or(Path::new(""));
    let named = numbers
        .iter()
        .map(|one| (one.name.clone(), one.want.into()));
    let spec = Spec {
        expected_values: named.collect(),
        ..case.spec.clone()
    };
    Ok(Case::read(folder, spec)?)
}

fn equicorrelated(records: &[Equicorrelated]) -> anyhow::Result<Vec<Number>> {
    let number = |record: &Equicorrelated| {
        let law = Gaussian::equicorrelated(record.variables, record.copies, record.rho)?;
        let (got, want) = (law.total_correlation(), record.total_correlation);
        Ok(Number::new(&record.name, got, want))
    };
    records.iter().map(number).collect()
}

fn covariances(case: &Case, records: &[Covariance]) -> anyhow::Result<Vec<Number>> {
    let mut numbers = Vec::new();
    for (index, record) in records.iter().enumerate() {
        let law = Gaussian::new(&record.covariance.concat(), &record.blocks)?;
        let mut number = |name: &str, got, want| {
            numbers.push(Number::new(
                format!("covariances[{index}].{name}"),
                got,
                want,
            ));
        };
        number(
            "total_correlation",
            law.total_correlation(),
            record.total_correlation,
        );
        let terms = law.chain_terms();
        let of_the_chain = [
            ("mi_first_two", record.mi_first_two),
            ("mi_pair_third", record.mi_pair_third),
        ];
        for (term, (name, want)) in of_the_chain.into_iter().enumerate() {
            let Some(want) = want else { continue };
            let Some(&got) = terms.get(term) else {
                let expected = format!("three blocks for `{name}`");
                return Err(case.wrong(expected, format!("{:?}", record.blocks)).into());
            };
            number(name, got, want);
        }
    }
    Ok(numbers)
}

fn tasks(case: &Case, truths: &BTreeMap<String, f64>) -> anyhow::Result<Vec<Number>> {
    let known = bmi_tasks();
    let number = |(name, &want): (&String, &f64)| {
        let task = known.iter().find(|task| task.name() == name);
        let task = task.ok_or_else(|| case.wrong("the name of a task of `bmi`", name))?;
        Ok(Number::new(name, task.truth(), want))
    };
    truths.iter().map(number).collect()
}

fn schedule(levels: &[Level]) -> anyhow::Result<Vec<Number>> {
    let number = |level: &Level| {
        let name = format!("rho of {} nats over {} pairs", level.mi, level.dim);
        Ok(Number::new(name, rho_for(level.mi, level.dim)?, level.rho))
    };
    levels.iter().map(number).collect()
}
