//! What holds for every model.

use super::*;
use crate::{
    EfLstmConfig, Form, FusionEncoder, Inputs, LateLstmConfig, LfnConfig, MfnConfig, Sequences,
    StepMask, TfnConfig, Views, Vocabulary,
};
use burn::tensor::{Device, Tensor, TensorData};
use mdm_core::{Mode, init, seed};

fn configs() -> Vec<ModelConfig> {
    let config = |name| ModelConfig {
        name,
        head_dropout: 0.0,
        ef_lstm: EfLstmConfig { hidden: 6 },
        late_lstm: LateLstmConfig {
            hidden: vec![4, 3, 2],
            d_z: 5,
        },
        tfn: TfnConfig {
            hidden: vec![4, 3, 2],
            language_out: 2,
            d_z: 5,
            ..TfnConfig::default()
        },
        lfn: LfnConfig {
            hidden: vec![4, 3, 2],
            language_out: 2,
            d_z: 5,
            ..LfnConfig::default()
        },
        mfn: MfnConfig {
            hidden: vec![4, 3, 2],
            memory: 3,
            d_z: 5,
            ..MfnConfig::default()
        },
        ..Default::default()
    };
    Model::ALL.map(config).to_vec()
}

/// Three modalities as a model takes them: widths 4, 3 and 2, or pieces and widths 3 and 2.
fn inputs(config: &ModelConfig) -> Inputs {
    match config.name.reads_pieces() {
        false => Inputs::vectors(&[4, 3, 2]),
        true => Inputs {
            dims: vec![1, 3, 2],
            language: Language::Pieces(VOCABULARY),
        },
    }
}

const VOCABULARY: Vocabulary = Vocabulary {
    size: 20,
    cls: 2,
    sep: 3,
    pad: 0,
};

fn encoder(config: &ModelConfig, inputs: &Inputs, device: &Device) -> Encoder {
    let mut rng = seed::stream(0, "init", 0);
    let (encoder, _) = config.init(inputs, 1, &mut rng, device).unwrap();
    encoder
}

fn batch(inputs: &Inputs, padding: f32, device: &Device) -> Sequences {
    let mut rng = seed::stream(0, "batch", 0);
    let lengths = [5, 2, 3];
    let dims = &inputs.dims;
    let modality = |(place, &dim): (usize, &usize)| {
        let x = init::uniform([3, 5, dim], 1.0, &mut rng, device).val();
        let x = match inputs.language {
            // Any pieces but the special ones.
            Language::Pieces(_) if place == 0 => (x * 7.0 + 12.0).round(),
            _ => x,
        };
        let real = (0..3 * 5 * dim)
            .map(|place| place / dim % 5 < lengths[place / dim / 5])
            .collect::<Vec<_>>();
        let real =
            Tensor::<3, burn::tensor::Bool>::from_data(TensorData::new(real, [3, 5, dim]), device);
        Tensor::full_like(&x, padding).mask_where(real, x)
    };
    Sequences {
        modalities: dims.iter().enumerate().map(modality).collect(),
        mask: StepMask::from_lengths(&lengths, 5),
    }
}

#[test]
fn no_model_sees_what_stands_under_the_padding() {
    let device = Device::flex();
    for config in configs() {
        let encoder = encoder(&config, &inputs(&config), &device);
        let z = |padding| {
            let z = encoder.encode(&batch(&inputs(&config), padding, &device), &mut Mode::Eval);
            assert_eq!(z.dims(), [3, encoder.d_z()]);
            z.try_into_vec_as::<f32>().unwrap()
        };
        assert_eq!(z(0.0), z(f32::NAN), "{}", config.name);
    }
}

