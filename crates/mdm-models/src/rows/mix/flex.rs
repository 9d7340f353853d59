//! The sums on flex, by the kernel. Burn's backward of a selection adds row after row on one thread.

use burn::backend::flex::FlexTensor;
use burn::tensor::{Shape, Tensor};

use crate::rows::many::{self, Many};
use crate::rows::{tensor, values};

/// As [`super::mix`]; none where [`many::apply`] has none.
pub fn mix(parts: &[Tensor<3>], rows: &[Vec<usize>]) -> Option<Tensor<3>> {
    let of_part = parts.first()?.dims();
    assert!(parts.iter().all(|part| part.dims() == of_part));
    let rows = rows.to_vec();
    many::apply(Mix { rows, of_part }, parts)
}

/// Which rows are taken, of parts of one shape.
#[derive(Debug, Clone)]
struct Mix {
    rows: Vec<Vec<usize>>,
    of_part: [usize; 3],
}

impl Many for Mix {
    fn forward(&self, parts: &[FlexTensor]) -> FlexTensor {
        let [_, steps, width] = self.of_part;
        let parts: Vec<&[f32]> = parts.iter().map(values).collect();
        let mixed = mdm_kernels::mix(&parts, &self.rows, steps * width);
        tensor(mixed, Shape::new([self.rows[0].len(), steps, width]))
    }

    fn gradients(&self, gradient: &FlexTensor, wanted: &[bool]) -> Vec<Option<FlexTensor>> {
        let [count, steps, width] = self.of_part;
        let of_part = |rows: &Vec<usize>| {
            let found = mdm_kernels::mix_gradient(values(gradient), rows, steps * width, count);
            tensor(found, Shape::new(self.of_part))
        };
        let parts = self.rows.iter().zip(wanted);
        parts
            .map(|(rows, &wanted)| wanted.then(|| of_part(rows)))
            .collect()
    }
}
