use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::Tensor;

/// Clips every parameter of `module` to ±`limit`.
pub fn clip_weights<M: Module>(module: M, limit: f64) -> M {
    module.map(&mut Clip { limit })
}

struct Clip {
    limit: f64,
}

impl ModuleMapper for Clip {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| {
            // The clipped values start a new leaf of the graph.
            let (autodiff, require_grad) = (tensor.is_autodiff(), tensor.is_require_grad());
            let clipped = tensor.inner().clamp(-self.limit, self.limit);
            if autodiff {
                Tensor::from_inner(clipped).set_require_grad(require_grad)
            } else {
                clipped
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn clipping_keeps_parameters_trainable() {
        let device = Device::flex().autodiff();
        let param = Param::from_tensor(Tensor::<1>::from_floats([-3.0, 0.5, 3.0], &device));
        let clipped = clip_weights(vec![param], 1.0);
        let data = clipped[0].val().try_into_vec_as::<f32>().unwrap();
        assert_eq!(data, [-1.0, 0.5, 1.0]);
        assert!(clipped[0].is_require_grad());
        let gradient = clipped[0].val().square().sum().backward();
        let gradient = clipped[0].val().grad(&gradient).unwrap();
        assert_eq!(gradient.try_into_vec_as::<f32>().unwrap(), [-2.0, 1.0, 2.0]);
    }
}
