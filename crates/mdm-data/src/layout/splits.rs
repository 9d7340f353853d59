//! The names under which files keep the splits.

use super::place::Place;
use crate::corpus::Split;
use crate::error::Error;

/// The names in use for a split, the usual one first.
pub(super) fn names(split: Split) -> &'static [&'static str] {
    match split {
        Split::Train => &["train"],
        Split::Valid => &["valid", "dev", "val"],
        Split::Test => &["test"],
    }
}

/// What `find` finds under the one name that a source has for a split; `None` where it has none of them.
///
/// # Errors
///
/// Two of the names are there: which of them is meant, nobody knows. And those of `find`.
pub(super) fn find<T>(
    split: Split,
    source: Place<'_>,
    find: impl Fn(&'static str) -> Result<Option<T>, Error>,
) -> Result<Option<T>, Error> {
    let mut found: Option<(&str, T)> = None;
    for &name in names(split) {
        let Some(content) = find(name)? else {
            continue;
        };
        if let Some((other, _)) = found {
            let expected = format!("one of {}", names(split).join(", "));
            let both = format!("{other} and {name}");
            return Err(source.split(split).error(expected, both));
        }
        found = Some((name, content));
    }
    Ok(found.map(|(_, content)| content))
}
