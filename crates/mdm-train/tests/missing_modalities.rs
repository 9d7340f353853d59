//! Modalities that are missing, in training (`train.modality_dropout`) and at test time.

use burn::tensor::Device;
use mdm_data::surgery::Fill;
use mdm_data::synthetic::{SyntheticConfig, generate};
use mdm_data::{Corpus, Modality};
use mdm_models::{EfLstmConfig, ModelConfig};
use mdm_train::config::ExperimentConfig;
use mdm_train::robustness::{Missing, Robustness, robustness};
use mdm_train::run::metrics_json;
use mdm_train::{Metrics, Outcome, Task, train};
use serde_json::json;

/// Labels are the mean of the first language feature over the utterance, scaled and cut to [−3, 3].
fn corpus(correlation: f64) -> Corpus {
    let config = SyntheticConfig {
        train: 480,
        valid: 120,
        test: 300,
        steps: [4, 10],
        dims: vec![4, 4, 4],
        correlation,
        noise: 0.3,
        ..Default::default()
    };
    let mut corpus = generate(&config).unwrap().corpus;
    let first = |features: &mdm_data::Features| {
        features.rows().map(|row| row[0]).sum::<f32>() / features.steps() as f32
    };
    let of_train = corpus.train.iter().map(|u| first(&u.features[0]).powi(2));
    let deviation = (of_train.sum::<f32>() / corpus.train.len() as f32).sqrt();
    for split in mdm_data::Split::ALL {
        for utterance in corpus.split_mut(split) {
            let mean = first(&utterance.features[0]);
            utterance.label = (1.5 * mean / deviation).clamp(-3.0, 3.0);
        }
    }
    corpus
}

fn config(measure: &str, epochs: usize) -> ExperimentConfig {
    serde_json::from_value(json!({
        "seed": 3,
        "data": {
            "dataset": "synthetic",
            "modalities": [],
            "word_vectors": "",
            "max_steps": 20,
            "normalise": { "language": "none", "audio": "none", "vision": "none", "physiology": "none" },
            "synthetic": SyntheticConfig::default(),
        },
        "model": ModelConfig {
            ef_lstm: EfLstmConfig { hidden: 16 },
            ..ModelConfig::default()
        },
        "penalty": {
            "measure": measure,
            "lambda": 0.1,
            "unroll": 2,
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
            "epochs": epochs,
            "batch_size": 32,
            "length_pool": 0,
            "loss": "l1",
            "learning_rate": 0.01,
            "encoder_learning_rate": 0.0,
            "schedule": "constant",
            "warmup": 0.1,
            "epsilon": 1e-8,
            "decay_excludes": "none",
            "accumulation": 1,
            "weight_decay": 0.01,
            "patience": 10,
            "modality_dropout": 0.0,
            "modality_fill": "zero",
        },
    }))
    .unwrap()
}

fn run(config: &ExperimentConfig, corpus: &Corpus) -> Outcome {
    train(config, corpus, &Device::flex(), &mut ()).unwrap()
}

/// The test metrics with every modality there.
fn whole(outcome: &Outcome) -> &Metrics {
    outcome.test.sentiment().unwrap()
}

/// The test split without `dropped`.
fn without(outcome: &Outcome, corpus: &Corpus, dropped: &[Modality], fill: Fill) -> Robustness {
    let (dropped, kept) = Modality::ALL
        .into_iter()
        .partition(|modality| dropped.contains(modality));
    let missing = Missing {
        kept,
        dropped,
        fill,
        rate: 1.0,
        seed: 0,
    };
    robustness(
        Task::Regression,
        &outcome.best,
        corpus,
        missing,
        whole(outcome),
        &Device::flex(),
    )
    .unwrap()
}

