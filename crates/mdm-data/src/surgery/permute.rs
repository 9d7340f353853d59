//! Modalities exchanged between utterances.

use crate::corpus::{Features, Utterance};

/// The product of the marginals: utterance j takes modality k from utterance `permutations[k][j]`, read cyclically to
/// the steps of its own first modality.
///
/// The permutations are as `mdm_core::product_permutations` draws them, and as the views of an encoder are permuted in
/// training: the first modality (language, where there is one) stays in place, and lengths stay with it. A stream from
/// a longer or shorter utterance therefore betrays nothing by its length.
///
/// # Panics
///
/// When there is not one permutation a modality with one index an utterance, or the first one moves anything.
///
/// # Example
///
/// ```
/// use mdm_data::corpus::{Features, Utterance};
/// use mdm_data::surgery::permute;
///
/// let utterance = |language: &[f32], audio: &[f32]| Utterance {
///     features: vec![Features::new(1, language.to_vec()), Features::new(1, audio.to_vec())],
///     ..Utterance::default()
/// };
/// let mut utterances = [
///     utterance(&[1.0, 2.0, 3.0], &[10.0, 20.0, 30.0]),
///     utterance(&[4.0, 5.0], &[40.0, 50.0]),
/// ];
/// permute(&mut utterances, &[vec![0, 1], vec![1, 0]]);
/// assert_eq!(utterances[0].features[1].data(), [40.0, 50.0, 40.0]);
/// assert_eq!(utterances[1].features[1].data(), [10.0, 20.0]);
/// ```
pub fn permute(utterances: &mut [Utterance], permutations: &[Vec<usize>]) {
    if let Some(first) = permutations.first() {
        assert!(
            first.iter().copied().eq(0..utterances.len()),
            "the first modality stays in place"
        );
    }
    for utterance in &*utterances {
        assert_eq!(
            utterance.features.len(),
            permutations.len(),
            "one permutation a modality"
        );
    }
    for (modality, permutation) in permutations.iter().enumerate().skip(1) {
        assert_eq!(
            permutation.len(),
            utterances.len(),
            "one index an utterance"
        );
        let streams: Vec<Features> = utterances
            .iter()
            .zip(permutation)
            .map(|(utterance, &donor)| {
                let steps = utterance.features[0].steps();
                read_to(&utterances[donor].features[modality], steps)
            })
            .collect();
        for (utterance, stream) in utterances.iter_mut().zip(streams) {
            utterance.features[modality] = stream;
        }
    }
}

/// The first `steps` frames of the stream repeated without end.
fn read_to(features: &Features, steps: usize) -> Features {
    let frames = features.rows().cycle().take(steps);
    Features::new(features.dim(), frames.flatten().copied().collect())
}
