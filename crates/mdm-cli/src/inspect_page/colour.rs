//! The ramp of the heat maps.

/// Ten steps of viridis, from low to high: told apart with any colour vision and in grey (van der Walt and Smith, 2015).
const VIRIDIS: [[u8; 3]; 10] = [
    [0x44, 0x01, 0x54],
    [0x48, 0x28, 0x78],
    [0x3e, 0x49, 0x89],
    [0x31, 0x68, 0x8e],
    [0x26, 0x82, 0x8e],
    [0x1f, 0x9e, 0x89],
    [0x35, 0xb7, 0x79],
    [0x6e, 0xce, 0x58],
    [0xb5, 0xde, 0x2b],
    [0xfd, 0xe7, 0x25],
];

/// Levels that a heat map distinguishes: more than the eye does, few enough that equal neighbours join.
pub const LEVELS: usize = 49;

/// The colour of a level below [`LEVELS`], as `#rrggbb`.
pub fn of_level(level: usize) -> String {
    let place = level as f64 / (LEVELS - 1) as f64 * (VIRIDIS.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    let channel = |c: usize| {
        let [below, above] = [below, above].map(|step| f64::from(VIRIDIS[step][c]));
        (below + (above - below) * place.fract()).round() as u8
    };
    format!("#{:02x}{:02x}{:02x}", channel(0), channel(1), channel(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ramp_runs_from_end_to_end_and_gets_lighter() {
        assert_eq!(of_level(0), "#440154");
        assert_eq!(of_level(LEVELS - 1), "#fde725");
        let lightness = |level| {
            let hex = of_level(level);
            let channel = |at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
            0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
        };
        assert!((1..LEVELS).all(|level| lightness(level) > lightness(level - 1)));
    }
}
