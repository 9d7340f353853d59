//! Scaled dot-product attention in several heads.
//!
//! ```text
//! shares = softmax(q kᵀ / √d_head)      without the keys that are hidden
//! out    = dropout(shares) v
//! ```
//!
//! Heads stand beside each other in the rows as a linear layer gives them: no head is taken out and put back. A thread takes
//! a sample with all its heads.

use rayon::prelude::*;

use crate::matmul::{Matrix, Out, scaled_product};
use crate::softmax::{softmax_gradient_here, softmax_here};

/// Sizes of an attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttentionShape {
    /// Samples.
    pub batch: usize,
    /// Places of each, which are its queries, keys and values.
    pub places: usize,
    /// Heads.
    pub heads: usize,
    /// Width of a head.
    pub d_head: usize,
}

/// An attention: queries, keys and values, `[batch, places, heads · d_head]` each.
#[derive(Debug, Clone, Copy)]
pub struct Attention<'a> {
    /// Sizes.
    pub shape: AttentionShape,
    #[allow(missing_docs)]
    pub query: &'a [f32],
    #[allow(missing_docs)]
    pub key: &'a [f32],
    #[allow(missing_docs)]
    pub value: &'a [f32],
    /// Which keys nobody may see: `[batch, places]`, or `[batch, places, places]` for each query; empty: none.
    pub hidden: &'a [bool],
    /// What the shares are multiplied with, `[batch, heads, places, places]`; empty: nothing.
    pub dropout: &'a [f32],
}

/// The gradients of an attention, `[batch, places, heads · d_head]` each.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct AttentionGradients {
    pub query: Vec<f32>,
    pub key: Vec<f32>,
    pub value: Vec<f32>,
}

/// What a hidden key scores: so little that it gets no share beside any other.
const HIDDEN: f32 = -1e30;

impl AttentionShape {
    fn width(&self) -> usize {
        self.heads * self.d_head
    }

    /// Numbers of a sample.
    fn sample(&self) -> usize {
        self.places * self.width()
    }

    /// Shares of a head.
    fn square(&self) -> usize {
        self.places * self.places
    }

    /// Shares of a sample.
    fn shares(&self) -> usize {
        self.heads * self.square()
    }

    fn scale(&self) -> f32 {
        1.0 / (self.d_head as f32).sqrt()
    }

    /// A head of a sample, `[places, d_head]`.
    fn head<'a>(&self, sample: &'a [f32], head: usize) -> Matrix<'a> {
        Matrix {
            values: &sample[head * self.d_head..],
            rows: self.places,
            columns: self.d_head,
            row_stride: self.width(),
            column_stride: 1,
        }
    }

    fn head_of_out<'a>(&self, sample: &'a mut [f32], head: usize) -> Out<'a> {
        Out {
            values: &mut sample[head * self.d_head..],
            row_stride: self.width(),
        }
    }

    /// Rows of shares that come one after the other.
    fn out<'a>(&self, values: &'a mut [f32]) -> Out<'a> {
        Out {
            values,
            row_stride: self.places,
        }
    }
}

