//! What is on a figure and where.

use anyhow::{anyhow, bail};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{BAR, Colour, Figure, Panel, Series, Stroke};

/// The family that the SVG asks for, under which the embedded font is known too.
pub const FONT: &str = "sans-serif";

/// Sizes at scale 1, in the units of the SVG.
const PANEL: (u32, u32) = (520, 400);
const CAPTION: u32 = 30;
const TITLE_TEXT: u32 = 18;
const TEXT: u32 = 15;

/// Most ticks of an axis.
const TICKS: usize = 9;

/// Width and height of a figure at scale 1.
pub fn size(figure: &Figure) -> (u32, u32) {
    (PANEL.0 * figure.panels.len() as u32, PANEL.1 + CAPTION)
}

/// Draws a figure, every length times `scale`.
///
/// # Errors
///
/// A panel without a finite point, and what the backend refuses.
pub fn draw<DB: DrawingBackend>(
    figure: &Figure,
    area: &DrawingArea<DB, Shift>,
    scale: u32,
) -> anyhow::Result<()> {
    area.fill(&WHITE).map_err(refused)?;
    let (panels, below) = area.split_vertically(PANEL.1 * scale);
    let places = panels.split_evenly((1, figure.panels.len()));
    for (panel, place) in figure.panels.iter().zip(&places) {
        draw_panel(panel, place, scale)?;
    }
    let (width, height) = below.dim_in_pixel();
    let middle = ((width / 2) as i32, (height / 2) as i32 - 4 * scale as i32);
    let style = text(TEXT, scale).pos(Pos::new(HPos::Center, VPos::Center));
    below
        .draw(&Text::new(figure.caption.clone(), middle, style))
        .map_err(refused)?;
    area.present().map_err(refused)
}

fn draw_panel<DB: DrawingBackend>(
    panel: &Panel,
    area: &DrawingArea<DB, Shift>,
    scale: u32,
) -> anyhow::Result<()> {
    let Some((x_range, y_range)) = ranges(panel) else {
        bail!("nothing to draw in the panel `{}`", panel.title);
    };
    let numbers = ticks(x_range.end - x_range.start);
    let x_ticks = |value: &f64| match panel.x_names.is_empty() {
        true => numbers(value),
        false => name_at(&panel.x_names, *value),
    };
    let y_ticks = ticks(y_range.end - y_range.start);
    let mut chart = ChartBuilder::on(area)
        .margin(12 * scale)
        .caption(&panel.title, text(TITLE_TEXT, scale))
        .x_label_area_size(48 * scale)
        .y_label_area_size(60 * scale)
        .build_cartesian_2d(x_range, y_range)
        .map_err(refused)?;
    chart
        .configure_mesh()
        .x_labels(TICKS)
        .y_labels(TICKS)
        .x_label_formatter(&x_ticks)
        .y_label_formatter(&y_ticks)
        .x_desc(&panel.x_label)
        .y_desc(&panel.y_label)
        .label_style(text(TEXT, scale))
        .axis_desc_style(text(TEXT, scale))
        .axis_style(BLACK.stroke_width(scale))
        .bold_line_style(RGBColor(225, 225, 225).stroke_width(scale))
        .light_line_style(TRANSPARENT)
        .set_all_tick_mark_size(4 * scale)
        .draw()
        .map_err(refused)?;

    for series in panel
        .series
        .iter()
        .filter(|series| series.stroke != Stroke::Bars)
    {
        let there = series.band.iter();
        let lower = there.clone().map(|&(x, lower, _)| (x, lower));
        let upper = there.rev().map(|&(x, _, upper)| (x, upper));
        let outline: Vec<(f64, f64)> = lower.chain(upper).collect();
        if !outline.is_empty() {
            let band = Polygon::new(outline, shade(series.colour));
            chart.draw_series([band]).map_err(refused)?;
        }
    }
    for series in &panel.series {
        draw_line(&mut chart, series, scale)?;
    }
    let area = chart.plotting_area().strip_coord_spec();
    draw_legend(&panel.series, &area, scale)
}

type Chart<'a, DB> = ChartContext<'a, DB, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

fn draw_line<DB: DrawingBackend>(
    chart: &mut Chart<DB>,
    series: &Series,
    scale: u32,
) -> anyhow::Result<()> {
    let colour = rgb(series.colour);
    if series.stroke == Stroke::Bars {
        return draw_bars(chart, series, scale);
    }
    let stroke = colour.stroke_width(2 * scale);
    let path = PathElement::new(series.line.clone(), stroke);
    chart.draw_series([path]).map_err(refused)?;
    if let Some((radius, style)) = mark(series, scale) {
        let mark = |&point: &(f64, f64)| Circle::new(point, radius, style);
        let marks = series.line.iter().map(mark);
        chart.draw_series(marks).map_err(refused)?;
    }
    Ok(())
}

fn draw_bars<DB: DrawingBackend>(
    chart: &mut Chart<DB>,
    series: &Series,
    scale: u32,
) -> anyhow::Result<()> {
    let bar = |&(x, y): &(f64, f64)| {
        let corners = [(x - BAR / 2.0, 0.0), (x + BAR / 2.0, y)];
        Rectangle::new(corners, rgb(series.colour).mix(0.75).filled())
    };
    let bars = series.line.iter().map(bar);
    chart.draw_series(bars).map_err(refused)?;
    let whisker = |&(x, lower, upper): &(f64, f64, f64)| {
        PathElement::new([(x, lower), (x, upper)], BLACK.stroke_width(2 * scale))
    };
    let whiskers = series.band.iter().map(whisker);
    chart.draw_series(whiskers).map_err(refused)?;
    Ok(())
}

