//! Every task on the synthetic corpus: it trains, it learns, and the best epoch is that of its criterion.

use burn::tensor::Device;
use mdm_core::{CriticOutput, Shuffle};
use mdm_data::Corpus;
use mdm_data::normalise::Normalisation;
use mdm_data::synthetic::{SyntheticConfig, generate};
use mdm_models::{EfLstmConfig, Model, ModelConfig};
use mdm_train::config::*;
use mdm_train::task::Classes;
use mdm_train::trainer::initialise;
use mdm_train::{Checkpoint, Error, Outcome, Task, TaskMetrics, evaluate, train};

fn config(task: Task) -> ExperimentConfig {
    let none = Normalisation::None;
    ExperimentConfig {
        seed: 1,
        data: DataConfig {
            dataset: "synthetic".into(),
            modalities: Vec::new(),
            word_vectors: String::new(),
            max_steps: 20,
            normalise: NormaliseConfig {
                language: none,
                audio: none,
                vision: none,
                physiology: none,
            },
            synthetic: SyntheticConfig {
                train: 320,
                valid: 120,
                test: 120,
                steps: [4, 8],
                noise: 0.3,
                emotions: true,
                ..Default::default()
            },
        },
        model: ModelConfig {
            name: Model::EfLstm,
            ef_lstm: EfLstmConfig { hidden: 16 },
            ..Default::default()
        },
        penalty: PenaltyConfig {
            measure: "kl".parse().unwrap(),
            lambda: 0.05,
            unroll: 1,
            shuffle: Shuffle::Derangement,
            critic_output: CriticOutput::Sigmoid,
            critic_dropout: 0.4,
            critic_learning_rate: 1e-3,
            lipschitz: LipschitzChoice::None,
            clip: 0.01,
            gradient_penalty_weight: 10.0,
            gradient_penalty_one_sided: false,
        },
        train: TrainConfig {
            epochs: 8,
            batch_size: 16,
            length_pool: 0,
            task,
            loss: TaskLoss::L1,
            learning_rate: 5e-3,
            encoder_learning_rate: 0.0,
            schedule: Default::default(),
            warmup: 0.1,
            epsilon: 1e-8,
            decay_excludes: Default::default(),
            accumulation: 1,
            weight_decay: 0.01,
            patience: 8,
            modality_dropout: 0.0,
            modality_fill: mdm_data::surgery::Fill::Zero,
        },
    }
}

fn corpus(config: &ExperimentConfig) -> Corpus {
    generate(&config.data.synthetic).unwrap().corpus
}

fn run(task: Task) -> Outcome {
    let config = config(task);
    train(&config, &corpus(&config), &Device::flex(), &mut ()).unwrap()
}

#[test]
fn every_task_learns_and_keeps_the_epoch_with_the_best_criterion() {
    for task in Task::ALL {
        let outcome = run(task);
        let first = &outcome.history[0];
        let best = &outcome.history[outcome.best_epoch - 1];
        assert!(
            best.train_task < 0.8 * first.train_task,
            "{task}: {} {}",
            first.train_task,
            best.train_task
        );
        let smallest = outcome
            .history
            .iter()
            .map(|record| record.valid.criterion())
            .fold(f64::INFINITY, f64::min);
        assert_eq!(outcome.valid.criterion(), smallest, "{task}");
    }
}

#[test]
fn trained_classes_beat_the_majority() {
    for classes in [Classes::Three, Classes::NonNegative, Classes::Nonzero] {
        let outcome = run(Task::Classes(classes));
        let TaskMetrics::Classes(test) = &outcome.test else {
            panic!("{:?}", outcome.test)
        };
        let baselines = serde_json::to_value(&outcome.baselines).unwrap();
        let majority = baselines["majority"]["accuracy"].as_f64().unwrap();
        assert!(
            test.scores.accuracy > majority + 0.1,
            "{classes:?}: {test:?}"
        );
        assert_eq!(test.n + test.n_left_out, 120);
        let zeros = classes == Classes::Nonzero;
        assert_eq!(test.n_left_out > 0, zeros);
    }
}

#[test]
fn trained_emotions_beat_the_more_frequent_answer() {
    let outcome = run(Task::Emotions);
    let TaskMetrics::Emotions(test) = &outcome.test else {
        panic!("{:?}", outcome.test)
    };
    // A constant answer has 0.5. Happiness and sadness are sums, which a small model learns quickly.
    for emotion in &test.scores.emotions[..2] {
        assert!(emotion.weighted_accuracy > 0.7, "{emotion:?}");
    }
}

