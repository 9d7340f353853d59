//! ln Γ and its derivative, for the entropy of Student's t.

use std::f64::consts::TAU;

/// From here on the asymptotic series below are exact to the last digits.
const ASYMPTOTIC: f64 = 12.0;

/// `ln Γ(x)` for x > 0: Stirling's series, after `Γ(x) = Γ(x + 1) / x` has raised x.
pub(super) fn ln_gamma(mut x: f64) -> f64 {
    let mut divisor = 1.0;
    while x < ASYMPTOTIC {
        divisor *= x;
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    let series = 1.0 / 12.0
        - y * (1.0 / 360.0 - y * (1.0 / 1260.0 - y * (1.0 / 1680.0 - y * (1.0 / 1188.0))));
    (x - 0.5) * x.ln() - x + 0.5 * TAU.ln() + series / x - f64::ln(divisor)
}

/// `ψ(x) = d ln Γ(x) / dx` for x > 0: its asymptotic series, after `ψ(x) = ψ(x + 1) − 1/x` has raised x.
pub(super) fn digamma(mut x: f64) -> f64 {
    let mut lowered = 0.0;
    while x < ASYMPTOTIC {
        lowered += 1.0 / x;
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    let series = y
        * (1.0 / 12.0
            - y * (1.0 / 120.0 - y * (1.0 / 252.0 - y * (1.0 / 240.0 - y * (1.0 / 132.0)))));
    x.ln() - 0.5 / x - series - lowered
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{LN_2, PI};

    use super::*;

    /// The Euler–Mascheroni constant.
    const GAMMA: f64 = 0.577_215_664_901_532_9;

    #[test]
    fn ln_gamma_of_integers_and_halves() {
        let expected = [
            (0.5, 0.5 * PI.ln()),
            (1.0, 0.0),
            (2.0, 0.0),
            (2.5, (0.75 * PI.sqrt()).ln()),
            (5.0, 24.0_f64.ln()),
            (20.0, 121_645_100_408_832_000.0_f64.ln()),
        ];
        for (x, expected) in expected {
            assert!((ln_gamma(x) - expected).abs() < 1e-13, "{x}");
        }
    }

    #[test]
    fn digamma_of_integers_and_halves() {
        let expected = [
            (0.5, -GAMMA - 2.0 * LN_2),
            (1.0, -GAMMA),
            (1.5, 2.0 - GAMMA - 2.0 * LN_2),
            (4.0, 1.0 + 0.5 + 1.0 / 3.0 - GAMMA),
        ];
        for (x, expected) in expected {
            assert!((digamma(x) - expected).abs() < 1e-13, "{x}");
        }
    }

    #[test]
    fn digamma_is_the_derivative() {
        for x in [0.3, 1.7, 6.0, 11.999, 30.0] {
            let step = 1e-5;
            let slope = (ln_gamma(x + step) - ln_gamma(x - step)) / (2.0 * step);
            assert!((digamma(x) - slope).abs() < 1e-8, "{x}");
        }
    }
}
