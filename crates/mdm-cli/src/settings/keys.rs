//! Strict keys: every key of a layer must exist in the defaults.

use anyhow::bail;
use toml::{Table, Value};

use super::Layer;

/// Refuses a key that the defaults do not have, naming the nearest that they have.
///
/// # Errors
///
/// The first unknown key, with its place.
pub fn check(layer: &Layer, defaults: &Table) -> anyhow::Result<()> {
    let known = paths(defaults, "");
    for path in paths(layer.table(), "") {
        if !known.contains(&path) {
            // A misspelt section is one error, not one for each of its keys.
            let parts: Vec<&str> = path.split('.').collect();
            let place = layer.place_of(&parts);
            match nearest(&path, &known) {
                Some(nearest) => bail!("{place}: unknown key `{path}`; did you mean `{nearest}`?"),
                None => bail!("{place}: unknown key `{path}`; configs/default.toml lists them all"),
            }
        }
    }
    Ok(())
}

/// The dotted path of every section and key, a section before its keys.
fn paths(table: &Table, prefix: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (key, value) in table {
        let path = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}.{key}")
        };
        all.push(path.clone());
        if let Value::Table(inner) = value {
            all.extend(paths(inner, &path));
        }
    }
    all
}

fn nearest<'a>(path: &str, known: &'a [String]) -> Option<&'a String> {
    let leaf = |path: &str| {
        path.rsplit('.')
            .next()
            .map(str::to_owned)
            .unwrap_or_default()
    };
    // The same last part elsewhere (a forgotten section) is as near as one wrong letter.
    let distance = |candidate: &str| {
        let whole = strsim::damerau_levenshtein(path, candidate);
        let same_leaf = leaf(path) == leaf(candidate);
        if same_leaf { whole.min(1) } else { whole }
    };
    known
        .iter()
        .map(|candidate| (distance(candidate), candidate))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= 1 + path.len() / 3)
        .map(|(_, candidate)| candidate)
}
