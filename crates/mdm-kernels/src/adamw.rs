//! AdamW in one pass over a parameter.

use rayon::prelude::*;

use crate::vector::Chunk;

/// The numbers of one update of AdamW.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamWStep {
    /// β₁ and β₂.
    pub betas: [f32; 2],
    /// `1 − β₁ᵗ` and `1 − β₂ᵗ` at update t, counted from 1.
    pub corrections: [f32; 2],
    /// ε, added to the root of the second moment.
    pub epsilon: f32,
    /// Learning rate.
    pub rate: f32,
    /// What the parameter is multiplied by: `1 − rate · weight decay`.
    pub decay: f32,
}

/// Updates a parameter and its moments in place, number by number in the order of the textbook, without contracted
/// multiplications and additions: the bits are those of the same operations one after the other.
///
/// # Panics
///
/// When the slices differ in length.
pub fn adamw(step: AdamWStep, parameter: &mut [f32], moments: [&mut [f32]; 2], gradient: &[f32]) {
    let [first, second] = moments;
    assert_eq!(parameter.len(), gradient.len());
    assert_eq!(first.len(), gradient.len());
    assert_eq!(second.len(), gradient.len());
    parameter
        .par_chunks_mut(Chunk::LENGTH)
        .zip(first.par_chunks_mut(Chunk::LENGTH))
        .zip(second.par_chunks_mut(Chunk::LENGTH))
        .zip(gradient.par_chunks(Chunk::LENGTH))
        .for_each(|(((parameter, first), second), gradient)| {
            pulp::Arch::new().dispatch(|| step.apply(parameter, first, second, gradient));
        });
}

impl AdamWStep {
    // Inlined into the closure that is compiled for the processor's vectors.
    #[inline(always)]
    fn apply(self, parameter: &mut [f32], first: &mut [f32], second: &mut [f32], gradient: &[f32]) {
        let [beta_1, beta_2] = self.betas;
        let (new_1, new_2) = (1.0 - beta_1, 1.0 - beta_2);
        let moments = first.iter_mut().zip(second);
        for ((parameter, (first, second)), gradient) in
            parameter.iter_mut().zip(moments).zip(gradient)
        {
            *first = *first * beta_1 + gradient * new_1;
            *second = *second * beta_2 + gradient * gradient * new_2;
            let root = (*second / self.corrections[1]).sqrt() + self.epsilon;
            let direction = *first / self.corrections[0] / root;
            *parameter = *parameter * self.decay - direction * self.rate;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_update_is_the_learning_rate_and_decay_shrinks() {
        let step = AdamWStep {
            betas: [0.9, 0.999],
            corrections: [1.0 - 0.9, 1.0 - 0.999],
            epsilon: 1e-8,
            rate: 0.1,
            decay: 0.95,
        };
        let count = Chunk::LENGTH + 3;
        let gradient: Vec<f32> = (0..count)
            .map(|i| if i % 2 == 0 { 3.0 } else { -0.2 })
            .collect();
        let mut parameter = vec![2.0; count];
        let (mut first, mut second) = (vec![0.0; count], vec![0.0; count]);
        adamw(step, &mut parameter, [&mut first, &mut second], &gradient);
        for (parameter, gradient) in parameter.iter().zip(&gradient) {
            let expected = 2.0 * 0.95 - 0.1 * gradient.signum();
            assert!(
                (parameter - expected).abs() < 1e-5,
                "{parameter} {expected}"
            );
        }
        assert!((first[0] - 0.3).abs() < 1e-6 && (second[0] - 0.009).abs() < 1e-6);
    }
}
