//! Kind `gaussian_tc`: laws whose dependence is known in closed form.

use std::collections::BTreeMap;

use mdm_core::ground_truth::{Gaussian, bmi_tasks, rho_for};
use serde::Deserialize;
use serde_json::Value;

use super::case::Case;
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
struct Equicorrelated {
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

/// What came out, with what was expected.
type Pairs = Vec<(f64, f64)>;

/// Runs a case. Truths are computed on the host, so there is no device.
pub fn check(case: &Case, checks: &mut Checks) -> anyhow::Result<()> {
    let expected = case.spec.expected_values.clone().into_iter().collect();
    let expected: Expected = case.settings(&Value::Object(expected))?;
    checks.numbers("equicorrelated", equicorrelated(&expected.equicorrelated)?);
    checks.numbers("covariances", covariances(case, &expected.covariances)?);
    checks.numbers("tasks", tasks(case, &expected.tasks)?);
    checks.numbers("gaussian_schedule", schedule(&expected.gaussian_schedule)?);
    Ok(())
}

fn equicorrelated(records: &[Equicorrelated]) -> anyhow::Result<Pairs> {
    let pair = |record: &Equicorrelated| {
        let law = Gaussian::equicorrelated(record.variables, record.copies, record.rho)?;
        Ok((law.total_correlation(), record.total_correlation))
    };
    records.iter().map(pair).collect()
}

fn covariances(case: &Case, records: &[Covariance]) -> anyhow::Result<Pairs> {
    let mut pairs = Pairs::new();
    for record in records {
        let law = Gaussian::new(&record.covariance.concat(), &record.blocks)?;
        pairs.push((law.total_correlation(), record.total_correlation));
        let of_the_chain = [record.mi_first_two, record.mi_pair_third];
        for (term, want) in of_the_chain.into_iter().enumerate() {
            let Some(want) = want else { continue };
            let Some(&got) = law.chain_terms().get(term) else {
                let found = format!("{:?}", record.blocks);
                return Err(case
                    .wrong("three blocks for a chain of two terms", found)
                    .into());
            };
            pairs.push((got, want));
        }
    }
    Ok(pairs)
}

fn tasks(case: &Case, truths: &BTreeMap<String, f64>) -> anyhow::Result<Pairs> {
    let known = bmi_tasks();
    let pair = |(name, &want): (&String, &f64)| {
        let task = known.iter().find(|task| task.name() == name);
        let task = task.ok_or_else(|| case.wrong("the name of a task of `bmi`", name))?;
        Ok((task.truth(), want))
    };
    truths.iter().map(pair).collect()
}

fn schedule(levels: &[Level]) -> anyhow::Result<Pairs> {
    let pair = |level: &Level| Ok((rho_for(level.mi, level.dim)?, level.rho));
    levels.iter().map(pair).collect()
}
