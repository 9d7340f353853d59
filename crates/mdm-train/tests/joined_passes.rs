//! The critic's batches give what they give one by one when they are encoded in one pass, and when they are side by side on
//! several threads.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use mdm_core::{
    DependencyMeasure, DependencyObjectiveConfig, Mode, Shuffle, init, product_permutations, seed,
};
use mdm_models::{Encoder, FusionEncoder, Inputs, Model, ModelConfig, Sequences, StepMask};
use mdm_train::optimizer::{AdamW, Optimizer};
use mdm_train::{Algorithm1, CriticPass, FusionModel, Penalty};

const DIMS: [usize; 3] = [4, 3, 2];
const STEPS: usize = 6;

fn algorithm(model: Model, device: &Device) -> Algorithm1<Encoder> {
    let config = ModelConfig {
        name: model,
        ..ModelConfig::default()
    };
    let mut rng = seed::stream(0, "model", 0);
    let inputs = Inputs::vectors(&DIMS);
    let (encoder, head) = config.init(&inputs, 1, &mut rng, device).unwrap();
    let objective =
        DependencyObjectiveConfig::new(DependencyMeasure::TotalCorrelation, encoder.d_z());
    let objective = objective.init(seed::stream(0, "critic", 0), device);
    let adamw = AdamW {
        betas: [0.9, 0.999],
        epsilon: 1e-8,
        weight_decay: 0.01,
    };
    Algorithm1 {
        model: FusionModel { encoder, head },
        penalty: Some(Penalty {
            objective: objective.unwrap(),
            lambda: 0.1,
        }),
        optimizer: Optimizer::constant(adamw, 1e-3),
    }
}

/// Rows `from..to` of the utterances, whose lengths differ.
fn sequences(modalities: &[Tensor<3>], from: usize, to: usize) -> Sequences {
    let lengths: Vec<usize> = (from..to).map(|row| 1 + (5 * row) % STEPS).collect();
    // Padded to the longest of these, as a batch by itself is.
    let steps = *lengths.iter().max().unwrap();
    let rows = modalities.iter();
    Sequences {
        modalities: rows
            .map(|x| x.clone().slice([from..to, 0..steps]))
            .collect(),
        mask: StepMask::from_lengths(&lengths, steps),
    }
}

#[test]
fn a_joined_pass_and_passes_side_by_side_are_the_passes_one_by_one() {
    let device = Device::flex();
    let mut rng = seed::stream(0, "corpus", 0);
    let modalities = DIMS.map(|dim| init::uniform([19, STEPS, dim], 1.0, &mut rng, &device).val());
    // The last batch is smaller.
    let batches = [(0, 8), (8, 16), (16, 19)];
    let permutations: Vec<Vec<Vec<usize>>> = batches
        .iter()
        .map(|(from, to)| product_permutations(3, to - from, Shuffle::Derangement, &mut rng))
        .collect::<Result<_, _>>()
        .unwrap();

    for model in [
        Model::EfLstm,
        Model::LateLstm,
        Model::Tfn,
        Model::Lfn,
        Model::Mfn,
    ] {
        let autodiff = device.clone().autodiff();
        let [mut joined, mut side_by_side, mut single] =
            [(); 3].map(|()| algorithm(model, &autodiff));
        let encoder = joined.model.encoder.valid();
        let together = joined.update_critic(
            &encoder,
            &[CriticPass {
                input: sequences(&modalities, 0, 19),
                permutations: permutations.clone(),
            }],
        );
        let passes = batches.iter().zip(&permutations);
        let passes = passes.map(|((from, to), permutations)| CriticPass {
            input: sequences(&modalities, *from, *to),
            permutations: vec![permutations.clone()],
        });
        let passes: Vec<CriticPass> = passes.collect();
        let of_threads = side_by_side.update_critic(&encoder, &passes);
        let one_by_one = passes.chunks(1);
        let one_by_one: Vec<Tensor<1>> = one_by_one
            .flat_map(|pass| single.update_critic(&encoder, pass))
            .collect();
        assert_eq!(one_by_one.len(), 3);
        for (several, tolerance) in [(together, 1e-5), (of_threads, 0.0)] {
            assert_eq!(several.len(), 3);
            for (several, alone) in several.into_iter().zip(&one_by_one) {
                let difference = (several - alone.clone()).abs().into_scalar::<f32>();
                assert!(difference <= tolerance, "{model}: {difference}");
            }
        }
        let z = encoder.encode(&sequences(&modalities, 0, 8), &mut Mode::Eval);
        let scores = |algorithm: &Algorithm1<Encoder>| {
            let penalty = algorithm.penalty.as_ref().unwrap();
            penalty.objective.scores(Tensor::from_inner(z.clone()))
        };
        let difference = (scores(&joined) - scores(&single)).abs().max();
        assert!(difference.into_scalar::<f32>() < 1e-5, "{model}");
    }
}

/// The other passes are done or given up; nobody waits for this one.
#[test]
#[should_panic]
fn a_pass_that_does_not_fit_the_encoder_is_a_panic() {
    let device = Device::flex();
    let mut algorithm = algorithm(Model::LateLstm, &device.clone().autodiff());
    let encoder = algorithm.model.encoder.valid();
    let pass = |width: usize| CriticPass {
        input: Sequences {
            modalities: [width, 3, 2]
                .map(|dim| Tensor::zeros([4, STEPS, dim], &device))
                .into(),
            mask: StepMask::full(4, STEPS),
        },
        permutations: vec![vec![vec![0, 1, 2, 3], vec![1, 2, 3, 0], vec![2, 3, 0, 1]]],
    };
    algorithm.update_critic(&encoder, &[pass(4), pass(5), pass(4)]);
}
