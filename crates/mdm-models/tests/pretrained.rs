//! Pretrained weights: what is read, and what is refused.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::Param;
use burn::tensor::{Device, Tensor};
use mdm_core::seed;
use mdm_models::{
    Bert, BertConfig, Error, Inputs, Language, MagBertConfig, MagXlnetConfig, NamedTensors,
    PretrainedConfig, TorchForm, TorchNames, TorchVisitor, Vocabulary, Xlnet, XlnetConfig,
};
use safetensors::tensor::{Dtype, TensorView};

/// The sizes of `data/tiny-bert`.
fn bert_config() -> BertConfig {
    BertConfig {
        vocab_size: 7,
        hidden_size: 4,
        num_hidden_layers: 1,
        num_attention_heads: 2,
        intermediate_size: 3,
        max_position_embeddings: 5,
        ..Default::default()
    }
}

fn bert() -> Bert {
    let rng = &mut seed::stream(0, "bert", 0);
    bert_config().init(rng, &Device::flex()).unwrap()
}

fn xlnet() -> Xlnet {
    let config = XlnetConfig {
        vocab_size: 7,
        d_model: 4,
        n_layer: 2,
        n_head: 2,
        d_inner: 3,
        ..Default::default()
    };
    let rng = &mut seed::stream(0, "xlnet", 0);
    config.init(rng, &Device::flex()).unwrap()
}

/// The parameters of a module as a PyTorch file has them: name, shape and elements in its order.
#[derive(Default)]
struct Parameters(Vec<(String, Vec<usize>, Vec<f32>)>);

impl TorchVisitor for Parameters {
    fn parameter<const D: usize>(
        &mut self,
        name: &str,
        form: TorchForm,
        parameter: &mut Param<Tensor<D>>,
    ) {
        let values = form.elements(parameter.val()).try_into_vec_as().unwrap();
        self.0.push((name.to_owned(), form.shape, values));
    }
}

fn parameters(module: &mut impl TorchNames) -> Vec<(String, Vec<usize>, Vec<f32>)> {
    let mut parameters = Parameters::default();
    module.visit_torch("", &mut parameters);
    parameters.0
}

/// k + i/64 at place i of tensor k, as in `data/tiny_bert.py`.
fn numbered(tensor: usize, count: usize) -> Vec<f32> {
    (0..count)
        .map(|place| tensor as f32 + place as f32 / 64.0)
        .collect()
}

fn assert_numbered(module: &mut impl TorchNames) {
    for (number, (name, _, values)) in parameters(module).into_iter().enumerate() {
        assert_eq!(values, numbered(number, values.len()), "{name}");
    }
}

type File = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// A file of numbered tensors for this module, names changed by `rename`.
fn file(module: &mut impl TorchNames, rename: impl Fn(&str) -> String) -> File {
    let tensors = parameters(module).into_iter().enumerate();
    tensors
        .map(|(number, (name, shape, values))| {
            (rename(&name), (shape, numbered(number, values.len())))
        })
        .collect()
}

/// Writes the file in the folder of a model, elements as `encode` does.
fn write(file: &File, folder: &Path, dtype: Dtype, encode: fn(f32) -> Vec<u8>) {
    let bytes: Vec<Vec<u8>> = file
        .values()
        .map(|(_, values)| values.iter().flat_map(|&value| encode(value)).collect())
        .collect();
    let views = file.iter().zip(&bytes).map(|((name, (shape, _)), bytes)| {
        let view = TensorView::new(dtype, shape.clone(), bytes).unwrap();
        (name.clone(), view)
    });
    let bytes = safetensors::serialize(views, None).unwrap();
    std::fs::write(folder.join("model.safetensors"), bytes).unwrap();
}

fn float32(value: f32) -> Vec<u8> {
    value.to_le_bytes().to_vec()
}

fn load(folder: &Path, module: &mut impl TorchNames) -> Result<(), Error> {
    NamedTensors::open(folder)?.load_into(module, &Device::flex())
}

#[test]
fn safetensors_with_prefix_old_names_and_heads() {
    let folder = tempfile::tempdir().unwrap();
    let mut tensors = file(&mut bert(), |name| {
        let name = name.replace("LayerNorm.weight", "LayerNorm.gamma");
        format!("bert.{}", name.replace("LayerNorm.bias", "LayerNorm.beta"))
    });
    for name in ["cls.predictions.bias", "classifier.weight"] {
        tensors.insert(name.to_owned(), (vec![2], vec![0.5; 2]));
    }
    write(&tensors, folder.path(), Dtype::F32, float32);
    let mut bert = bert();
    load(folder.path(), &mut bert).unwrap();
    assert_numbered(&mut bert);
    // A linear layer's rows are outputs there and inputs here.
    let intermediate = bert.layers[0].intermediate.weight.val();
    assert_eq!(intermediate.dims(), [4, 3]);
    let values = intermediate.try_into_vec_as::<f32>().unwrap();
    assert_eq!(values[1] - values[0], 4.0 / 64.0);

    let mut tensors = file(&mut xlnet(), |name| format!("transformer.{name}"));
    for name in ["transformer.mask_emb", "lm_loss.bias"] {
        tensors.insert(name.to_owned(), (vec![2], vec![0.5; 2]));
    }
    write(&tensors, folder.path(), Dtype::F32, float32);
    let mut xlnet = xlnet();
    load(folder.path(), &mut xlnet).unwrap();
    assert_numbered(&mut xlnet);
    // The query's weight is `[d_model, heads, d_head]` in the file, the output's maps back.
    let first = |matrix: &Param<Tensor<2>>| {
        let values = matrix.val().try_into_vec_as::<f32>().unwrap();
        values[1] - values[0]
    };
    let attention = &xlnet.layers[0].attention;
    assert_eq!(first(&attention.query), 1.0 / 64.0);
    assert_eq!(first(&attention.output), 4.0 / 64.0);
}

