//! A synthetic corpus with a known dependence between its modalities, made in memory.

mod annotation;
mod limits;

use rand::rngs::ChaCha8Rng;
use rand::{Rng, RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::corpus::{Corpus, Features, Modality, ModalityInfo, Split, Utterance};
use crate::error::Error;
use crate::normal::gaussian;
use annotation::{emotions, label, word};

/// Latent values of a modality: the corpus has this many independent copies of a correlated scalar a modality.
const COPIES: usize = 2;

/// Settings of the synthetic corpus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyntheticConfig {
    /// Training utterances. The whole corpus may take 8 GiB.
    pub train: usize,
    /// Validation utterances.
    pub valid: usize,
    /// Test utterances.
    pub test: usize,
    /// Shortest and longest utterance, in words; the shortest at least 1, the longest at most 2²⁰.
    pub steps: [usize; 2],
    /// Features of each modality, in the order of [`Modality::ALL`]; from 2 to 4 modalities, each from 2 to 2²⁰ wide.
    pub dims: Vec<usize>,
    /// Correlation ρ between the modalities, in [0, 1).
    pub correlation: f64,
    /// Standard deviation of the noise of a frame around its utterance's latent value; at least 0.
    pub noise: f64,
    /// Whether the utterances are annotated with emotions beside the sentiment. Nothing else of the corpus changes.
    // A run folder from before this setting has none.
    #[serde(default)]
    pub emotions: bool,
    /// Seed of the corpus, apart from the seed of a run: runs of several seeds see the same data.
    pub seed: u64,
}

impl Default for SyntheticConfig {
    fn default() -> Self {
        Self {
            train: 1024,
            valid: 256,
            test: 512,
            steps: [6, 20],
            dims: vec![16, 8, 8],
            correlation: 0.6,
            noise: 1.0,
            emotions: false,
            seed: 0,
        }
    }
}

/// A corpus whose dependence is known.
#[derive(Clone, Debug)]
pub struct Synthetic {
    /// The corpus.
    pub corpus: Corpus,
    /// Total correlation between all modalities given the length, in nats.
    pub total_correlation: f64,
    /// `ln p(joint) / p(product)` of every utterance by split, in nats: what a perfect critic would tell of it.
    pub pointwise: [Vec<f64>; 3],
}

