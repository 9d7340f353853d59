//! `mdm conformance` on the reference cases in the folder `MDM_CONFORMANCE_DIR`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The kinds that this version must pass.
const KINDS: [&str; 17] = [
    "measures",
    "critic",
    "gradient_penalty",
    "spectral_norm",
    "gaussian_tc",
    "metrics",
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
    "two_stage_step",
];

/// The folder of the cases; none, said loudly, where the machine has none. A folder that is named must be there.
fn cases() -> Option<PathBuf> {
    let Some(dir) = std::env::var_os("MDM_CONFORMANCE_DIR") else {
        eprintln!("NOT RUN: the conformance cases, since MDM_CONFORMANCE_DIR is not set");
        return None;
    };
    let dir = PathBuf::from(dir);
    // Cargo runs tests in the folder of their crate; a relative path is meant from the workspace.
    let dir = match dir.is_relative() {
        true => Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .join(dir),
        false => dir,
    };
    assert!(
        dir.is_dir(),
        "MDM_CONFORMANCE_DIR is {}, which is no folder",
        dir.display()
    );
    Some(dir)
}

fn mdm(dir: &Path, kinds: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mdm"));
    command.arg("conformance").arg(dir).arg("--json");
    for kind in kinds {
        command.args(["--kind", kind]);
    }
    command.output().expect("mdm starts")
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        let messages = String::from_utf8_lossy(&output.stderr);
        panic!("standard output is no JSON ({error}); standard error:\n{messages}")
    })
}

/// A copy of one case that a test may spoil.
fn copy(case: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in ["case.json", "tensors.safetensors"] {
        std::fs::copy(case.join(name), copy.path().join(name)).unwrap();
    }
    copy
}

/// Where the bytes of a tensor start in a safetensors file: 8 bytes of header length, the header, the data.
fn start_of(tensor: &str, bytes: &[u8]) -> usize {
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let names: Value = serde_json::from_slice(&bytes[8..8 + header]).unwrap();
    let offset = names[tensor]["data_offsets"][0].as_u64().unwrap();
    8 + header + offset as usize
}

#[test]
fn every_case_of_the_kinds_built_so_far_passes() {
    let Some(dir) = cases() else { return };
    let output = mdm(&dir, &KINDS);
    let report = report(&output);
    let cases = report["cases"].as_array().unwrap();
    let failed: Vec<&Value> = cases.iter().filter(|case| case["passed"] != true).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    for kind in KINDS {
        let compared = cases
            .iter()
            .filter(|case| case["kind"] == kind && case["largest_error"].is_number());
        assert!(compared.count() > 0, "no case of kind {kind} was compared");
    }
    assert_eq!(report["failed"], 0);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_changed_expected_value_fails() {
    let Some(dir) = cases() else { return };
    for (case, tensor) in [
        ("measures__plain", "expected.kl.value"),
        ("ef_lstm__left_pad", "expected.grad.weight.fc1.weight"),
        (
            "tfn__batch_statistics",
            "expected.buffer.audio_subnet.norm.running_var",
        ),
        (
            "two_stage_step__late_lstm_kl_sigmoid",
            "expected.critic.layers.0.weight",
        ),
    ] {
        let copy = copy(&dir.join(case));
        let unchanged = mdm(copy.path(), &[]);
        assert_eq!(unchanged.status.code(), Some(0), "{:#}", report(&unchanged));

        let path = copy.path().join("tensors.safetensors");
        let mut bytes = std::fs::read(&path).unwrap();
        let start = start_of(tensor, &bytes);
        let value: &mut [u8; 4] = (&mut bytes[start..start + 4]).try_into().unwrap();
        *value = (f32::from_le_bytes(*value) + 0.01).to_le_bytes();
        std::fs::write(&path, bytes).unwrap();

        let output = mdm(copy.path(), &[]);
        assert_eq!(output.status.code(), Some(1));
        let report = report(&output);
        let detail = report["cases"][0]["detail"].as_str().unwrap();
        let name = tensor.strip_prefix("expected.").unwrap();
        assert!(detail.starts_with(name), "{detail}");
    }
}

#[test]
fn a_damaged_case_fails_with_its_file_and_the_others_run() {
    let Some(dir) = cases() else { return };
    let folder = tempfile::tempdir().unwrap();
    let names = ["critic__narrow", "critic__sigmoid", "critic__one_row"];
    let index = serde_json::json!({ "seed": 1, "cases": names });
    std::fs::write(folder.path().join("index.json"), index.to_string()).unwrap();
    for name in names {
        std::fs::rename(copy(&dir.join(name)).keep(), folder.path().join(name)).unwrap();
    }
    // Cut off in the middle of the data.
    let tensors = folder.path().join("critic__narrow/tensors.safetensors");
    let bytes = std::fs::read(&tensors).unwrap();
    std::fs::write(&tensors, &bytes[..bytes.len() / 2]).unwrap();
    std::fs::write(folder.path().join("critic__sigmoid/case.json"), "{").unwrap();

    let output = mdm(folder.path(), &["critic"]);
    assert_eq!(output.status.code(), Some(1));
    let report = report(&output);
    assert_eq!(
        (&report["passed"], &report["failed"]),
        (&1.into(), &2.into())
    );
    for (index, file) in [(0, "tensors.safetensors"), (1, "case.json")] {
        let detail = report["cases"][index]["detail"].as_str().unwrap();
        assert!(
            detail.contains(file) && detail.contains("expected"),
            "{detail}"
        );
    }
}

#[test]
fn a_kind_that_is_not_built_fails_and_one_that_does_not_exist_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let case = r#"{"kind": "telepathy", "config": {}, "weights": [], "inputs": [], "expected": [],
        "expected_values": {"distance": 1.0}, "atol": 0, "rtol": 0}"#;
    std::fs::write(folder.path().join("case.json"), case).unwrap();
    let output = mdm(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        report(&output)["cases"][0]["detail"],
        "kind not implemented"
    );

    let output = mdm(folder.path(), &["telekinesis"]);
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        message.contains("telekinesis") && message.contains("telepathy"),
        "{message}"
    );
}

#[test]
fn a_folder_without_cases_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let output = mdm(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("index.json"), "{message}");
}