/// The name of a whole number; between them stands nothing.
fn name_at(names: &[String], value: f64) -> String {
    let place = value.round();
    let is_whole = (value - place).abs() < 1e-6 && place >= 0.0;
    let name = is_whole.then(|| names.get(place as usize)).flatten();
    name.cloned().unwrap_or_default()
}

/// Radius and style of a point.
fn mark(series: &Series, scale: u32) -> Option<(u32, ShapeStyle)> {
    let colour = rgb(series.colour);
    match series.stroke {
        Stroke::Solid | Stroke::Bars => None,
        Stroke::Dots => Some((3 * scale, colour.filled())),
        Stroke::Rings => Some((6 * scale, colour.stroke_width(2 * scale))),
    }
}

/// The names of the series in the middle at the top, where curves that rise to both sides leave room.
fn draw_legend<DB: DrawingBackend>(
    series: &[Series],
    area: &DrawingArea<DB, Shift>,
    scale: u32,
) -> anyhow::Result<()> {
    let s = scale as i32;
    let (sample, gap, row, margin) = (30 * s, 8 * s, 22 * s, 8 * s);
    let style = text(TEXT, scale).pos(Pos::new(HPos::Left, VPos::Center));
    let mut width = 0;
    for series in series {
        let (label, _) = area
            .estimate_text_size(&series.label, &style)
            .map_err(refused)?;
        width = width.max(sample + gap + label as i32);
    }
    let left = (area.dim_in_pixel().0 as i32 - width) / 2;
    let corner = (left + width + margin, margin + row * series.len() as i32);
    let background = Rectangle::new([(left - margin, margin), corner], WHITE.mix(0.85).filled());
    area.draw(&background).map_err(refused)?;
    for (place, series) in series.iter().enumerate() {
        let y = margin + row * place as i32 + row / 2;
        let end = left + sample;
        if !series.band.is_empty() {
            let band = [(left, y - 6 * s), (end, y + 6 * s)];
            area.draw(&Rectangle::new(band, shade(series.colour)))
                .map_err(refused)?;
        }
        let colour = rgb(series.colour);
        if !series.line.is_empty() {
            let line = PathElement::new([(left, y), (end, y)], colour.stroke_width(2 * scale));
            area.draw(&line).map_err(refused)?;
        }
        if let Some((radius, style)) = mark(series, scale) {
            let mark = Circle::new((left + sample / 2, y), radius, style);
            area.draw(&mark).map_err(refused)?;
        }
        let label = Text::new(series.label.clone(), (end + gap, y), style.clone());
        area.draw(&label).map_err(refused)?;
    }
    Ok(())
}

/// The axes: all points, and 0 among the values.
fn ranges(panel: &Panel) -> Option<(std::ops::Range<f64>, std::ops::Range<f64>)> {
    let of_series = |series: &Series| {
        let line = series.line.clone().into_iter();
        let band = series.band.clone().into_iter();
        line.chain(band.flat_map(|(x, lower, upper)| [(x, lower), (x, upper)]))
    };
    let points = panel.series.iter().flat_map(of_series);
    let mut bounds: Option<[f64; 4]> = None;
    for (x, y) in points.filter(|(x, y)| x.is_finite() && y.is_finite()) {
        let [left, right, low, high] = bounds.unwrap_or([x, x, 0.0, 0.0]);
        bounds = Some([left.min(x), right.max(x), low.min(y), high.max(y)]);
    }
    let [left, right, low, high] = bounds?;
    // An axis has a length, and a line at its end would be cut in half.
    let spare = |length: f64| if length > 0.0 { 0.04 * length } else { 1.0 };
    let (x_spare, y_spare) = (spare(right - left), spare(high - low));
    let low = if low < 0.0 { low - y_spare } else { 0.0 };
    Some((left - x_spare..right + x_spare, low..high + y_spare))
}

/// Ticks with a true minus, and as many decimals as steps of `length / TICKS` or more need.
fn ticks(length: f64) -> impl Fn(&f64) -> String {
    let digits = (TICKS as f64 / length).log10().ceil().max(0.0) as usize;
    move |value| {
        let text = format!("{value:.digits$}");
        match text.strip_prefix('-') {
            // No minus on a 0 that was rounded to it.
            Some(text) if text.bytes().all(|byte| matches!(byte, b'0' | b'.')) => text.to_owned(),
            Some(text) => format!("−{text}"),
            None => text,
        }
    }
}

fn text(size: u32, scale: u32) -> TextStyle<'static> {
    (FONT, f64::from(size * scale)).into_text_style(&(1, 1))
}

fn rgb(Colour(red, green, blue): Colour) -> RGBColor {
    RGBColor(red, green, blue)
}

fn shade(colour: Colour) -> ShapeStyle {
    rgb(colour).mix(0.2).filled()
}

fn refused(error: impl std::error::Error) -> anyhow::Error {
    anyhow!("cannot draw: {error}")
}
