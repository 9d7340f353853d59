//! The critic of an estimator: a network and, where it helps, the Gaussian log ratio.

use burn::module::{Module, ModuleMapper, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};

use super::EstimatorCritic;
use super::config::EstimatorConfig;
use super::gaussian::GaussianLogRatio;
use super::link::{Link, Rows};
use crate::critic::{BilinearCritic, BilinearCriticConfig, SeparableCritic, SeparableCriticConfig};
use crate::seed::ChaCha8Rng;
use crate::stochastic::Mode;
use crate::{Critic, CriticConfig, CriticOutput, DependencyMeasure, Error, FDivergence, Lipschitz};

/// The trained part.
#[derive(Module, Debug)]
pub(super) enum Network {
    Mlp(Critic),
    Separable(SeparableCritic),
    Bilinear(BilinearCritic),
}

impl Network {
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a separable or bilinear critic on more than two groups.
    pub fn init(
        config: &EstimatorConfig,
        input_dims: &[usize],
        rng: &mut ChaCha8Rng,
        device: &Device,
    ) -> Result<Self, Error> {
        let pair = || match input_dims {
            &[x, y] => Ok((x, y)),
            more => Err(Error::InvalidConfig {
                field: "critic",
                expected: "mlp unless two variables or the links of a chain are compared",
                found: format!("{} variables at once", more.len()),
            }),
        };
        Ok(match config.critic(input_dims.len()) {
            EstimatorCritic::Mlp => {
                let spectral_norm = matches!(config.lipschitz(), Lipschitz::SpectralNorm { .. });
                let critic = CriticConfig::new(input_dims.iter().sum())
                    .with_hidden(config.hidden.clone())
                    .with_output(config.output)
                    .with_dropout(0.0)
                    .with_spectral_norm(spectral_norm);
                Self::Mlp(critic.init(rng, device)?)
            }
            EstimatorCritic::Separable => {
                let (x, y) = pair()?;
                let critic = SeparableCriticConfig::new(x, y).with_hidden(config.hidden.clone());
                Self::Separable(critic.init(rng, device)?)
            }
            EstimatorCritic::Bilinear => {
                let (x, y) = pair()?;
                Self::Bilinear(BilinearCriticConfig::new(x, y).init(rng, device)?)
            }
        })
    }

    /// The same network with its last weights at 0: it scores everything 0 until it is trained.
    pub fn silenced(self) -> Self {
        match self {
            Self::Mlp(mut critic) => {
                critic.mlp.layers = silence_last(critic.mlp.layers);
                Self::Mlp(critic)
            }
            Self::Separable(mut critic) => {
                critic.h.layers = silence_last(critic.h.layers);
                Self::Separable(critic)
            }
            Self::Bilinear(critic) => Self::Bilinear(critic.map(&mut Silence)),
        }
    }

    /// This network moved by `share` of the way to another of its kind. Off the graph, as this network is.
    pub fn moved_to(self, other: &Self, share: f64) -> Self {
        match (self, other) {
            (Self::Mlp(mut critic), Self::Mlp(other)) => {
                critic.mlp.layers = mixed(critic.mlp.layers, &other.mlp.layers, share);
                Self::Mlp(critic)
            }
            (Self::Separable(mut critic), Self::Separable(other)) => {
                critic.g.layers = mixed(critic.g.layers, &other.g.layers, share);
                critic.h.layers = mixed(critic.h.layers, &other.h.layers, share);
                Self::Separable(critic)
            }
            (Self::Bilinear(mut critic), Self::Bilinear(other)) => {
                critic.weight = mixed_parameter(critic.weight, &other.weight, share);
                Self::Bilinear(critic)
            }
            _ => unreachable!("networks of two kinds are never averaged"),
        }
    }

    /// Scores of rows, `[n]`, from the inputs of each group.
    fn forward(&self, inputs: Vec<Tensor<2>>) -> Tensor<1> {
        match self {
            Self::Mlp(critic) => critic.forward(Tensor::cat(inputs, 1), &mut Mode::Eval),
            Self::Separable(critic) => {
                let [x, y] = two(inputs);
                critic.scores(x, y)
            }
            Self::Bilinear(critic) => {
                let [x, y] = two(inputs);
                critic.scores(x, y)
            }
        }
    }
}

fn mixed(layers: Vec<Linear>, others: &[Linear], share: f64) -> Vec<Linear> {
    let mixed = |(layer, other): (Linear, &Linear)| Linear {
        weight: mixed_parameter(layer.weight, &other.weight, share),
        bias: layer
            .bias
            .zip(other.bias.as_ref())
            .map(|(bias, other)| mixed_parameter(bias, other, share)),
    };
    layers.into_iter().zip(others).map(mixed).collect()
}

fn mixed_parameter<const D: usize>(
    parameter: Param<Tensor<D>>,
    other: &Param<Tensor<D>>,
    share: f64,
) -> Param<Tensor<D>> {
    let other = other.val().inner();
    parameter.map(|values| values * (1.0 - share) + other * share)
}

fn silence_last(mut layers: Vec<Linear>) -> Vec<Linear> {
    if let Some(last) = layers.pop() {
        layers.push(last.map(&mut Silence));
    }
    layers
}

