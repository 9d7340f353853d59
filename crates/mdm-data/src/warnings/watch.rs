//! Looking at utterances one by one.

use std::collections::BTreeMap;

use super::{Warning, WarningKind, video};
use crate::corpus::{Modality, ModalityInfo, Split, Utterance};

/// Looks at the utterances of a corpus one by one, in any order, and keeps no more of them than their ids.
#[derive(Debug, Default)]
pub struct Watch {
    /// By split, kind and place of the modality.
    findings: BTreeMap<(Split, WarningKind, Option<usize>), Finding>,
    /// Utterances, and those with words, by split in order.
    utterances: [usize; 3],
    with_words: [usize; 3],
    /// How often an id occurs in each split.
    ids: BTreeMap<String, [usize; 3]>,
}

#[derive(Debug, Default)]
struct Finding {
    count: usize,
    example: String,
}

impl Watch {
    /// One that has seen nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes note of an utterance.
    pub fn see(&mut self, split: Split, utterance: &Utterance) {
        let id = &utterance.id;
        self.utterances[split as usize] += 1;
        self.with_words[split as usize] += usize::from(!utterance.words.is_empty());
        match self.ids.get_mut(id) {
            Some(times) => times[split as usize] += 1,
            None => {
                let mut times = [0; 3];
                times[split as usize] = 1;
                self.ids.insert(id.clone(), times);
            }
        }
        let mut note = |kind, place| {
            let finding = self.findings.entry((split, kind, place)).or_default();
            if finding.count == 0 {
                finding.example.clone_from(id);
            }
            finding.count += 1;
        };
        let words = utterance.words.len();
        if words == 0 {
            note(WarningKind::EmptyText, None);
        }
        for (place, features) in utterance.features.iter().enumerate() {
            let zero_frames = features
                .rows()
                .filter(|frame| frame.iter().all(|&x| x == 0.0))
                .count();
            if zero_frames == features.steps() {
                note(WarningKind::AllZero, Some(place));
            } else if zero_frames > 0 {
                note(WarningKind::ZeroFrames, Some(place));
            }
            if features.data().iter().any(|x| !x.is_finite()) {
                note(WarningKind::NotFinite, Some(place));
            }
            // Modalities that go together step by step are spoken of once, under the first.
            let steps = features.steps();
            let is_first = !utterance.features[..place]
                .iter()
                .any(|f| f.steps() == steps);
            if words > 0 && words != steps && is_first {
                note(WarningKind::WordsDiffer, Some(place));
            }
        }
        if !(-3.0..=3.0).contains(&utterance.label) {
            note(WarningKind::LabelsOutside, None);
        }
        let is_outside = |intensity: &f32| !(0.0..=3.0).contains(intensity);
        if utterance
            .emotions
            .is_some_and(|e| e.0.iter().any(is_outside))
        {
            note(WarningKind::EmotionsOutside, None);
        }
    }

    /// What was odd, in a fixed order. `modalities` are those of the corpus, in the order of the features.
    pub fn finish(self, modalities: &[ModalityInfo]) -> Vec<Warning> {
        let has_words = self.with_words != [0; 3];
        let mut warnings = Vec::new();
        for split in Split::ALL {
            if self.utterances[split as usize] == 0 {
                warnings.push(Warning::new(WarningKind::EmptySplit, Some(split), 0, None));
            }
            let repeated = self
                .ids
                .iter()
                .filter(|(_, times)| times[split as usize] > 1);
            warnings.extend(of_names(
                WarningKind::DuplicateIds,
                Some(split),
                repeated.map(|(id, _)| id),
            ));
        }
        for ((split, kind, place), Finding { count, example }) in self.findings {
            let modality = place
                .and_then(|place| modalities.get(place))
                .map(|info| info.modality);
            let by_design = match kind {
                WarningKind::EmptyText => !has_words,
                // Frames at a rate of their own, unless most utterances have one a word.
                WarningKind::WordsDiffer => {
                    modality != Some(Modality::Language)
                        && 2 * count > self.with_words[split as usize]
                }
                _ => false,
            };
            if !by_design {
                let mut warning = Warning::new(kind, Some(split), count, Some(example));
                warning.modality = modality;
                warnings.push(warning);
            }
        }
        // Stable, so that modalities keep their order.
        warnings.sort_by_key(|warning| (warning.split, warning.kind));

        let in_two = |times: &[usize; 3]| times.iter().filter(|&&n| n > 0).count() > 1;
        let shared = self.ids.iter().filter(|(_, times)| in_two(times));
        warnings.extend(of_names(
            WarningKind::IdsInTwoSplits,
            None,
            shared.map(|(id, _)| id),
        ));
        let mut videos: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
        for (id, times) in &self.ids {
            if let Some(video) = video::of(id) {
                let sums = videos.entry(video).or_default();
                sums.iter_mut().zip(times).for_each(|(sum, n)| *sum += n);
            }
        }
        let shared = videos.iter().filter(|(_, times)| in_two(times));
        warnings.extend(of_names(
            WarningKind::VideosInTwoSplits,
            None,
            shared.map(|(video, _)| video),
        ));
        warnings
    }
}

/// A warning about some names, with the first as the example; none without names.
fn of_names(
    kind: WarningKind,
    split: Option<Split>,
    mut names: impl Iterator<Item = impl ToString>,
) -> Option<Warning> {
    let example = names.next()?.to_string();
    Some(Warning::new(kind, split, 1 + names.count(), Some(example)))
}
