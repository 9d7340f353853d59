//! How frequent the emotions are in each split.

use mdm_data::corpus::{Emotions, Split};
use mdm_data::inspect::EmotionSummary;

use super::axis::{number, percent, ticks};
use super::svg::{Anchor, Svg};

const WIDTH: f64 = 380.0;
const LEFT: f64 = 92.0;
const PLOT: f64 = WIDTH - LEFT - 18.0;
const LEGEND: f64 = 28.0;
const BAR: f64 = 10.0;
/// Three bars and the gap to the next emotion.
const EMOTION: f64 = 3.0 * BAR + 14.0;

/// For each emotion a bar a split: the share of utterances in which it is present.
pub fn draw(emotions: &[EmotionSummary]) -> String {
    let bottom = LEGEND + EMOTION * Emotions::NAMES.len() as f64;
    let alt = "Share of utterances in which each emotion is present, one bar for each split";
    let mut svg = Svg::new(WIDTH, bottom + 42.0, alt);
    draw_legend(&mut svg);

    let share = |e: &EmotionSummary| 100.0 * e.present as f64 / e.utterances.max(1) as f64;
    let highest = emotions.iter().map(share).fold(1.0, f64::max);
    for tick in ticks(0.0, highest, 6) {
        let x = LEFT + tick / highest * PLOT;
        svg.line("grid", [x, LEGEND, x, bottom]);
        svg.text("tick", Anchor::Middle, (x, bottom + 15.0), &number(tick, 1));
    }
    for (place, name) in Emotions::NAMES.into_iter().enumerate() {
        let top = LEGEND + EMOTION * place as f64;
        let middle = (LEFT - 8.0, top + 1.5 * BAR + 4.0);
        svg.text("name", Anchor::End, middle, name);
        let of_emotion = emotions.iter().filter(|e| e.emotion == name);
        for (row, emotion) in of_emotion.enumerate() {
            let y = top + BAR * row as f64;
            svg.group(&tooltip(emotion), |svg| {
                let bar = [LEFT, y, share(emotion) / highest * PLOT, BAR - 1.0];
                svg.rect(emotion.split.name(), bar);
                svg.rect("hit", [LEFT, y, PLOT, BAR]);
            });
        }
    }
    svg.line("axis", [LEFT, LEGEND, LEFT, bottom]);
    let middle = (LEFT + PLOT / 2.0, bottom + 34.0);
    svg.text(
        "axis-name",
        Anchor::Middle,
        middle,
        "share of utterances, %",
    );
    svg.finish(300.0)
}

fn draw_legend(svg: &mut Svg) {
    for (place, split) in Split::ALL.into_iter().enumerate() {
        let x = LEFT + 70.0 * place as f64;
        svg.rect(split.name(), [x, 6.0, 12.0, 12.0]);
        svg.text("name", Anchor::Start, (x + 17.0, 16.0), split.name());
    }
}

fn tooltip(emotion: &EmotionSummary) -> String {
    let share = percent(emotion.present as f64, emotion.utterances as f64);
    format!(
        "{}, {}: {} of {} utterances, {share}; mean intensity where present {}",
        emotion.emotion,
        emotion.split,
        emotion.present,
        emotion.utterances,
        number(emotion.intensity, 2)
    )
}

#[cfg(test)]
mod tests {
    use mdm_data::corpus::{Corpus, Utterance};
    use mdm_data::inspect::Distributions;

    use super::*;

    #[test]
    fn a_bar_for_every_emotion_and_split() {
        let mut corpus = Corpus::new("t", vec![]);
        for fear in [0.0, 0.0, 1.0, 2.0] {
            corpus.test.push(Utterance {
                emotions: Some(Emotions([0.0, 0.0, 0.0, 0.0, 0.0, fear])),
                ..Utterance::default()
            });
        }
        let svg = draw(&Distributions::of(&corpus, None).emotions);
        assert_eq!(svg.matches("<g><title>").count(), 18);
        let tooltip = "fear, test: 2 of 4 utterances, 50 %; mean intensity where present 1.5";
        assert!(svg.contains(tooltip), "{svg}");
        for name in Emotions::NAMES {
            assert!(svg.contains(&format!(">{name}</text>")), "{name}");
        }
    }
}
