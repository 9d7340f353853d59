//! The ranges of the settings of a synthetic corpus.

use super::{COPIES, SyntheticConfig};
use crate::corpus::{Modality, Utterance};
use crate::error::Error;

/// Longest utterance, and widest modality.
const LONGEST: usize = 1 << 20;

/// Most bytes that a corpus may take.
const LARGEST: u128 = 8 << 30;

/// Checks every setting alone, then what they come to together.
pub(super) fn check(config: &SyntheticConfig) -> Result<(), Error> {
    let [shortest, longest] = config.steps;
    let dims = &config.dims;
    let modalities = 2..=Modality::ALL.len();
    let bytes = bytes(config);
    let checks = [
        (
            "data.synthetic.steps",
            (1..=longest).contains(&shortest) && longest <= LONGEST,
            "the shortest and the longest, from 1 to 1048576 (2^20)",
            format!("{:?}", config.steps),
        ),
        (
            "data.synthetic.dims",
            modalities.contains(&dims.len())
                && dims.iter().all(|dim| (COPIES..=LONGEST).contains(dim)),
            "2 to 4 widths (language, audio, vision, physiology), each from 2 to 1048576 (2^20)",
            format!("{dims:?}"),
        ),
        (
            "data.synthetic.correlation",
            (0.0..1.0).contains(&config.correlation),
            "in [0, 1)",
            config.correlation.to_string(),
        ),
        (
            "data.synthetic.noise",
            config.noise >= 0.0 && config.noise.is_finite(),
            "0 or a positive number",
            config.noise.to_string(),
        ),
        (
            "data.synthetic.{train, valid, test, steps, dims}",
            bytes <= LARGEST,
            "a corpus of at most 8 GiB",
            format!(
                "{}, {} and {} utterances of up to {longest} steps of {} values, {bytes} bytes",
                config.train,
                config.valid,
                config.test,
                dims.iter().map(|&dim| dim as u128).sum::<u128>(),
            ),
        ),
    ];
    match checks.into_iter().find(|(_, holds, ..)| !holds) {
        Some((field, _, expected, found)) => Err(Error::InvalidConfig {
            field,
            expected,
            found,
        }),
        None => Ok(()),
    }
}

/// What the corpus takes if every utterance is as long as the longest.
fn bytes(config: &SyntheticConfig) -> u128 {
    /// A short text with its block of memory.
    const TEXT: usize = 2 * size_of::<String>();
    let frame: u128 = config.dims.iter().map(|&dim| dim as u128).sum();
    let step = (frame * size_of::<f32>() as u128).saturating_add(TEXT as u128);
    let utterance = step.saturating_mul(config.steps[1] as u128);
    let utterance = utterance.saturating_add((size_of::<Utterance>() + TEXT) as u128);
    let counts = [config.train, config.valid, config.test];
    let utterances: u128 = counts.iter().map(|&count| count as u128).sum();
    utterances.saturating_mul(utterance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_sizes_are_errors_that_name_the_setting() {
        let default = SyntheticConfig::default;
        check(&default()).unwrap();
        let huge = usize::MAX;
        let cases = [
            (
                "steps",
                SyntheticConfig {
                    steps: [1, huge],
                    ..default()
                },
            ),
            (
                "steps",
                SyntheticConfig {
                    steps: [0, 3],
                    ..default()
                },
            ),
            (
                "steps",
                SyntheticConfig {
                    steps: [4, 3],
                    ..default()
                },
            ),
            (
                "dims",
                SyntheticConfig {
                    dims: vec![huge; 3],
                    ..default()
                },
            ),
            (
                "dims",
                SyntheticConfig {
                    dims: vec![1, 8, 8],
                    ..default()
                },
            ),
            (
                "dims",
                SyntheticConfig {
                    dims: vec![8],
                    ..default()
                },
            ),
            (
                "dims",
                SyntheticConfig {
                    dims: vec![8; 5],
                    ..default()
                },
            ),
            (
                "{train",
                SyntheticConfig {
                    train: huge,
                    valid: huge,
                    test: huge,
                    ..default()
                },
            ),
            (
                "{train",
                SyntheticConfig {
                    test: 10_000_000,
                    ..default()
                },
            ),
            (
                "{train",
                SyntheticConfig {
                    dims: vec![LONGEST; 4],
                    ..default()
                },
            ),
        ];
        for (setting, config) in cases {
            let message = super::super::generate(&config).unwrap_err().to_string();
            let start = format!("data.synthetic.{setting}");
            assert!(message.starts_with(&start), "{message}");
        }
    }
}