struct Silence;

impl ModuleMapper for Silence {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let zeros = |tensor: &Tensor<D>| TensorData::zeros::<f32, _>(tensor.shape());
        let tensor = param.val();
        Param::from_data(zeros(&tensor), &tensor.device())
    }
}

fn two(inputs: Vec<Tensor<2>>) -> [Tensor<2>; 2] {
    inputs
        .try_into()
        .expect("pairwise critics are made for two groups only")
}

/// The part that is fitted in closed form.
pub(super) struct GaussianPart {
    quadratic: Tensor<2>,
    constant: f64,
    measure: DependencyMeasure,
}

impl GaussianPart {
    /// The Gaussian part of the critic of a measure, or `None` where the measure's best critic is no plain function of
    /// the log ratio.
    pub fn new(
        config: &EstimatorConfig,
        fit: impl FnOnce() -> GaussianLogRatio,
        device: &Device,
    ) -> Option<Self> {
        use DependencyMeasure as M;
        let applies = match config.measure {
            M::TotalCorrelation | M::Mine { .. } | M::Smile { .. } | M::InfoNce => true,
            M::FDivergence(member) => !matches!(
                member,
                FDivergence::PearsonChi2 | FDivergence::TotalVariation
            ),
            M::Wasserstein | M::WassersteinPaperLiteral => false,
        };
        if !(applies && config.gaussian && config.output == CriticOutput::Identity) {
            return None;
        }
        let (quadratic, constant) = fit().to_device(device);
        Some(Self {
            quadratic,
            constant,
            measure: config.measure,
        })
    }

    /// The measure's best scores if the variables were jointly Gaussian, `[rows]`.
    fn forward(&self, columns: Tensor<2>) -> Tensor<1> {
        let form = columns.clone().matmul(self.quadratic.clone()) * columns;
        self.best_scores(form.sum_dim(1).squeeze_dim::<1>(1) * 0.5 + self.constant)
    }

    /// The same for every pair of rows of the first `d_x` columns and rows of the others, `[rows, rows]`.
    fn matrix(&self, columns: Tensor<2>, d_x: usize) -> Tensor<2> {
        let [_, d] = columns.dims();
        let (x, y) = (
            columns.clone().narrow(1, 0, d_x),
            columns.narrow(1, d_x, d - d_x),
        );
        let block = |from: usize, width: usize, to: usize, height: usize| {
            self.quadratic
                .clone()
                .narrow(0, from, width)
                .narrow(1, to, height)
        };
        let own = |z: &Tensor<2>, block: Tensor<2>| {
            (z.clone().matmul(block) * z.clone()).sum_dim(1) * 0.5
        };
        let of_x = own(&x, block(0, d_x, 0, d_x));
        let of_y = own(&y, block(d_x, d - d_x, d_x, d - d_x)).transpose();
        let cross = x.matmul(block(0, d_x, d_x, d - d_x)).matmul(y.transpose());
        self.best_scores(cross + of_x + of_y + self.constant)
    }

    fn best_scores<const D: usize>(&self, log_ratio: Tensor<D>) -> Tensor<D> {
        match self.measure {
            DependencyMeasure::FDivergence(member) => member.optimal_score(log_ratio),
            _ => log_ratio,
        }
    }
}

/// Scores picked samples of a link with a network and the Gaussian part.
pub(super) struct Scorer<'a> {
    pub link: &'a Link,
    pub gaussian: Option<GaussianPart>,
}

impl Scorer<'_> {
    /// Scores of picked samples, `[rows]`; on the graph when `device`, the network's, is on autodiff.
    pub fn scores(&self, network: &Network, rows: &Rows, device: &Device) -> Tensor<1> {
        let inputs = self.link.inputs(rows).into_iter();
        let scores = network.forward(inputs.map(|input| on(input, device)).collect());
        match &self.gaussian {
            None => scores,
            Some(gaussian) => scores + on(gaussian.forward(self.link.columns(rows)), device),
        }
    }

    /// Scores of every first group of `rows` with every second one, `[rows, rows]`; `None` when the network is not a
    /// pairwise one.
    pub fn score_matrix(
        &self,
        network: &Network,
        rows: &[usize],
        device: &Device,
    ) -> Option<Tensor<2>> {
        let rows = self.link.joint(rows);
        let inputs = self.link.inputs(&rows).into_iter();
        let inputs = inputs.map(|input| on(input, device)).collect();
        let scores = match network {
            Network::Mlp(_) => return None,
            Network::Separable(critic) => {
                let [x, y] = two(inputs);
                critic.score_matrix(x, y)
            }
            Network::Bilinear(critic) => {
                let [x, y] = two(inputs);
                critic.score_matrix(x, y)
            }
        };
        Some(match &self.gaussian {
            None => scores,
            Some(gaussian) => {
                let offset = gaussian.matrix(self.link.columns(&rows), self.link.dims()[0]);
                scores + on(offset, device)
            }
        })
    }
}

/// A constant, as a network on `device` can take it.
fn on<const D: usize>(constant: Tensor<D>, device: &Device) -> Tensor<D> {
    if device.is_autodiff() {
        Tensor::from_inner(constant)
    } else {
        constant
    }
}
