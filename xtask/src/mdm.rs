//! `cargo xtask CMD ARGS…`: build `mdm` with the right backend, then become it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use xshell::Shell;

use crate::backend::{self, Backend};
use crate::cargo::{cargo, leaked_variables, root};
use crate::libtorch::Libtorch;

/// Builds `mdm` with the backend that `args` ask for and runs `mdm ARGS…` in the current folder.
///
/// On Unix `mdm` takes the place of this process, so that its exit code and every signal are its own.
pub fn build_and_run(args: &[OsString]) -> Result<ExitCode> {
    let backend = match backend::requested(args) {
        Ok(backend) => backend,
        Err(unknown) => {
            eprintln!("error: {unknown}");
            return Ok(ExitCode::from(2));
        }
    };
    let libtorch = match backend {
        Backend::Tch => Some(Libtorch::find_or_setup()?),
        _ => None,
    };
    build(backend, libtorch.as_ref())?;

    let program = built_binary()?;
    let mut mdm = Command::new(&program);
    mdm.args(args);
    for name in leaked_variables() {
        mdm.env_remove(name);
    }
    if let Some(libtorch) = &libtorch {
        mdm.envs(libtorch.variables());
    }
    replace_by(mdm).with_context(|| format!("cannot run {}", program.display()))
}

/// `reproduce-table1` and the like are `reproduce table1`; a leading `mdm` says only that `mdm` is meant.
pub fn expand_short_name(mut args: Vec<OsString>) -> Vec<OsString> {
    const TARGETS: [&str; 6] = ["table1", "table2", "table3", "fig1", "fig2", "fig4"];
    let first = args.first().and_then(|a| a.to_str());
    if first == Some("mdm") {
        args.remove(0);
    } else if let Some(target) = first.and_then(|a| a.strip_prefix("reproduce-"))
        && let Some(target) = TARGETS.into_iter().find(|t| *t == target)
    {
        args.splice(..1, ["reproduce".into(), target.into()]);
    }
    args
}

/// Builds `mdm` in release mode.
pub fn build(backend: Backend, libtorch: Option<&Libtorch>) -> Result<()> {
    let sh = Shell::new()?;
    let mut cmd = cargo(&sh, "build")
        .args(["--release", "--package", "mdm-cli", "--manifest-path"])
        .arg(root().join("Cargo.toml"));
    if let Some(features) = Backend::features(&[backend]) {
        cmd = cmd.args(["--features", &features]);
    }
    if let Some(libtorch) = libtorch {
        cmd = cmd.envs(libtorch.variables());
    }
    // Cargo has said what went wrong.
    if cmd.quiet().run().is_err() {
        bail!("mdm was not built for backend `{}`", backend.name());
    }
    Ok(())
}

/// xtask is `…/debug/xtask`, so `mdm` is `…/release/mdm`, wherever the target folder was put.
pub fn built_binary() -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot tell where xtask itself is")?;
    let target = own
        .ancestors()
        .nth(2)
        .context("xtask is not in a target folder")?;
    let binary = target
        .join("release")
        .join(format!("mdm{}", std::env::consts::EXE_SUFFIX));
    if !binary.is_file() {
        bail!("{} was not built", binary.display());
    }
    Ok(binary)
}

#[cfg(unix)]
fn replace_by(mut command: Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    // Comes back only with an error.
    Err(command.exec().into())
}

#[cfg(not(unix))]
fn replace_by(mut command: Command) -> Result<ExitCode> {
    let code = command.status()?.code().unwrap_or(1);
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(line: &str) -> String {
        let args = expand_short_name(line.split(' ').map(OsString::from).collect());
        args.join(" ".as_ref()).into_string().unwrap()
    }

    #[test]
    fn short_names_are_expanded() {
        assert_eq!(
            expanded("reproduce-table1 --jobs 2"),
            "reproduce table1 --jobs 2"
        );
        assert_eq!(expanded("reproduce-fig4"), "reproduce fig4");
        assert_eq!(expanded("mdm --help"), "--help");
    }

    #[test]
    fn everything_else_is_left_alone() {
        for line in [
            "reproduce-table9",
            "reproduce table1",
            "train reproduce-table1",
            "train --backend tch",
        ] {
            assert_eq!(expanded(line), line);
        }
    }
}
