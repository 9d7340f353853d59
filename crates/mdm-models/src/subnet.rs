//! The sub-networks of TFN and LFN: what each modality goes through before the fusion.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData, activation};
use mdm_core::seed::ChaCha8Rng;
use mdm_core::stochastic::dropout;
use mdm_core::{Mode, init};

use crate::fusion::{LastSteps, last_states};
use crate::{
    BatchNorm, Error, Inputs, Lstm, Model, Sequences, TorchNames, TorchVisitor, Views, rows,
    torch_names,
};

/// The authors' names of all sub-networks but that of the language.
const OTHERS: [&str; 2] = ["audio_subnet", "video_subnet"];

/// The settings of the sub-networks, each with its name in the config.
pub(crate) struct SubnetSettings<'config> {
    pub(crate) model: Model,
    pub(crate) hidden: (&'static str, &'config [usize]),
    pub(crate) language_out: (&'static str, usize),
    pub(crate) dropout: (&'static str, &'config [f64]),
}

impl SubnetSettings<'_> {
    fn check(&self, inputs: &Inputs) -> Result<(), Error> {
        let modalities = inputs.dims.len();
        Error::check_widths("modalities", &inputs.dims)?;
        inputs.check_language(self.model)?;
        if modalities < 2 {
            return Err(Error::InvalidConfig {
                field: "model.name",
                expected: "a model for a single modality: tfn and lfn fuse two and more",
                found: self.model.to_string(),
            });
        }
        Error::check_widths(self.hidden.0, self.hidden.1)?;
        Error::check_modalities(self.hidden.0, modalities, self.hidden.1.len())?;
        Error::check_widths(self.language_out.0, &[self.language_out.1])?;
        Error::check_dropout(self.dropout.0, self.dropout.1)?;
        Error::check_modalities(self.dropout.0, modalities, self.dropout.1.len())
    }

    /// The width of each encoding, with the 1 that stands before it.
    pub(crate) fn encoding_widths(&self) -> Vec<usize> {
        let others = self.hidden.1.iter().skip(1);
        std::iter::once(self.language_out.1)
            .chain(others.copied())
            .map(|width| width.saturating_add(1))
            .collect()
    }
}

/// One sub-network a modality, language first.
#[derive(Module, Debug)]
pub struct Subnets {
    /// That of the language.
    pub language: LanguageSubnet,
    /// Those of all other modalities.
    pub others: Vec<MeanSubnet>,
}

impl Subnets {
    pub(crate) fn init(
        settings: &SubnetSettings,
        inputs: &Inputs,
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Result<Self, Error> {
        settings.check(inputs)?;
        let (dims, hidden, dropout) = (&inputs.dims, settings.hidden.1, settings.dropout.1);
        let language = LanguageSubnet {
            rnn: Lstm::init(dims[0], hidden[0], rng, device),
            linear_1: init::linear(hidden[0], settings.language_out.1, rng, device),
            dropout: dropout[0],
        };
        let others = 1..dims.len();
        let others = others.map(|k| MeanSubnet::init(dims[k], hidden[k], dropout[k], rng, device));
        Ok(Self {
            language,
            others: others.collect(),
        })
    }

    /// The encodings of each modality, at every length that some row of the batch has.
    pub fn views(&self, input: &Sequences, mode: &mut Mode) -> Views {
        let (inputs, lengths) = input.unpadded();
        let last = LastSteps::of(&lengths);
        let mut inputs = inputs.into_iter();
        let language = inputs.next().expect("checked when the model was built");
        let language = self.language.forward(language, &last, mode);
        // The language is always read to its own length: one step is all of it.
        let mut modalities = vec![language.unsqueeze_dim(1)];
        for (subnet, x) in self.others.iter().zip(inputs) {
            modalities.push(subnet.forward(x, &last, mode));
        }
        Views {
            modalities,
            lengths: last.lengths,
        }
    }

    /// The encoding of each modality, `[batch, 1 + width]`: a 1, which keeps the products of fewer modalities in the
    /// product of all, and then what the sub-network gave.
    pub(crate) fn encodings(views: &Views) -> Vec<Tensor<2>> {
        let language = views.modalities[0].clone().squeeze_dim(1);
        let others = views.modalities.iter().skip(1);
        std::iter::once(language)
            .chain(others.map(|view| last_states(view.clone(), &views.lengths)))
            .map(|encoding| {
                let one = Tensor::ones([encoding.dims()[0], 1], &encoding.device());
                Tensor::cat(vec![one, encoding], 1)
            })
            .collect()
    }
}

impl TorchNames for Subnets {
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        let LanguageSubnet { rnn, linear_1, .. } = &mut self.language;
        torch_names::lstm(&format!("{prefix}text_subnet.rnn"), "_l0", rnn, visitor);
        torch_names::linear(&format!("{prefix}text_subnet.linear_1"), linear_1, visitor);
        for (name, subnet) in OTHERS.iter().zip(&mut self.others) {
            let norm = &mut subnet.norm;
            norm.visit_torch(&format!("{prefix}{name}.norm."), visitor);
            for (layer, number) in subnet.layers.iter_mut().zip(1..) {
                torch_names::linear(&format!("{prefix}{name}.linear_{number}"), layer, visitor);
            }
        }
    }
}

/// LSTM, last state, dropout, linear layer.
#[derive(Module, Debug)]
pub struct LanguageSubnet {
    /// The recurrent layer.
    pub rnn: Lstm,
    /// From its last state to the encoding.
    pub linear_1: Linear,
    dropout: f64,
}

