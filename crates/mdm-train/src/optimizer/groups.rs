//! Which parameters decay, and which belong to a pretrained text encoder.

use burn::module::{Module, ModuleVisitor, Param, ParamGroup, ParamId};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// The parameters that weight decay leaves alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecayExcludes {
    /// None: every parameter decays.
    #[default]
    None,
    /// Biases.
    Biases,
    /// Biases and the scales of normalisations.
    BiasesAndNorms,
    /// As [`BiasesAndNorms`](Self::BiasesAndNorms), but the scales inside XLNet decay: the MAG code looks for names with
    /// `LayerNorm.weight`, and XLNet's are called `layer_norm.weight`.
    MagOfficial,
}

impl DecayExcludes {
    /// Whether the parameter at this path of fields is left alone.
    fn leaves(self, path: &[String]) -> bool {
        let name = path.last().map_or("", String::as_str);
        // `beta` is the bias of a normalisation.
        let is_bias = name == "beta" || name.starts_with("bias") || name.ends_with("bias");
        let is_scale = name == "gamma";
        match self {
            Self::None => false,
            Self::Biases => is_bias,
            Self::BiasesAndNorms => is_bias || is_scale,
            Self::MagOfficial => {
                is_bias || (is_scale && !path.iter().any(|field| field == "xlnet"))
            }
        }
    }
}

/// The fields under which an encoder keeps a pretrained text encoder.
const TEXT_ENCODERS: [&str; 2] = ["bert", "xlnet"];

/// The parameters of the text encoder, and those that do not decay.
pub(super) fn groups(module: &impl Module, excludes: DecayExcludes) -> (ParamGroup, ParamGroup) {
    let mut paths = Paths::default();
    module.visit(&mut paths);
    let chosen = |choose: &dyn Fn(&[String]) -> bool| {
        let chosen = paths.found.iter().filter(|(path, _)| choose(path));
        ParamGroup::from_ids(chosen.map(|&(_, id)| id).collect())
    };
    let is_text = |path: &[String]| {
        path.iter()
            .any(|field| TEXT_ENCODERS.contains(&field.as_str()))
    };
    (chosen(&is_text), chosen(&|path| excludes.leaves(path)))
}

/// Collects the parameters with their paths of fields.
#[derive(Default)]
struct Paths {
    path: Vec<String>,
    found: Vec<(Vec<String>, ParamId)>,
}

impl ModuleVisitor for Paths {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        self.found.push((self.path.clone(), parameter.id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decays_is_told_by_the_path() {
        let leaves = |excludes: DecayExcludes, path: &str| {
            let path: Vec<String> = path.split('.').map(str::to_owned).collect();
            excludes.leaves(&path)
        };
        for (path, expected) in [
            ("encoder.MagBert.bert.layers.0.output.weight", [false; 4]),
            (
                "encoder.MagBert.bert.layers.0.output.bias",
                [false, true, true, true],
            ),
            (
                "encoder.MagXlnet.xlnet.layers.0.r_w_bias",
                [false, true, true, true],
            ),
            ("encoder.EfLstm.lstm.bias_ih", [false, true, true, true]),
            (
                "encoder.MagBert.bert.embeddings_norm.gamma",
                [false, false, true, true],
            ),
            (
                "encoder.MagXlnet.xlnet.layers.0.norm.gamma",
                [false, false, true, false],
            ),
            (
                "encoder.MagXlnet.xlnet.layers.0.norm.beta",
                [false, true, true, true],
            ),
            (
                "encoder.MagXlnet.gate.layer_norm.gamma",
                [false, false, true, true],
            ),
        ] {
            let all = [
                DecayExcludes::None,
                DecayExcludes::Biases,
                DecayExcludes::BiasesAndNorms,
                DecayExcludes::MagOfficial,
            ];
            assert_eq!(
                all.map(|excludes| leaves(excludes, path)),
                expected,
                "{path}"
            );
        }
    }
}
