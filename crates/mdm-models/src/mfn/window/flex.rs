//! The windows on flex, by the kernel: one copy where joining and shifting in Burn's operations are five.

use burn::backend::flex::FlexTensor;
use burn::tensor::{Shape, Tensor};

use crate::rows::many::{self, Many};
use crate::rows::{tensor, values};

/// As [`super::windows`]; none where [`many::apply`] has none.
pub fn windows(states: &[Tensor<3>]) -> Option<Tensor<3>> {
    let [batch, steps, _] = states.first()?.dims();
    let widths = states.iter().map(|states| states.dims()[2] / 2).collect();
    let windows = Windows {
        batch,
        steps,
        widths,
    };
    many::apply(windows, states)
}

/// The sizes of the states of each modality.
#[derive(Debug, Clone)]
struct Windows {
    batch: usize,
    steps: usize,
    widths: Vec<usize>,
}

impl Many for Windows {
    fn forward(&self, states: &[FlexTensor]) -> FlexTensor {
        let states: Vec<&[f32]> = states.iter().map(values).collect();
        let windows = mdm_kernels::windows(&states, &self.widths, self.steps);
        let width = 2 * self.widths.iter().sum::<usize>();
        tensor(windows, Shape::new([self.batch, self.steps, width]))
    }

    fn gradients(&self, gradient: &FlexTensor, _wanted: &[bool]) -> Vec<Option<FlexTensor>> {
        let found = mdm_kernels::windows_gradients(values(gradient), &self.widths, self.steps);
        let found = found.into_iter().zip(&self.widths);
        let of_states = |width| Shape::new([self.batch, self.steps, 2 * width]);
        found
            .map(|(found, width)| Some(tensor(found, of_states(width))))
            .collect()
    }
}