impl Attention<'_> {
    /// What each place takes from the others, `[batch, places, heads · d_head]`.
    ///
    /// # Panics
    ///
    /// When a slice has another length than [`AttentionShape`] says.
    pub fn forward(&self) -> Vec<f32> {
        self.check();
        let shape = self.shape;
        let mut out = vec![0.0; shape.batch * shape.sample()];
        out.par_chunks_mut(shape.sample())
            .enumerate()
            .for_each_init(
                || vec![0.0; shape.square()],
                |shares, (number, out)| {
                    let sample = self.sample(number);
                    for head in 0..shape.heads {
                        sample.shares(head, shares);
                        sample.drop(head, shares);
                        sample.take(head, shares, out);
                    }
                },
            );
        out
    }

    /// The same, and the shares before dropout, `[batch, heads, places, places]`.
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward).
    pub fn forward_and_shares(&self) -> (Vec<f32>, Vec<f32>) {
        self.check();
        let shape = self.shape;
        let mut out = vec![0.0; shape.batch * shape.sample()];
        let mut shares = vec![0.0; shape.batch * shape.shares()];
        out.par_chunks_mut(shape.sample())
            .zip(shares.par_chunks_mut(shape.shares()))
            .enumerate()
            .for_each_init(
                || vec![0.0; shape.square()],
                |dropped, (number, (out, shares))| {
                    let sample = self.sample(number);
                    let heads = shares.chunks_exact_mut(shape.square());
                    for (head, shares) in heads.enumerate() {
                        sample.shares(head, shares);
                        dropped.copy_from_slice(shares);
                        sample.drop(head, dropped);
                        sample.take(head, dropped, out);
                    }
                },
            );
        (out, shares)
    }

    /// The gradients from that of what came out, with the shares of [`forward_and_shares`](Self::forward_and_shares).
    ///
    /// # Panics
    ///
    /// As [`forward`](Self::forward).
    pub fn gradients(&self, shares: &[f32], gradient: &[f32]) -> AttentionGradients {
        self.check();
        let shape = self.shape;
        let count = shape.batch * shape.sample();
        assert_eq!(shares.len(), shape.batch * shape.shares());
        assert_eq!(gradient.len(), count);
        let mut found = AttentionGradients {
            query: vec![0.0; count],
            key: vec![0.0; count],
            value: vec![0.0; count],
        };
        let size = shape.sample();
        found
            .query
            .par_chunks_mut(size)
            .zip(found.key.par_chunks_mut(size))
            .zip(found.value.par_chunks_mut(size))
            .enumerate()
            .for_each_init(
                || [(); 2].map(|()| vec![0.0; shape.square()]),
                |buffers, (number, ((query, key), value))| {
                    let sample = self.sample(number);
                    let gradient = &gradient[number * size..][..size];
                    let shares = &shares[number * shape.shares()..][..shape.shares()];
                    let heads = shares.chunks_exact(shape.square());
                    for (head, shares) in heads.enumerate() {
                        sample.back(head, shares, gradient, buffers, [query, key, value]);
                    }
                },
            );
        found
    }

    fn check(&self) {
        let shape = self.shape;
        assert!(
            shape.sample() > 0,
            "an attention has places, heads and a width"
        );
        let count = shape.batch * shape.sample();
        for values in [self.query, self.key, self.value] {
            assert_eq!(values.len(), count);
        }
        let keys = shape.batch * shape.places;
        assert!([0, keys, keys * shape.places].contains(&self.hidden.len()));
        assert!([0, shape.batch * shape.shares()].contains(&self.dropout.len()));
    }

    fn sample(&self, number: usize) -> Sample<'_> {
        let shape = self.shape;
        let size = shape.sample();
        Sample {
            shape,
            query: &self.query[number * size..][..size],
            key: &self.key[number * size..][..size],
            value: &self.value[number * size..][..size],
            hidden: part_of(self.hidden, shape.batch, number),
            dropout: part_of(self.dropout, shape.batch, number),
        }
    }
}

/// What belongs to a sample.
fn part_of<T>(values: &[T], batch: usize, number: usize) -> &[T] {
    let size = values.len() / batch;
    &values[number * size..][..size]
}

/// A sample of an [`Attention`].
struct Sample<'a> {
    shape: AttentionShape,
    query: &'a [f32],
    key: &'a [f32],
    value: &'a [f32],
    hidden: &'a [bool],
    dropout: &'a [f32],
}

