//! One utterance over time: a heat map a modality, with the words at their steps.

use std::collections::BTreeMap;
use std::fmt::Write;

use mdm_data::corpus::{Features, Modality, ModalityInfo, Utterance};
use mdm_data::inspect::{FeatureSummary, FiveNumbers};

use super::axis::{number, ticks};
use super::colour::{self, LEVELS};
use super::svg::{Anchor, Svg, px};

const LEFT: f64 = 48.0;
const PLOT: f64 = 760.0;
const WIDTH: f64 = LEFT + PLOT + 16.0;
/// Above a heat map: its name. Below it: the steps.
const NAME: f64 = 28.0;
const BELOW: f64 = 24.0;
const LEGEND: f64 = 64.0;

/// Values further from the median than this many units have the last colour.
const CLIP: f64 = 3.0;

/// Letters of a word that the axis shows.
const LETTERS: usize = 16;
/// Room for a letter and for a line of upright text.
const LETTER: f64 = 7.0;
const LINE: f64 = 13.0;

/// Draws the modalities of an utterance. `ranges` are the features of the corpus, which give the scale.
pub fn draw(
    utterance: &Utterance,
    modalities: &[ModalityInfo],
    ranges: &[FeatureSummary],
) -> String {
    let heat_maps = || modalities.iter().zip(&utterance.features);
    // The words stand once, above the first modality that they belong to step by step.
    let words_at = has_words_by_step(utterance);
    let words_height = match words_at {
        Some(_) => words_height(&utterance.words),
        None => 0.0,
    };
    let heights =
        heat_maps().map(|(info, _)| NAME + row_height(info.dim) * info.dim as f64 + BELOW);
    let bottom = words_height + heights.sum::<f64>();
    let names = heat_maps().map(|(info, _)| info.modality.to_string());
    let alt = format!(
        "Heat map of the features of one utterance over its steps: {}",
        names.collect::<Vec<_>>().join(", ")
    );
    let mut svg = Svg::new(WIDTH, bottom + LEGEND, alt);

    let mut top = 0.0;
    for (place, (info, features)) in heat_maps().enumerate() {
        let steps = match features.steps() {
            1 => "1 step".to_owned(),
            steps => format!("{steps} steps"),
        };
        let title = format!("{}: {} features × {steps}", info.modality, info.dim);
        svg.text("name", Anchor::Start, (LEFT, top + 16.0), &title);
        top += NAME;
        if words_at == Some(place) {
            top += words_height;
            draw_words(&mut svg, &utterance.words, top);
        }
        let ranges = ranges.iter().filter(|r| r.modality == info.modality);
        let ranges: Vec<_> = ranges.map(|feature| feature.range).collect();
        draw_heat_map(&mut svg, features, &ranges, top);
        draw_steps(&mut svg, info.modality, features, &utterance.words, top);
        top += row_height(info.dim) * info.dim as f64 + BELOW;
    }
    draw_legend(&mut svg, bottom + 20.0);
    svg.finish(680.0)
}

/// The first modality with a step for every word.
pub fn has_words_by_step(utterance: &Utterance) -> Option<usize> {
    let features = &utterance.features;
    let belongs = |f: &Features| f.steps() == utterance.words.len();
    features.iter().position(belongs)
}

/// Between one pixel and a line of text.
fn row_height(dim: usize) -> f64 {
    (200.0 / dim as f64).clamp(1.0, 14.0)
}

fn words_height(words: &[String]) -> f64 {
    let letters = words.iter().map(|word| word.chars().count()).max();
    LETTER * letters.unwrap_or(0).min(LETTERS) as f64 + 6.0
}

fn draw_words(svg: &mut Svg, words: &[String], bottom: f64) {
    let width = PLOT / words.len() as f64;
    // Of words that would lie over each other only some are shown; the tooltips have all.
    let every = (LINE / width).ceil() as usize;
    for (step, word) in words.iter().enumerate().step_by(every) {
        let x = LEFT + width * (step as f64 + 0.5) + 4.0;
        svg.upright("word", Anchor::Start, (x, bottom - 4.0), &short(word));
    }
}

fn short(word: &str) -> String {
    if word.chars().count() <= LETTERS {
        return word.to_owned();
    }
    word.chars().take(LETTERS - 1).chain(['…']).collect()
}

