//! How the labels are distributed in each split.

use mdm_data::inspect::LabelHistogram;

use super::axis::number;
use super::histogram::{self, Quantity};

/// One histogram a split.
pub fn draw(labels: &[LabelHistogram]) -> String {
    let width = labels.first().map_or(1.0, |l| l.histogram.width);
    let quantity = Quantity {
        label: format!("label (bins of {})", number(width, 6)),
        whole: false,
        alt: "Histograms of the sentiment labels, one for each split over the same axis".into(),
    };
    let splits: Vec<_> = labels.iter().map(|l| (l.split, &l.histogram)).collect();
    histogram::draw(&quantity, &splits)
}
