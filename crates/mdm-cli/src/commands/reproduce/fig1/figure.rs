//! The curves.

use mdm_core::DependencyMeasure;

use super::point::Point;
use super::{MEASURES, Plan, truth};
use crate::plot::{BLACK, Colour, Figure, PALETTE, Panel, Series, Stroke};

/// Points of the curves that need no samples.
const FINE: usize = 400;

/// The measures in nats on the left, the Wasserstein distance on the right.
pub fn figure(plan: &Plan, points: &[Point]) -> anyhow::Result<Figure> {
    let [kl, f, wasserstein] = MEASURES;
    let nats = Panel {
        title: "kl and f".into(),
        x_label: "correlation ρ of the components".into(),
        x_names: Vec::new(),
        y_label: "mutual information (nats)".into(),
        series: vec![
            Series {
                label: "exact mutual information".into(),
                colour: BLACK,
                stroke: Stroke::Solid,
                line: exact(plan, kl)?.iter().map(|&(x, y, _)| (x, y)).collect(),
                band: Vec::new(),
            },
            estimated(points, f, "f, estimated", PALETTE[1], Stroke::Rings),
            estimated(points, kl, "kl, estimated", PALETTE[0], Stroke::Dots),
        ],
    };
    let distance = Panel {
        title: "wasserstein".into(),
        x_label: "correlation ρ of the components".into(),
        x_names: Vec::new(),
        y_label: "Wasserstein distance (standard deviations)".into(),
        series: vec![
            Series {
                label: "between exact bounds".into(),
                colour: Colour(110, 110, 110),
                stroke: Stroke::Solid,
                line: Vec::new(),
                band: exact(plan, wasserstein)?,
            },
            estimated(
                points,
                wasserstein,
                "wasserstein, estimated",
                PALETTE[2],
                Stroke::Dots,
            ),
        ],
    };
    let seeds = plan.seeds.clone().count();
    let over = match seeds {
        1 => "one seed".to_owned(),
        seeds => format!("mean of {seeds} seeds, coloured band: their range"),
    };
    let components = if plan.dim == 1 {
        "component"
    } else {
        "components"
    };
    Ok(Figure {
        panels: vec![nats, distance],
        caption: format!(
            "Pairs of Gaussian variables with {} {components} each; {} samples; {over}",
            plan.dim, plan.samples
        ),
    })
}

/// The truth, from below and from above.
fn exact(plan: &Plan, measure: DependencyMeasure) -> anyhow::Result<Vec<(f64, f64, f64)>> {
    let most = plan.rhos[plan.rhos.len() - 1];
    (0..=FINE)
        .map(|place| {
            let rho = most * (2.0 * place as f64 / FINE as f64 - 1.0);
            let [lower, upper] = truth(plan.dim, rho, measure)?;
            Ok((rho, lower, upper))
        })
        .collect()
}

fn estimated(
    points: &[Point],
    measure: DependencyMeasure,
    label: &str,
    colour: Colour,
    stroke: Stroke,
) -> Series {
    let own = || points.iter().filter(|point| point.measure == measure);
    Series {
        label: label.into(),
        colour,
        stroke,
        line: own().filter_map(|p| Some((p.rho, p.mean?))).collect(),
        band: match own().any(|p| p.min < p.max) {
            true => own()
                .filter_map(|p| Some((p.rho, p.min?, p.max?)))
                .collect(),
            // Of one seed there is no range.
            false => Vec::new(),
        },
    }
}
