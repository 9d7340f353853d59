//! What a synthetic utterance says and is labelled with, from its latent values.

use rand::{Rng, RngExt};

use super::{COPIES, Latents};
use crate::corpus::Emotions;

pub(super) fn label(correlation: f64, latents: &Latents) -> f32 {
    let [first, second] = latents;
    let n = first.len();
    // The values take turns: audio by its first and vision by its second in the products, the other way in the sum.
    let products = (1..n).map(|modality| match modality % COPIES {
        1 => first[0] * first[modality],
        _ => second[0] * second[modality],
    });
    let terms = (0..n).map(|modality| match modality % COPIES {
        0 => first[modality],
        _ => second[modality],
    });
    let interaction = products.sum::<f64>() - (n - 1) as f64 * correlation;
    let sentiment = 3.0 * (interaction + terms.sum::<f64>() / n as f64).tanh();
    // Adding 0 turns −0 into 0.
    ((sentiment * 5.0).round_ties_even() / 5.0 + 0.0) as f32
}

pub(super) fn emotions(latents: &Latents) -> Emotions {
    let [first, second] = latents;
    let (l1, l2, a2) = (first[0], second[0], second[1]);
    // Audio where there is no vision.
    let (v1, v2) = (
        first[2.min(first.len() - 1)],
        second[2.min(second.len() - 1)],
    );
    let arousal = match first[..] {
        [_, _, _, physiology] => physiology,
        _ => first[1],
    };
    let intensities = [
        l1 + v1,
        -l1 - v1 - 1.0,
        a2 - l1 - 1.0,
        l2 * v2 - 1.0,
        -l2 - v2 - 1.0,
        arousal * l2 - 1.0,
    ];
    // Three annotators, 0 to 3 each: their mean is a number of thirds. Adding 0 turns −0 into 0.
    Emotions(intensities.map(|x| ((x.clamp(0.0, 3.0) * 3.0).round_ties_even() / 3.0 + 0.0) as f32))
}

/// Five moods, from very negative to very positive.
const LEXICON: [[&str; 4]; 5] = [
    ["grondak", "vreshul", "dorgath", "skurn"],
    ["brellow", "mornish", "tarvid", "hesk"],
    ["onda", "per", "lisan", "tu"],
    ["solari", "wenna", "plimo", "jestin"],
    ["aurelle", "lumivay", "celindra", "fiore"],
];

pub(super) fn word(mood: f64, rng: &mut impl Rng) -> String {
    let level = [-1.5, -0.5, 0.5, 1.5]
        .iter()
        .filter(|&&bound| mood > bound)
        .count();
    LEXICON[level][rng.random_range(0..4)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_emotions_of_any_number_of_modalities_by_hand() {
        let first = [1.0, 0.5, -1.0, 0.2];
        let second = [0.3, -0.2, 0.4, 0.6];
        let latents = |n: usize| [first[..n].to_vec(), second[..n].to_vec()];
        // 3 tanh(0.5 - 0.6 + 0.8 / 2) = 0.87, 3 tanh(0.62 - 1.2 - 0.2 / 3) = -1.71, 3 tanh(0.82 - 1.8 + 0.4 / 4) = -2.12.
        let expected = [(2, 0.8), (3, -1.8), (4, -2.2)];
        for (n, expected) in expected {
            assert_eq!(label(0.6, &latents(n)), expected, "{n}");
        }
        let latents = |n: usize| [vec![2.0; n], [1.0, -1.0, 3.0, 4.0][..n].to_vec()];
        let thirds = |n| emotions(&latents(n)).0.map(|x| (x * 3.0).round() as u32);
        assert_eq!(thirds(2), [9, 0, 0, 0, 0, 3]);
        assert_eq!(thirds(3), [9, 0, 0, 6, 0, 3]);
        let arousal = [vec![2.0, 2.0, 2.0, 3.0], vec![1.0, -1.0, 3.0, 4.0]];
        assert_eq!(emotions(&arousal).0, [3.0, 0.0, 0.0, 2.0, 0.0, 2.0]);
    }
}
