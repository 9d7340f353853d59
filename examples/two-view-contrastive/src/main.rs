//! Two encoders learn, without labels, what two views of a sample share.
//!
//! `views` makes the data, `model` holds the networks, `train` the two training loops, `evaluate` what is measured
//! afterwards. The dependency objective is one line of `train::on_pairs`.

mod evaluate;
mod model;
mod train;
mod views;

use burn::module::Module;
use burn::tensor::Device;
use mdm_core::estimate::Estimate;
use mdm_core::seed;

use evaluate::{dependence, probe, retrieval};
use model::TwoViews;
use views::{CLASSES, Pairs, World};

/// Pairs without labels, samples with a label, and pairs for the test.
const PAIRS: usize = 4096;
const LABELLED: usize = 128;
const TEST: usize = 2048;

/// What is known about one way to represent the first view.
struct Row {
    name: &'static str,
    /// Accuracy of a linear classifier, fitted to the labelled samples, on the test samples.
    probe: f64,
    /// How often the second view that fits best is of the right class; it takes a critic.
    retrieval: Option<f64>,
}

struct Report {
    rows: Vec<Row>,
    /// InfoNCE on the batches of the training, in nats.
    curve: Vec<f64>,
    /// Dependence of the two representations before and after it.
    before: Estimate,
    after: Estimate,
}

fn run(run_seed: u64) -> Result<Report, mdm_core::Error> {
    let device = Device::flex();
    let autodiff = device.clone().autodiff();
    let world = World::new(&mut seed::stream(run_seed, "world", 0), &device);
    let draw = |n, name| world.draw(n, &mut seed::stream(run_seed, name, 0), &device);
    let (pairs, labelled, test) = (
        draw(PAIRS, "pairs"),
        draw(LABELLED, "labelled"),
        draw(TEST, "test"),
    );

    let untrained = TwoViews::init(&mut seed::stream(run_seed, "model", 0), &autodiff)?;
    let mut rng = seed::stream(run_seed, "batches", 0);
    let (trained, curve) = train::on_pairs(untrained.clone(), &pairs, &mut rng);
    let supervised = train::on_labels(untrained.x.clone(), &labelled, &autodiff);
    let (untrained, trained) = (untrained.valid(), trained.valid());

    let of = |encode: &dyn Fn(&Pairs) -> _| probe(encode(&labelled), &labelled, encode(&test), &test);
    let row = |name, probe, model: Option<&TwoViews>| Row {
        name,
        probe,
        retrieval: model.map(|model| retrieval(model, &test)),
    };
    Ok(Report {
        rows: vec![
            row("the view itself", of(&|pairs| pairs.x.clone()), None),
            row("untrained encoder", of(&|pairs| untrained.x.forward(pairs.x.clone())), Some(&untrained)),
            row("trained on the labels", of(&|pairs| supervised.forward(pairs.x.clone())), None),
            row("trained on InfoNCE", of(&|pairs| trained.x.forward(pairs.x.clone())), Some(&trained)),
        ],
        curve,
        before: dependence(&untrained, &test)?,
        after: dependence(&trained, &test)?,
    })
}

fn main() -> Result<(), mdm_core::Error> {
    let report = run(0)?;
    println!("{PAIRS} pairs without labels, {LABELLED} labelled samples, {TEST} test samples, {CLASSES} classes\n");
    println!("{:24}{:>14}{:>12}", "first view as", "linear probe", "retrieval");
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    for row in &report.rows {
        let retrieval = row.retrieval.map_or("–".into(), percent);
        println!("{:24}{:>14}{:>12}", row.name, percent(row.probe), retrieval);
    }
    println!("{:24}{:>14}{:>12}", "chance", percent(1.0 / CLASSES as f64), percent(1.0 / CLASSES as f64));

    println!("\ndependence of the two representations on the test pairs, in nats");
    for (name, estimate) in [("untrained", &report.before), ("trained", &report.after)] {
        let [low, high] = estimate.ci95;
        println!("{name:12}{:.2}  [{low:.2}, {high:.2}]", estimate.value);
        for warning in &estimate.warnings {
            println!("{:12}warning: {warning}", "");
        }
    }
    println!("{:12}{:.2}  all that the views share is the class: ln {CLASSES}", "truth, most", (CLASSES as f64).ln());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dependency_objective_finds_the_class() {
        let report = run(0).unwrap();
        let [view, untrained, labels, info_nce] = report.rows.try_into().ok().unwrap();
        for other in [view.probe, untrained.probe, labels.probe] {
            assert!(info_nce.probe > other + 0.2, "{} {other}", info_nce.probe);
        }
        assert!(info_nce.probe > 0.8);
        let (before, after) = (untrained.retrieval.unwrap(), info_nce.retrieval.unwrap());
        assert!(before < 0.3 && after > 0.8, "{before} {after}");

        // A batch of 128 can show no more than ln 128 nats; what there is to show is ln 8.
        let last = *report.curve.last().unwrap();
        assert!(last > report.curve[0] + 1.0 && last < 128f64.ln());
        let most = (CLASSES as f64).ln();
        let (before, after) = (report.before, report.after);
        assert!(before.ci95[1] < after.ci95[0]);
        assert!(after.value > 0.7 * most && after.ci95[0] < most, "{}", after.value);
    }
}
