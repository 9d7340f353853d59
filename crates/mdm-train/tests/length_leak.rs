//! Utterances of different lengths must not look dependent because of their lengths alone (a permuted stream that is
//! longer or shorter than the words it is joined to would betray itself).

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use mdm_core::{
    CriticConfig, CriticOutput, DependencyMeasure, DependencyObjective, DependencyObjectiveConfig,
    Mode, Shuffle, product_permutations, seed,
};
use mdm_data::batch::{BatchPlan, BatchStream, MultimodalBatch};
use mdm_data::surgery;
use mdm_data::synthetic::{SyntheticConfig, generate};
use mdm_data::{Corpus, Utterance};
use mdm_models::{Encoder, FusionEncoder, Inputs, Model, ModelConfig, Sequences};
use mdm_train::evaluate::sequences;

/// Joint and product representations of a batch.
type Pair = fn(&Encoder, &Sequences, &[Vec<usize>]) -> (Tensor<2>, Tensor<2>);

fn corpus(correlation: f64) -> Corpus {
    let config = SyntheticConfig {
        train: 2048,
        valid: 1,
        test: 2048,
        steps: [3, 20],
        correlation,
        ..Default::default()
    };
    generate(&config).unwrap().corpus
}

fn encoders(device: &Device) -> Vec<Encoder> {
    let mut rng = seed::stream(0, "model", 0);
    let inputs = Inputs::vectors(&[16, 8, 8]);
    let mut config = ModelConfig::default();
    config.ef_lstm.hidden = 32;
    config.late_lstm.hidden = vec![16, 16, 16];
    config.late_lstm.d_z = 32;
    config.lfn.d_z = 32;
    config.mfn.hidden = vec![8, 8, 8];
    config.mfn.memory = 8;
    config.mfn.d_z = 32;
    let mut encoder = |name| {
        config.name = name;
        config.init(&inputs, 1, &mut rng, device).unwrap().0
    };
    // The corpora here have no words to cut into pieces.
    let models = Model::ALL.into_iter().filter(|model| !model.reads_pieces());
    models.map(&mut encoder).collect()
}

fn pair_of(
    encoder: &Encoder,
    utterances: &[Utterance],
    indices: &[usize],
    index: u64,
    pair: Pair,
) -> (Tensor<2>, Tensor<2>) {
    let mut rng = seed::stream(0, "product", index);
    let permutations =
        product_permutations(3, indices.len(), Shuffle::Derangement, &mut rng).unwrap();
    let batch = MultimodalBatch::new(utterances, indices, &Device::flex());
    pair(encoder, &sequences(&batch), &permutations)
}

/// Mean and deviation of each component of Z, `[1, d_z]`. What a fresh network gives may hardly vary; a critic must see it
/// all the same.
fn scale_of(encoder: &Encoder, utterances: &[Utterance]) -> (Tensor<2>, Tensor<2>) {
    let all: Vec<usize> = (0..utterances.len()).collect();
    let batch = MultimodalBatch::new(utterances, &all, &Device::flex());
    let (variance, mean) = encoder
        .encode(&sequences(&batch), &mut Mode::Eval)
        .var_mean(0);
    (mean, variance.sqrt().clamp_min(1e-6))
}

