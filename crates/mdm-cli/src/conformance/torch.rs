//! Layers in PyTorch's layout: weights are `[out, in]` there and `[in, out]` here.

use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::{Device, Gradients, Tensor};
use mdm_models::Lstm;

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

    /// The LSTM layer `name`.
    pub fn lstm(&self, name: &str, d_input: usize, hidden: usize) -> Result<Lstm, ReadError> {
        let gates = hidden.saturating_mul(4);
        Ok(Lstm {
            weight_ih: self.transposed(&format!("{name}.weight_ih"), d_input, gates)?,
            weight_hh: self.transposed(&format!("{name}.weight_hh"), hidden, gates)?,
            bias_ih: self.vector(&format!("{name}.bias_ih"), gates)?,
            bias_hh: self.vector(&format!("{name}.bias_hh"), gates)?,
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
    fn of<const D: usize>(&self, param: &Param<Tensor<D>>) -> Tensor<D> {
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

/// Compares an LSTM layer with the outputs `name.weight_ih` and so on.
pub fn check_lstm(
    checks: &mut Checks,
    name: &str,
    layer: &Lstm,
    read: &Read,
) -> anyhow::Result<()> {
    for (part, weight) in [("ih", &layer.weight_ih), ("hh", &layer.weight_hh)] {
        let weight = read.of(weight).transpose();
        checks.tensor(&format!("{name}.weight_{part}"), weight)?;
    }
    for (part, bias) in [("ih", &layer.bias_ih), ("hh", &layer.bias_hh)] {
        checks.tensor(&format!("{name}.bias_{part}"), read.of(bias))?;
    }
    Ok(())
}
