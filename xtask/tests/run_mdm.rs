//! Building and running `mdm`, with scripts in the place of cargo and of `mdm`.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A target folder of its own: `debug/xtask` is the real one, `bin/cargo` and `release/mdm` are scripts.
struct Stage(
    PathBuf,
    #[expect(dead_code, reason = "held until the test ends")] MutexGuard<'static, ()>,
);

/// A script cannot be run while a process that another test starts still holds it open for writing.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

impl Stage {
    fn new(name: &str, cargo: &str, mdm: &str) -> Self {
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&dir);
        for folder in ["bin", "debug", "release", "libtorch/lib", "here"] {
            fs::create_dir_all(dir.join(folder)).unwrap();
        }
        fs::copy(env!("CARGO_BIN_EXE_xtask"), dir.join("debug/xtask")).unwrap();
        for (file, body) in [("bin/cargo", cargo), ("release/mdm", mdm)] {
            fs::write(dir.join(file), format!("#!/bin/sh\n{body}\n")).unwrap();
            fs::set_permissions(dir.join(file), fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self(dir, alone)
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::new(self.0.join("debug/xtask"))
            .args(args)
            .env(
                "PATH",
                format!("{}:/usr/bin:/bin", self.0.join("bin").display()),
            )
            .env("LIBTORCH", self.0.join("libtorch"))
            .env_remove("LIBTORCH_USE_PYTORCH")
            .env("LD_LIBRARY_PATH", "/other")
            .env_remove("CI")
            .current_dir(self.0.join("here"))
            .output()
            .unwrap()
    }

    /// What cargo was called with.
    fn cargo_arguments(&self) -> String {
        fs::read_to_string(self.0.join("here/cargo.log")).unwrap()
    }
}

const LOG: &str = "echo \"$@\" > cargo.log; echo progress >&2";

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn arguments_folder_and_exit_code_are_passed_through() {
    let stage = Stage::new(
        "pass",
        LOG,
        "pwd; for a in \"$@\"; do echo \"[$a]\"; done; exit 7",
    );
    let output = stage.run(&["train", "--out", "a b", "--backend=wgpu", "--help"]);
    assert_eq!(output.status.code(), Some(7));
    let here = stage.0.join("here").canonicalize().unwrap();
    assert_eq!(
        stdout(&output),
        format!(
            "{}\n[train]\n[--out]\n[a b]\n[--backend=wgpu]\n[--help]\n",
            here.display()
        )
    );
    let cargo = stage.cargo_arguments();
    assert!(
        cargo.starts_with("build --release --package mdm-cli --manifest-path"),
        "{cargo}"
    );
    assert!(cargo.ends_with("--features wgpu\n"), "{cargo}");
}

#[test]
fn flex_needs_no_feature_and_no_libtorch() {
    let stage = Stage::new("flex", LOG, "echo \"$1 $2 $LD_LIBRARY_PATH\"");
    assert_eq!(
        stdout(&stage.run(&["reproduce-fig1"])),
        "reproduce fig1 /other\n"
    );
    assert!(!stage.cargo_arguments().contains("--features"));
}

#[test]
fn tch_finds_its_libraries() {
    let stage = Stage::new("tch", LOG, "echo \"$LIBTORCH $LD_LIBRARY_PATH\"");
    let libtorch = stage.0.join("libtorch");
    assert_eq!(
        stdout(&stage.run(&["train", "--backend", "tch"])),
        format!("{0} {0}/lib:/other\n", libtorch.display())
    );
    assert!(stage.cargo_arguments().ends_with("--features tch\n"));
}

#[test]
fn a_signal_that_ends_mdm_is_reported_as_such() {
    let stage = Stage::new("signal", LOG, "kill -9 $$");
    assert_eq!(stage.run(&["train"]).status.signal(), Some(9));
}

#[test]
fn a_failed_build_runs_nothing() {
    let stage = Stage::new("broken", "echo broken >&2; exit 101", "echo old");
    let output = stage.run(&["train"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.starts_with("broken\n"), "{stderr}");
    assert!(stderr.contains("not built for backend `flex`"), "{stderr}");
}
