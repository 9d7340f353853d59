//! Arrays: shape, element type, and where each element stands in the data.

use std::fmt;

use super::dtype::Dtype;
use super::value::Value;

/// An array whose data has been checked against its shape.
#[derive(Debug)]
pub struct Array<'a> {
    pub(super) shape: Vec<usize>,
    /// Elements from one index to the next, along each axis.
    strides: Vec<usize>,
    pub(super) dtype: Dtype,
    /// Bytes, or a list for arrays of objects.
    pub(super) data: Value<'a>,
}

/// A shape as Python writes it.
pub(crate) fn shape_text(shape: &[usize]) -> String {
    match shape {
        [n] => format!("({n},)"),
        _ => {
            let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
            format!("({})", lengths.join(", "))
        }
    }
}

/// Number of elements of a shape; `None` where that overflows.
pub(super) fn count(shape: &[usize]) -> Option<usize> {
    // In NumPy too, one length of 0 makes an array empty, however long the others.
    if shape.contains(&0) {
        return Some(0);
    }
    shape
        .iter()
        .try_fold(1usize, |count, &n| count.checked_mul(n))
}

/// Strides of a row-major array. They overflow only where there are no elements, and then nobody uses them.
fn row_major(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1usize; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis].wrapping_mul(shape[axis]);
    }
    strides
}

impl fmt::Display for Array<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array {} of {}", shape_text(&self.shape), self.dtype)
    }
}

impl<'a> Array<'a> {
    /// `fortran` says that the first index varies fastest, and not the last. The number of elements must have been
    /// checked for overflow.
    pub(super) fn new(shape: Vec<usize>, dtype: Dtype, fortran: bool, data: Value<'a>) -> Self {
        let strides = if fortran {
            let reversed: Vec<usize> = shape.iter().rev().copied().collect();
            row_major(&reversed).into_iter().rev().collect()
        } else {
            row_major(&shape)
        };
        Self {
            shape,
            strides,
            dtype,
            data,
        }
    }

    /// The same data with its axes in another order, as `transpose(axes)` of NumPy; `None` where `axes` are not those
    /// of the array, each once.
    pub(super) fn transposed(mut self, axes: &[usize]) -> Option<Self> {
        let mut sorted = axes.to_vec();
        sorted.sort_unstable();
        if !sorted.into_iter().eq(0..self.shape.len()) {
            return None;
        }
        self.shape = axes.iter().map(|&axis| self.shape[axis]).collect();
        self.strides = axes.iter().map(|&axis| self.strides[axis]).collect();
        Some(self)
    }

    /// Length along each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Element type.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Number of elements.
    pub(super) fn count(&self) -> usize {
        count(&self.shape).unwrap_or(usize::MAX)
    }

    /// Whether the elements stand in the data as they are counted.
    pub(super) fn is_row_major(&self) -> bool {
        self.strides == row_major(&self.shape)
    }

    /// Where the elements stand in the data, in row-major order.
    pub(super) fn positions(&self) -> impl Iterator<Item = usize> {
        let in_order = self.is_row_major();
        (0..self.count()).map(move |index| {
            if in_order {
                index
            } else {
                self.position(index)
            }
        })
    }

    fn position(&self, mut index: usize) -> usize {
        let mut position = 0;
        for (&length, &stride) in self.shape.iter().zip(&self.strides).rev() {
            position += index % length * stride;
            index /= length;
        }
        position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(shape: &[usize], fortran: bool) -> Array<'static> {
        let dtype = Dtype::parse("f4").unwrap();
        Array::new(shape.to_vec(), dtype, fortran, Value::None)
    }

    fn positions(shape: &[usize], fortran: bool, axes: &[usize]) -> Vec<usize> {
        let array = array(shape, fortran).transposed(axes).unwrap();
        array.positions().collect()
    }

    #[test]
    fn elements_are_found_in_every_order() {
        assert_eq!(positions(&[2, 3], false, &[0, 1]), [0, 1, 2, 3, 4, 5]);
        assert_eq!(positions(&[2, 3], true, &[0, 1]), [0, 2, 4, 1, 3, 5]);
        // np.arange(6).reshape(2, 3).transpose(1, 0).ravel()
        assert_eq!(positions(&[2, 3], false, &[1, 0]), [0, 3, 1, 4, 2, 5]);
        assert_eq!(positions(&[], false, &[]), [0]);
        assert!(positions(&[0, 1 << 60, 1 << 60], true, &[1, 2, 0]).is_empty());
    }

    #[test]
    fn axes_that_are_no_permutation_are_refused() {
        for axes in [&[0, 0][..], &[0], &[0, 2], &[0, 1, 2]] {
            assert!(array(&[1, 1], false).transposed(axes).is_none(), "{axes:?}");
        }
    }
}