/// Makes the corpus.
///
/// Each utterance has, for each modality m of N, a latent vector `s_m` of two values. For each value, the modalities
/// are jointly Gaussian with unit variance and correlation ρ between every two. A frame is `B_m (s_m + noise)`, with a
/// fixed full-rank matrix `B_m` and noise of standard deviation σ that is independent over frames and modalities: one
/// frame says little, all L of an utterance together say what their mean says. The mean of a modality has variance
/// `1 + σ²/L`, hence correlation `ρ_L = ρ / (1 + σ²/L)` with the others, and the total correlation of an utterance of
/// L words is `−ln det R = −(N − 1) ln(1 − ρ_L) − ln(1 + (N − 1) ρ_L)` for the two values together, where
/// `R = (1 − ρ_L) I + ρ_L 11ᵀ`. [`Synthetic::total_correlation`] is its mean over the lengths.
///
/// The label needs the modalities together: language in a product with each of the others, and every modality in a sum.
///
/// | N | label |
/// |---|---|
/// | 2 | `3 tanh(s_l1 s_a1 − ρ + (s_l1 + s_a2) / 2)` |
/// | 3 | `3 tanh(s_l1 s_a1 + s_l2 s_v2 − 2 ρ + (s_l1 + s_a2 + s_v1) / 3)` |
/// | 4 | `3 tanh(s_l1 s_a1 + s_l2 s_v2 + s_l1 s_p1 − 3 ρ + (s_l1 + s_a2 + s_v1 + s_p2) / 4)` |
///
/// It is rounded to 0.2 as the labels of MOSI are; (N − 1) ρ is the mean of the products, so that no sign is much more
/// frequent. Words come from a made-up lexicon of five moods; the mood of a word is that of the first latent value of
/// its language frame.
///
/// With [`SyntheticConfig::emotions`] the intensities are functions of the same values, cut to 0 to 3 and rounded to
/// thirds as those of MOSEI are:
///
/// | emotion | intensity | needs |
/// |---|---|---|
/// | happiness | `s_l1 + s_v1` | language, vision |
/// | sadness | `−s_l1 − s_v1 − 1`, so never with happiness | language, vision |
/// | anger | `s_a2 − s_l1 − 1` | audio, language |
/// | surprise | `s_l2 s_v2 − 1` | the product of language and vision |
/// | disgust | `−s_l2 − s_v2 − 1` | language, vision |
/// | fear | `s_a1 s_l2 − 1` | the product of audio and language |
///
/// Of two modalities, audio stands in for vision; of four, physiology for audio in fear.
///
/// # Errors
///
/// [`Error::InvalidConfig`] for a setting outside its range, and for a corpus that would take more than 8 GiB.
///
/// # Example
///
/// ```
/// use mdm_data::synthetic::{SyntheticConfig, generate};
///
/// let config = SyntheticConfig { correlation: 0.5, noise: 0.0, ..Default::default() };
/// let synthetic = generate(&config).unwrap();
/// // Without noise: −ln(0.25 · 2)
/// assert!((synthetic.total_correlation - 0.6931).abs() < 1e-4);
/// assert_eq!(synthetic.corpus.train.len(), 1024);
/// ```
pub fn generate(config: &SyntheticConfig) -> Result<Synthetic, Error> {
    limits::check(config)?;
    let modalities = Modality::ALL.iter().zip(&config.dims);
    let modalities = modalities.map(|(&modality, &dim)| ModalityInfo { modality, dim });
    let mut corpus = Corpus::new("synthetic", modalities.collect());
    let mut rng = stream(config.seed, 0);
    let map = |&dim| (0..dim * COPIES).map(|_| gaussian(&mut rng)).collect();
    let maps: Vec<Vec<f64>> = config.dims.iter().map(map).collect();
    let mut pointwise = [Vec::new(), Vec::new(), Vec::new()];
    for (index, split) in Split::ALL.into_iter().enumerate() {
        let mut rng = stream(config.seed, 1 + index as u64);
        let count = [config.train, config.valid, config.test][index];
        for number in 0..count {
            let id = format!("{split}-{number:05}");
            let (utterance, dependence) = utterance(config, id, &maps, &mut rng);
            corpus.split_mut(split).push(utterance);
            pointwise[index].push(dependence);
        }
    }
    Ok(Synthetic {
        corpus,
        total_correlation: config.total_correlation(config.dims.len()),
        pointwise,
    })
}

/// The maps and each split draw from their own stream, so that the size of one split leaves the others as they are.
fn stream(seed: u64, number: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    rng
}

/// The latent values: `[copy][modality]`.
type Latents = [Vec<f64>; COPIES];

fn latents(config: &SyntheticConfig, rng: &mut impl Rng) -> Latents {
    let correlation = config.correlation;
    std::array::from_fn(|_| {
        let shared = gaussian(rng);
        let value = |_| correlation.sqrt() * shared + (1.0 - correlation).sqrt() * gaussian(rng);
        config.dims.iter().map(value).collect()
    })
}

impl SyntheticConfig {
    /// Total correlation between `modalities` of the modalities given the length, in nats: any as many have the same.
    /// It is the mean over the lengths, which are uniform.
    ///
    /// # Example
    ///
    /// ```
    /// use mdm_data::synthetic::SyntheticConfig;
    ///
    /// let config = SyntheticConfig { correlation: 0.6, noise: 0.0, ..Default::default() };
    /// // Two Gaussian scalars have a mutual information of −½ ln(1 − ρ²), and there are two copies.
    /// assert!((config.total_correlation(2) + (1.0 - 0.36_f64).ln()).abs() < 1e-12);
    /// assert_eq!(config.total_correlation(1), 0.0);
    /// ```
    pub fn total_correlation(&self, modalities: usize) -> f64 {
        let [shortest, longest] = self.steps;
        let of_length = |steps| {
            let correlation = correlation_of_means(self, steps);
            -0.5 * COPIES as f64 * log_determinant(correlation, modalities)
        };
        let sum: f64 = (shortest..=longest).map(of_length).sum();
        sum / (longest - shortest + 1) as f64
    }
}

