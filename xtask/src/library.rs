//! The checks of `mdm-core` as a library that others depend on.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use xshell::{Shell, cmd};

use crate::cargo::cargo;
use crate::checks::{shell, tool};

const PACKAGE: &str = "mdm-core";

/// What it needs of ours with the feature `flex`: packaged beside it, or its package could not be built.
const KERNELS: &str = "mdm-kernels";

/// What it may depend on. A new one needs a reason, and room in the build of everybody who uses the library.
const DEPENDENCIES: [&str; 4] = ["burn", "rand", "serde", "thiserror"];

/// What a package must hold beside its sources.
const FILES: [&str; 3] = ["README.md", "LICENSE-MIT", "LICENSE-APACHE"];

/// A program that uses the library, outside the workspace; its manifest holds a profile as well.
const EXAMPLE: &str = "examples/two-view-contrastive/Cargo.toml";

/// The cargo-semver-checks that is installed where there is none.
const CARGO_SEMVER_CHECKS: &str = "0.51.0";

/// Packages the library, with its kernels, as for crates.io and builds it from the package, with no dependency but those it
/// may have.
pub fn package() -> Result<()> {
    let sh = shell()?;
    let tree = cargo(&sh, "tree").args(["--package", PACKAGE, "--edges", "normal"]);
    let tree = tree
        .args(["--depth", "1", "--prefix", "none", "--format", "{p}"])
        .read()?;
    let unexpected = unexpected_dependencies(&tree);
    if !unexpected.is_empty() {
        bail!("{PACKAGE} may depend on {DEPENDENCIES:?} only, found {unexpected:?}");
    }

    // The gate checks the files as they are, committed or not.
    let package = || cargo(&sh, "package").args(["--package", PACKAGE, "--allow-dirty"]);
    let list = package().arg("--list").read()?;
    if let Some(missing) = FILES
        .into_iter()
        .find(|file| !list.lines().any(|l| l == *file))
    {
        bail!("the package of {PACKAGE} lacks {missing}");
    }
    // With the backend, the profile and the target folder of the example, which then finds Burn compiled. The
    // workspace's own build of Burn serves neither of them: there other crates add features to Burn's dependencies.
    let build = package().args(["--package", KERNELS, "--config", EXAMPLE]);
    let build = build.args(["--features", &format!("{PACKAGE}/flex")]);
    Ok(build.args(["--target-dir", "target"]).run()?)
}

/// Builds the example that stands for a user's project, and runs its test.
pub fn example() -> Result<()> {
    let sh = shell()?;
    let test = cargo(&sh, "test").args(["--manifest-path", EXAMPLE]);
    Ok(test.args(["--target-dir", "target"]).run()?)
}

/// rustfmt has nothing to change in the example, which `cargo fmt --all` does not know.
pub fn example_fmt(sh: &Shell) -> Result<()> {
    let fmt = cargo(sh, "fmt").args(["--manifest-path", EXAMPLE, "--check"]);
    Ok(fmt.run()?)
}

/// The public interface keeps the promises of its version number, measured against the last published version.
pub fn semver() -> Result<()> {
    let sh = shell()?;
    if !is_published(&sh)? {
        println!(
            "{PACKAGE} is not on crates.io: there is no version to compare with, and nothing was checked"
        );
        return Ok(());
    }
    let program = tool(&sh, "cargo-semver-checks", CARGO_SEMVER_CHECKS)?;
    // All features at once would take libtorch and CUDA.
    Ok(cmd!(
        sh,
        "{program} semver-checks --package {PACKAGE} --default-features"
    )
    .run()?)
}

/// Asks the index of crates.io, over the network even where cargo is told to do without: an index that was never read
/// lacks every crate.
fn is_published(sh: &Shell) -> Result<bool> {
    let info = cargo(sh, "info").args([PACKAGE, "--registry", "crates-io"]);
    let output = info
        .env("CARGO_NET_OFFLINE", "false")
        .quiet()
        .ignore_status()
        .output()?;
    let message = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        Ok(true)
    } else if message.contains("could not find") {
        Ok(false)
    } else {
        bail!("crates.io does not say whether {PACKAGE} is published: {message}");
    }
}

/// The dependencies in the output of `cargo tree`, a package a line, that the library may not have.
fn unexpected_dependencies(tree: &str) -> BTreeSet<&str> {
    tree.lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != PACKAGE && !DEPENDENCIES.contains(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_dependencies_are_expected() {
        let tree = "mdm-core v0.1.0 (/a/crates/mdm-core)\nburn v0.22.1\nserde v1.0.229\n";
        assert!(unexpected_dependencies(tree).is_empty());
        let tree = format!("{tree}polars v0.55.0\nburn-store v0.22.1\npolars v0.55.0 (*)\n");
        let unexpected: Vec<_> = unexpected_dependencies(&tree).into_iter().collect();
        assert_eq!(unexpected, ["burn-store", "polars"]);
    }
}