impl LanguageSubnet {
    fn forward(&self, x: Tensor<3>, last: &LastSteps, mode: &mut Mode) -> Tensor<2> {
        let last = last_states(self.rnn.at(x, &last.steps), &last.lengths);
        rows::linear(&self.linear_1, dropout(last, self.dropout, mode))
    }
}

/// Mean over time, batch normalisation, dropout, three linear layers, each with a ReLU.
#[derive(Module, Debug)]
pub struct MeanSubnet {
    /// Of the mean.
    pub norm: BatchNorm,
    /// From the features to the encoding.
    pub layers: [Linear; 3],
    dropout: f64,
}

impl MeanSubnet {
    fn init(
        dim: usize,
        hidden: usize,
        dropout: f64,
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Self {
        Self {
            norm: BatchNorm::init(dim, device),
            layers: [dim, hidden, hidden].map(|input| init::linear(input, hidden, rng, device)),
            dropout,
        }
    }

    /// The encoding of the first steps of each row, for every number of them that some row has.
    ///
    /// Not of the row's own steps alone: joined to an utterance of another length, a mean over its own would betray by
    /// its smaller or larger variance that it comes from elsewhere. The statistics of the batch are those of the rows as
    /// they are, so the joint and the product batch are normalised alike.
    fn forward(&self, x: Tensor<3>, last: &LastSteps, mode: &mut Mode) -> Tensor<3> {
        let means = prefix_means(x, &last.steps);
        let batch = last_states(means.clone(), &last.lengths);
        let x = dropout(self.norm.forward(means, batch, mode), self.dropout, mode);
        let layers = self.layers.iter();
        layers.fold(x, |x, layer| activation::relu(rows::linear(layer, x)))
    }
}

/// The mean of all steps up to each of `last`: `[batch, steps, dim]` to `[batch, last.len(), dim]`.
fn prefix_means(x: Tensor<3>, last: &[usize]) -> Tensor<3> {
    let [batch, steps, dim] = x.dims();
    if last == [steps - 1] {
        return x.mean_dim(1);
    }
    let weight = |last: usize, step: usize| match step <= last {
        true => 1.0 / (last + 1) as f32,
        false => 0.0,
    };
    let rows = last.iter();
    let weights: Vec<f32> = rows
        .flat_map(|&last| (0..steps).map(move |step| weight(last, step)))
        .collect();
    let weights = TensorData::new(weights, [last.len(), steps]);
    let weights = Tensor::<2>::from_data(weights, &x.device());
    let x = x.swap_dims(0, 1).reshape([steps, batch * dim]);
    let means = weights.matmul(x).reshape([last.len(), batch, dim]);
    means.swap_dims(0, 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StepMask;
    use mdm_core::seed;

    #[test]
    fn prefix_means_are_the_means_of_the_first_steps() {
        let x = Tensor::<3>::from_floats(
            [
                [[1.0, 8.0], [3.0, 4.0], [5.0, 0.0]],
                [[2.0, 0.0], [0.0, 0.0], [1.0, 3.0]],
            ],
            &Device::flex(),
        );
        for (last, expected) in [
            (vec![0, 2], vec![1.0, 8.0, 3.0, 4.0, 2.0, 0.0, 1.0, 1.0]),
            (vec![1], vec![2.0, 6.0, 1.0, 0.0]),
            (vec![2], vec![3.0, 4.0, 1.0, 1.0]),
        ] {
            let means = prefix_means(x.clone(), &last);
            let means = means.try_into_vec_as::<f32>().unwrap();
            assert_eq!(means.len(), expected.len());
            for (got, expected) in means.iter().zip(expected) {
                assert!((got - expected).abs() < 1e-6, "{means:?}");
            }
        }
    }

    #[test]
    fn the_statistics_of_a_batch_are_those_of_its_real_steps_and_taken_once() {
        let device = Device::flex();
        let settings = SubnetSettings {
            model: Model::Tfn,
            hidden: ("hidden", &[3, 2]),
            language_out: ("language_out", 2),
            dropout: ("dropout", &[0.0, 0.0]),
        };
        let mut rng = seed::stream(0, "subnets", 0);
        let inputs = Inputs::vectors(&[1, 1]);
        let subnets = Subnets::init(&settings, &inputs, &mut rng, &device).unwrap();
        let x = Tensor::<2>::from_floats([[2.0, 4.0, 90.0], [1.0, 70.0, 50.0]], &device);
        let x: Tensor<3> = x.unsqueeze_dim(2);
        let input = Sequences {
            modalities: vec![x.clone(), x],
            mask: StepMask::from_lengths(&[2, 1], 3),
        };
        let views = subnets.views(&input, &mut Mode::Train(&mut rng));
        let product = views.permute(&[vec![0, 1], vec![1, 0]]);
        for views in [&views, &product] {
            let widths: Vec<[usize; 2]> = Subnets::encodings(views)
                .iter()
                .map(|encoding| encoding.dims())
                .collect();
            assert_eq!(widths, [[2, 3], [2, 3]]);
        }
        // Means over the real steps 3 and 1; their mean 2 counts for a tenth.
        let mean = subnets.others[0].norm.running_mean.value();
        assert!((mean.into_scalar::<f32>() - 0.2).abs() < 1e-6);
    }
}
