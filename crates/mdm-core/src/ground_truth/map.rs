//! Maps that can be inverted, and so change no mutual information.

use std::f64::consts::PI;

use super::invalid;
use crate::{Error, normal};

/// A map of one variable that can be inverted. Whatever a variable tells about others, its image tells too, so the
/// total correlation of mapped variables is that of the variables.
///
/// The maps of Czyż et al., "Beyond Normal: On the Evaluation of Mutual Information Estimators", NeurIPS 2023, and the
/// cube of Song and Ermon, "Understanding the Limitations of Variational Mutual Information Estimators", ICLR 2020. All
/// but [`Spiral`](Map::Spiral) and [`SwissRoll`](Map::SwissRoll) act on each component by itself, and grow with it.
///
/// # Example
///
/// ```
/// use mdm_core::ground_truth::Map;
///
/// assert_eq!(Map::HalfCube.apply(&[4.0, -9.0]), [8.0, -27.0]);
/// // A quarter turn for |x|² = 1.
/// let spiral = Map::Spiral { plane: [0, 1], speed: std::f64::consts::FRAC_PI_2 };
/// let turned = spiral.apply(&[1.0, 0.0]);
/// assert!(turned[0].abs() < 1e-15 && turned[1] == 1.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Map {
    /// `x`.
    Identity,
    /// `x √|x|`: longer tails.
    HalfCube,
    /// `x³`: tails longer still.
    Cube,
    /// `asinh x`: shorter tails, for Student-t variables.
    Asinh,
    /// `Φ(x)`, the distribution function of the standard normal law: a normal variable becomes uniform.
    NormalCdf,
    /// `x + 0.4 sin x + 0.2 sin(1.7 x + 1) + 0.03 sin(3.3 x − 2.5)`.
    WigglyX,
    /// `x − 0.4 sin(0.4 x) + 0.17 sin(1.3 x + 3.5) + 0.02 sin(4.3 x − 2.5)`.
    WigglyY,
    /// `F⁻¹(Φ(x))` with the distribution function `F(y) = share Φ(y − means[0]) + (1 − share) Φ(y − means[1])`: a
    /// normal variable gets two modes.
    Bimodal {
        /// Weight of the first mode, between 0 and 1.
        share: f64,
        /// Where the modes are.
        means: [f64; 2],
    },
    /// A rotation in the plane of two components by the angle `speed · |x|²`. It leaves |x| as it is, so the opposite
    /// speed inverts it.
    Spiral {
        /// The two components, counted from 0.
        plane: [usize; 2],
        /// Radians for a unit of |x|².
        speed: f64,
    },
    /// `(t cos t, t sin t) / 21` with `t = 1.5 π (1 + 2 x)`: a single component, which must be in [0, 1] (anything
    /// above −½ can be inverted), becomes a curve in the plane.
    SwissRoll,
}

impl Map {
    /// Dimensions of the image of a variable of `dims` dimensions.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] when there are fewer than the map needs, or a parameter is out of its range.
    pub fn dims(self, dims: usize) -> Result<usize, Error> {
        match self {
            Self::SwissRoll if dims != 1 => {
                let expected = "a variable of one component for a Swiss roll";
                Err(invalid("maps", expected, dims.to_string()))
            }
            Self::SwissRoll => Ok(2),
            Self::Spiral { plane, speed } => {
                let [i, j] = plane;
                if i == j || i.max(j) >= dims || !speed.is_finite() {
                    let expected = "two components of the variable and a finite speed for a spiral";
                    let found = format!("{plane:?} of {dims} at {speed}");
                    return Err(invalid("maps", expected, found));
                }
                Ok(dims)
            }
            Self::Bimodal { share, means } => {
                let in_range = share > 0.0 && share < 1.0 && means.iter().all(|m| m.is_finite());
                if !in_range {
                    let expected = "a share between 0 and 1 and finite means for two modes";
                    let found = format!("{share} and {means:?}");
                    return Err(invalid("maps", expected, found));
                }
                Ok(dims)
            }
            _ => Ok(dims),
        }
    }

    /// The image of one value.
    ///
    /// # Panics
    ///
    /// When [`dims`](Self::dims) of its dimensions is an error.
    pub fn apply(self, x: &[f64]) -> Vec<f64> {
        let each = |map: fn(f64) -> f64| x.iter().map(|&x| map(x)).collect();
        match self {
            Self::Identity => x.to_vec(),
            Self::HalfCube => each(|x| x * x.abs().sqrt()),
            Self::Cube => each(|x| x.powi(3)),
            Self::Asinh => each(f64::asinh),
            Self::NormalCdf => each(normal::cdf),
            Self::WigglyX => each(|x| {
                x + 0.4 * x.sin() + 0.2 * (1.7 * x + 1.0).sin() + 0.03 * (3.3 * x - 2.5).sin()
            }),
            Self::WigglyY => each(|x| {
                x - 0.4 * (0.4 * x).sin()
                    + 0.17 * (1.3 * x + 3.5).sin()
                    + 0.02 * (4.3 * x - 2.5).sin()
            }),
            Self::Bimodal { share, means } => {
                x.iter().map(|&x| two_modes(share, means, x)).collect()
            }
            Self::Spiral {
                plane: [i, j],
                speed,
            } => {
                let (sine, cosine) = (speed * x.iter().map(|x| x * x).sum::<f64>()).sin_cos();
                let mut turned = x.to_vec();
                turned[i] = cosine * x[i] - sine * x[j];
                turned[j] = sine * x[i] + cosine * x[j];
                turned
            }
            Self::SwissRoll => {
                let t = 1.5 * PI * (1.0 + 2.0 * x[0]);
                vec![t * t.cos() / 21.0, t * t.sin() / 21.0]
            }
        }
    }
}

