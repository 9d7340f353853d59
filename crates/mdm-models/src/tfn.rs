//! Tensor fusion network (Zadeh et al., 2017).

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, activation};
use mdm_core::seed::ChaCha8Rng;
use mdm_core::stochastic::dropout;
use mdm_core::{Mode, init};
use serde::{Deserialize, Serialize};

use crate::subnet::{SubnetSettings, Subnets};
use crate::{
    Error, Form, FusionEncoder, Inputs, Model, Sequences, TorchNames, TorchVisitor, Views, rows,
    torch_names,
};

/// Most weights of the layer after the product: 512 MiB.
const MOST_WEIGHTS: usize = 1 << 27;

/// Settings of [`Tfn`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TfnConfig {
    /// With the paper's linear head, or with the authors' sigmoid that ends at ±3 (for a regression).
    pub form: Form,
    /// Width of each modality's sub-network, in the order language, audio, vision; each at least 1.
    pub hidden: Vec<usize>,
    /// Width of what the language's sub-network gives; at least 1.
    pub language_out: usize,
    /// Width of both layers after the product, the second of which is Z; at least 1.
    pub d_z: usize,
    /// Dropout of each modality's sub-network, in [0, 1).
    pub dropout: Vec<f64>,
    /// Dropout of the product, in [0, 1).
    pub product_dropout: f64,
}

impl Default for TfnConfig {
    fn default() -> Self {
        Self {
            form: Form::Representation,
            hidden: vec![48, 8, 8],
            language_out: 24,
            d_z: 32,
            dropout: vec![0.0; 3],
            product_dropout: 0.0,
        }
    }
}

impl TfnConfig {
    /// A fresh encoder for a task of `outputs` numbers.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a width of 0, a dropout outside [0, 1), a single modality, a product that is too wide,
    /// and for [`Form::Official`] with more than one output; [`Error::Modalities`] when `hidden` or `dropout` is not one
    /// value a modality; [`Error::Language`] when the first modality is no language.
    pub fn init(
        &self,
        inputs: &Inputs,
        outputs: usize,
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Result<Tfn, Error> {
        let settings = SubnetSettings {
            model: Model::Tfn,
            hidden: ("model.tfn.hidden", &self.hidden),
            language_out: ("model.tfn.language_out", self.language_out),
            dropout: ("model.tfn.dropout", &self.dropout),
        };
        Error::check_widths("model.tfn.d_z", &[self.d_z])?;
        Error::check_dropout("model.tfn.product_dropout", &[self.product_dropout])?;
        if self.form == Form::Official && outputs != 1 {
            return Err(Error::InvalidConfig {
                field: "model.tfn.form",
                expected: "`representation` for a task other than regression",
                found: format!("`official`, which ends within ±3, for {outputs} outputs"),
            });
        }
        let product = self.product_width(&settings.encoding_widths())?;
        let subnets = Subnets::init(&settings, inputs, rng, device)?;
        Ok(Tfn {
            subnets,
            layer_1: init::linear(product, self.d_z, rng, device),
            layer_2: init::linear(self.d_z, self.d_z, rng, device),
            dropout: self.product_dropout,
        })
    }

    fn product_width(&self, encodings: &[usize]) -> Result<usize, Error> {
        let times = |product: usize, &width: &usize| product.checked_mul(width);
        let product = encodings.iter().try_fold(1, times);
        let fits = |&product: &usize| times(product, &self.d_z).is_some_and(|n| n <= MOST_WEIGHTS);
        product.filter(fits).ok_or_else(|| Error::InvalidConfig {
            field: "model.tfn",
            expected: "hidden and language_out whose product, times d_z, is at most 2^27 weights",
            found: format!("a product of widths {encodings:?} and d_z {}", self.d_z),
        })
    }
}

/// TFN: the outer product of one encoding a modality, each with a 1 before it, and two layers with ReLU, the second of
/// which is Z.
#[derive(Module, Debug)]
pub struct Tfn {
    /// From each modality to its encoding.
    pub subnets: Subnets,
    /// From the product to the first hidden layer.
    pub layer_1: Linear,
    /// From there to Z.
    pub layer_2: Linear,
    dropout: f64,
}

/// The outer products of the rows, flattened; the language, which comes first, varies fastest and the modality after it
/// slowest, as in the authors' code.
fn outer_product(encodings: &[Tensor<2>]) -> Tensor<2> {
    let slowest_first = encodings[1..].iter().chain(&encodings[..1]);
    slowest_first
        .cloned()
        .reduce(rows::outer)
        .expect("at least two modalities")
}

impl FusionEncoder for Tfn {
    fn views(&self, input: &Sequences, mode: &mut Mode) -> Views {
        self.subnets.views(input, mode)
    }

    fn fuse(&self, views: &Views, mode: &mut Mode) -> Tensor<2> {
        let product = outer_product(&Subnets::encodings(views));
        let x = dropout(product, self.dropout, mode);
        let x = activation::relu(rows::linear(&self.layer_1, x));
        activation::relu(rows::linear(&self.layer_2, x))
    }

    fn d_z(&self) -> usize {
        self.layer_2.weight.dims()[1]
    }
}

impl TorchNames for Tfn {
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        self.subnets.visit_torch(prefix, visitor);
        let name = |number: usize| format!("{prefix}post_fusion_layer_{number}");
        torch_names::linear(&name(1), &mut self.layer_1, visitor);
        torch_names::linear(&name(2), &mut self.layer_2, visitor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mdm_core::seed;

    #[test]
    fn the_language_varies_fastest_and_the_modality_after_it_slowest() {
        let row = |values: &[f32]| {
            let row = Tensor::<1>::from_floats(values, &Device::flex());
            row.unsqueeze::<2>()
        };
        let encodings = [row(&[1.0, 2.0]), row(&[1.0, 10.0]), row(&[1.0, 100.0])];
        let product = outer_product(&encodings).try_into_vec_as::<f32>().unwrap();
        let expected = [1.0, 2.0, 100.0, 200.0, 10.0, 20.0, 1000.0, 2000.0];
        assert_eq!(product, expected);
    }

    #[test]
    fn a_product_that_is_too_wide_is_an_error_before_anything_is_allocated() {
        let mut rng = seed::stream(0, "tfn", 0);
        for width in [4000, usize::MAX] {
            let config = TfnConfig {
                hidden: vec![8, width, width],
                ..TfnConfig::default()
            };
            let inputs = Inputs::vectors(&[4, 3, 2]);
            let error = config
                .init(&inputs, 1, &mut rng, &Device::flex())
                .unwrap_err();
            assert!(error.to_string().contains("model.tfn: "), "{error}");
        }
    }

    #[test]
    fn the_official_form_predicts_one_number() {
        let mut rng = seed::stream(0, "tfn", 0);
        let config = TfnConfig {
            form: Form::Official,
            ..TfnConfig::default()
        };
        let mut init = |outputs| {
            let inputs = Inputs::vectors(&[4, 3, 2]);
            config.init(&inputs, outputs, &mut rng, &Device::flex())
        };
        assert!(init(1).is_ok());
        let error = init(7).unwrap_err().to_string();
        assert!(
            error.contains("model.tfn.form") && error.contains('7'),
            "{error}"
        );
    }
}
