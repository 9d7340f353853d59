//! What was done to a corpus on the way to a model.

use crate::clean::CleanReport;
use crate::corpus::Modality;
use crate::glove::EmbedReport;
use crate::pieces::PiecesReport;

/// What a preparation did.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PreparationReport {
    /// Modalities of the corpus that the model does not know.
    pub left_out: Vec<Modality>,
    /// Values that became 0.
    pub clean: CleanReport,
    /// Words with and without vectors, where words got any.
    pub embed: Option<EmbedReport>,
    /// Words and their pieces, where words were cut into pieces.
    pub pieces: Option<PiecesReport>,
    /// Utterances in all.
    pub utterances: usize,
    /// Utterances that were longer than [`max_steps`](Self::max_steps).
    pub cut: usize,
    /// Steps that an utterance keeps at most.
    pub max_steps: usize,
}

impl PreparationReport {
    /// What a person should know, in the order of the steps; nothing where nothing was changed.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for modality in &self.left_out {
            notes.push(format!("{modality} is left out: the run does not know it"));
        }
        if self.clean.total() > 0 {
            notes.push(self.clean.to_string());
        }
        notes.extend(self.embed.map(|report| report.to_string()));
        notes.extend(self.pieces.as_ref().map(PiecesReport::to_string));
        if self.cut > 0 {
            notes.push(format!(
                "{} of {} utterances are cut to their first {} steps (data.max_steps)",
                self.cut, self.utterances, self.max_steps
            ));
        }
        notes
    }
}
