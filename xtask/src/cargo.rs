//! Calls of cargo, free of what `cargo run` has put into our own environment.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use xshell::{Cmd, Shell};

/// The folder of the workspace.
pub fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask
        .parent()
        .expect("xtask lies in the workspace")
        .to_owned()
}

/// `cargo SUBCOMMAND`; under `CI` with `--locked`, so that a stale Cargo.lock is an error and not a silent update.
pub fn cargo<'a>(sh: &'a Shell, subcommand: &str) -> Cmd<'a> {
    let mut cmd = sh.cmd("cargo").arg(subcommand);
    for name in leaked_variables() {
        cmd = cmd.env_remove(name);
    }
    let locked = std::env::var_os("CI").is_some() && !matches!(subcommand, "fmt" | "install");
    cmd.args(locked.then_some("--locked"))
}

/// The variables that `cargo run` sets about xtask itself. Build scripts that watch one of them would run again each
/// time that cargo is called now through xtask and now directly.
pub fn leaked_variables() -> Vec<OsString> {
    std::env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| is_leaked(name))
        .collect()
}

fn is_leaked(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_the_workspace() {
        assert!(root().join("Cargo.lock").is_file());
    }

    #[test]
    fn only_what_cargo_says_about_xtask_is_removed() {
        assert!(is_leaked(OsStr::new("CARGO_PKG_VERSION")));
        assert!(is_leaked(OsStr::new("CARGO_MANIFEST_DIR")));
        assert!(!is_leaked(OsStr::new("CARGO_TARGET_DIR")));
        assert!(!is_leaked(OsStr::new("CARGO_HOME")));
    }
}
