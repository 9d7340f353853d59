//! The critic's batches on their way through the encoder.
//!
//! The encoder does not change during an unroll, so the order in which its batches are encoded is free. A processor takes
//! several batches side by side, one a thread: so what Burn computes on one thread is on all of them, a batch stays in
//! the caches, and the critic learns from one batch while the next are on their way. A graphics processor wants fewer and
//! larger operations: it takes them joined in one pass.

use burn::tensor::{Device, Tensor};
use mdm_core::{Mode, join_permutations};
use mdm_models::{FusionEncoder, Sequences};

/// z_joint and z_product of a batch.
pub(crate) type Pair = (Tensor<2>, Tensor<2>);

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

    fn encode<E: FusionEncoder>(&self, encoder: &E) -> Vec<Pair> {
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

/// z_joint and z_product of each batch of some passes, in their order, to `take`.
pub(crate) fn encode<E: FusionEncoder>(
    encoder: &E,
    passes: &[CriticPass],
    mut take: impl FnMut(Pair) + Send,
) {
    #[cfg(feature = "flex")]
    if (passes.first()).is_some_and(|pass| side_by_side(&pass.input.modalities[0].device())) {
        return by_threads(encoder, passes, take);
    }
    for pass in passes {
        pass.encode(encoder).into_iter().for_each(&mut take);
    }
}

/// A thread a pass. This one takes what is there while the others go on, so that what `take` does on one thread alone keeps
/// nobody waiting; until the next is there it encodes like the others.
#[cfg(feature = "flex")]
fn by_threads<E: FusionEncoder>(
    encoder: &E,
    passes: &[CriticPass],
    mut take: impl FnMut(Pair) + Send,
) {
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::sync::OnceLock;

    // None after a panic, which goes on when all passes have ended.
    let places: Vec<OnceLock<Option<Vec<Pair>>>> = passes.iter().map(|_| OnceLock::new()).collect();
    rayon::scope_fifo(|scope| {
        for (pass, place) in passes.iter().zip(&places) {
            scope.spawn_fifo(move |_| {
                let pairs = catch_unwind(AssertUnwindSafe(|| pass.encode(encoder)));
                let (pairs, panic) = match pairs {
                    Ok(pairs) => (Some(pairs), None),
                    Err(panic) => (None, Some(panic)),
                };
                place.get_or_init(|| pairs);
                if let Some(panic) = panic {
                    resume_unwind(panic);
                }
            });
        }
        for place in &places {
            while place.get().is_none() {
                if rayon::yield_now() != Some(rayon::Yield::Executed) {
                    std::thread::yield_now();
                }
            }
            let Some(Some(pairs)) = place.get() else {
                return;
            };
            pairs.iter().cloned().for_each(&mut take);
        }
    });
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
