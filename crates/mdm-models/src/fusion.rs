//! The seam that every fusion encoder shares: `views`, then `fuse`.

use burn::module::{Module, ModuleDisplay};
use burn::tensor::{Int, Tensor, TensorData};
use mdm_core::Mode;

use crate::Sequences;

/// A batch after its per-modality work.
#[derive(Debug, Clone)]
pub struct Views {
    /// One tensor `[batch, steps, width]` a modality, defined at every step (see [`Sequences::unpadded`]). The first may
    /// have a single step, that of its own length: it is read to no other.
    pub modalities: Vec<Tensor<3>>,
    /// Steps to read of each row: those of the first modality, language where there is one.
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

/// The state at the last step to read of each row.
///
/// # Shapes
///
/// - `states`: `[batch, steps, width]`
/// - `lengths`: one per row, in 1..=steps
/// - output: `[batch, width]`
pub fn last_states(states: Tensor<3>, lengths: &[usize]) -> Tensor<2> {
    let [batch, steps, width] = states.dims();
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
pub trait FusionEncoder: Module + ModuleDisplay {
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
}
