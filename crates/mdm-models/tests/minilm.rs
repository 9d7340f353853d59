//! A real BERT against the hidden states that Transformers computes with it.

mod common;

use burn::tensor::{Device, Int, Tensor, TensorData};
use mdm_core::{Mode, seed};
use mdm_models::{BertConfig, NamedTensors};
use safetensors::SafeTensors;

#[test]
fn minilm_gives_the_hidden_states_of_transformers() {
    let Some(folder) = common::real_model("minilm-l6") else {
        return;
    };
    let device = Device::flex();
    let config = std::fs::read(folder.join("config.json")).unwrap();
    let config = serde_json::from_slice(&config).unwrap();
    let config = BertConfig::from_hugging_face(&config).unwrap();
    assert_eq!((config.hidden_size, config.num_hidden_layers), (384, 6));
    let mut bert = config
        .init(&mut seed::stream(0, "bert", 0), &device)
        .unwrap();
    let weights = NamedTensors::open(&folder).unwrap();
    weights.load_into(&mut bert, &device).unwrap();

    let bytes = std::fs::read(folder.join("reference.safetensors")).unwrap();
    let reference = SafeTensors::deserialize(&bytes).unwrap();
    let whole = |name: &str| -> Vec<i64> {
        let (elements, _) = reference.tensor(name).unwrap().data().as_chunks::<8>();
        elements.iter().map(|&x| i64::from_le_bytes(x)).collect()
    };
    let real = |name: &str| -> Vec<f32> {
        let (elements, _) = reference.tensor(name).unwrap().data().as_chunks::<4>();
        elements.iter().map(|&x| f32::from_le_bytes(x)).collect()
    };
    let (ids, mask) = (whole("input_ids"), whole("attention_mask"));
    let (batch, places) = (8, 20);
    let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [batch, places]), &device);
    let mask: Vec<Vec<bool>> = mask
        .chunks(places)
        .map(|row| row.iter().map(|&place| place == 1).collect())
        .collect();
    let hidden = bert.forward(ids, None, &mask, &mut Mode::Eval);
    let pooled = bert.pool(hidden.clone());

    let compare = |name: &str, found: Vec<f32>, counts: &dyn Fn(usize) -> bool| {
        let expected = real(name);
        assert_eq!(found.len(), expected.len());
        let places = found.iter().zip(&expected).enumerate();
        let counted = places.filter(|(place, _)| counts(*place));
        let errors = counted.map(|(_, (found, expected))| (found - expected).abs());
        let largest = errors.fold(0.0, f32::max);
        println!("{name}: largest error {largest:e}");
        assert!(largest < 1e-4, "{name}: {largest}");
    };
    let is_real = |place: usize| mask[place / 384 / places][place / 384 % places];
    compare(
        "last_hidden_state",
        hidden.try_into_vec_as().unwrap(),
        &is_real,
    );
    compare("pooler_output", pooled.try_into_vec_as().unwrap(), &|_| {
        true
    });
}