/// A critic trained on one half of the corpus, its total correlation on the other, in nats.
fn estimate(encoder: &Encoder, corpus: &Corpus, pair: Pair) -> f32 {
    let device = Device::flex().autodiff();
    let critic = CriticConfig::new(encoder.d_z())
        .with_output(CriticOutput::Identity)
        .with_dropout(0.2);
    let config = DependencyObjectiveConfig::new(DependencyMeasure::TotalCorrelation, encoder.d_z())
        .with_critic(critic);
    let mut objective: DependencyObjective =
        config.init(seed::stream(0, "critic", 0), &device).unwrap();
    let (mean, deviation) = scale_of(encoder, &corpus.train);
    let pair_of = |utterances: &[Utterance], indices: &[usize], index| {
        let (joint, product) = pair_of(encoder, utterances, indices, index, pair);
        let scaled = |z: Tensor<2>| (z - mean.clone()) / deviation.clone();
        (scaled(joint), scaled(product))
    };
    let stream = BatchStream::new(
        BatchPlan::new(&corpus.train, 128, 3, 0),
        seed::stream(0, "batches", 0),
    );
    for (step, indices) in stream.take(600).enumerate() {
        let (joint, product) = pair_of(&corpus.train, &indices, step as u64);
        objective.update_critic(joint, product);
    }
    let all: Vec<usize> = (0..corpus.test.len()).collect();
    let (joint, product) = pair_of(&corpus.test, &all, 1_000_000);
    objective.penalty(joint, product).into_scalar()
}

fn remasked(
    encoder: &Encoder,
    input: &Sequences,
    permutations: &[Vec<usize>],
) -> (Tensor<2>, Tensor<2>) {
    encoder.encode_pair(input, permutations, &mut Mode::Eval)
}

/// What a careless implementation does: permutes the padded tensors, so that zeros come to stand under real words.
fn careless(
    encoder: &Encoder,
    input: &Sequences,
    permutations: &[Vec<usize>],
) -> (Tensor<2>, Tensor<2>) {
    let permute = |(x, rows): (&Tensor<3>, &Vec<usize>)| {
        let rows: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
        x.clone()
            .select(0, Tensor::from_data(rows.as_slice(), &x.device()))
    };
    let shuffled = Sequences {
        modalities: input
            .modalities
            .iter()
            .zip(permutations)
            .map(permute)
            .collect(),
        mask: input.mask.clone(),
    };
    let encode = |input| encoder.encode(input, &mut Mode::Eval);
    (encode(input), encode(&shuffled))
}

#[test]
fn independent_modalities_of_different_lengths_measure_about_0() {
    let corpus = corpus(0.0);
    for encoder in encoders(&Device::flex()) {
        let value = estimate(&encoder.valid(), &corpus, remasked);
        assert!(value.abs() < 0.03, "{value}");
    }
}

#[test]
fn dependent_modalities_measure_clearly_more() {
    let corpus = corpus(0.6);
    for encoder in encoders(&Device::flex()) {
        let value = estimate(&encoder.valid(), &corpus, remasked);
        assert!(value > 0.1, "{value}");
    }
}

#[test]
fn without_re_masking_the_lengths_alone_look_like_dependence() {
    // Proof that the first test can fail.
    let corpus = corpus(0.0);
    let early = encoders(&Device::flex()).swap_remove(0);
    let value = estimate(&early.valid(), &corpus, careless);
    assert!(value > 0.1, "{value}");
}

#[test]
fn the_product_made_on_the_host_is_the_product_of_the_views() {
    // So what the tests above say of the one holds for the other.
    let corpus = corpus(0.6);
    let indices: Vec<usize> = (0..64).collect();
    let mut rng = seed::stream(0, "product", 0);
    let permutations = product_permutations(3, 64, Shuffle::Derangement, &mut rng).unwrap();
    let mut permuted = corpus.train[..64].to_vec();
    surgery::permute(&mut permuted, &permutations);
    let device = Device::flex();
    let batch = |utterances| sequences(&MultimodalBatch::new(utterances, &indices, &device));
    for encoder in encoders(&device) {
        let (joint, product) = remasked(&encoder, &batch(&corpus.train), &permutations);
        let on_host = encoder.encode(&batch(&permuted), &mut Mode::Eval);
        let distance = |a: &Tensor<2>, b: &Tensor<2>| -> f32 {
            (a.clone() - b.clone()).abs().max().into_scalar()
        };
        assert!(distance(&product, &on_host) < 1e-6);
        // The untrained networks differ in scale.
        let (_, deviation) = scale_of(&encoder, &corpus.train);
        assert!(distance(&(joint / deviation.clone()), &(on_host / deviation)) > 1.0);
    }
}