#[test]
fn what_carries_the_label_hurts_when_it_is_missing_and_noise_does_not() {
    let corpus = corpus(0.0);
    let outcome = run(&config("none", 8), &corpus);
    let whole = whole(&outcome);
    assert!(whole.acc2_has0 > 0.9, "{whole:?}");
    for fill in Fill::ALL {
        let words = without(&outcome, &corpus, &[Modality::Language], fill);
        // What is left is noise: chance, or a constant answer.
        assert!(words.ratio.acc2_has0 < 0.75, "{fill}: {words:?}");
        assert!(words.test.mae > 3.0 * whole.mae, "{fill}: {words:?}");
        assert_eq!(
            words.majority_ratio.acc2_has0,
            whole.majority_acc2_has0 / whole.acc2_has0
        );

        let rest = without(
            &outcome,
            &corpus,
            &[Modality::Audio, Modality::Vision],
            fill,
        );
        assert!(
            (0.95..1.05).contains(&rest.ratio.acc2_has0),
            "{fill}: {rest:?}"
        );
        assert!(rest.test.mae < 1.3 * whole.mae, "{fill}: {rest:?}");
    }
    let nothing = without(&outcome, &corpus, &[], Fill::Zero);
    assert_eq!(&nothing.test, whole);
    assert_eq!(nothing.ratio.acc2_non0, 1.0);
}

#[test]
fn a_rate_lies_between_none_and_all() {
    let corpus = corpus(0.0);
    let outcome = run(&config("none", 4), &corpus);
    let at = |rate, seed| {
        let missing = Missing {
            kept: vec![Modality::Audio, Modality::Vision],
            dropped: vec![Modality::Language],
            fill: Fill::Zero,
            rate,
            seed,
        };
        robustness(
            Task::Regression,
            &outcome.best,
            &corpus,
            missing,
            whole(&outcome),
            &Device::flex(),
        )
    };
    let mae = |rate| at(rate, 0).unwrap().test.mae;
    assert_eq!(mae(0.0), whole(&outcome).mae);
    assert!(mae(0.0) < mae(0.5) && mae(0.5) < mae(1.0));
    assert_eq!(at(0.5, 1).unwrap(), at(0.5, 1).unwrap());
    assert_ne!(at(0.5, 1).unwrap().test, at(0.5, 2).unwrap().test);
    assert!(at(1.5, 0).unwrap_err().to_string().contains("from 0 to 1"));
}

#[test]
fn without_modality_dropout_its_fill_changes_nothing() {
    let corpus = corpus(0.5);
    let mut config = config("kl", 2);
    let plain = metrics_json(&run(&config, &corpus));
    config.train.modality_fill = Fill::Noise;
    assert_eq!(metrics_json(&run(&config, &corpus)), plain);
}

#[test]
fn modality_dropout_trains_with_every_fill_and_depends_on_the_seed_alone() {
    let corpus = corpus(0.5);
    let mut config = config("kl", 2);
    let mut seen = vec![metrics_json(&run(&config, &corpus))];
    config.train.modality_dropout = 0.4;
    for fill in Fill::ALL {
        config.train.modality_fill = fill;
        let metrics = metrics_json(&run(&config, &corpus));
        assert_eq!(metrics_json(&run(&config, &corpus)), metrics, "{fill}");
        assert!(!seen.contains(&metrics), "{fill}");
        assert!(metrics["test"]["mae"].is_number() && metrics["dependency"]["train"].is_number());
        seen.push(metrics);
    }
}

#[test]
fn a_model_trained_with_modality_dropout_can_do_without_one() {
    // Every modality tells nearly the same, so that audio and vision can stand in for language.
    let corpus = corpus(0.98);
    let mut config = config("none", 8);
    let drop = [Modality::Language];
    let plain = without(&run(&config, &corpus), &corpus, &drop, Fill::Zero);
    config.train.modality_dropout = 0.5;
    let robust = without(&run(&config, &corpus), &corpus, &drop, Fill::Zero);
    assert!(
        robust.test.mae < 0.8 * plain.test.mae,
        "{robust:?}\n{plain:?}"
    );
}

#[test]
fn a_probability_of_1_would_never_train_on_everything_and_is_refused() {
    for rate in [1.0, -0.1, f64::NAN] {
        let mut config = config("none", 1);
        config.train.modality_dropout = rate;
        let error = config.check().unwrap_err().to_string();
        assert!(
            error.contains("train.modality_dropout") && error.contains("[0, 1)"),
            "{error}"
        );
    }
}

#[test]
fn a_single_modality_has_no_dependence_to_maximise() {
    let mut corpus = corpus(0.0);
    corpus.modalities.truncate(1);
    for split in mdm_data::Split::ALL {
        for utterance in corpus.split_mut(split) {
            utterance.features.truncate(1);
        }
    }
    let error = train(&config("kl", 1), &corpus, &Device::flex(), &mut ()).unwrap_err();
    assert!(error.to_string().contains("penalty.measure"), "{error}");
    run(&config("none", 1), &corpus);
}
