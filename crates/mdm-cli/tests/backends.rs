//! The same seed gives the same training and the same estimate on every backend that is compiled in (all randomness is
//! drawn on the host), and the reference cases of the library pass on each.
//!
//! Built with more than the default features by `cargo xtask test-backends`, which names the backends that must be there
//! in `MDM_TEST_BACKENDS`; with the default features this trains on `flex` alone.

use std::path::Path;
use std::process::Command;

use burn::tensor::Device;
use mdm_core::seed;
use mdm_models::{Lstm, LstmState, StepMask};
use polars::prelude::{ParquetReader, SerReader};

const CONFIG: &str = r#"
[data.synthetic]
train = 40
valid = 16
test = 16
steps = [3, 6]
dims = [5, 4, 3]

[model]
head_dropout = 0.2

[model.ef_lstm]
hidden = 8

[model.late_lstm]
hidden = [4, 4, 4]
d_z = 8

[model.tfn]
hidden = [4, 4, 4]
dropout = [0.2, 0.2, 0.2]

[model.lfn]
hidden = [4, 4, 4]

[model.mfn]
hidden = [4, 4, 4]
memory = 8

[model.mag_bert.bert]
hidden_size = 8
num_hidden_layers = 1
num_attention_heads = 2
intermediate_size = 8

[model.mag_xlnet.xlnet]
d_model = 8
n_layer = 2
n_head = 2
d_inner = 8

[penalty]
unroll = 2

[train]
epochs = 2
batch_size = 10
"#;

/// Backends of this build, `flex` first.
fn backends() -> Vec<&'static str> {
    [
        ("flex", cfg!(feature = "flex")),
        ("ndarray", cfg!(feature = "ndarray")),
        ("wgpu", cfg!(feature = "wgpu")),
        ("tch", cfg!(feature = "tch")),
    ]
    .into_iter()
    .filter_map(|(name, compiled_in)| compiled_in.then_some(name))
    .collect()
}

/// Task loss, measure and validation MAE of each epoch.
fn history(folder: &Path, backend: &str, model: &str, measure: &str) -> Vec<[f64; 3]> {
    let config = folder.join("tiny.toml");
    std::fs::write(&config, CONFIG).unwrap();
    let out = folder.join(format!("{backend}-{model}-{measure}"));
    let output = Command::new(env!("CARGO_BIN_EXE_mdm"))
        .args([
            "train",
            "--backend",
            backend,
            "--model",
            model,
            "--measure",
            measure,
        ])
        .arg("--config")
        .arg(&config)
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{backend}: {stderr}");

    let file = std::fs::File::open(out.join("history.parquet")).unwrap();
    let table = ParquetReader::new(file).finish().unwrap();
    let column = |name: &str| -> Vec<f64> {
        let column = table.column(name).unwrap().f64().unwrap();
        column.into_no_null_iter().collect()
    };
    let (task, measure, mae) = (
        column("train_task"),
        column("train_measure"),
        column("valid_mae"),
    );
    (0..task.len())
        .map(|epoch| [task[epoch], measure[epoch], mae[epoch]])
        .collect()
}

#[test]
fn every_backend_trains_alike() {
    let folder = tempfile::tempdir().unwrap();
    let backends = backends();
    for wanted in std::env::var("MDM_TEST_BACKENDS")
        .unwrap_or_default()
        .split(',')
    {
        assert!(
            wanted.is_empty() || backends.contains(&wanted),
            "{wanted} is not in this build"
        );
    }
    eprintln!("backends of this build: {}", backends.join(", "));
    for (model, measure) in [
        ("ef-lstm", "kl"),
        ("late-lstm", "wasserstein"),
        ("tfn", "kl"),
        ("lfn", "f"),
        ("mfn", "kl"),
        ("mag-bert", "f"),
        ("mag-xlnet", "kl"),
    ] {
        let reference = history(folder.path(), "flex", model, measure);
        assert_eq!(reference.len(), 2);
        assert!(reference.iter().flatten().all(|value| value.is_finite()));
        for backend in &backends[1..] {
            let other = history(folder.path(), backend, model, measure);
            for (term, (a, b)) in reference[0].iter().zip(&other[0]).enumerate() {
                assert!(
                    (a - b).abs() < 1e-3,
                    "{model} {measure} on {backend}, term {term}: {a} and {b}"
                );
            }
        }
    }
}

