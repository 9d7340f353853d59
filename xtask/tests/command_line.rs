//! Exit codes and output of the program itself, where nothing is built.

use std::process::{Command, Output};

fn xtask(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(args)
        .output()
        .unwrap()
}

#[test]
fn an_unknown_backend_is_bad_usage() {
    for args in [
        &["train", "--backend", "jax"][..],
        &["train", "--backend=jax"][..],
    ] {
        let output = xtask(args);
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            "error: unknown backend `jax`; known: flex ndarray wgpu vulkan metal tch cuda\n"
        );
    }
}

#[test]
fn help_lists_the_own_commands_and_says_where_the_rest_goes() {
    let help = xtask(&[]);
    assert_eq!(help.status.code(), Some(0));
    let text = String::from_utf8_lossy(&help.stdout).into_owned();
    for word in [
        "test",
        "test-backends",
        "ci",
        "setup-libtorch",
        "docs",
        "goes to mdm",
        "Examples:",
    ] {
        assert!(text.contains(word), "{word} is missing in:\n{text}");
    }
    for args in [["--help"], ["-h"], ["help"]] {
        assert_eq!(xtask(&args).stdout, help.stdout);
    }
}

#[test]
fn an_unknown_step_is_bad_usage() {
    assert_eq!(xtask(&["ci", "nope"]).status.code(), Some(2));
}
