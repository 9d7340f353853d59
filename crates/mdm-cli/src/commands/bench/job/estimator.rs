//! An update of an estimator's critic.

use burn::tensor::{Device, Distribution, Tensor, TensorData};
use mdm_core::seed::{self, ChaCha8Rng};
use mdm_core::{
    CriticConfig, CriticOutput, DependencyMeasure, DependencyObjective, DependencyObjectiveConfig,
    Shuffle, product_permutations,
};

use super::Work;

/// Three variables of 20 components, any two of which are correlated by 0.5, and a critic with two hidden layers of 256.
pub struct Estimator {
    objective: DependencyObjective,
    device: Device,
    rng: ChaCha8Rng,
}

impl Estimator {
    const ROWS: usize = 256;
    const DIM: usize = 20;
    /// The Cholesky factor of the correlations.
    const ROOT: [&[f64]; 3] = [
        &[1.0],
        &[0.5, 0.866_025_403_784_438_6],
        &[0.5, 0.288_675_134_594_812_9, 0.816_496_580_927_726],
    ];

    pub fn new(device: &Device) -> anyhow::Result<Self> {
        let width = 3 * Self::DIM;
        let mut critic = CriticConfig::new(width)
            .with_hidden(vec![256, 256])
            .with_output(CriticOutput::Identity)
            .with_dropout(0.0);
        critic.negative_slope = 0.0;
        let mut config = DependencyObjectiveConfig::new(DependencyMeasure::TotalCorrelation, width)
            .with_critic(critic)
            .with_learning_rate(5e-4);
        config.weight_decay = 0.0;
        let autodiff = device.clone().autodiff();
        Ok(Self {
            objective: config.init(seed::stream(0, "critic", 0), &autodiff)?,
            device: device.clone(),
            rng: seed::stream(0, "product", 0),
        })
    }
}

impl Work for Estimator {
    fn step(&mut self) {
        let normal = Distribution::Normal(0.0, 1.0);
        let sources: [Tensor<2>; 3] =
            [(); 3].map(|()| Tensor::random([Self::ROWS, Self::DIM], normal, &self.device));
        let variables = Self::ROOT.map(|weights| {
            let terms = weights.iter().zip(&sources);
            let terms = terms.map(|(&weight, source)| source.clone() * weight);
            terms.reduce(|sum, term| sum + term).expect("a variable")
        });
        let permutations =
            product_permutations(3, Self::ROWS, Shuffle::Uniform, &mut self.rng).expect("rows");
        let permuted = variables.iter().zip(permutations).map(|(variable, rows)| {
            let rows: Vec<i64> = rows.into_iter().map(|row| row as i64).collect();
            let rows = Tensor::from_data(TensorData::new(rows, [Self::ROWS]), &self.device);
            variable.clone().select(0, rows)
        });
        let product = Tensor::cat(permuted.collect(), 1);
        let joint = Tensor::cat(variables.into(), 1);
        let graph = |z: Tensor<2>| Tensor::from_inner(z);
        self.objective.update_critic(graph(joint), graph(product));
    }

    fn samples(&self) -> usize {
        Self::ROWS
    }
}
