//! The backends by name, and the one that a command line of `mdm` asks for.

use std::ffi::OsString;
use std::fmt;

use clap::ValueEnum;

/// A backend under the name that `--backend` and the features of `mdm-cli` share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Backend {
    Flex,
    Ndarray,
    Wgpu,
    Vulkan,
    Metal,
    Tch,
    Cuda,
}

impl Backend {
    /// The name, as in `--backend NAME`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Ndarray => "ndarray",
            Self::Wgpu => "wgpu",
            Self::Vulkan => "vulkan",
            Self::Metal => "metal",
            Self::Tch => "tch",
            Self::Cuda => "cuda",
        }
    }

    /// The `--features` that compile these backends in; flex is in the default features.
    pub fn features(backends: &[Self]) -> Option<String> {
        let names: Vec<_> = backends
            .iter()
            .filter(|b| **b != Self::Flex)
            .map(|b| b.name())
            .collect();
        (!names.is_empty()).then(|| names.join(","))
    }
}

/// The name given to `--backend` is none of ours.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownBackend(String);

impl fmt::Display for UnknownBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown backend `{}`; known:", self.0)?;
        Backend::value_variants()
            .iter()
            .try_for_each(|b| write!(f, " {}", b.name()))
    }
}

/// The backend that the arguments ask for by `--backend NAME` or `--backend=NAME`; flex without either.
///
/// Nothing after a bare `--` counts, and the last of several wins; whether several are allowed is left to `mdm`.
pub fn requested(args: &[OsString]) -> Result<Backend, UnknownBackend> {
    let mut found = None;
    let mut args = args.iter().map(|a| a.to_string_lossy());
    while let Some(arg) = args.next() {
        match arg.as_ref() {
            "--" => break,
            // Without a value it is an error that `mdm` words better.
            "--backend" => found = args.next().or(found),
            _ => {
                if let Some(name) = arg.strip_prefix("--backend=") {
                    found = Some(name.to_owned().into());
                }
            }
        }
    }
    match found {
        None => Ok(Backend::Flex),
        Some(name) => {
            Backend::from_str(&name, false).map_err(|_| UnknownBackend(name.into_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Backend, UnknownBackend> {
        requested(&line.split(' ').map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn both_spellings_are_found() {
        assert_eq!(of("train --backend wgpu --seed 1"), Ok(Backend::Wgpu));
        assert_eq!(of("train --seed 1 --backend=tch"), Ok(Backend::Tch));
    }

    #[test]
    fn flex_is_the_default() {
        assert_eq!(of("train --seed 1"), Ok(Backend::Flex));
        assert_eq!(of("train --backend"), Ok(Backend::Flex));
        assert_eq!(of("train --backends tch"), Ok(Backend::Flex));
        assert_eq!(of("estimate -- --backend tch"), Ok(Backend::Flex));
    }

    #[test]
    fn the_last_of_several_wins() {
        assert_eq!(of("train --backend wgpu --backend=cuda"), Ok(Backend::Cuda));
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        for line in ["train --backend jax", "train --backend=jax"] {
            let message = of(line).unwrap_err().to_string();
            assert_eq!(
                message,
                "unknown backend `jax`; known: flex ndarray wgpu vulkan metal tch cuda"
            );
        }
        assert!(of("train --backend=").is_err());
        assert!(of("train --backend Flex").is_err());
    }

    #[test]
    fn features_follow_the_names() {
        for backend in Backend::value_variants() {
            assert_eq!(Backend::from_str(backend.name(), false), Ok(*backend));
        }
        assert_eq!(Backend::features(&[Backend::Flex]), None);
        assert_eq!(
            Backend::features(&[Backend::Wgpu, Backend::Flex, Backend::Tch]).as_deref(),
            Some("wgpu,tch")
        );
    }
}
