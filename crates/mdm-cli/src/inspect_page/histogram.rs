//! Histograms of the splits, one below the other over the same axis.

use mdm_data::corpus::Split;
use mdm_data::inspect::Histogram;

use super::axis::{number, percent, ticks};
use super::svg::{Anchor, Svg};

/// What is counted, and how it is said.
pub struct Quantity {
    /// Below the axis, with the unit.
    pub label: String,
    /// Whether the values are whole numbers. A bin then stands for those in it, not for a stretch of a line.
    pub whole: bool,
    /// In a sentence, what is on the picture.
    pub alt: String,
}

const WIDTH: f64 = 380.0;
const LEFT: f64 = 48.0;
const PLOT: f64 = WIDTH - LEFT - 14.0;
/// A name, and the bars below it.
const NAME: f64 = 26.0;
/// Widest bar: where all values are equal a bar as wide as the picture would look like a fault.
const WIDEST: f64 = 48.0;
const BARS: f64 = 70.0;
const BELOW: f64 = 42.0;

/// Draws the share of each bin in the utterances of its split.
pub fn draw(quantity: &Quantity, splits: &[(Split, &Histogram)]) -> String {
    let rows = splits.len() as f64;
    let bottom = (NAME + BARS) * rows;
    let mut svg = Svg::new(WIDTH, bottom + BELOW, quantity.alt.as_str());
    let shares = splits.iter().flat_map(|(_, histogram)| {
        let total = histogram.total().max(1) as f64;
        let shares = histogram.counts.iter();
        shares.map(move |&count| 100.0 * count as f64 / total)
    });
    let highest = shares.fold(1.0, f64::max);
    for (row, (split, histogram)) in splits.iter().enumerate() {
        let top = row as f64 * (NAME + BARS) + NAME;
        draw_split(&mut svg, quantity, *split, histogram, top, highest);
    }
    if let Some((_, histogram)) = splits.first() {
        draw_axis(&mut svg, quantity, histogram, bottom);
    }
    let middle = (14.0, bottom / 2.0);
    svg.upright(
        "axis-name",
        Anchor::Middle,
        middle,
        "share of utterances, %",
    );
    svg.finish(300.0)
}

fn draw_split(
    svg: &mut Svg,
    quantity: &Quantity,
    split: Split,
    histogram: &Histogram,
    top: f64,
    highest: f64,
) {
    let total = histogram.total();
    let name = format!("{split}, {total} utterances");
    svg.text("name", Anchor::Start, (LEFT, top - 6.0), &name);
    let height = |share: f64| share / highest * BARS;
    for tick in ticks(0.0, highest, 3) {
        let y = top + BARS - height(tick);
        svg.line("grid", [LEFT, y, LEFT + PLOT, y]);
        let text = number(tick, 1);
        svg.text("tick", Anchor::End, (LEFT - 6.0, y + 4.0), &text);
    }
    let width = PLOT / histogram.counts.len() as f64;
    for (index, &count) in histogram.counts.iter().enumerate().filter(|(_, c)| **c > 0) {
        let share = percent(count as f64, total as f64);
        let bin = bin_name(histogram, index, quantity.whole);
        let tooltip = format!(
            "{split}, {} {bin}: {count} utterances, {share}",
            quantity.label
        );
        let bar = height(100.0 * count as f64 / total as f64).max(1.0);
        let left = LEFT + width * index as f64;
        svg.group(&tooltip, |svg| {
            let drawn = (0.84 * width).max(width - 2.0).min(WIDEST);
            let inset = (width - drawn) / 2.0;
            svg.rect(split.name(), [left + inset, top + BARS - bar, drawn, bar]);
            svg.rect("hit", [left, top, width, BARS]);
        });
    }
}

fn draw_axis(svg: &mut Svg, quantity: &Quantity, histogram: &Histogram, y: f64) {
    let (low, high) = (histogram.start, histogram.bin(histogram.counts.len() - 1).1);
    svg.line("axis", [LEFT, y, LEFT + PLOT, y]);
    // A whole number has a bin of its own: it stands in the middle of the bin.
    let own_bin = quantity.whole && histogram.width == 1.0;
    let shift = if own_bin { 0.5 } else { 0.0 };
    let there = |tick: &f64| {
        let whole = !quantity.whole || tick.fract() == 0.0;
        whole && tick + shift <= high
    };
    for tick in ticks(low, high, 8).into_iter().filter(there) {
        let x = LEFT + (tick + shift - low) / (high - low) * PLOT;
        svg.line("axis", [x, y, x, y + 4.0]);
        svg.text("tick", Anchor::Middle, (x, y + 17.0), &number(tick, 2));
    }
    let middle = (LEFT + PLOT / 2.0, y + 35.0);
    svg.text("axis-name", Anchor::Middle, middle, &quantity.label);
}

fn bin_name(histogram: &Histogram, index: usize, whole: bool) -> String {
    let (low, high) = histogram.bin(index);
    match (whole, histogram.width == 1.0) {
        (true, true) => number(low, 0),
        (true, false) => format!("{} to {}", number(low, 0), number(high - 1.0, 0)),
        // The centre is the round number.
        (false, _) => number((low + high) / 2.0, 4),
    }
}