fn draw_heat_map(svg: &mut Svg, features: &Features, ranges: &[Option<FiveNumbers>], top: f64) {
    let (row, width) = (row_height(features.dim()), PLOT / features.steps() as f64);
    svg.rect("frame", [LEFT, top, PLOT, row * features.dim() as f64]);
    // All cells of a colour are one path: a picture of 300 features and 50 steps stays small.
    let mut paths: BTreeMap<usize, String> = BTreeMap::new();
    for (feature, range) in ranges.iter().enumerate() {
        let y = top + row * feature as f64;
        let levels: Vec<_> = features
            .rows()
            .map(|frame| level(frame[feature], range))
            .collect();
        let mut step = 0;
        for run in levels.chunk_by(PartialEq::eq) {
            let x = LEFT + width * step as f64;
            step += run.len();
            if let Some(level) = run[0] {
                let (x, y, width) = (px(x), px(y), px(width * run.len() as f64));
                let path = paths.entry(level).or_default();
                write!(path, "M{x} {y}h{width}v{0}h-{width}z", px(row))
                    .expect("a string takes everything");
            }
        }
    }
    for (level, path) in paths {
        svg.area(&colour::of_level(level), &path);
    }
    for feature in ticks(0.0, features.dim() as f64 - 1.0, 5) {
        if feature.fract() == 0.0 {
            let y = top + (feature + 0.5) * row + 4.0;
            svg.text("tick", Anchor::End, (LEFT - 6.0, y), &number(feature, 0));
        }
    }
    let middle = (12.0, top + row * features.dim() as f64 / 2.0);
    svg.upright("axis-name", Anchor::Middle, middle, "feature");
}

/// The colour of a value; none for one that is no number.
fn level(value: f32, range: &Option<FiveNumbers>) -> Option<usize> {
    let scaled = range.as_ref()?.scaled(value).clamp(-CLIP, CLIP);
    let share = (scaled + CLIP) / (2.0 * CLIP);
    value
        .is_finite()
        .then(|| (share * (LEVELS - 1) as f64).round() as usize)
}

/// Numbers below the heat map, and a tooltip over each step.
fn draw_steps(svg: &mut Svg, modality: Modality, features: &Features, words: &[String], top: f64) {
    let steps = features.steps();
    let width = PLOT / steps as f64;
    let bottom = top + row_height(features.dim()) * features.dim() as f64;
    for step in ticks(0.0, steps as f64 - 1.0, 20) {
        if step.fract() == 0.0 {
            let x = LEFT + width * (step + 0.5);
            svg.text("tick", Anchor::Middle, (x, bottom + 14.0), &number(step, 0));
        }
    }
    svg.text(
        "axis-name",
        Anchor::End,
        (LEFT - 6.0, bottom + 14.0),
        "step",
    );
    for step in 0..steps {
        let mut tooltip = format!("{modality}, step {step}");
        if steps == words.len() {
            write!(tooltip, ": {}", words[step]).expect("a string takes everything");
        }
        let column = [LEFT + width * step as f64, top, width, bottom - top];
        svg.group(&tooltip, |svg| svg.rect("hit", column));
    }
}

fn draw_legend(svg: &mut Svg, top: f64) {
    let width = 240.0 / LEVELS as f64;
    for level in 0..LEVELS {
        // A little wider, so that no gap shows between neighbours.
        let x = LEFT + width * level as f64;
        svg.swatch(&colour::of_level(level), [x, top, width + 0.5, 12.0]);
    }
    for value in [-CLIP, 0.0, CLIP] {
        let x = LEFT + 240.0 * (value + CLIP) / (2.0 * CLIP);
        svg.text("tick", Anchor::Middle, (x, top + 26.0), &number(value, 0));
    }
    let name = "(value − median) / interquartile range; blank: not a number";
    svg.text("axis-name", Anchor::Start, (LEFT + 262.0, top + 10.0), name);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_follow_the_scale_and_leave_out_what_is_no_number() {
        let range = FiveNumbers::of(&mut [0.0, 1.0, 2.0, 3.0, 4.0]);
        let levels = [-100.0, 2.0, 100.0, f32::NAN, f32::INFINITY].map(|v| level(v, &range));
        let last = LEVELS - 1;
        assert_eq!(levels, [Some(0), Some(last / 2), Some(last), None, None]);
        assert_eq!(level(1.0, &None), None);
    }

    #[test]
    fn long_words_are_cut() {
        assert_eq!(short("good"), "good");
        assert_eq!(short("incomprehensibilities"), "incomprehensibi…");
    }

    #[test]
    fn words_belong_to_the_modality_with_as_many_steps() {
        let mut utterance = Utterance {
            words: vec!["a".into(), "b".into()],
            features: vec![Features::zeros(3, 1), Features::zeros(2, 1)],
            ..Utterance::default()
        };
        assert_eq!(has_words_by_step(&utterance), Some(1));
        utterance.words.clear();
        assert_eq!(has_words_by_step(&utterance), None);
    }
}