/// Variance of the mean frame of an utterance.
fn variance_of_means(config: &SyntheticConfig, steps: usize) -> f64 {
    1.0 + config.noise.powi(2) / steps as f64
}

fn correlation_of_means(config: &SyntheticConfig, steps: usize) -> f64 {
    config.correlation / variance_of_means(config, steps)
}

/// `ln det R` of n scalars with correlation ρ between every two.
fn log_determinant(correlation: f64, n: usize) -> f64 {
    let others = n.saturating_sub(1);
    ((1.0 - correlation).powi(others as i32) * (1.0 + others as f64 * correlation)).ln()
}

/// `ln p(joint) / p(product)` of standardised values with correlation ρ.
fn pointwise_dependence(correlation: f64, values: &Latents) -> f64 {
    let of_one_copy = |s: &Vec<f64>| {
        let squares: f64 = s.iter().map(|value| value * value).sum();
        let square_of_sum = s.iter().sum::<f64>().powi(2);
        // R⁻¹ = (I − ρ/(1 + (n − 1) ρ) 11ᵀ) / (1 − ρ)
        let shrink = correlation / (1.0 + (s.len() - 1) as f64 * correlation);
        let quadratic = (squares - shrink * square_of_sum) / (1.0 - correlation);
        -0.5 * (log_determinant(correlation, s.len()) + quadratic - squares)
    };
    values.iter().map(of_one_copy).sum()
}

