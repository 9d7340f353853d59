//! What an encoder reads: one padded sequence a modality, and which steps are real.

use burn::tensor::{Int, Tensor, TensorData};

/// Which steps of each sequence of a batch are real, kept on the host.
///
/// Real steps may stand anywhere in a row (left or right padding); each row has at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepMask {
    rows: Vec<Vec<bool>>,
}

impl StepMask {
    /// Every step of `batch` sequences of `steps` steps is real.
    pub fn full(batch: usize, steps: usize) -> Self {
        Self::from_rows(vec![vec![true; steps]; batch])
    }

    /// The first `lengths[b]` of `steps` steps of row b are real.
    ///
    /// # Panics
    ///
    /// When a length is 0 or above `steps`.
    pub fn from_lengths(lengths: &[usize], steps: usize) -> Self {
        let row = |&length: &usize| {
            assert!(length <= steps, "a sequence of {length} steps in {steps}");
            (0..steps).map(|step| step < length).collect()
        };
        Self::from_rows(lengths.iter().map(row).collect())
    }

    /// One row a sequence, `true` for a real step.
    ///
    /// # Panics
    ///
    /// When the rows differ in length or one has no real step.
    pub fn from_rows(rows: Vec<Vec<bool>>) -> Self {
        for row in &rows {
            assert_eq!(
                row.len(),
                rows[0].len(),
                "rows of one batch have as many steps"
            );
            assert!(row.contains(&true), "a sequence has at least one real step");
        }
        Self { rows }
    }

    /// The real steps of each row.
    pub fn lengths(&self) -> Vec<usize> {
        let length = |row: &Vec<bool>| row.iter().filter(|&&real| real).count();
        self.rows.iter().map(length).collect()
    }

    /// Sequences and steps.
    pub(crate) fn dims(&self) -> [usize; 2] {
        [self.rows.len(), self.rows.first().map_or(0, Vec::len)]
    }

    /// Whether each step is padding, row after row.
    pub(crate) fn padding(&self) -> Vec<bool> {
        self.rows.iter().flatten().map(|real| !real).collect()
    }

    fn is_full(&self) -> bool {
        self.rows.iter().all(|row| row.iter().all(|&real| real))
    }

    /// For every place of a `[batch · steps]` tensor, the place it is filled from: the real steps of the row in their
    /// order, again and again from the first.
    fn cyclic_sources(&self) -> Vec<i64> {
        let mut sources = Vec::new();
        for (index, row) in self.rows.iter().enumerate() {
            let real: Vec<usize> = (0..row.len()).filter(|&step| row[step]).collect();
            let source = |step: usize| (index * row.len() + real[step % real.len()]) as i64;
            sources.extend((0..row.len()).map(source));
        }
        sources
    }
}

/// A batch as an encoder reads it.
#[derive(Debug, Clone)]
pub struct Sequences {
    /// One tensor `[batch, steps, dim]` a modality; language first where there is one. All share `batch` and `steps`.
    pub modalities: Vec<Tensor<3>>,
    /// The real steps, the same for every modality.
    pub mask: StepMask,
}

impl Sequences {
    /// The sequences without padding: each row's real steps moved to the front and then repeated cyclically to the
    /// end, beside the number of real steps of each row.
    ///
    /// This is how "a result never depends on what stands under the padding" holds for every encoder: nothing of the
    /// padding is left. It also makes each modality defined at *any* length, which the product of the marginals needs:
    /// a permuted stream is read to the length of the language it is joined to, so that neither surplus frames nor
    /// missing ones betray that the modalities come from different utterances.
    pub fn unpadded(&self) -> (Vec<Tensor<3>>, Vec<usize>) {
        let lengths = self.mask.lengths();
        if self.mask.is_full() {
            return (self.modalities.clone(), lengths);
        }
        let sources = self.mask.cyclic_sources();
        let unpad = |x: &Tensor<3>| {
            let [batch, steps, dim] = x.dims();
            let sources = TensorData::new(sources.clone(), [batch * steps]);
            let sources = Tensor::<1, Int>::from_data(sources, &x.device());
            x.clone()
                .reshape([batch * steps, dim])
                .select(0, sources)
                .reshape([batch, steps, dim])
        };
        (self.modalities.iter().map(unpad).collect(), lengths)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn padding_on_either_side_is_replaced_by_the_sequence_itself() {
        let x = Tensor::<2>::from_floats(
            [[9.0, 1.0, 2.0, 9.0, 9.0], [1.0, 2.0, 3.0, 4.0, 5.0]],
            &Device::flex(),
        );
        let rows = vec![vec![false, true, true, false, false], vec![true; 5]];
        let sequences = Sequences {
            modalities: vec![x.unsqueeze_dim(2)],
            mask: StepMask::from_rows(rows),
        };
        let (unpadded, lengths) = sequences.unpadded();
        assert_eq!(lengths, [2, 5]);
        let values = unpadded[0].clone().try_into_vec_as::<f32>().unwrap();
        assert_eq!(values, [1.0, 2.0, 1.0, 2.0, 1.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    }
}
