//! Layers in PyTorch's layout: weights are `[out, in]` there and `[in, out]` here.

use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::{Device, Gradients, Tensor};

use super::case::{Case, ReadError};
use super::compare::Checks;

/// Where layers are loaded from: the weights of a case whose names start with `prefix`.
pub struct Weights<'c> {
    /// The case.
    pub case: &'c Case,
    /// What stands before every name, such as `encoder.`.
    pub prefix: &'c str,
    /// Where the parameters go.
    pub device: &'c Device,
}

impl Weights<'_> {
    /// The linear layer `name`.
    pub fn linear(&self, name: &str, d_input: usize, d_output: usize) -> Result<Linear, ReadError> {
        Ok(Linear {
            weight: self.transposed(&format!("{name}.weight"), d_input, d_output)?,
            bias: Some(self.vector(&format!("{name}.bias"), d_output)?),
        })
    }

    fn transposed(
        &self,
        name: &str,
        d_input: usize,
        d_output: usize,
    ) -> Result<Param<Tensor<2>>, ReadError> {
        let name = format!("{}{name}", self.prefix);
        let weight = self.case.weight(&name, [d_output, d_input], self.device)?;
        Ok(Param::from_tensor(weight.transpose()))
    }

    fn vector(&self, name: &str, len: usize) -> Result<Param<Tensor<1>>, ReadError> {
        let name = format!("{}{name}", self.prefix);
        let vector = self.case.weight(&name, [len], self.device)?;
        Ok(Param::from_tensor(vector))
    }
}

/// What is compared of a parameter.
pub enum Read<'g> {
    /// Its value.
    Value,
    /// Its gradient.
    Gradient(&'g Gradients),
}

impl Read<'_> {
    /// What is compared of this parameter.
    pub fn of<const D: usize>(&self, param: &Param<Tensor<D>>) -> Tensor<D> {
        match self {
            Self::Value => param.val().inner(),
            Self::Gradient(gradients) => gradient(&param.val(), gradients),
        }
    }
}

/// The gradient of a leaf; zeros where the output does not depend on it.
pub fn gradient<const D: usize>(leaf: &Tensor<D>, gradients: &Gradients) -> Tensor<D> {
    leaf.grad(gradients)
        .unwrap_or_else(|| leaf.clone().inner().zeros_like())
}

/// Compares a linear layer with the outputs `name.weight` and `name.bias`.
pub fn check_linear(
    checks: &mut Checks,
    name: &str,
    layer: &Linear,
    read: &Read,
) -> anyhow::Result<()> {
    let weight = read.of(&layer.weight).transpose();
    checks.tensor(&format!("{name}.weight"), weight)?;
    match &layer.bias {
        Some(bias) => checks.tensor(&format!("{name}.bias"), read.of(bias)),
        None => Ok(()),
    }
}
