//! The parameters of a module under the names and in the layout of its PyTorch twin.
//!
//! One description a module ([`TorchNames`]) serves everything that speaks PyTorch's language: loading pretrained
//! weights ([`NamedTensors`](crate::NamedTensors)) and comparing weights and gradients with reference cases.

use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};

use crate::Lstm;
use crate::transformer::LayerNorm;

/// How the authors' modules abbreviate language, audio and vision. They know no other modality, so a reference has no
/// more.
pub const MODALITIES: [&str; 3] = ["l", "a", "v"];

/// How a parameter stands in a PyTorch file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TorchForm {
    /// Its shape there. The number of elements is that of the parameter.
    pub shape: Vec<usize>,
    /// Whether the matrix there, seen as `[shape[0], everything else]`, is the transpose of the parameter. A linear layer
    /// is `[out, in]` there and `[in, out]` here.
    pub transposed: bool,
}

impl TorchForm {
    /// A parameter like `old` with the values of a PyTorch file, in row-major order of the shape there. It is trained if
    /// the old one was.
    ///
    /// # Panics
    ///
    /// When there are not as many values as the parameter has.
    pub fn parameter<const D: usize>(
        &self,
        values: Vec<f32>,
        old: &Param<Tensor<D>>,
        device: &Device,
    ) -> Param<Tensor<D>> {
        let shape = old.shape();
        let values = match self.transposed {
            true => transpose(&values, self.shape[0]),
            false => values,
        };
        let tensor = Tensor::from_data(TensorData::new(values, shape), device);
        Param::from_tensor(tensor).set_require_grad(old.is_require_grad())
    }

    /// The elements of a parameter, or of its gradient, in the order of a PyTorch file.
    pub fn elements<const D: usize>(&self, parameter: Tensor<D>) -> Tensor<1> {
        let elements = parameter.shape().num_elements();
        if !self.transposed {
            return parameter.reshape([elements]);
        }
        let rows = self.shape[0];
        let matrix: Tensor<2> = parameter.reshape([elements / rows, rows]);
        matrix.transpose().reshape([elements])
    }
}

fn transpose(matrix: &[f32], rows: usize) -> Vec<f32> {
    let columns = matrix.len() / rows.max(1);
    let column = |column: usize| (0..rows).map(move |row| matrix[row * columns + column]);
    (0..columns).flat_map(column).collect()
}

/// Something that goes over the parameters of a module.
pub trait TorchVisitor {
    /// A parameter, its PyTorch name and its form there.
    fn parameter<const D: usize>(
        &mut self,
        name: &str,
        form: TorchForm,
        parameter: &mut Param<Tensor<D>>,
    );
}

/// A module that knows what its parameters are called in PyTorch.
pub trait TorchNames {
    /// Shows every parameter to the visitor. `prefix` stands before each name and ends in a dot, or is empty.
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V);
}

/// A parameter that has the same shape on both sides.
pub fn same<const D: usize, V: TorchVisitor>(
    name: &str,
    parameter: &mut Param<Tensor<D>>,
    visitor: &mut V,
) {
    let form = TorchForm {
        shape: parameter.shape().to_vec(),
        transposed: false,
    };
    visitor.parameter(name, form, parameter);
}

/// A matrix that is stored the other way round.
pub fn transposed<V: TorchVisitor>(name: &str, matrix: &mut Param<Tensor<2>>, visitor: &mut V) {
    let [rows, columns] = matrix.dims();
    let form = TorchForm {
        shape: vec![columns, rows],
        transposed: true,
    };
    visitor.parameter(name, form, matrix);
}

/// A linear layer: `name.weight`, `name.bias`.
pub fn linear<V: TorchVisitor>(name: &str, layer: &mut Linear, visitor: &mut V) {
    transposed(&format!("{name}.weight"), &mut layer.weight, visitor);
    if let Some(bias) = &mut layer.bias {
        same(&format!("{name}.bias"), bias, visitor);
    }
}

/// A layer normalisation: `name.weight`, `name.bias`.
pub fn layer_norm<V: TorchVisitor>(name: &str, layer: &mut LayerNorm, visitor: &mut V) {
    same(&format!("{name}.weight"), &mut layer.gamma, visitor);
    same(&format!("{name}.bias"), &mut layer.beta, visitor);
}

/// An LSTM layer: `name.weight_ih`, `name.weight_hh`, `name.bias_ih`, `name.bias_hh`, each with `suffix` (PyTorch's
/// `nn.LSTM` appends `_l0`, `nn.LSTMCell` nothing).
pub fn lstm<V: TorchVisitor>(name: &str, suffix: &str, layer: &mut Lstm, visitor: &mut V) {
    let named = |part: &str| format!("{name}.{part}{suffix}");
    transposed(&named("weight_ih"), &mut layer.weight_ih, visitor);
    transposed(&named("weight_hh"), &mut layer.weight_hh, visitor);
    same(&named("bias_ih"), &mut layer.bias_ih, visitor);
    same(&named("bias_hh"), &mut layer.bias_hh, visitor);
}
