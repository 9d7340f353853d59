//! What a fitted critic says of samples that it has not seen, in `f64` on the host.

use burn::tensor::{Device, Tensor};

use super::EstimatorCritic;
use super::config::{EstimatorConfig, is_kullback_leibler};
use super::fold::Split;
use super::link::Rows;
use super::network::{Network, Scorer};
use crate::seed::ChaCha8Rng;
use crate::{DependencyMeasure, Error};

/// Most product samples of a fold, most that are scored at a time, and most rows of a matrix of all pairs.
const PRODUCT_SAMPLES: usize = 1 << 20;
const CHUNK: usize = 1 << 16;
const MATRIX_ROWS: usize = 2048;

/// One number a sample for each of the two expectations in a measure: the measure of any resample of the samples
/// follows from their means, which is what a bootstrap needs.
pub(super) struct HeldOut {
    /// The samples, as rows of the whole.
    pub rows: Vec<usize>,
    /// The term of the joint law.
    joint: Vec<f64>,
    /// The term of the product of the marginals. Each product sample counts for every sample it is made of: sums of
    /// projections (Hoeffding), with the mean of the term as their mean.
    product: Vec<f64>,
    combine: Combine,
    /// Scores T_θ of the samples.
    pub scores: Vec<f32>,
    /// How many product samples carry the partition term: `(Σ w)² / Σ w²` of its weights; `None` without such a term.
    pub effective_products: Option<f64>,
    /// Product samples.
    pub products: usize,
    /// How many product samples the joint ones are compared with at once: the measure's limit is the logarithm of it.
    pub compared: f64,
}

/// How the two expectations make a measure.
#[derive(Debug, Clone, Copy)]
enum Combine {
    /// `joint − product`
    Difference,
    /// `joint − ln(product) − shift`: the product term is in units of `exp(shift)`, and this is its mean.
    Logarithm { shift: f64, mean: f64 },
}

