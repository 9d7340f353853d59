//! Samples of the product of the marginals, by permuting the variables of a batch.

use rand::seq::SliceRandom;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::Error;

/// How the variables of a batch are permuted against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Shuffle {
    /// No two variables of a row come from the same sample. A batch mean over such rows is an unbiased estimate of an
    /// expectation under the product of the marginals. The default.
    #[default]
    Derangement,
    /// Independent uniform permutations. A row keeps two variables of one sample with probability 1/n each, so small
    /// batches leak some of the joint law into the product.
    Uniform,
}

/// One permutation a variable: row j of the product batch takes variable k from sample `permutations[k][j]`.
///
/// The first variable stays in place: only the order of the variables against each other matters, and permuting all of
/// them would merely reorder the rows.
///
/// # Errors
///
/// [`Error::TooFewSamples`] when `batch` is smaller than `variables` (derangements), or 0.
///
/// # Panics
///
/// When `variables` is below 2.
///
/// # Example
///
/// ```
/// use mdm_core::{Shuffle, product_permutations, seed};
///
/// let permutations =
///     product_permutations(3, 8, Shuffle::Derangement, &mut seed::stream(0, "product", 0)).unwrap();
/// assert_eq!(permutations[0], [0, 1, 2, 3, 4, 5, 6, 7]);
/// for row in 0..8 {
///     let (language, audio, vision) = (permutations[0][row], permutations[1][row], permutations[2][row]);
///     assert!(language != audio && language != vision && audio != vision);
/// }
/// ```
pub fn product_permutations(
    variables: usize,
    batch: usize,
    shuffle: Shuffle,
    rng: &mut impl Rng,
) -> Result<Vec<Vec<usize>>, Error> {
    assert!(variables >= 2, "a product needs at least two variables");
    let needed = match shuffle {
        Shuffle::Derangement => variables,
        Shuffle::Uniform => 1,
    };
    if batch < needed {
        return Err(Error::TooFewSamples {
            variables,
            needed,
            found: batch,
        });
    }
    let mut permutations = vec![(0..batch).collect::<Vec<_>>()];
    while permutations.len() < variables {
        let permutation = match shuffle {
            Shuffle::Uniform => random_order(batch, rng),
            Shuffle::Derangement => match deranged(&permutations, rng) {
                Some(permutation) => permutation,
                None => return Ok(cyclic_shifts(variables, batch, rng)),
            },
        };
        permutations.push(permutation);
    }
    Ok(permutations)
}

/// The permutations of several batches as those of one batch that holds them one after the other: each row stays inside
/// its own batch.
///
/// # Panics
///
/// When the batches differ in the number of variables.
///
/// # Example
///
/// ```
/// use mdm_core::join_permutations;
///
/// let batches = [vec![vec![0, 1], vec![1, 0]], vec![vec![0, 1, 2], vec![2, 0, 1]]];
/// assert_eq!(join_permutations(&batches), [vec![0, 1, 2, 3, 4], vec![1, 0, 4, 2, 3]]);
/// ```
pub fn join_permutations(batches: &[Vec<Vec<usize>>]) -> Vec<Vec<usize>> {
    let variables = batches.first().map_or(0, Vec::len);
    let mut joined = vec![Vec::new(); variables];
    let mut first = 0;
    for batch in batches {
        assert_eq!(batch.len(), variables, "every batch has the same variables");
        for (joined, permutation) in joined.iter_mut().zip(batch) {
            joined.extend(permutation.iter().map(|row| first + row));
        }
        first += batch.first().map_or(0, Vec::len);
    }
    joined
}

fn random_order(n: usize, rng: &mut impl Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(rng);
    order
}

/// A random permutation that differs from all of `taken` in every row: a random order whose clashes are mended by
/// swaps with random rows. `None` when that does not settle, which only happens in the smallest batches.
fn deranged(taken: &[Vec<usize>], rng: &mut impl Rng) -> Option<Vec<usize>> {
    let n = taken[0].len();
    let clashes = |row: usize, sample: usize| taken.iter().any(|other| other[row] == sample);
    let mut order = random_order(n, rng);
    for row in 0..n {
        let mut tries = 0;
        while clashes(row, order[row]) {
            let other = rng.random_range(0..n);
            if !clashes(row, order[other]) && !clashes(other, order[row]) {
                order.swap(row, other);
            }
            tries += 1;
            if tries > 100 * n {
                return None;
            }
        }
    }
    Some(order)
}

/// Variable k is shifted by its own random offset along one random order: always a derangement, less random.
fn cyclic_shifts(variables: usize, batch: usize, rng: &mut impl Rng) -> Vec<Vec<usize>> {
    let order = random_order(batch, rng);
    let mut offsets: Vec<usize> = (1..batch).collect();
    offsets.shuffle(rng);
    let mut permutations = vec![(0..batch).collect::<Vec<_>>()];
    for offset in offsets.into_iter().take(variables - 1) {
        let mut permutation = vec![0; batch];
        for place in 0..batch {
            permutation[order[place]] = order[(place + offset) % batch];
        }
        permutations.push(permutation);
    }
    permutations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed;

    fn is_permutation(values: &[usize]) -> bool {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        sorted.into_iter().eq(0..values.len())
    }

    #[test]
    fn derangements_never_meet_however_small_the_batch() {
        for variables in 2..=5 {
            for batch in variables..=12 {
                for index in 0..40 {
                    let mut rng = seed::stream(1, "product", index);
                    let permutations =
                        product_permutations(variables, batch, Shuffle::Derangement, &mut rng)
                            .unwrap();
                    assert_eq!(permutations.len(), variables);
                    assert!(permutations.iter().all(|one| is_permutation(one)));
                    for row in 0..batch {
                        let mut samples: Vec<_> = permutations.iter().map(|one| one[row]).collect();
                        samples.sort_unstable();
                        samples.dedup();
                        assert_eq!(samples.len(), variables, "{permutations:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_other_sample_is_equally_likely() {
        let mut counts = [0; 6];
        let rounds = 6000;
        for index in 0..rounds {
            let mut rng = seed::stream(2, "product", index);
            let permutations = product_permutations(2, 6, Shuffle::Derangement, &mut rng).unwrap();
            counts[permutations[1][0]] += 1;
        }
        assert_eq!(counts[0], 0);
        for &count in &counts[1..] {
            let share = f64::from(count) / rounds as f64;
            assert!((share - 0.2).abs() < 0.03, "{counts:?}");
        }
    }

    #[test]
    fn too_small_a_batch_is_an_error() {
        let mut rng = seed::stream(0, "product", 0);
        let error = product_permutations(3, 2, Shuffle::Derangement, &mut rng).unwrap_err();
        assert_eq!(
            error,
            Error::TooFewSamples {
                variables: 3,
                needed: 3,
                found: 2
            }
        );
        assert!(product_permutations(3, 2, Shuffle::Uniform, &mut rng).is_ok());
        assert!(product_permutations(3, 0, Shuffle::Uniform, &mut rng).is_err());
    }
}
