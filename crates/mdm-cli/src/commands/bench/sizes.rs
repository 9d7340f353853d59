//! How large the workloads are.

use anyhow::bail;

use super::model::reads_pieces;
use crate::args::SizeArgs;

/// Widths of words, audio and vision; further modalities have them again.
const DIMS: [usize; 3] = [300, 74, 47];

/// The sizes of a model's workloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sizes {
    /// Utterances of a batch.
    pub batch: usize,
    /// Steps of a sequence; of word pieces two of them are special.
    pub steps: usize,
    /// Numbers a step, of each modality.
    pub dims: Vec<usize>,
    /// Width of Z, where it is not the model's own.
    pub d_z: Option<usize>,
    /// Updates of the critic for each of the model.
    pub unroll: usize,
    /// Training utterances of an epoch.
    pub utterances: usize,
}

impl Sizes {
    /// Those of a model, some of which were asked for.
    ///
    /// # Errors
    ///
    /// Sizes that do not go together.
    pub fn of(name: &str, asked: SizeArgs) -> anyhow::Result<Self> {
        if name == "estimator" && asked != SizeArgs::default() {
            bail!("the estimator has sizes of its own: name models with --only");
        }
        let pieces = reads_pieces(name);
        if pieces && asked.d_z.is_some() {
            bail!("the width of Z is that of {name} itself");
        }
        let modalities = asked.modalities.unwrap_or(DIMS.len());
        let sizes = Self {
            batch: asked.batch.unwrap_or(if pieces { 16 } else { 32 }),
            steps: asked.steps.unwrap_or(50),
            dims: DIMS.into_iter().cycle().take(modalities).collect(),
            d_z: asked.d_z,
            unroll: asked.unroll.unwrap_or(10),
            utterances: asked.utterances.unwrap_or(1000),
        };
        if modalities < 2 {
            bail!("there is nothing to fuse in {modalities} modality");
        }
        if sizes.batch < modalities {
            bail!(
                "a batch of {} has no product of {modalities} modalities: it has to have as many utterances",
                sizes.batch
            );
        }
        if pieces && sizes.steps < 3 {
            bail!(
                "two of the {} steps are special: there is no word",
                sizes.steps
            );
        }
        Ok(sizes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_asked_for_is_that_of_the_other_side() {
        let sizes = Sizes::of("tfn", SizeArgs::default()).unwrap();
        assert_eq!((sizes.batch, sizes.steps, sizes.unroll), (32, 50, 10));
        assert_eq!(sizes.dims, [300, 74, 47]);
        assert_eq!(
            Sizes::of("mag_bert", SizeArgs::default()).unwrap().batch,
            16
        );
        let asked = SizeArgs {
            modalities: Some(5),
            d_z: Some(9),
            ..SizeArgs::default()
        };
        let sizes = Sizes::of("late_lstm", asked).unwrap();
        assert_eq!(sizes.dims, [300, 74, 47, 300, 74]);
        assert_eq!(sizes.d_z, Some(9));
    }

    #[test]
    fn sizes_that_do_not_go_together_are_refused() {
        let default = SizeArgs::default();
        let small = SizeArgs {
            batch: Some(2),
            ..default
        };
        let single = SizeArgs {
            modalities: Some(1),
            ..default
        };
        let wide = SizeArgs {
            d_z: Some(4),
            ..default
        };
        for (name, asked) in [
            ("tfn", small),
            ("tfn", single),
            ("mag_bert", wide),
            ("estimator", wide),
        ] {
            assert!(Sizes::of(name, asked).is_err(), "{name} {asked:?}");
        }
    }
}
