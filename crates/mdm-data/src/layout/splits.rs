//! The names under which files keep the splits.

use crate::corpus::Split;

/// The names in use for a split, the usual one first.
pub(super) fn names(split: Split) -> &'static [&'static str] {
    match split {
        Split::Train => &["train"],
        Split::Valid => &["valid", "dev", "val"],
        Split::Test => &["test"],
    }
}
