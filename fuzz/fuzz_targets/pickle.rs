//! The pickle reader in memory: parses, then reads out every value in each way that a layout may ask for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mdm_data::pickle::{self, Pickle, Value, View};
use mdm_fuzz::limits;

fuzz_target!(|bytes: &[u8]| {
    let Ok(pickle) = pickle::parse(bytes, limits()) else {
        return;
    };
    walk(&pickle, pickle.root(), 0, &mut 1000);
});

/// Shared and recursive values are met again and again: the steps are counted, not the nesting alone.
fn walk<'a>(pickle: &Pickle<'a>, value: Value<'a>, depth: usize, steps: &mut usize) {
    if *steps == 0 || depth > 50 {
        return;
    }
    *steps -= 1;
    let _ = pickle.describe(value);
    let _ = pickle.number(value);
    let _ = pickle.text(value);
    let _ = pickle.numbers(value);
    let _ = pickle.texts(value);
    match pickle.view(value) {
        View::List(items) | View::Tuple(items) => {
            for &item in items {
                walk(pickle, item, depth + 1, steps);
            }
        }
        View::Dict(entries) => {
            for &(key, item) in entries {
                walk(pickle, key, depth + 1, steps);
                walk(pickle, item, depth + 1, steps);
            }
        }
        _ => {}
    }
}
