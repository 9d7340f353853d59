//! The ratios of both sides as a figure.

use super::against_pytorch::Pair;
use super::clock::median;
use crate::grid::Machine;
use crate::plot::{BAR, BLACK, Figure, PALETTE, Panel, Series, Stroke};

/// The jobs, each of which has a panel. The estimator's update stands among the training steps.
const PANELS: [(&str, &[&str]); 3] = [
    ("Training step", &["train_step", "gaussian_tc"]),
    ("Step of Algorithm 1", &["algorithm1"]),
    ("Inference", &["inference"]),
];

const VARIANTS: [&str; 2] = ["naive", "tuned"];

/// The figure; none without a pair.
pub fn figure(pairs: &[Pair], machine: &Machine) -> Option<Figure> {
    let panels = PANELS
        .iter()
        .filter_map(|(title, jobs)| panel(pairs, title, jobs));
    let panels: Vec<Panel> = panels.collect();
    (!panels.is_empty()).then(|| Figure {
        panels,
        caption: format!(
            "PyTorch's time over ours, median and range of the rounds; {} cores of {}, {}",
            machine.cores, machine.cpu, machine.date
        ),
    })
}

fn panel(pairs: &[Pair], title: &str, jobs: &[&str]) -> Option<Panel> {
    let of_panel = |pair: &&Pair| {
        let job = pair.workload.split_once('/').map(|(_, job)| job);
        job.is_some_and(|job| jobs.contains(&job))
    };
    let pairs: Vec<&Pair> = pairs.iter().filter(of_panel).collect();
    let mut names: Vec<String> = Vec::new();
    for pair in &pairs {
        let name = short(&pair.workload);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return None;
    }
    let last = (names.len() - 1) as f64;
    let mut series = vec![Series {
        label: "as fast as PyTorch".to_owned(),
        colour: BLACK,
        stroke: Stroke::Solid,
        line: vec![(-0.5, 1.0), (last + 0.5, 1.0)],
        band: Vec::new(),
    }];
    for (place, variant) in VARIANTS.into_iter().enumerate() {
        let offset = (place as f64 - 0.5) * BAR;
        let mut of_variant = Series {
            label: format!("against {variant}"),
            colour: PALETTE[place],
            stroke: Stroke::Bars,
            line: Vec::new(),
            band: Vec::new(),
        };
        for pair in pairs.iter().filter(|pair| pair.variant == variant) {
            let name = short(&pair.workload);
            let x = names.iter().position(|known| *known == name);
            let x = x.expect("a name of the panel") as f64 + offset;
            let least = pair.ratios.iter().copied().fold(f64::INFINITY, f64::min);
            let most = pair.ratios.iter().copied().fold(0.0, f64::max);
            of_variant.line.push((x, median(pair.ratios.clone())));
            of_variant.band.push((x, least, most));
        }
        series.push(of_variant);
    }
    Some(Panel {
        title: title.to_owned(),
        x_label: "workload".to_owned(),
        x_names: names,
        y_label: "times as fast".to_owned(),
        series,
    })
}

/// A workload's name for an axis with little room.
fn short(workload: &str) -> String {
    let model = workload.split('/').next().unwrap_or(workload);
    match model {
        "tfn_wide" => "wide",
        "mag_bert" => "bert",
        "estimator" => "est.",
        model => model.trim_end_matches("_lstm"),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_has_a_panel_and_a_variant_its_bars() {
        let pair = |workload: &str, variant: &str| Pair {
            workload: workload.to_owned(),
            variant: variant.to_owned(),
            ratios: vec![1.0, 3.0, 2.0],
            pytorch_s: 1.0,
            rust_s: 1.0,
            pytorch_mib: None,
            rust_mib: None,
        };
        let pairs = [
            pair("ef_lstm/train_step", "naive"),
            pair("ef_lstm/train_step", "tuned"),
            pair("estimator/gaussian_tc", "tuned"),
            pair("ef_lstm/inference", "tuned"),
        ];
        let figure = figure(&pairs, &Machine::new()).unwrap();
        assert_eq!(figure.panels.len(), 2);
        assert_eq!(figure.panels[0].x_names, ["ef", "est."]);
        let tuned = &figure.panels[0].series[2];
        assert_eq!(tuned.line.len(), 2);
        assert_eq!(
            (tuned.line[1].1, tuned.band[1].1, tuned.band[1].2),
            (2.0, 1.0, 3.0)
        );
        assert!(super::figure(&[], &Machine::new()).is_none());
    }
}