#[test]
fn the_loss_that_is_trained_is_the_criterion_that_is_reported() {
    // On the same samples with dropout off, the device's loss in f32 is the host's in f64.
    let device = Device::flex();
    for task in Task::ALL {
        let config = config(task);
        let corpus = corpus(&config);
        let algorithm = initialise(&config, &corpus, &device).unwrap();
        let checkpoint = Checkpoint::of(&algorithm);
        let indices: Vec<usize> = (0..corpus.valid.len()).collect();
        let batch = mdm_data::batch::MultimodalBatch::new(&corpus.valid, &indices, &device);
        let outputs = checkpoint.model().predict(&evaluate::sequences(&batch));
        assert_eq!(outputs.dims(), [120, task.outputs()]);
        let loss = task
            .targets(&batch, TaskLoss::L1)
            .loss(outputs)
            .into_scalar::<f32>();
        let metrics = evaluate::evaluate(task, &checkpoint, &corpus.valid, &device);
        let difference = f64::from(loss) - metrics.criterion();
        assert!(
            difference.abs() < 1e-5,
            "{task}: {loss} {}",
            metrics.criterion()
        );
    }
}

#[test]
fn a_criterion_that_is_no_number_stops_the_training() {
    let config = config(Task::Regression);
    let mut corpus = corpus(&config);
    corpus.valid[3].features[0].data_mut()[0] = f32::NAN;
    let error = train(&config, &corpus, &Device::flex(), &mut ()).unwrap_err();
    assert!(
        matches!(
            error,
            Error::NonFiniteCriterion {
                epoch: 1,
                criterion: "mae",
                ..
            }
        ),
        "{error}"
    );
    let message = error.to_string();
    assert!(
        message.contains("epoch 1: the mae on the validation split is NaN"),
        "{message}"
    );
}

#[test]
fn a_penalty_needs_a_row_a_modality_in_every_batch() {
    let mut config = config(Task::Regression);
    config.train.epochs = 1;
    config.data.synthetic.train = 11;
    let corpus = corpus(&config);
    let mut run = |batch_size, measure: &str| {
        config.train.batch_size = batch_size;
        config.penalty.measure = measure.parse().unwrap();
        train(&config, &corpus, &Device::flex(), &mut ())
    };
    let message = run(2, "kl").unwrap_err().to_string();
    let expected = "train.batch_size: expected at least the number of modalities, with a penalty, found 2 for 3";
    assert_eq!(message, expected);
    run(3, "kl").unwrap();
    run(1, "none").unwrap();
}

#[test]
fn settings_of_the_optimiser_outside_their_ranges_are_named() {
    type Change = fn(&mut TrainConfig);
    let changes: [(&str, Change); 8] = [
        ("train.epsilon", |train| train.epsilon = 0.0),
        ("train.epsilon", |train| train.epsilon = f64::NAN),
        ("train.encoder_learning_rate", |train| {
            train.encoder_learning_rate = -1e-5;
        }),
        ("train.encoder_learning_rate", |train| {
            train.encoder_learning_rate = f64::INFINITY;
        }),
        ("train.warmup", |train| train.warmup = 1.1),
        ("train.warmup", |train| train.warmup = -0.1),
        ("train.accumulation", |train| train.accumulation = 0),
        ("train.weight_decay", |train| train.weight_decay = -0.01),
    ];
    for (field, change) in changes {
        let mut config = config(Task::Regression);
        change(&mut config.train);
        let message = config.check().unwrap_err().to_string();
        assert!(
            message.starts_with(&format!("{field}: expected ")),
            "{message}"
        );
    }
}

#[test]
fn emotions_that_are_not_annotated_are_an_error_before_anything_is_trained() {
    let mut config = config(Task::Emotions);
    config.data.synthetic.emotions = false;
    let error = train(&config, &corpus(&config), &Device::flex(), &mut ()).unwrap_err();
    assert!(matches!(error, Error::NotAnnotated { .. }), "{error}");
    let message = error.to_string();
    assert!(
        message.contains("train.task = \"emotions\"") && message.contains("corpus synthetic"),
        "{message}"
    );
}