#[test]
fn no_model_depends_on_how_much_padding_there_is() {
    let device = Device::flex();
    for config in configs() {
        let inputs = inputs(&config);
        let encoder = encoder(&config, &inputs, &device);
        let whole = batch(&inputs, 0.0, &device);
        // Rows 1 and 2 have 2 and 3 steps of the 5.
        let rows = |x: &Tensor<3>| x.clone().narrow(0, 1, 2).narrow(1, 0, 3);
        let short = Sequences {
            modalities: whole.modalities.iter().map(rows).collect(),
            mask: StepMask::from_lengths(&[2, 3], 3),
        };
        let z = encoder.encode(&whole, &mut Mode::Eval).narrow(0, 1, 2);
        let difference = (z - encoder.encode(&short, &mut Mode::Eval)).abs().max();
        assert!(difference.into_scalar::<f32>() < 1e-6, "{}", config.name);
    }
}

#[test]
fn dropout_is_on_in_training_only() {
    let device = Device::flex();
    for mut config in configs() {
        config.tfn.dropout = vec![0.5; 3];
        config.tfn.product_dropout = 0.5;
        config.lfn.dropout = vec![0.5; 3];
        config.mfn.attention.dropout = 0.5;
        config.mfn.retain.dropout = 0.5;
        let inputs = inputs(&config);
        let encoder = encoder(&config, &inputs, &device);
        let z = |mode: &mut Mode| {
            let z = encoder.encode(&batch(&inputs, 0.0, &device), mode);
            z.try_into_vec_as::<f32>().unwrap()
        };
        let before = z(&mut Mode::Eval);
        assert_eq!(before, z(&mut Mode::Eval), "{}", config.name);
        let train = |seed| z(&mut Mode::Train(&mut seed::stream(seed, "dropout", 0)));
        let has_dropout = !matches!(config.name, Model::EfLstm | Model::LateLstm);
        assert_eq!(train(0) != train(1), has_dropout, "{}", config.name);
        assert!(train(0).iter().all(|z| z.is_finite()));
    }
}

#[test]
fn the_identity_permutation_gives_the_joint_batch_and_another_does_not() {
    let device = Device::flex();
    for config in configs() {
        let encoder = encoder(&config, &inputs(&config), &device);
        let views = encoder.views(&batch(&inputs(&config), 0.0, &device), &mut Mode::Eval);
        let z = |views: &Views| {
            let z = encoder.fuse(views, &mut Mode::Eval);
            z.try_into_vec_as::<f32>().unwrap()
        };
        let same = vec![vec![0, 1, 2]; 3];
        assert_eq!(z(&views), z(&views.permute(&same)));
        let shifted = [vec![0, 1, 2], vec![1, 2, 0], vec![2, 0, 1]];
        assert_ne!(z(&views), z(&views.permute(&shifted)));
    }
}

#[test]
fn a_model_of_pieces_takes_any_number_of_modalities_and_no_vectors() {
    let device = Device::flex();
    let mut rng = seed::stream(0, "init", 0);
    for name in Model::ALL.into_iter().filter(|name| name.reads_pieces()) {
        let config = ModelConfig {
            name,
            ..Default::default()
        };
        let mut init = |dims: &[usize], language| {
            let inputs = Inputs {
                dims: dims.to_vec(),
                language,
            };
            config.init(&inputs, 1, &mut rng, &device)
        };
        // Text alone, two, four.
        for dims in [&[1][..], &[1, 3], &[1, 3, 2, 5]] {
            init(dims, Language::Pieces(VOCABULARY)).unwrap();
        }
        let error = init(&[4, 3], Language::Vectors).unwrap_err().to_string();
        assert!(error.contains("ef-lstm, late-lstm"), "{error}");
        init(&[3], Language::Absent).unwrap_err();
    }
}

