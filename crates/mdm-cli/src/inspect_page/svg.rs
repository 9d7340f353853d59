//! A picture as SVG inside a page: a few shapes, each with a class for its colour and a tooltip where one helps.
//!
//! Colours are classes so that the style sheet of the page can choose them, for a light screen and a dark one. The
//! figures of `plot`, which stand alone as files, cannot do that.

use std::fmt::Write;

use super::escape::escape;

/// A picture in the making. Lengths are in CSS pixels at full size.
pub struct Svg {
    width: f64,
    height: f64,
    alt: String,
    body: String,
}

/// Which point of a text stands where it is put.
#[derive(Clone, Copy)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    /// An empty picture. `alt` says in a sentence what is on it.
    pub fn new(width: f64, height: f64, alt: impl Into<String>) -> Self {
        Self {
            width,
            height,
            alt: alt.into(),
            body: String::new(),
        }
    }

    pub fn rect(&mut self, class: &str, [x, y, width, height]: [f64; 4]) {
        let [x, y, width, height] = [x, y, width, height].map(px);
        self.push(format_args!(
            r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}"/>"#
        ));
    }

    /// A rectangle with a colour of its own.
    pub fn swatch(&mut self, colour: &str, [x, y, width, height]: [f64; 4]) {
        let [x, y, width, height] = [x, y, width, height].map(px);
        self.push(format_args!(
            r#"<rect fill="{colour}" x="{x}" y="{y}" width="{width}" height="{height}"/>"#
        ));
    }

    pub fn line(&mut self, class: &str, [x1, y1, x2, y2]: [f64; 4]) {
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(px);
        self.push(format_args!(
            r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#
        ));
    }

    /// Everything under a path, given as SVG path data, in one colour.
    pub fn area(&mut self, colour: &str, data: &str) {
        self.push(format_args!(r#"<path fill="{colour}" d="{data}"/>"#));
    }

    pub fn text(&mut self, class: &str, anchor: Anchor, (x, y): (f64, f64), text: &str) {
        let place = format!(r#"x="{}" y="{}""#, px(x), px(y));
        self.placed_text(class, anchor, &place, text);
    }

    /// A text that is read from bottom to top.
    pub fn upright(&mut self, class: &str, anchor: Anchor, (x, y): (f64, f64), text: &str) {
        let place = format!(r#"transform="translate({} {}) rotate(-90)""#, px(x), px(y));
        self.placed_text(class, anchor, &place, text);
    }

    fn placed_text(&mut self, class: &str, anchor: Anchor, place: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escape(text);
        self.push(format_args!(
            r#"<text class="{class}" text-anchor="{anchor}" {place}>{text}</text>"#
        ));
    }

    /// Shapes that share a tooltip.
    pub fn group(&mut self, tooltip: &str, draw: impl FnOnce(&mut Self)) {
        self.push(format_args!("<g><title>{}</title>", escape(tooltip)));
        draw(self);
        self.push(format_args!("</g>"));
    }

    /// The finished element. It becomes as wide as it is on a wide screen, and shrinks to `least` pixels on a narrow one.
    pub fn finish(self, least: f64) -> String {
        let Self {
            width,
            height,
            alt,
            body,
        } = self;
        let [width, height, least] = [width, height, least].map(px);
        let alt = escape(&alt);
        format!(
            "<svg role=\"img\" aria-label=\"{alt}\" viewBox=\"0 0 {width} {height}\" \
             style=\"width:{width}px;min-width:{least}px\">\n{body}</svg>\n"
        )
    }

    fn push(&mut self, element: std::fmt::Arguments) {
        writeln!(self.body, "{element}").expect("a string takes everything");
    }
}

/// A length with at most two decimals.
pub fn px(length: f64) -> String {
    let text = format!("{length:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_short() {
        let lengths = [12.0, 0.5, 1.0 / 3.0, -0.001, 100.0].map(px);
        assert_eq!(lengths, ["12", "0.5", "0.33", "0", "100"]);
    }

    #[test]
    fn text_is_text_everywhere() {
        let mut svg = Svg::new(10.0, 10.0, "a \"picture\"");
        svg.group("1 < 2", |svg| {
            svg.text("label", Anchor::Start, (0.0, 0.0), "<b>")
        });
        let svg = svg.finish(10.0);
        for part in ["&quot;picture&quot;", "1 &lt; 2", "&lt;b&gt;"] {
            assert!(svg.contains(part), "{svg}");
        }
    }
}
