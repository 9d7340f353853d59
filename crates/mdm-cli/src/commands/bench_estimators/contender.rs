//! The estimators that are compared.

use anyhow::bail;
use mdm_core::DependencyMeasure;
use mdm_core::estimate::EstimatorConfig;

/// Donsker–Varadhan without the closed-form Gaussian part of the critic.
const NETWORK_ALONE: &str = "kl-network-alone";

/// The order of the tables.
const ALL: [&str; 12] = [
    "kl",
    "mine",
    "f",
    "smile",
    "info-nce",
    NETWORK_ALONE,
    "f-jensen-shannon",
    "f-squared-hellinger",
    "f-reverse-kl",
    "f-total-variation",
    "f-pearson-chi2",
    "wasserstein",
];

/// An estimator under a name.
#[derive(Debug, Clone)]
pub struct Contender {
    pub name: String,
    /// With every seed but the right one.
    pub config: EstimatorConfig,
}

impl Contender {
    pub fn measure(&self) -> DependencyMeasure {
        self.config.measure
    }

    /// The name for a reader.
    pub fn label(name: &str) -> String {
        match name {
            NETWORK_ALONE => "kl, network alone".to_owned(),
            name => format!("`{name}`"),
        }
    }

    fn new(name: &str, base: &EstimatorConfig) -> Result<Self, mdm_core::Error> {
        let mut config = base.clone();
        match name {
            NETWORK_ALONE => config.gaussian = false,
            name => config.measure = name.parse()?,
        }
        let name = match name {
            NETWORK_ALONE => NETWORK_ALONE.to_owned(),
            // One name for `nwj` and `f`.
            _ => config.measure.to_string(),
        };
        Ok(Self { name, config })
    }
}

/// The named estimators, each once, or all, with the settings of `base`.
///
/// # Errors
///
/// A name that none has.
pub fn chosen(names: &[String], base: &EstimatorConfig) -> anyhow::Result<Vec<Contender>> {
    let all: Vec<String> = ALL.map(str::to_owned).into();
    let names = if names.is_empty() { &all } else { names };
    let mut chosen: Vec<Contender> = Vec::new();
    for name in names {
        let Ok(contender) = Contender::new(name, base) else {
            bail!(
                "--measures: unknown measure `{name}`; known are {}",
                ALL.join(", ")
            );
        };
        if contender.measure() == DependencyMeasure::WassersteinPaperLiteral {
            bail!("--measures: `{name}` estimates nothing that has a truth");
        }
        if chosen.iter().all(|other| other.name != contender.name) {
            chosen.push(contender);
        }
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_choose_estimators_once() {
        let names = |names: &[&str]| -> anyhow::Result<Vec<String>> {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            Ok(chosen(&names, &EstimatorConfig::default())?
                .into_iter()
                .map(|c| c.name)
                .collect())
        };
        assert_eq!(names(&[]).unwrap(), ALL);
        assert_eq!(names(&["nwj", "f", "smile:1"]).unwrap(), ["f", "smile:1"]);
        let message = names(&["kl", "entropy"]).unwrap_err().to_string();
        assert!(message.contains("`entropy`") && message.contains("kl-network-alone"));
        assert!(names(&["wasserstein-paper-literal"]).is_err());
    }
}
