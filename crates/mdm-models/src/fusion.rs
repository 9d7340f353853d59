//! The seam that every fusion encoder shares: `views`, then `fuse`.

use burn::module::{Module, ModuleDisplay};
use burn::tensor::{Int, Tensor, TensorData};
use mdm_core::Mode;

use crate::Sequences;

/// A batch after its per-modality work.
#[derive(Debug, Clone)]
pub struct Views {
    /// One tensor `[batch, steps, width]` a modality, defined at every step (see [`Sequences::unpadded`]). The steps are
    /// those of the sequences, or only those that some row of the batch is read to ([`LastSteps`]). The first may have a
    /// single one, that of each row's own length: it is read to no other.
    pub modalities: Vec<Tensor<3>>,
    /// How many of these steps are read of each row: what the first modality has, language where there is one.
    pub lengths: Vec<usize>,
}

impl Views {
    /// A batch of the product of the marginals: row j takes modality k from row `permutations[k][j]`.
    ///
    /// The lengths go with the first modality; the others are read to its length.
    ///
    /// # Panics
    ///
    /// When there are not as many permutations as modalities.
    pub fn permute(&self, permutations: &[Vec<usize>]) -> Self {
        assert_eq!(permutations.len(), self.modalities.len());
        let modalities = self.modalities.iter().zip(permutations);
        Self {
            modalities: modalities
                .map(|(view, permutation)| rows(view, permutation))
                .collect(),
            lengths: permutations[0]
                .iter()
                .map(|&row| self.lengths[row])
                .collect(),
        }
    }
}

fn rows(view: &Tensor<3>, permutation: &[usize]) -> Tensor<3> {
    if permutation.iter().copied().eq(0..permutation.len()) {
        return view.clone();
    }
    view.clone()
        .select(0, indices(permutation.iter().copied(), view))
}

/// The last steps of the rows of a batch, each step once: all that an encoder needs that reads nothing but last states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastSteps {
    /// The steps, in their order, counted from 0.
    pub steps: Vec<usize>,
    /// How many of them each row is read to: the lengths of [`Views`] that hold these steps alone.
    pub lengths: Vec<usize>,
}

impl LastSteps {
    /// Of rows of these lengths, each at least 1.
    pub fn of(lengths: &[usize]) -> Self {
        let mut steps: Vec<usize> = lengths.iter().map(|length| length - 1).collect();
        steps.sort_unstable();
        steps.dedup();
        let place = |length: &usize| steps.partition_point(|step| step < length);
        Self {
            lengths: lengths.iter().map(place).collect(),
            steps,
        }
    }
}

/// The state at the last step to read of each row.
///
/// # Shapes
///
/// - `states`: `[batch, steps, width]`
/// - `lengths`: one per row, in 1..=steps
/// - output: `[batch, width]`
pub fn last_states(states: Tensor<3>, lengths: &[usize]) -> Tensor<2> {
    let [batch, steps, width] = states.dims();
    if steps == 1 {
        return states.squeeze_dim(1);
    }
    let last = lengths.iter().enumerate();
    let last = indices(last.map(|(row, length)| row * steps + length - 1), &states);
    states.reshape([batch * steps, width]).select(0, last)
}

fn indices(rows: impl Iterator<Item = usize>, like: &Tensor<3>) -> Tensor<1, Int> {
    let rows: Vec<i64> = rows.map(|row| row as i64).collect();
    let count = rows.len();
    Tensor::from_data(TensorData::new(rows, [count]), &like.device())
}

/// An encoder of several modalities, in two steps.
///
/// Everything that concerns one modality alone happens in `views`, everything that mixes modalities in `fuse`. A batch
/// of the product of the marginals is the same views with their rows permuted, so the unimodal work is done once for
/// the joint and the product batch, and every model goes through one code path.
///
/// An encoder may be read by several threads at once: they encode the critic's batches side by side.
pub trait FusionEncoder: Module + ModuleDisplay + Sync {
    /// The per-modality work.
    fn views(&self, input: &Sequences, mode: &mut Mode) -> Views;

    /// Everything that mixes modalities: the representation Z, `[batch, d_z]`.
    fn fuse(&self, views: &Views, mode: &mut Mode) -> Tensor<2>;

    /// Width of Z.
    fn d_z(&self) -> usize;

    /// How many sequences of similar length are best encoded together when nothing is trained, for an encoder to which
    /// padding costs as much as what it pads.
    fn batch_of_similar_length(&self) -> Option<usize> {
        None
    }

    /// Z of a batch as it is.
    fn encode(&self, input: &Sequences, mode: &mut Mode) -> Tensor<2> {
        let views = self.views(input, mode);
        self.fuse(&views, mode)
    }

    /// Z of a batch and of its shuffled twin, whose row j takes modality k from row `permutations[k][j]`, sharing the
    /// per-modality work.
    fn encode_pair(
        &self,
        input: &Sequences,
        permutations: &[Vec<usize>],
        mode: &mut Mode,
    ) -> (Tensor<2>, Tensor<2>) {
        let views = self.views(input, mode);
        let z_joint = self.fuse(&views, mode);
        let z_product = self.fuse(&views.permute(permutations), mode);
        (z_joint, z_product)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_steps_are_each_named_once() {
        let last = LastSteps::of(&[5, 2, 5, 1]);
        assert_eq!(last.steps, [0, 1, 4]);
        assert_eq!(last.lengths, [3, 2, 3, 1]);
    }
}
