//! The operation on flex: the kernel.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::{DType, TensorData};
use mdm_kernels::{Backward, Forward, Layer, Shape};

use super::operation::{Gradients, Inputs, LstmParts, Saved};
use super::{Read, tensors};

impl LstmParts for Flex {
    fn states(inputs: Inputs<Self>, read: &Read) -> FloatTensor<Self> {
        let Some(inputs) = Contiguous::new(&inputs) else {
            return tensors::states(inputs, read);
        };
        tensor(inputs.forward(read).states(), inputs.read(read))
    }

    fn states_and_saved(inputs: Inputs<Self>, read: &Read) -> (FloatTensor<Self>, Saved<Self>) {
        let Some(inputs) = Contiguous::new(&inputs) else {
            return tensors::states_and_saved(inputs, read);
        };
        let (states, saved) = inputs.forward(read).states_and_saved();
        let Shape {
            batch,
            steps,
            hidden,
            ..
        } = inputs.shape;
        let saved = Saved {
            gates: tensor(saved.gates, [batch, steps, 4 * hidden]),
            before: tensor(saved.before, [batch, steps, hidden]),
            cells: tensor(saved.cells, [batch, steps, hidden]),
        };
        (tensor(states, inputs.read(read)), saved)
    }

    fn gradients(
        inputs: Inputs<Self>,
        saved: Saved<Self>,
        read: &Read,
        gradient: FloatTensor<Self>,
        of_x: bool,
    ) -> Gradients<Self> {
        let Some(inputs) = Contiguous::new(&inputs) else {
            return tensors::gradients(inputs, saved, read, gradient, of_x);
        };
        let gradient = gradient.to_contiguous();
        let Shape {
            batch,
            steps,
            input,
            hidden,
        } = inputs.shape;
        let found = Backward {
            shape: inputs.shape,
            layer: inputs.layer(),
            x: values(&inputs.x),
            read: &read.steps,
            cells: read.cells,
            gradient: values(&gradient),
        }
        .gradients(
            mdm_kernels::Saved {
                gates: owned(saved.gates),
                before: owned(saved.before),
                cells: owned(saved.cells),
            },
            of_x,
        );
        Gradients {
            x: found.x.map(|x| tensor(x, [batch, steps, input])),
            weight_ih: tensor(found.weight_ih, [input, 4 * hidden]),
            weight_hh: tensor(found.weight_hh, [hidden, 4 * hidden]),
            bias: tensor(found.bias, [4 * hidden]),
        }
    }
}

/// The inputs as the kernel reads them.
struct Contiguous {
    shape: Shape,
    x: FlexTensor,
    weight_ih: FlexTensor,
    weight_hh: FlexTensor,
    bias: FlexTensor,
}

impl Contiguous {
    /// `None` for numbers of another precision than the kernel's.
    fn new(inputs: &Inputs<Flex>) -> Option<Self> {
        let Inputs {
            x,
            weight_ih,
            weight_hh,
            bias,
        } = inputs;
        let all = [x, weight_ih, weight_hh, bias];
        if all.iter().any(|tensor| tensor.dtype() != DType::F32) {
            return None;
        }
        let (of_x, of_hh) = (x.shape(), weight_hh.shape());
        Some(Self {
            shape: Shape {
                batch: of_x[0],
                steps: of_x[1],
                input: of_x[2],
                hidden: of_hh[0],
            },
            x: x.to_contiguous(),
            weight_ih: weight_ih.to_contiguous(),
            weight_hh: weight_hh.to_contiguous(),
            bias: bias.to_contiguous(),
        })
    }

    fn layer(&self) -> Layer<'_> {
        Layer {
            weight_ih: values(&self.weight_ih),
            weight_hh: values(&self.weight_hh),
            bias: values(&self.bias),
        }
    }

    fn forward<'a>(&'a self, read: &'a Read) -> Forward<'a> {
        Forward {
            shape: self.shape,
            layer: self.layer(),
            x: values(&self.x),
            read: &read.steps,
            cells: read.cells,
        }
    }

    /// The shape of what is read.
    fn read(&self, read: &Read) -> [usize; 3] {
        let parts = if read.cells { 2 } else { 1 };
        let Shape { batch, hidden, .. } = self.shape;
        [batch, read.steps.len(), parts * hidden]
    }
}

fn values(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice().expect("contiguous numbers of 32 bits")
}

/// The values, without a copy where nobody else holds them.
fn owned(tensor: FlexTensor) -> Vec<f32> {
    let data = tensor.into_data();
    data.try_into_vec().expect("numbers of 32 bits")
}

fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}
