//! Figures: lines with bands, or bars, in panels side by side, as SVG and as PNG.
//!
//! The font is inside the binary, so that a figure needs none of the system.

mod draw;
mod image;

use std::path::Path;

use mdm_train::write_atomically;

/// A figure.
pub struct Figure {
    /// From left to right.
    pub panels: Vec<Panel>,
    /// One line below the panels.
    pub caption: String,
}

/// Lines over common axes. The y axis starts at 0 unless values are negative.
pub struct Panel {
    pub title: String,
    /// With the unit.
    pub x_label: String,
    /// What stands at 0, 1, … on the x axis instead of these numbers; none: the numbers.
    pub x_names: Vec<String>,
    /// With the unit.
    pub y_label: String,
    /// What comes later lies on top; bands lie below all lines.
    pub series: Vec<Series>,
}

/// A line, a band, or both, under one name of the legend.
pub struct Series {
    pub label: String,
    pub colour: Colour,
    pub stroke: Stroke,
    /// Points `(x, y)`.
    pub line: Vec<(f64, f64)>,
    /// Points `(x, lower, upper)`.
    pub band: Vec<(f64, f64, f64)>,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stroke {
    Solid,
    /// With a dot at each point, for what was measured.
    Dots,
    /// With a ring at each point, which is seen around the dots of a line that runs alike.
    Rings,
    /// No line but a bar from 0 to each point, whose band is a whisker.
    Bars,
}

/// Width of a bar, on the x axis.
pub const BAR: f64 = 0.38;

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

pub const BLACK: Colour = Colour(0, 0, 0);

/// Colours that are told apart with any colour vision (Okabe and Ito, "Color Universal Design", 2008).
pub const PALETTE: [Colour; 6] = [
    Colour(0, 114, 178),   // blue
    Colour(213, 94, 0),    // vermillion
    Colour(0, 158, 115),   // bluish green
    Colour(204, 121, 167), // reddish purple
    Colour(230, 159, 0),   // orange
    Colour(86, 180, 233),  // sky blue
];

/// Writes `NAME.svg` and `NAME.png` into a folder.
///
/// # Errors
///
/// What keeps the figure from being drawn or written.
pub fn write(figure: &Figure, folder: &Path, name: &str) -> anyhow::Result<()> {
    let svg = image::svg(figure)?;
    write_atomically(&folder.join(format!("{name}.svg")), svg.as_bytes())?;
    let png = image::png(figure)?;
    Ok(write_atomically(&folder.join(format!("{name}.png")), &png)?)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn figure() -> Figure {
        let series = |label: &str, stroke, slope: f64| Series {
            label: label.into(),
            colour: PALETTE[0],
            stroke,
            line: vec![(-1.0, slope), (0.0, 0.0), (1.0, slope)],
            band: vec![(-1.0, 0.9 * slope, 1.1 * slope), (1.0, slope, slope)],
        };
        let panel = |title: &str| Panel {
            title: title.into(),
            x_label: "correlation ρ".into(),
            x_names: Vec::new(),
            y_label: "nats".into(),
            series: vec![
                series("first", Stroke::Dots, 1.0),
                series("second < third", Stroke::Rings, 2.0),
            ],
        };
        Figure {
            panels: vec![panel("left"), panel("right")],
            caption: "a caption".into(),
        }
    }

    #[test]
    fn svg_holds_every_text() {
        let svg = image::svg(&figure()).unwrap();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        for text in [
            "left",
            "right",
            "correlation ρ",
            "nats",
            "first",
            "a caption",
        ] {
            assert!(svg.contains(text), "{text}");
        }
        assert!(svg.contains("second &lt; third"));
    }

    #[test]
    fn png_holds_the_colours_of_the_series() {
        let bytes = image::png(&figure()).unwrap();
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        // Signature, header with width and height, data, end.
        assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"));
        assert!(bytes.ends_with(b"\0\0\0\0IEND\xae\x42\x60\x82"));
        let (width, height) = (number(16) as usize, number(20) as usize);
        let data = &bytes[41..41 + number(33) as usize];
        let mut rows = Vec::new();
        flate2::read::ZlibDecoder::new(data)
            .read_to_end(&mut rows)
            .unwrap();
        assert_eq!(rows.len(), height * (1 + 3 * width));
        let mut pixels = rows
            .chunks(1 + 3 * width)
            .flat_map(|row| row[1..].chunks(3));
        let mut is_there = |Colour(r, g, b)| pixels.any(|pixel| pixel == [r, g, b]);
        assert!(is_there(PALETTE[0]));
        assert!(is_there(Colour(255, 255, 255)));
        assert!(!is_there(PALETTE[1]));
    }

    #[test]
    fn bars_stand_over_names() {
        let mut figure = figure();
        let panel = &mut figure.panels[0];
        panel.x_names = vec!["one".into(), "other".into()];
        panel.series[0].stroke = Stroke::Bars;
        panel.series[0].line = vec![(0.0, 1.0), (1.0, 2.0)];
        panel.series[0].band = vec![(0.0, 0.5, 1.5)];
        let svg = image::svg(&figure).unwrap();
        assert!(svg.contains("one") && svg.contains("other"));
    }

    #[test]
    fn what_cannot_be_drawn_is_an_error() {
        let mut empty = figure();
        for series in &mut empty.panels[1].series {
            series.line = vec![(f64::NAN, 1.0)];
            series.band.clear();
        }
        let message = image::svg(&empty).unwrap_err().to_string();
        assert!(message.contains("`right`"), "{message}");
    }
}
