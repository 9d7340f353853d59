//! Which of the pickled layouts a pickle has.

use std::path::Path;

use super::source::{Source, load};
use crate::corpus::Split;
use crate::error::Error;
use crate::layout::Layout;
use crate::pickle::{Limits, Value, View};

/// The layout of a pickle, or what it holds instead. Nothing is read out of its arrays.
pub(in crate::layout) fn detect(
    path: &Path,
    limits: Limits,
) -> Result<Result<Layout, String>, Error> {
    let bytes = load(path, limits)?;
    let source = Source::parse(path, &bytes, limits)?;
    let root = source.pickle.root();
    let layout = match source.pickle.view(root) {
        View::List(items) | View::Tuple(items) => of_list(&source, items),
        View::Dict(_) => of_splits(&source),
        _ => None,
    };
    Ok(layout.ok_or_else(|| format!("a pickle of {}", source.keys(root))))
}

/// Ids, labels, speakers and sentences by video, and the videos of the three splits.
fn of_list(source: &Source<'_>, items: &[Value<'_>]) -> Option<Layout> {
    let is_dict = |&item: &Value<'_>| matches!(source.pickle.view(item), View::Dict(_));
    (items.len() == 7 && items[..4].iter().all(is_dict)).then_some(Layout::Conversations)
}

fn of_splits(source: &Source<'_>) -> Option<Layout> {
    let of_split = |split| {
        let value = source.split(split).ok()?;
        let has = |field| source.pickle.entry(value, field).is_some();
        match source.pickle.items(value) {
            Some(records) => records
                .first()
                .and_then(|&record| of_record(source, record)),
            None if has("regression_labels") => Some(Layout::Mmsa),
            None if has("labels") => Some(Layout::Mult),
            None => None,
        }
    };
    // A split without records does not tell.
    Split::ALL.into_iter().find_map(of_split)
}

/// `((words, vision, audio), label, segment)`, with more in the first part where the words come as ids too.
fn of_record(source: &Source<'_>, record: Value<'_>) -> Option<Layout> {
    let [content, _, _] = source.pickle.items(record)? else {
        return None;
    };
    match source.pickle.items(*content)?.len() {
        3 => Some(Layout::Mag),
        4.. => Some(Layout::Misa),
        _ => None,
    }
}
