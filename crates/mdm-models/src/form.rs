use serde::{Deserialize, Serialize};

/// How a fusion model ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// In a representation Z, for the paper's linear head.
    #[default]
    Representation,
    /// As in the authors' code, whose prediction is no linear function of a Z.
    Official,
}