#[test]
fn any_number_of_modalities_each_of_which_counts() {
    let device = Device::flex();
    for dims in [vec![3], vec![3, 4], vec![3, 4, 5, 6]] {
        for mut config in configs() {
            if matches!(config.name, Model::Tfn | Model::Lfn) && dims.len() == 1 {
                continue;
            }
            let hidden = vec![8; dims.len()];
            config.late_lstm.hidden = hidden.clone();
            config.tfn.hidden = hidden.clone();
            config.tfn.dropout = vec![0.0; dims.len()];
            config.lfn.hidden = hidden.clone();
            config.lfn.dropout = vec![0.0; dims.len()];
            config.mfn.hidden = hidden;
            let mut inputs = inputs(&config);
            inputs.dims[0] = if config.name.reads_pieces() { 1 } else { 3 };
            inputs.dims.truncate(1);
            inputs.dims.extend(&dims[1..]);
            let encoder = encoder(&config, &inputs, &device);
            let z = |input: &Sequences| {
                let z = encoder.encode(input, &mut Mode::Eval);
                z.try_into_vec_as::<f32>().unwrap()
            };
            let input = batch(&inputs, 0.0, &device);
            for modality in 0..dims.len() {
                let mut other = input.clone();
                let changed = &mut other.modalities[modality];
                // Another frame everywhere, and another piece of the vocabulary.
                *changed = changed.clone().neg() + 19.0;
                assert_ne!(z(&input), z(&other), "{} {modality}", config.name);
            }
        }
    }
}

#[test]
fn clear_errors() {
    let mut rng = seed::stream(0, "init", 0);
    let mut error = |config: &ModelConfig, inputs: &Inputs| {
        let built = config.init(inputs, 1, &mut rng, &Device::flex());
        built.unwrap_err().to_string()
    };
    for config in configs() {
        error(&config, &Inputs::vectors(&[]));
        if config.name != Model::EfLstm && !config.name.reads_pieces() {
            let field = config.name.name().replace('-', "_");
            let error = error(&config, &Inputs::vectors(&[3, 4]));
            assert!(error.contains(&format!("model.{field}.hidden")), "{error}");
        }
        if matches!(config.name, Model::Tfn | Model::Lfn) {
            let single = error(&config, &Inputs::vectors(&[3]));
            assert!(single.contains("single modality"), "{single}");
            let mut inputs = Inputs::vectors(&[3, 4, 5]);
            inputs.language = crate::Language::Absent;
            let error = error(&config, &inputs);
            assert!(error.contains("ef-lstm, late-lstm, mfn"), "{error}");
        }
    }
    assert!("tfn-2000".parse::<Model>().is_err());
}

#[test]
fn a_language_that_a_model_cannot_read_is_refused_with_those_that_can() {
    let mut rng = seed::stream(0, "init", 0);
    let languages = [
        Language::Absent,
        Language::Vectors,
        Language::Pieces(VOCABULARY),
    ];
    for config in configs() {
        for language in languages {
            let inputs = Inputs {
                language,
                ..inputs(&config)
            };
            let built = config.init(&inputs, 1, &mut rng, &Device::flex());
            assert_eq!(
                built.is_ok(),
                config.name.accepts(language),
                "{}",
                config.name
            );
            let Err(Error::Language { model, others, .. }) = built else {
                continue;
            };
            assert_eq!(model, config.name);
            let others: Vec<Model> = others
                .split(", ")
                .map(|name| name.parse().unwrap())
                .collect();
            assert!(others.into_iter().all(|model| model.accepts(language)));
        }
    }
}

#[test]
fn an_official_form_has_the_head_of_its_authors() {
    let device = Device::flex();
    let mut rng = seed::stream(0, "init", 0);
    for mut config in configs() {
        let inputs = inputs(&config);
        config.tfn.form = Form::Official;
        config.lfn.form = Form::Official;
        let (encoder, head) = config.init(&inputs, 1, &mut rng, &device).unwrap();
        match config.name {
            Model::Lfn => assert!(encoder.d_z() == 1 && head.linear.is_none()),
            name => {
                let z = Tensor::ones([1, encoder.d_z()], &device) * 1e4;
                let output = head.forward(z, &mut Mode::Eval);
                let bounded = output.abs().into_scalar::<f32>() <= 3.0;
                assert_eq!(bounded, name == Model::Tfn, "{name}");
            }
        }
    }
}