#[test]
fn a_pytorch_file_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tiny-bert");
    let mut bert = bert();
    load(&folder, &mut bert).unwrap();
    assert_numbered(&mut bert);
}

#[test]
fn half_precision_is_read() {
    let whole = |tensors: File| -> File {
        let whole = |values: Vec<f32>| values.iter().map(|value| value.floor()).collect();
        tensors
            .into_iter()
            .map(|(name, (shape, values))| (name, (shape, whole(values))))
            .collect()
    };
    type Encode = fn(f32) -> Vec<u8>;
    let encodings: [(Dtype, Encode); 2] = [
        (Dtype::F16, |value| {
            half::f16::from_f32(value).to_le_bytes().to_vec()
        }),
        (Dtype::BF16, |value| {
            half::bf16::from_f32(value).to_le_bytes().to_vec()
        }),
    ];
    for (dtype, encode) in encodings {
        let folder = tempfile::tempdir().unwrap();
        let tensors = whole(file(&mut bert(), str::to_owned));
        write(&tensors, folder.path(), dtype, encode);
        let mut bert = bert();
        load(folder.path(), &mut bert).unwrap();
        for (name, _, values) in parameters(&mut bert) {
            assert_eq!(values, tensors[&name].1, "{name} as {dtype:?}");
        }
    }
}

#[test]
fn everything_that_does_not_fit_is_in_one_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut tensors = file(&mut xlnet(), str::to_owned);
    tensors.remove("layer.1.rel_attn.r_w_bias");
    tensors.remove("word_embedding.weight");
    tensors.insert("layer.0.rel_attn.q".into(), (vec![4, 4], vec![0.0; 16]));
    tensors.insert("layer.2.ff.layer_1.bias".into(), (vec![3], vec![0.0; 3]));
    write(&tensors, folder.path(), Dtype::F32, float32);
    let error = load(folder.path(), &mut xlnet()).unwrap_err();
    let Error::Weights { problems, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(
        problems[..],
        [
            "word_embedding.weight: missing",
            "layer.0.rel_attn.q: expected the shape [4, 2, 2], found [4, 4]",
            "layer.1.rel_attn.r_w_bias: missing",
            "layer.2.ff.layer_1.bias: surplus",
        ]
    );
    let message = error.to_string();
    assert!(
        message.contains("4 tensors") && message.contains("model.safetensors"),
        "{message}"
    );
}

#[test]
fn a_damaged_file_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        let error = load(folder.path(), &mut bert()).unwrap_err();
        std::fs::remove_file(folder.path().join(name)).unwrap();
        assert!(matches!(error, Error::WeightsFile { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    };
    let tensors = file(&mut bert(), str::to_owned);
    write(&tensors, folder.path(), Dtype::F32, float32);
    let whole = std::fs::read(folder.path().join("model.safetensors")).unwrap();
    for cut in [0, 4, 100, whole.len() / 2, whole.len() - 1] {
        refused("model.safetensors", &whole[..cut]);
    }
    let bin = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tiny-bert/pytorch_model.bin");
    let whole = std::fs::read(bin).unwrap();
    for cut in [0, 4, 100, whole.len() / 2, whole.len() - 1] {
        refused("pytorch_model.bin", &whole[..cut]);
    }
    let error = load(folder.path(), &mut bert()).unwrap_err().to_string();
    assert!(
        error.contains("model.safetensors, pytorch_model.bin"),
        "{error}"
    );
}

#[test]
fn what_is_frozen_stays_frozen_after_loading() {
    let device = Device::flex().autodiff();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tiny-bert");
    let inputs = Inputs {
        dims: vec![1, 3],
        language: Language::Pieces(Vocabulary {
            size: 7,
            cls: 2,
            sep: 3,
            pad: 0,
        }),
    };
    let text = PretrainedConfig {
        freeze_embeddings: true,
        freeze_layers: 1,
        ..Default::default()
    };
    let rng = &mut seed::stream(0, "init", 0);
    let config = MagBertConfig {
        text: text.clone(),
        bert: bert_config(),
        ..Default::default()
    };
    let mut model = config.init(&inputs, rng, &device).unwrap();
    model.load_pretrained(&folder, &device).unwrap();
    assert!(!model.bert.word_embeddings.is_require_grad());
    assert!(!model.bert.layers[0].output.weight.is_require_grad());
    assert!(model.bert.pooler.weight.is_require_grad());
    assert!(model.gate.unwrap().layer_norm.gamma.is_require_grad());

    let folder = tempfile::tempdir().unwrap();
    let tensors = file(&mut xlnet(), |name| format!("transformer.{name}"));
    write(&tensors, folder.path(), Dtype::F32, float32);
    let config = MagXlnetConfig {
        text,
        xlnet: XlnetConfig {
            d_model: 4,
            n_head: 2,
            d_inner: 3,
            ..Default::default()
        },
        ..Default::default()
    };
    let mut model = config.init(&inputs, rng, &device).unwrap();
    model.load_pretrained(folder.path(), &device).unwrap();
    assert_numbered(&mut model.xlnet);
    assert!(!model.xlnet.word_embedding.is_require_grad());
    assert!(!model.xlnet.layers[0].attention.query.is_require_grad());
    assert!(model.xlnet.layers[1].attention.query.is_require_grad());

    let text = PretrainedConfig {
        freeze_layers: 3,
        ..Default::default()
    };
    let config = MagXlnetConfig {
        text,
        ..Default::default()
    };
    let error = config.init(&inputs, rng, &device).unwrap_err().to_string();
    assert!(error.contains("text.freeze_layers"), "{error}");
}