impl HeldOut {
    /// `range` is from the lowest score of a joint validation sample to the highest of any. The f-divergences take
    /// exponentials of scores, and a single held-out one far outside would outweigh all others (reverse KL takes
    /// `exp(−T)` of joint samples); a critic that is clipped to the range is a critic all the same.
    pub fn new(
        scorer: &Scorer,
        network: &Network,
        split: &Split,
        range: [f32; 2],
        config: &EstimatorConfig,
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Result<Self, Error> {
        let rows = &split.held_out;
        let n = rows.len();
        let scores_joint = score(scorer, network, &scorer.link.joint(rows), device)?;
        let pairwise = config.critic(scorer.link.dims().len()) != EstimatorCritic::Mlp;
        if config.measure == DependencyMeasure::InfoNce && pairwise {
            return Self::all_pairs(scorer, network, rows, scores_joint, device);
        }
        let products = config.held_out_products.min(PRODUCT_SAMPLES / n).max(1);
        let product = scorer.link.product(rows, products, rng)?;
        let scores_product = score(scorer, network, &product, device)?;

        let widened = |scores: &[f32]| scores.iter().map(|&score| f64::from(score)).collect();
        let mut joint: Vec<f64> = widened(&scores_joint);
        let mut terms: Vec<f64> = widened(&scores_product);
        let mut effective_products = None;
        let shift = match config.measure {
            DependencyMeasure::InfoNce => {
                let against = (products + 1) as f64;
                for (row, joint) in joint.iter_mut().enumerate() {
                    let negatives = terms[row..].iter().step_by(n).copied();
                    *joint += against.ln() - log_sum_exp(negatives.chain([*joint]));
                }
                terms.fill(0.0);
                None
            }
            DependencyMeasure::TotalCorrelation
            | DependencyMeasure::Mine { .. }
            | DependencyMeasure::Smile { .. } => {
                if let DependencyMeasure::Smile { tau } = config.measure {
                    terms.iter_mut().for_each(|t| *t = t.clamp(-tau, tau));
                }
                let shift = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                terms.iter_mut().for_each(|t| *t = (*t - shift).exp());
                let (sum, squares) = sums(&terms);
                effective_products = Some(sum * sum / squares);
                Some(shift)
            }
            DependencyMeasure::FDivergence(member) => {
                let map = |scores: &[f32], term: &dyn Fn(Tensor<1>) -> Tensor<1>| {
                    let scores = Tensor::<1>::from_floats(scores, device);
                    read(term(scores.clamp(range[0], range[1])))
                        .map(|terms| terms.into_iter().map(f64::from).collect())
                };
                joint = map(&scores_joint, &|scores| member.activation(scores))?;
                terms = map(&scores_product, &|scores| member.conjugate(scores))?;
                if is_kullback_leibler(config.measure) {
                    let (sum, squares) = sums(&terms);
                    effective_products = Some(sum * sum / squares);
                }
                None
            }
            DependencyMeasure::Wasserstein => None,
            DependencyMeasure::WassersteinPaperLiteral => Some(0.0),
        };

        // The projections: mean over the product samples that a sample is part of, for each group in turn.
        let mean = terms.iter().sum::<f64>() / terms.len() as f64;
        let combine = match shift {
            Some(shift) => Combine::Logarithm { shift, mean },
            None => Combine::Difference,
        };
        let place: std::collections::HashMap<usize, usize> = rows
            .iter()
            .enumerate()
            .map(|(place, &row)| (row, place))
            .collect();
        let mut projections = vec![-mean * (product.len() as f64 - 1.0); n];
        for picked in &product {
            for (row, term) in picked.iter().zip(&terms) {
                projections[place[row]] += term / products as f64;
            }
        }
        Ok(Self {
            rows: rows.clone(),
            joint,
            product: projections,
            combine,
            scores: scores_joint,
            effective_products,
            products: terms.len(),
            compared: match config.measure {
                DependencyMeasure::InfoNce => (products + 1) as f64,
                _ => terms.len() as f64,
            },
        })
    }

    /// InfoNCE of each sample against all others (in blocks, when they are many).
    fn all_pairs(
        scorer: &Scorer,
        network: &Network,
        rows: &[usize],
        scores: Vec<f32>,
        device: &Device,
    ) -> Result<Self, Error> {
        let mut joint = Vec::with_capacity(rows.len());
        // Blocks of nearly equal size: the bound depends on it.
        let blocks = rows.len().div_ceil(MATRIX_ROWS);
        for block in 0..blocks {
            let (start, end) = (
                block * rows.len() / blocks,
                (block + 1) * rows.len() / blocks,
            );
            let n = end - start;
            let matrix = scorer
                .score_matrix(network, &rows[start..end], device)
                .expect("only pairwise critics score all pairs");
            let matrix = read(matrix.flatten::<1>(0, 1))?;
            joint.extend(matrix.chunks_exact(n).enumerate().map(|(row, scores)| {
                let all = scores.iter().map(|&score| f64::from(score));
                f64::from(scores[row]) - log_sum_exp(all) + (n as f64).ln()
            }));
        }
        Ok(Self {
            rows: rows.to_vec(),
            product: vec![0.0; joint.len()],
            joint,
            combine: Combine::Difference,
            scores,
            effective_products: None,
            products: rows.len() * (rows.len() / blocks),
            compared: (rows.len() / blocks) as f64,
        })
    }

    /// The measure over all samples.
    pub fn value(&self) -> f64 {
        self.resampled(0..self.rows.len())
    }

    /// The measure over the samples at the given places, with repetition.
    pub fn resampled(&self, places: impl Iterator<Item = usize>) -> f64 {
        let (mut joint, mut product, mut n) = (0.0, 0.0, 0.0);
        for place in places {
            joint += self.joint[place];
            product += self.product[place];
            n += 1.0;
        }
        match self.combine {
            Combine::Difference => (joint - product) / n,
            // To first order about the mean of all: a sum of projections may fall to 0 in an unlucky resample, which
            // the expectation that it stands for cannot.
            Combine::Logarithm { shift, mean } => {
                joint / n - mean.ln() - (product / n - mean) / mean - shift
            }
        }
    }

    /// What the scores are worth as log density ratios: the number that they have in excess.
    pub fn normaliser(&self, measure: DependencyMeasure) -> Option<f64> {
        match (measure, self.combine) {
            (measure, _) if !is_kullback_leibler(measure) => None,
            (_, Combine::Logarithm { shift, mean }) => Some(mean.ln() + shift),
            // NWJ's best score is the log ratio plus 1; InfoNCE leaves the constant open, here the one that agrees on
            // average.
            (DependencyMeasure::FDivergence(_), Combine::Difference) => Some(1.0),
            (_, Combine::Difference) => {
                let scores = self.scores.iter().map(|&score| f64::from(score));
                Some(scores.sum::<f64>() / self.scores.len() as f64 - self.value())
            }
        }
    }
}

/// Scores on the host, computed a chunk at a time.
fn score(
    scorer: &Scorer,
    network: &Network,
    rows: &Rows,
    device: &Device,
) -> Result<Vec<f32>, Error> {
    let total = rows[0].len();
    let mut scores = Vec::with_capacity(total);
    for start in (0..total).step_by(CHUNK) {
        let end = (start + CHUNK).min(total);
        let chunk = rows.iter().map(|rows| rows[start..end].to_vec()).collect();
        scores.extend(read(scorer.scores(network, &chunk, device))?);
    }
    Ok(scores)
}

fn read(tensor: Tensor<1>) -> Result<Vec<f32>, Error> {
    tensor
        .try_into_vec_as::<f32>()
        .map_err(|error| Error::Device(error.to_string()))
}

fn sums(weights: &[f64]) -> (f64, f64) {
    weights.iter().fold((0.0, 0.0), |(sum, squares), weight| {
        (sum + weight, squares + weight * weight)
    })
}

fn log_sum_exp(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = values.clone().fold(f64::NEG_INFINITY, f64::max);
    values
        .map(|value| (value - largest).exp())
        .sum::<f64>()
        .ln()
        + largest
}
