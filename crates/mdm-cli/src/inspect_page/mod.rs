//! `mdm data inspect --html`: a corpus in one page that needs nothing else, neither the network nor a file beside it.
//!
//! `mdm_data::inspect` counts; here is what turns the counts into tables and pictures. A picture is a file with one
//! function that gives an SVG element; [`render`] says which stand where. The figures of [`crate::plot`] are for files:
//! they have colours of their own and no tooltips, while these follow the page into the dark.
//!
//! The same corpus gives the same bytes.

mod axis;
mod chosen;
mod colour;
mod emotions;
mod escape;
mod features;
mod histogram;
mod html;
mod labels;
mod lengths;
mod source;
mod svg;
mod utterance;

use mdm_data::corpus::{Corpus, Emotions};
use mdm_data::inspect::{Distributions, Summary};
use mdm_data::store::Manifest;

use self::axis::number;
pub use self::chosen::Chosen;
use self::html::{facts, figure, list, paragraph, row, section, table};

/// What the page shows.
pub struct Page<'a> {
    pub corpus: &'a Corpus,
    pub summary: &'a Summary,
    pub distributions: &'a Distributions,
    /// Where it comes from, if it is a prepared store.
    pub manifest: Option<&'a Manifest>,
    /// The utterance that is drawn; none for a corpus without utterances.
    pub utterance: Option<Chosen<'a>>,
}

/// The page as HTML.
pub fn render(page: &Page) -> String {
    let mut body = overview(page);
    let [label_table, length_table, value_table] = page.summary.tables();

    let labels = labels::draw(&page.distributions.labels);
    let caption = "Labels as they are in the corpus. The classes of the table are held within [−3, 3] and rounded.";
    let content = table(&label_table) + &figure(caption, &labels);
    body += &section("Splits and labels", &content);

    if !page.distributions.emotions.is_empty() {
        let caption = "An emotion is present where its intensity is above 0.";
        let picture = figure(caption, &emotions::draw(&page.distributions.emotions));
        body += &section("Emotions", &picture);
    }

    let modalities = || page.corpus.modalities.iter().map(|info| info.modality);
    if modalities().next().is_some() {
        let pictures = modalities().map(|modality| {
            let picture = lengths::draw(modality, &page.distributions.lengths);
            figure(&format!("Lengths in {modality}"), &picture)
        });
        let content = table(&length_table) + &row(&pictures.collect::<String>());
        body += &section("Lengths", &content);

        let mut content = table(&value_table) + &paragraph(FEATURES);
        for modality in modalities() {
            let picture = features::draw(modality, &page.distributions.features);
            content += &figure(&format!("The features of {modality}, all splits"), &picture);
        }
        body += &section("Features", &content);
    }
    if let Some(chosen) = &page.utterance {
        body += &section("One utterance", &one_utterance(page, chosen));
    }
    if let Some(manifest) = page.manifest {
        body += &section("Source", &facts(&source::facts(manifest)));
    }
    html::document(&format!("Corpus {}", page.summary.name), &body)
}

/// How to read the pictures of the features.
const FEATURES: &str = "A row is a feature: a line from the lowest to the highest value, a box over the middle half, a \
    mark at the median. Values are scaled robustly: minus the median, divided by the interquartile range, or by the whole \
    range where that is 0. The axis is logarithmic far from 0, so that outliers and quartiles are on one picture. Missing \
    is what is NaN or infinite, or was and became 0 when the corpus was prepared.";

fn overview(page: &Page) -> String {
    let summary = page.summary;
    let sizes = summary
        .splits
        .iter()
        .map(|s| format!("{} {}", s.split, s.utterances));
    let aligned = match summary.aligned {
        true => "yes: all modalities of an utterance have the same number of steps",
        false => "no: modalities of an utterance differ in their number of steps",
    };
    let mut overview = facts(&[
        ("utterances".into(), sizes.collect::<Vec<_>>().join(", ")),
        ("features".into(), summary.dims()),
        ("aligned".into(), aligned.into()),
    ]);
    overview += &match summary.warnings.is_empty() {
        true => section("Warnings", &paragraph("None.")),
        false => section(
            "Warnings",
            &list(summary.warnings.iter().map(ToString::to_string)),
        ),
    };
    overview
}

fn one_utterance(page: &Page, chosen: &Chosen) -> String {
    let Chosen {
        split,
        utterance,
        why,
    } = chosen;
    let mut about = vec![
        ("id".to_owned(), utterance.id.clone()),
        ("split".into(), format!("{split} ({why})")),
        ("label".into(), number(utterance.label.into(), 4)),
    ];
    if let Some(emotions) = utterance.emotions {
        let names = Emotions::NAMES.into_iter().zip(emotions.0);
        let intensities =
            names.map(|(name, intensity)| format!("{name} {}", number(intensity.into(), 2)));
        about.push((
            "emotions".into(),
            intensities.collect::<Vec<_>>().join(", "),
        ));
    }
    if !utterance.words.is_empty() {
        about.push(("words".into(), utterance.words.join(" ")));
    }
    let mut content = facts(&about);
    if utterance.features.is_empty() {
        return content;
    }
    let by_step = utterance::has_words_by_step(utterance).is_some();
    let caption = match (utterance.words.len(), by_step) {
        (0, _) => "The corpus has no words for it.".to_owned(),
        (_, true) => "Words stand at their steps; the tooltips have those without room.".to_owned(),
        (words, false) => format!("No modality has a step for each of its {words} words."),
    };
    let modalities = &page.corpus.modalities;
    let picture = utterance::draw(utterance, modalities, &page.distributions.features);
    content += &figure(
        &format!("{caption} Features are scaled as above."),
        &picture,
    );
    content
}