/// The device of a backend of this build.
#[allow(deprecated)] // `ndarray` and `tch` leave Burn in 0.23.
fn device(backend: &str) -> Device {
    match backend {
        #[cfg(feature = "ndarray")]
        "ndarray" => Device::ndarray(),
        #[cfg(feature = "wgpu")]
        "wgpu" => Device::wgpu(Default::default()),
        #[cfg(feature = "tch")]
        "tch" => Device::libtorch(),
        _ => Device::flex(),
    }
}

/// States and gradients of an LSTM that starts from a state and keeps it over padding, which no encoder does.
fn states_and_gradients(device: &Device) -> Vec<Vec<f32>> {
    let device = device.clone().autodiff();
    let mut rng = seed::stream(0, "lstm", 0);
    let lstm = Lstm::init(3, 4, &mut rng, &device);
    let mut random = |shape: [usize; 3]| {
        let x = mdm_core::init::uniform(shape, 1.0, &mut rng, &device);
        x.val().detach().require_grad()
    };
    let (x, hidden, cells) = (random([2, 5, 3]), random([1, 2, 4]), random([1, 2, 4]));
    let state = LstmState {
        hidden: hidden.clone().squeeze_dim(0),
        cells: cells.clone().squeeze_dim(0),
    };
    let mask = StepMask::from_lengths(&[5, 2], 5);
    let (states, last) = lstm.run(x.clone(), Some(state), Some(&mask));
    let gradients = (states.clone().square().sum() + last.cells.sum()).backward();
    let mut found = vec![states.inner()];
    found.extend([x, hidden, cells].map(|x| x.grad(&gradients).unwrap()));
    found.push(lstm.weight_hh.val().grad(&gradients).unwrap().unsqueeze());
    let numbers = found.into_iter();
    numbers
        .map(|tensor| tensor.flatten::<1>(0, 2).try_into_vec_as().unwrap())
        .collect()
}

#[test]
fn every_backend_holds_a_state_alike() {
    let reference = states_and_gradients(&device("flex"));
    for backend in &backends()[1..] {
        let other = states_and_gradients(&device(backend));
        assert_eq!(reference.len(), other.len());
        for (place, (a, b)) in reference.iter().zip(&other).enumerate() {
            assert_eq!(a.len(), b.len());
            for (a, b) in a.iter().zip(b) {
                assert!((a - b).abs() < 1e-4, "{backend}, {place}: {a} and {b}");
            }
        }
    }
}

#[test]
fn every_backend_estimates_alike() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("pairs.csv");
    // A noisy parabola on a grid: dependent, uncorrelated.
    let rows = (0..400_u32).map(|i| {
        let (x, noise) = (f64::from(i % 20) / 10.0 - 0.95, f64::from(i / 20) / 20.0);
        format!("{x},{}\n", x * x + 0.3 * noise)
    });
    std::fs::write(&table, format!("x,y\n{}", rows.collect::<String>())).unwrap();
    let estimate = |backend: &str, measure: &str| -> f64 {
        let output = Command::new(env!("CARGO_BIN_EXE_mdm"))
            .args(["estimate", "--variables", "x,y", "--json"])
            .args(["--backend", backend, "--measure", measure])
            .args(["--set", "folds=2", "--set", "max_steps=20"])
            .arg(&table)
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{backend}: {stderr}");
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        json["estimate"].as_f64().unwrap()
    };
    for measure in ["kl", "mine", "info-nce", "wasserstein"] {
        let reference = estimate("flex", measure);
        assert!(reference > 0.0, "{measure}: {reference}");
        for backend in &backends()[1..] {
            let other = estimate(backend, measure);
            assert!(
                (reference - other).abs() < 5e-3,
                "{measure} on {backend}: {reference} and {other}"
            );
        }
    }
}

#[test]
fn the_cases_of_library_and_models_pass_on_every_backend() {
    let Some(cases) = std::env::var_os("MDM_CONFORMANCE_DIR") else {
        eprintln!("NOT RUN: the conformance cases, since MDM_CONFORMANCE_DIR is not set");
        return;
    };
    // A relative path is meant from the workspace.
    let cases = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(cases);
    for backend in backends() {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mdm"));
        command.arg("conformance").arg(&cases);
        for kind in [
            "measures",
            "critic",
            "gradient_penalty",
            "gaussian_tc",
            "two_stage_step",
            "ef_lstm",
            "late_lstm",
            "tfn",
            "lmf",
            "mfn",
            "mag_gate",
            "bert",
            "mag_bert",
            "xlnet",
            "mag_xlnet",
        ] {
            command.args(["--kind", kind]);
        }
        let output = command.args(["--backend", backend]).output().unwrap();
        let report = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && report.contains(" 0 failed"),
            "{backend}: {report}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
