//! How long the utterances are in each modality and split.

use mdm_data::corpus::Modality;
use mdm_data::inspect::LengthHistogram;

use super::histogram::{self, Quantity};

/// One histogram a split for one modality.
pub fn draw(modality: Modality, lengths: &[LengthHistogram]) -> String {
    let quantity = Quantity {
        label: format!("{modality}: steps per utterance"),
        whole: true,
        alt: format!("Histograms of the steps per utterance in {modality}, one for each split"),
    };
    let splits: Vec<_> = lengths
        .iter()
        .filter(|length| length.modality == modality)
        .map(|length| (length.split, &length.histogram))
        .collect();
    histogram::draw(&quantity, &splits)
}
