//! The parameters of a module against those of a case, by their PyTorch names.

use burn::module::Param;
use burn::tensor::{Device, Tensor};
use mdm_models::{FusionEncoder, TorchForm, TorchNames, TorchVisitor, torch_names};
use mdm_train::FusionModel;

use super::case::{Case, ReadError};
use super::compare::Checks;
use super::torch::Read;

/// An encoder and its head, with the PyTorch name of that.
#[derive(Clone)]
pub struct Named<E: FusionEncoder> {
    /// Encoder and head.
    pub model: FusionModel<E>,
    /// What the head is called.
    pub head: &'static str,
}

impl<E: FusionEncoder + TorchNames> TorchNames for Named<E> {
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        self.model.encoder.visit_torch(prefix, visitor);
        if let Some(linear) = &mut self.model.head.linear {
            torch_names::linear(&format!("{prefix}{}", self.head), linear, visitor);
        }
    }
}

/// Puts the weights of a case whose names start with `prefix` into a module.
///
/// # Errors
///
/// [`ReadError`] for the first that is missing or has another shape.
pub fn load(
    module: &mut impl TorchNames,
    case: &Case,
    prefix: &str,
    device: &Device,
) -> Result<(), ReadError> {
    let mut loader = Loader {
        case,
        device,
        error: None,
    };
    module.visit_torch(prefix, &mut loader);
    loader.error.map_or(Ok(()), Err)
}

struct Loader<'c> {
    case: &'c Case,
    device: &'c Device,
    error: Option<ReadError>,
}

impl TorchVisitor for Loader<'_> {
    fn parameter<const D: usize>(
        &mut self,
        name: &str,
        form: TorchForm,
        parameter: &mut Param<Tensor<D>>,
    ) {
        match self.case.weight_values(name, &form.shape) {
            Ok(values) => {
                *parameter = form.parameter(values.to_vec(), parameter, self.device);
            }
            Err(error) => {
                self.error.get_or_insert(error);
            }
        }
    }
}

/// Compares the parameters of a module, or their gradients, with the outputs that start with `prefix`.
///
/// # Errors
///
/// When a value cannot be read.
pub fn check<M: TorchNames + Clone>(
    checks: &mut Checks,
    prefix: &str,
    module: &M,
    read: &Read,
) -> anyhow::Result<()> {
    let mut comparison = Comparison {
        checks,
        read,
        outcome: Ok(()),
    };
    // A visitor may change what it visits; this one does not, but borrows it all the same.
    module.clone().visit_torch(prefix, &mut comparison);
    comparison.outcome
}

struct Comparison<'a, 'c> {
    checks: &'a mut Checks<'c>,
    read: &'a Read<'a>,
    outcome: anyhow::Result<()>,
}

impl TorchVisitor for Comparison<'_, '_> {
    fn parameter<const D: usize>(
        &mut self,
        name: &str,
        form: TorchForm,
        parameter: &mut Param<Tensor<D>>,
    ) {
        if self.outcome.is_err() {
            return;
        }
        let value = form.elements(self.read.of(parameter));
        self.outcome = self.checks.values(name, &form.shape, value);
    }
}
