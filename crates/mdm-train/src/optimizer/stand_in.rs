//! What stands in a module's place while its update owns it.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::Tensor;

/// A module of the same structure with parameters of one element: the module itself can be moved out from behind a reference, and its
/// parameters need no copy to be changed.
pub(super) fn of<M: Module>(module: &M) -> M {
    // `valid` gives running statistics of their own, where a clone shares them.
    module.valid().map(&mut Emptied)
}

struct Emptied;

impl ModuleMapper for Emptied {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = parameter.consume();
        // Not of none: backends differ in what they make of an empty tensor.
        Param::from_mapped_value(id, Tensor::empty([1; D], &tensor.device()), mapper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::nn::BatchNormConfig;
    use burn::tensor::Device;

    #[test]
    fn the_module_keeps_its_parameters_and_running_statistics() {
        let module = BatchNormConfig::new(3).init(&Device::flex().autodiff());
        let stand_in = of(&module);
        for (module, expected) in [(&module, 3), (&stand_in, 1)] {
            assert_eq!(module.gamma.dims(), [expected]);
            assert_eq!(module.running_mean.value_sync().dims(), [expected]);
        }
    }
}