/// An utterance and its pointwise dependence.
fn utterance(
    config: &SyntheticConfig,
    id: String,
    maps: &[Vec<f64>],
    rng: &mut impl Rng,
) -> (Utterance, f64) {
    let latents = latents(config, rng);
    let [shortest, longest] = config.steps;
    let steps = rng.random_range(shortest..=longest);
    let deviation = variance_of_means(config, steps).sqrt();
    let mut words = Vec::new();
    let mut features = Vec::new();
    let mut means: Latents = std::array::from_fn(|_| vec![0.0; maps.len()]);
    for (modality, map) in maps.iter().enumerate() {
        let frames: Vec<[f64; COPIES]> = (0..steps)
            .map(|_| {
                let values = latents.each_ref();
                values.map(|copy| copy[modality] + config.noise * gaussian(rng))
            })
            .collect();
        for frame in &frames {
            for (mean, value) in means.iter_mut().zip(frame) {
                mean[modality] += value / (steps as f64 * deviation);
            }
        }
        if modality == 0 {
            words = frames.iter().map(|frame| word(frame[0], rng)).collect();
        }
        let rows = frames.iter().flat_map(|frame| {
            map.chunks_exact(COPIES)
                .map(move |row| row.iter().zip(frame).map(|(a, b)| a * b).sum::<f64>() as f32)
        });
        features.push(Features::new(config.dims[modality], rows.collect()));
    }
    let dependence = pointwise_dependence(correlation_of_means(config, steps), &means);
    let label = label(config.correlation, &latents);
    (
        Utterance {
            id,
            words,
            features,
            label,
            emotions: config.emotions.then(|| emotions(&latents)),
        },
        dependence,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_the_pointwise_dependence_is_the_total_correlation() {
        let config = SyntheticConfig {
            train: 20_000,
            steps: [1, 5],
            ..Default::default()
        };
        let synthetic = generate(&config).unwrap();
        let pointwise = &synthetic.pointwise[0];
        let mean = pointwise.iter().sum::<f64>() / pointwise.len() as f64;
        assert!((mean - synthetic.total_correlation).abs() < 0.03, "{mean}");
    }

    #[test]
    fn independent_modalities_have_none() {
        let config = SyntheticConfig {
            correlation: 0.0,
            ..Default::default()
        };
        let synthetic = generate(&config).unwrap();
        assert_eq!(synthetic.total_correlation, 0.0);
        assert!(
            synthetic.pointwise[2]
                .iter()
                .all(|&value| value.abs() < 1e-12)
        );
    }

    #[test]
    fn labels_lengths_and_words_are_as_promised() {
        let synthetic = generate(&SyntheticConfig::default()).unwrap();
        let mut labels = std::collections::BTreeSet::new();
        for (_, utterance) in synthetic.corpus.utterances() {
            assert!((-3.0..=3.0).contains(&utterance.label));
            assert!((6..=20).contains(&utterance.words.len()));
            for features in &utterance.features {
                assert_eq!(features.steps(), utterance.words.len());
            }
            labels.insert((utterance.label * 5.0) as i32);
        }
        assert!(labels.len() > 25, "{labels:?}");
        assert_eq!(
            generate(&SyntheticConfig::default()).unwrap().corpus,
            synthetic.corpus
        );
    }

    #[test]
    fn no_modality_alone_explains_the_label_linearly() {
        // The interaction terms carry most of the label: the best single latent value explains a small part.
        let config = SyntheticConfig {
            train: 5000,
            steps: [1, 1],
            noise: 0.0,
            ..Default::default()
        };
        let corpus = generate(&config).unwrap().corpus;
        let labels: Vec<f64> = corpus.train.iter().map(|u| f64::from(u.label)).collect();
        let mean = labels.iter().sum::<f64>() / labels.len() as f64;
        for modality in 0..3 {
            for feature in 0..config.dims[modality] {
                let x = corpus
                    .train
                    .iter()
                    .map(|u| f64::from(u.features[modality].row(0)[feature]));
                let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
                for (x, y) in x.zip(&labels) {
                    xy += x * (y - mean);
                    xx += x * x;
                    yy += (y - mean).powi(2);
                }
                assert!(xy * xy / (xx * yy) < 0.25);
            }
        }
    }

    #[test]
    fn emotions_are_as_frequent_as_the_law_of_the_latent_values_says() {
        let config = SyntheticConfig {
            train: 20_000,
            steps: [1, 1],
            ..Default::default()
        };
        let plain = generate(&config).unwrap().corpus;
        let config = SyntheticConfig {
            emotions: true,
            ..config
        };
        let mut annotated = generate(&config).unwrap().corpus;
        let mut present = [0; 6];
        for utterance in &mut annotated.train {
            let emotions = utterance.emotions.take().unwrap();
            for (count, intensity) in present.iter_mut().zip(emotions.0) {
                let thirds = intensity * 3.0;
                assert!((0.0..=3.0).contains(&intensity) && (thirds - thirds.round()).abs() < 1e-5);
                *count += usize::from(intensity > 0.0);
            }
            let [happiness, sadness, ..] = emotions.present();
            assert!(!(happiness && sadness));
        }
        assert!(plain.train == annotated.train, "nothing else may change");
        // P(present) is P(x > 1/6), the first value that does not round to 0; by numeric integration of the latent law
        // with rho 0.6 (of a sum of two, a Gaussian of variance 3.2; of a difference across copies, of 2).
        let expected = [0.4629, 0.2571, 0.2047, 0.1963, 0.2571, 0.0846];
        for (count, expected) in present.into_iter().zip(expected) {
            let share = count as f64 / 20_000.0;
            assert!((share - expected).abs() < 0.012, "{share} {expected}");
        }
    }

    #[test]
    fn wrong_settings_are_errors() {
        let wrong = [
            SyntheticConfig {
                correlation: 1.0,
                ..Default::default()
            },
            SyntheticConfig {
                steps: [0, 3],
                ..Default::default()
            },
            SyntheticConfig {
                noise: f64::NAN,
                ..Default::default()
            },
        ];
        for config in wrong {
            assert!(generate(&config).is_err());
        }
    }
}
