//! The critic's batches on their way through the encoder.
//!
//! The encoder does not change during an unroll, so the order in which its batches are encoded is free. A processor takes
//! several batches side by side, one a thread: so what Burn computes on one thread is on all of them, and a batch stays in
//! the caches. A graphics processor wants fewer and larger operations: it takes them joined in one pass.

use burn::tensor::{Device, Tensor};
use mdm_core::{Mode, join_permutations};
use mdm_models::{FusionEncoder, Sequences};

/// Some of the critic's batches, encoded in one pass.
#[derive(Debug, Clone)]
pub struct CriticPass {
    /// The batches, one after the other.
    pub input: Sequences,
    /// For each batch the permutation of each modality: row j of batch b's product holds modality k of the batch's sample
    /// `permutations[b][k][j]`.
    pub permutations: Vec<Vec<Vec<usize>>>,
}

impl CriticPass {
    /// Whether batches go through this encoder joined in one pass, and not each in a pass of its own. An encoder to which
    /// padding costs as much as what it pads gets each batch padded for itself.
    pub fn joins<E: FusionEncoder>(encoder: &E, device: &Device) -> bool {
        !side_by_side(device) && encoder.batch_of_similar_length().is_none()
    }

    /// z_joint and z_product of each batch.
    fn encode<E: FusionEncoder>(&self, encoder: &E) -> Vec<(Tensor<2>, Tensor<2>)> {
        let joined = join_permutations(&self.permutations);
        let (z_joint, z_product) = encoder.encode_pair(&self.input, &joined, &mut Mode::Eval);
        let mut first = 0;
        let pair = |batch: &Vec<Vec<usize>>| {
            let size = batch[0].len();
            let rows = |z: &Tensor<2>| z.clone().narrow(0, first, size);
            let pair = (rows(&z_joint), rows(&z_product));
            first += size;
            pair
        };
        self.permutations.iter().map(pair).collect()
    }
}

/// z_joint and z_product of each batch of some passes.
pub(crate) fn encode<E: FusionEncoder + Sync>(
    encoder: &E,
    passes: &[CriticPass],
) -> Vec<(Tensor<2>, Tensor<2>)> {
    #[cfg(feature = "flex")]
    if (passes.first()).is_some_and(|pass| side_by_side(&pass.input.modalities[0].device())) {
        use rayon::prelude::*;
        let pairs = passes.par_iter().map(|pass| pass.encode(encoder));
        return pairs.collect::<Vec<_>>().concat();
    }
    passes
        .iter()
        .flat_map(|pass| pass.encode(encoder))
        .collect()
}

/// Whether a device computes on this process's threads, in operations some of which use one.
fn side_by_side(device: &Device) -> bool {
    #[cfg(feature = "flex")]
    if *device == Device::flex() {
        return true;
    }
    let _ = device;
    false
}
