//! Gradient accumulation: batches that share an update act as one large batch.

use burn::tensor::{Device, Tensor};
use mdm_core::{Mode, init, seed};
use mdm_data::synthetic::{SyntheticConfig, generate};
use mdm_models::{EfLstmConfig, Encoder, Inputs, ModelConfig, Sequences, StepMask};
use mdm_train::config::{ExperimentConfig, TaskLoss};
use mdm_train::optimizer::{AdamW, Optimizer};
use mdm_train::task::Targets;
use mdm_train::{Algorithm1, FusionModel, train};
use serde_json::json;

const DIMS: [usize; 3] = [4, 3, 2];

/// No penalty and no dropout: a batch's loss is the mean over its rows. ε is large, so that small gradients are not
/// blown up to steps of the learning rate.
fn algorithm(device: &Device) -> Algorithm1<Encoder> {
    let config = ModelConfig {
        ef_lstm: EfLstmConfig { hidden: 6 },
        ..ModelConfig::default()
    };
    let mut rng = seed::stream(0, "model", 0);
    let inputs = Inputs::vectors(&DIMS);
    let (encoder, head) = config
        .init(&inputs, 1, &mut rng, &device.clone().autodiff())
        .unwrap();
    let adamw = AdamW {
        betas: [0.9, 0.999],
        epsilon: 0.1,
        weight_decay: 0.01,
    };
    Algorithm1 {
        model: FusionModel { encoder, head },
        penalty: None,
        optimizer: Optimizer::constant(adamw, 0.1),
    }
}

/// Eight utterances: their features and labels.
fn corpus(device: &Device) -> (Vec<Tensor<3>>, Tensor<1>) {
    let mut rng = seed::stream(0, "corpus", 0);
    let modalities = DIMS.map(|dim| init::uniform([8, 5, dim], 1.0, &mut rng, device).val());
    let labels = init::uniform([8], 3.0, &mut rng, device).val();
    (modalities.to_vec(), labels)
}

/// What the trained model predicts, after two updates of batches of so many rows.
fn predictions(batch: usize, device: &Device) -> Vec<f32> {
    let mut algorithm = algorithm(device);
    let (modalities, labels) = corpus(device);
    let sequences = |from: usize, rows: usize| Sequences {
        modalities: modalities
            .iter()
            .map(|modality| modality.clone().slice(from..from + rows))
            .collect(),
        mask: StepMask::full(rows, 5),
    };
    for _ in 0..2 {
        for from in (0..8).step_by(batch) {
            let targets = Targets::Sentiment {
                labels: labels.clone().slice(from..from + batch),
                loss: TaskLoss::Mse,
            };
            let input = sequences(from, batch);
            let share = batch as f64 / 8.0;
            algorithm.accumulate(&input, &targets, &[], share, &mut Mode::Eval);
        }
        algorithm.update_model();
    }
    let predictions = algorithm.model.predict(&sequences(0, 8));
    predictions.try_into_vec_as::<f32>().unwrap()
}

#[test]
fn batches_that_share_an_update_act_as_one() {
    let device = Device::flex();
    let untrained = algorithm(&device).model.predict(&Sequences {
        modalities: corpus(&device).0,
        mask: StepMask::full(8, 5),
    });
    let untrained = untrained.try_into_vec_as::<f32>().unwrap();
    let whole = predictions(8, &device);
    for batch in [4, 2] {
        for ((shared, whole), untrained) in predictions(batch, &device)
            .into_iter()
            .zip(&whole)
            .zip(&untrained)
        {
            assert!((shared - whole).abs() < 1e-5, "{shared} {whole}");
            assert!((shared - untrained).abs() > 1e-2, "{shared} {untrained}");
        }
    }
}

/// The learning rate at the end of each of two epochs that decays to 0 over the updates of the run.
fn rates(utterances: usize, accumulation: usize) -> Vec<f64> {
    let config: ExperimentConfig = serde_json::from_value(json!({
        "seed": 0,
        "data": {
            "dataset": "synthetic",
            "modalities": [],
            "word_vectors": "",
            "max_steps": 20,
            "normalise": {"language": "none", "audio": "none", "vision": "none", "physiology": "none"},
            "synthetic": SyntheticConfig {
                train: utterances,
                valid: 8,
                test: 8,
                ..SyntheticConfig::default()
            },
        },
        "model": ModelConfig {
            ef_lstm: EfLstmConfig { hidden: 4 },
            ..ModelConfig::default()
        },
        "penalty": {
            "measure": "kl",
            "lambda": 0.1,
            "unroll": 1,
            "shuffle": "derangement",
            "critic_output": "sigmoid",
            "critic_dropout": 0.4,
            "critic_learning_rate": 0.001,
            "lipschitz": "none",
            "clip": 0.01,
            "gradient_penalty_weight": 10.0,
            "gradient_penalty_one_sided": false,
        },
        "train": {
            "task": "regression",
            "epochs": 2,
            "batch_size": 8,
            "loss": "l1",
            "learning_rate": 0.01,
            "encoder_learning_rate": 0.0,
            "schedule": "warmup-decay",
            "warmup": 0.0,
            "epsilon": 1e-8,
            "decay_excludes": "none",
            "accumulation": accumulation,
            "length_pool": 0,
            "weight_decay": 0.01,
            "patience": 2,
            "modality_dropout": 0.0,
            "modality_fill": "zero",
        },
    }))
    .unwrap();
    let corpus = generate(&config.data.synthetic).unwrap().corpus;
    let outcome = train(&config, &corpus, &Device::flex(), &mut ()).unwrap();
    let rates = outcome.history.iter().map(|record| record.learning_rate);
    rates.collect()
}

#[test]
fn the_last_group_of_an_epoch_may_be_smaller_and_the_schedule_ends_with_the_run() {
    let close = |rates: Vec<f64>, expected: [f64; 2]| {
        let near = |(found, expected): (&f64, &f64)| (found - expected).abs() < 1e-12;
        assert!(rates.iter().zip(&expected).all(near), "{rates:?}");
    };
    // 5 batches: groups of 2, 2 and 1, so 3 updates an epoch and 6 in all.
    close(rates(40, 2), [0.01 * 4.0 / 6.0, 0.01 / 6.0]);
    close(rates(40, 1), [0.01 * 6.0 / 10.0, 0.01 / 10.0]);
    // A last batch of 2 utterances has no product of three modalities: it is no step of the schedule either.
    close(rates(42, 1), [0.01 * 6.0 / 10.0, 0.01 / 10.0]);
    close(rates(43, 1), [0.01 * 7.0 / 12.0, 0.01 / 12.0]);
}