/// The y of `F(y) = Φ(x)`, by bisection.
fn two_modes(share: f64, means: [f64; 2], x: f64) -> f64 {
    let p = normal::cdf(x);
    // F lies between the distribution functions of its two modes.
    let mut low = x + means[0].min(means[1]);
    let mut high = x + means[0].max(means[1]);
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        let mixture =
            share * normal::cdf(middle - means[0]) + (1.0 - share) * normal::cdf(middle - means[1]);
        if mixture < p {
            low = middle;
        } else {
            high = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BIMODAL: Map = Map::Bimodal {
        share: 0.3,
        means: [0.0, 5.0],
    };

    fn at(map: Map, x: f64) -> f64 {
        map.apply(&[x])[0]
    }

    fn grid() -> impl Iterator<Item = f64> {
        (-600..=600).map(|step| f64::from(step) / 100.0)
    }

    #[test]
    fn maps_of_components_grow() {
        for map in [
            Map::Identity,
            Map::HalfCube,
            Map::Cube,
            Map::Asinh,
            Map::NormalCdf,
            Map::WigglyX,
            Map::WigglyY,
            BIMODAL,
        ] {
            let values: Vec<f64> = grid().map(|x| at(map, x)).collect();
            assert!(values.windows(2).all(|pair| pair[0] < pair[1]), "{map:?}");
        }
    }

    #[test]
    fn maps_have_their_inverses() {
        for x in grid() {
            let back = at(Map::HalfCube, x);
            assert!((back.abs().powf(2.0 / 3.0) * x.signum() - x).abs() < 1e-12);
            assert!((at(Map::Cube, x).cbrt() - x).abs() < 1e-12);
            assert!((at(Map::Asinh, x).sinh() - x).abs() < 1e-12);
            // Above 0 the digits of Φ run out.
            let below = -x.abs();
            let error = normal::quantile(at(Map::NormalCdf, below)) - below;
            assert!(error.abs() < 1e-10, "{x}");
        }
    }

    #[test]
    fn bimodal_solves_its_equation() {
        for x in grid() {
            let y = at(BIMODAL, x);
            let mixture = 0.3 * normal::cdf(y) + 0.7 * normal::cdf(y - 5.0);
            assert!((mixture - normal::cdf(x)).abs() < 1e-14, "{x}");
        }
        let same = Map::Bimodal {
            share: 0.5,
            means: [1.0, 1.0],
        };
        assert_eq!(at(same, 0.25), 1.25);
    }

    #[test]
    fn the_opposite_speed_inverts_a_spiral() {
        let x = [0.5, -1.0, 2.0];
        let turn = |speed| Map::Spiral {
            plane: [1, 2],
            speed,
        };
        let turned = turn(0.7).apply(&x);
        let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
        assert!((norm(&turned) - norm(&x)).abs() < 1e-12);
        assert_eq!(turned[0], x[0]);
        assert!((turned[1] - x[1]).abs() > 0.1);
        for (back, x) in turn(-0.7).apply(&turned).iter().zip(x) {
            assert!((back - x).abs() < 1e-12);
        }
    }

    #[test]
    fn the_radius_tells_the_place_on_a_swiss_roll() {
        for step in 0..=10 {
            let x = f64::from(step) / 10.0;
            let point = Map::SwissRoll.apply(&[x]);
            let t = 21.0 * point[0].hypot(point[1]);
            assert!((0.5 * (t / (1.5 * PI) - 1.0) - x).abs() < 1e-12);
        }
    }

    #[test]
    fn maps_know_what_they_need() {
        assert_eq!(Map::SwissRoll.dims(1), Ok(2));
        assert_eq!(Map::Cube.dims(7), Ok(7));
        let spiral = |plane, speed| Map::Spiral { plane, speed };
        assert_eq!(spiral([0, 1], 1.0).dims(2), Ok(2));
        let modes = |share, mean| Map::Bimodal {
            share,
            means: [0.0, mean],
        };
        for (map, dims) in [
            (Map::SwissRoll, 2),
            (spiral([0, 2], 1.0), 2),
            (spiral([1, 1], 1.0), 2),
            (spiral([0, 1], f64::NAN), 2),
            (modes(1.0, 0.0), 1),
            (modes(0.5, f64::INFINITY), 1),
        ] {
            assert!(map.dims(dims).is_err(), "{map:?}");
        }
    }
}
