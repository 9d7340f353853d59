//! Two encoders learn, without labels, what two views of a sample share.
//!
//! `views` makes the data, `model` holds the networks, `train` the two training loops, `evaluate` what is measured
//! afterwards. The dependency objective is one line of `train::on_pairs`.

mod evaluate;
mod model;
mod train;
mod views;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use mdm_core::estimate::Estimate;
use mdm_core::seed;

use evaluate::{dependence, probe, retrieval};
use model::TwoViews;
use views::{CLASSES, World};

/// Pairs without labels, samples with a label, and pairs for the test.
const PAIRS: usize = 4096;
const LABELLED: usize = 48;
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
    rows: [Row; 4],
    /// InfoNCE on the first and the last batches of the training, in nats.
    curve: [f64; 2],
    /// Dependence of the two representations before and after it.
    dependence: [Estimate; 2],
}

/// Everything is drawn from `run_seed`: the same seed, the same report.
fn run(run_seed: u64) -> Result<Report, mdm_core::Error> {
    let device = Device::flex();
    let autodiff = device.clone().autodiff();
    let world = World::new(&mut seed::stream(run_seed, "world", 0), &device);
    let draw = |n, name| world.draw(n, &mut seed::stream(run_seed, name, 0), &device);
    let pairs = draw(PAIRS, "pairs");
    let labelled = draw(LABELLED, "labelled");
    let test = draw(TEST, "test");

    let model = TwoViews::init(&mut seed::stream(run_seed, "model", 0), &autodiff)?;
    let mut rng = seed::stream(run_seed, "batches", 0);
    let (trained, curve) = train::on_pairs(model.clone(), &pairs, &mut rng);
    let supervised = train::on_labels(model.x.clone(), &labelled, &autodiff).valid();
    let (untrained, trained) = (model.valid(), trained.valid());

    let row = |name, encode: &dyn Fn(Tensor<2>) -> Tensor<2>, model: Option<&TwoViews>| Row {
        name,
        probe: probe(encode, &labelled, &test),
        retrieval: model.map(|model| retrieval(model, &test)),
    };
    Ok(Report {
        rows: [
            row("the view itself", &|x| x, None),
            row(
                "untrained encoder",
                &|x| untrained.x.forward(x),
                Some(&untrained),
            ),
            row("trained on the labels", &|x| supervised.forward(x), None),
            row(
                "trained on InfoNCE",
                &|x| trained.x.forward(x),
                Some(&trained),
            ),
        ],
        curve,
        dependence: [dependence(&untrained, &test)?, dependence(&trained, &test)?],
    })
}

fn main() -> Result<(), mdm_core::Error> {
    let Report {
        rows,
        curve,
        dependence,
    } = run(0)?;
    println!(
        "{PAIRS} pairs without labels, {LABELLED} labelled samples, {TEST} test samples, {CLASSES} classes\n"
    );
    let [first, last] = curve;
    println!("InfoNCE in training rose from {first:.2} to {last:.2} nats\n");

    let chance = 1.0 / CLASSES as f64;
    let chance = Row {
        name: "chance",
        probe: chance,
        retrieval: Some(chance),
    };
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    println!(
        "{:24}{:>14}{:>12}",
        "first view as", "linear probe", "retrieval"
    );
    for row in rows.iter().chain([&chance]) {
        let retrieval = row.retrieval.map_or("–".into(), percent);
        println!("{:24}{:>14}{:>12}", row.name, percent(row.probe), retrieval);
    }

    println!("\ndependence of the two representations of the test samples, in nats");
    for (name, estimate) in ["untrained", "trained"].into_iter().zip(&dependence) {
        let [low, high] = estimate.ci95;
        println!(
            "{name:12}{:.2}  95 % interval {low:.2} to {high:.2}",
            estimate.value
        );
        for warning in &estimate.warnings {
            println!("{:12}warning: {warning}", "");
        }
    }
    println!(
        "{:12}{:.2}  ln {CLASSES}: the views share the class and no more",
        "at most",
        most()
    );
    Ok(())
}

/// The mutual information of the views, in nats, if each shows its class beyond doubt.
fn most() -> f64 {
    (CLASSES as f64).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dependency_objective_finds_the_class() {
        let Report {
            rows,
            curve,
            dependence,
        } = run(0).unwrap();
        let [view, untrained, labels, info_nce] = &rows;
        for other in [view, untrained, labels] {
            assert!(
                info_nce.probe > other.probe + 0.2,
                "{} {}",
                info_nce.probe,
                other.probe
            );
        }
        assert!(info_nce.probe > 0.9, "{}", info_nce.probe);
        let [before, after] = [untrained, info_nce].map(|row| row.retrieval.unwrap());
        assert!(before < 0.3 && after > 0.9, "{before} {after}");

        // A batch can show no more than the logarithm of its size; what there is to show is ln 8.
        let [first, last] = curve;
        assert!(
            first < 0.1 && last > 1.0 && last < (train::BATCH as f64).ln(),
            "{first} {last}"
        );
        let [before, after] = dependence;
        assert!(
            before.value < 0.2 && after.value > 0.7 * most(),
            "{} {}",
            before.value,
            after.value
        );
        assert!(before.ci95[1] < after.ci95[0] && after.ci95[0] < most());
    }
}