impl Sample<'_> {
    /// The shares of a head.
    fn shares(&self, head: usize, shares: &mut [f32]) {
        let shape = self.shape;
        let (query, key) = (shape.head(self.query, head), shape.head(self.key, head));
        let scores = shape.out(shares);
        scaled_product(query, key.transpose(), scores, shape.scale(), false);
        if !self.hidden.is_empty() {
            // The same keys for every query, or those of each.
            for (row, hidden) in shares
                .chunks_exact_mut(shape.places)
                .zip(self.hidden.chunks_exact(shape.places).cycle())
            {
                for (score, hidden) in row.iter_mut().zip(hidden) {
                    if *hidden {
                        *score = HIDDEN;
                    }
                }
            }
        }
        softmax_here(shares, shape.places);
    }

    fn drop(&self, head: usize, shares: &mut [f32]) {
        let square = self.shape.square();
        if !self.dropout.is_empty() {
            let factors = &self.dropout[head * square..][..square];
            for (share, factor) in shares.iter_mut().zip(factors) {
                *share *= factor;
            }
        }
    }

    fn take(&self, head: usize, shares: &[f32], out: &mut [f32]) {
        let shape = self.shape;
        let shares = Matrix::new(shares, shape.places, shape.places);
        let out = shape.head_of_out(out, head);
        scaled_product(shares, shape.head(self.value, head), out, 1.0, false);
    }

    fn back(
        &self,
        head: usize,
        shares: &[f32],
        gradient: &[f32],
        [dropped, of_shares]: &mut [Vec<f32>; 2],
        [of_query, of_key, of_value]: [&mut [f32]; 3],
    ) {
        let shape = self.shape;
        let of_out = shape.head(gradient, head);
        dropped.copy_from_slice(shares);
        self.drop(head, dropped);
        let dropped = Matrix::new(dropped, shape.places, shape.places);
        let out = shape.head_of_out(of_value, head);
        scaled_product(dropped.transpose(), of_out, out, 1.0, false);

        let value = shape.head(self.value, head).transpose();
        scaled_product(of_out, value, shape.out(of_shares), 1.0, false);
        self.drop(head, of_shares);
        softmax_gradient_here(shares, of_shares, shape.places);
        let of_scores = Matrix::new(of_shares, shape.places, shape.places);
        let (query, key) = (shape.head(self.query, head), shape.head(self.key, head));
        let scale = shape.scale();
        let out = shape.head_of_out(of_query, head);
        scaled_product(of_scores, key, out, scale, false);
        let out = shape.head_of_out(of_key, head);
        scaled_product(of_scores.transpose(), query, out, scale, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: AttentionShape = AttentionShape {
        batch: 2,
        places: 5,
        heads: 3,
        d_head: 4,
    };

    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        (0..count)
            .map(|i| ((i * 37 + seed * 101) % 113) as f32 / 56.0 - 1.0)
            .collect()
    }

    /// The same in double precision, one number after the other.
    fn expected(attention: &Attention, inputs: &[Vec<f64>; 3]) -> Vec<f64> {
        let AttentionShape {
            batch,
            places,
            heads,
            d_head,
        } = attention.shape;
        let width = heads * d_head;
        let mut out = vec![0.0; batch * places * width];
        for b in 0..batch {
            for h in 0..heads {
                let at = |values: &[f64], place: usize, k: usize| {
                    values[(b * places + place) * width + h * d_head + k]
                };
                for i in 0..places {
                    let score = |j: usize| -> f64 {
                        let products =
                            (0..d_head).map(|k| at(&inputs[0], i, k) * at(&inputs[1], j, k));
                        let hidden = match attention.hidden.len() {
                            0 => false,
                            n if n == batch * places => attention.hidden[b * places + j],
                            _ => attention.hidden[(b * places + i) * places + j],
                        };
                        match hidden {
                            true => 0.0,
                            false => (products.sum::<f64>() / (d_head as f64).sqrt()).exp(),
                        }
                    };
                    let total: f64 = (0..places).map(score).sum();
                    for j in 0..places {
                        let mut share = score(j) / total;
                        if !attention.dropout.is_empty() {
                            let place = ((b * heads + h) * places + i) * places + j;
                            share *= f64::from(attention.dropout[place]);
                        }
                        for k in 0..d_head {
                            out[(b * places + i) * width + h * d_head + k] +=
                                share * at(&inputs[2], j, k);
                        }
                    }
                }
            }
        }
        out
    }

    #[test]
    fn values_and_gradients_with_and_without_masks() {
        let count = SHAPE.batch * SHAPE.sample();
        let inputs = [0, 1, 2].map(|seed| numbers(count, seed));
        let of_keys: Vec<bool> = (0..SHAPE.batch * SHAPE.places)
            .map(|i| i % 4 == 1)
            .collect();
        let of_queries: Vec<bool> = (0..SHAPE.batch * SHAPE.square())
            .map(|i| i % 3 == 1)
            .collect();
        let dropout: Vec<f32> = (0..SHAPE.batch * SHAPE.shares())
            .map(|i| if i % 5 == 0 { 0.0 } else { 1.25 })
            .collect();
        let weights = numbers(count, 3);
        let wide = |values: &Vec<f32>| values.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
        for hidden in [&[][..], &of_keys, &of_queries] {
            for dropout in [&[][..], &dropout] {
                let attention = Attention {
                    shape: SHAPE,
                    query: &inputs[0],
                    key: &inputs[1],
                    value: &inputs[2],
                    hidden,
                    dropout,
                };
                let exact = [0, 1, 2].map(|k: usize| wide(&inputs[k]));
                let (out, shares) = attention.forward_and_shares();
                assert_eq!(out, attention.forward());
                for (found, expected) in out.iter().zip(expected(&attention, &exact)) {
                    assert!((f64::from(*found) - expected).abs() < 2e-6);
                }

                let found = attention.gradients(&shares, &weights);
                let value = |inputs: &[Vec<f64>; 3]| -> f64 {
                    let out = expected(&attention, inputs).into_iter();
                    out.zip(&weights).map(|(x, &w)| x * f64::from(w)).sum()
                };
                for (which, found) in [found.query, found.key, found.value].iter().enumerate() {
                    for place in (0..count).step_by(7) {
                        let moved = |by: f64| {
                            let mut inputs = exact.clone();
                            inputs[which][place] += by;
                            value(&inputs)
                        };
                        let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                        let difference = (f64::from(found[place]) - expected).abs();
                        assert!(difference < 5e-6, "{which} {place} {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_samples_give_nothing() {
        let attention = Attention {
            shape: AttentionShape { batch: 0, ..SHAPE },
            query: &[],
            key: &[],
            value: &[],
            hidden: &[],
            dropout: &[],
        };
        assert!(attention.forward().is_empty());
        assert!(attention.gradients(&[], &[]).query.is_empty());
    }
}
