//! The CPU build of libtorch that the `tch` backend is linked against.
//!
//! It comes from PyPI, which is reachable where PyTorch's own download server often is not. The wheel there is the CUDA
//! build; its CPU half is kept, with the two small CUDA libraries that this half names.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use xshell::{Shell, cmd};

use crate::cargo::root;

/// What `torch-sys` in Cargo.lock is written for, and checks in `build-version`.
const VERSION: &str = "2.9.0";

/// The wheels, held to their hashes on PyPI.
const REQUIREMENTS: &str = "\
torch==2.9.0 --hash=sha256:51de31219c97c51cf4bf2be94d622e3deb5dcc526c6dc00e97c17eaec0fc1d67
nvidia-cuda-runtime-cu12==12.8.90 --hash=sha256:adade8dcbd0edf427b7204d480d6066d33902cab2a4707dcfc48a2d0fd44ab90
nvidia-cuda-cupti-cu12==12.8.90 --hash=sha256:ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182
";

/// Unpacks from every wheel in one folder only what is linked or included: 0.5 GB instead of 1.9.
const UNPACK: &str = r#"
import pathlib, shutil, sys, zipfile
wheels, out = map(pathlib.Path, sys.argv[1:3])
libraries = sys.argv[3:]
for wheel in sorted(wheels.glob("*.whl")):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            path = pathlib.PurePosixPath(name)
            if name.startswith("torch/include/") and not name.endswith("/"):
                target = out / path.relative_to("torch")
            elif path.parent.name == "lib" and path.name in libraries:
                target = out / "lib" / path.name
            else:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, open(target, "wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
"#;

const LIBRARIES: [&str; 5] = [
    "libtorch_cpu.so",
    "libc10.so",
    "libgomp.so.1",
    "libcudart.so.12",
    "libcupti.so.12",
];

#[cfg(target_os = "macos")]
const LIBRARY_PATH: &str = "DYLD_LIBRARY_PATH";
#[cfg(target_os = "windows")]
const LIBRARY_PATH: &str = "PATH";
#[cfg(not(any(target_os = "macos", target_os = "windows")))]
const LIBRARY_PATH: &str = "LD_LIBRARY_PATH";

/// A libtorch to build with and to run with.
pub enum Libtorch {
    /// A folder with `include` and `lib`.
    Dir(PathBuf),
    /// `LIBTORCH_USE_PYTORCH` is set: `torch-sys` asks the Python installation, and the user sees to the library path.
    Python,
}

impl Libtorch {
    /// The folder in `LIBTORCH`; else `target/libtorch`, which is made when it is not there yet.
    pub fn find_or_setup() -> Result<Self> {
        if std::env::var_os("LIBTORCH_USE_PYTORCH").is_some() {
            return Ok(Self::Python);
        }
        match std::env::var_os("LIBTORCH") {
            // Build scripts run in folders of their own.
            Some(dir) => {
                let dir = std::path::absolute(&dir)?;
                if !dir.join("lib").is_dir() {
                    bail!("LIBTORCH is {}, which has no folder `lib`", dir.display());
                }
                Ok(Self::Dir(dir))
            }
            None => setup().map(Self::Dir),
        }
    }

    /// The environment variables for both the build and the run.
    pub fn variables(&self) -> Vec<(&'static str, OsString)> {
        match self {
            Self::Python => Vec::new(),
            Self::Dir(dir) => vec![
                ("LIBTORCH", dir.clone().into_os_string()),
                (
                    LIBRARY_PATH,
                    prepend(&dir.join("lib"), std::env::var_os(LIBRARY_PATH).as_deref()),
                ),
            ],
        }
    }
}

fn prepend(dir: &Path, paths: Option<&OsStr>) -> OsString {
    let mut all = dir.as_os_str().to_owned();
    if let Some(paths) = paths.filter(|p| !p.is_empty()) {
        all.push(if cfg!(windows) { ";" } else { ":" });
        all.push(paths);
    }
    all
}

/// Makes `target/libtorch`, unless a finished one is there, and returns its path.
///
/// # Errors
///
/// On another platform than x86-64 Linux, without Python or pip, or when PyPI cannot be reached.
pub fn setup() -> Result<PathBuf> {
    let sh = Shell::new()?;
    let target = root().join("target");
    let dir = target.join("libtorch");
    if is_finished(&dir) {
        return Ok(dir);
    }
    check_platform(&sh)?;

    eprintln!("fetching libtorch {VERSION} (CPU) into {}", dir.display());
    let wheels = target.join("libtorch-wheels");
    // Made beside its place and renamed when it is whole, so that a stop half-way leaves nothing that looks finished.
    let partial = target.join("libtorch.partial");
    sh.remove_path(&partial)?;
    download(&sh, &wheels)?;
    unpack(&sh, &wheels, &partial)?;
    if let Some(missing) = missing_file(&partial) {
        bail!("the wheels hold no {missing}");
    }
    sh.remove_path(&dir)?;
    std::fs::rename(&partial, &dir).with_context(|| format!("cannot write {}", dir.display()))?;
    sh.remove_path(&wheels)?;
    Ok(dir)
}

fn is_finished(dir: &Path) -> bool {
    std::fs::read_to_string(dir.join("build-version")).is_ok_and(|v| v.trim() == build_version())
        && missing_file(dir).is_none()
}

fn build_version() -> String {
    format!("{VERSION}+cpu")
}

fn missing_file(dir: &Path) -> Option<String> {
    let mut files = vec!["include/torch/csrc/api/include/torch/torch.h".to_owned()];
    files.extend(
        LIBRARIES
            .iter()
            .chain(["libtorch.so"].iter())
            .map(|l| format!("lib/{l}")),
    );
    files.into_iter().find(|f| !dir.join(f).is_file())
}

fn check_platform(sh: &Shell) -> Result<()> {
    const INSTEAD: &str = "set LIBTORCH to the folder of your own libtorch 2.9 installation";
    if !cfg!(all(
        target_os = "linux",
        target_arch = "x86_64",
        target_env = "gnu"
    )) {
        bail!("libtorch is fetched on x86-64 Linux with glibc only; {INSTEAD}");
    }
    for (args, what) in [
        (vec!["--version"], "python3"),
        (vec!["-m", "pip", "--version"], "pip for python3"),
    ] {
        let found = cmd!(sh, "python3 {args...}")
            .quiet()
            .ignore_stdout()
            .ignore_stderr();
        if found.run().is_err() {
            bail!(
                "{what} is needed to fetch libtorch (Debian: apt-get install python3-pip); install it, or {INSTEAD}"
            );
        }
    }
    Ok(())
}

fn download(sh: &Shell, wheels: &Path) -> Result<()> {
    let requirements = wheels.join("requirements.txt");
    sh.write_file(&requirements, REQUIREMENTS)?;
    // The wheels are tagged for one Python and two ages of glibc; which Python unpacks them does not matter.
    cmd!(
        sh,
        "python3 -m pip download --quiet --no-deps --require-hashes --only-binary=:all: --implementation cp
            --python-version 3.11 --abi cp311 --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64
            --platform manylinux2014_x86_64 --dest {wheels} --requirement {requirements}"
    )
    .run()
    .context("cannot fetch the libtorch wheels from PyPI")
}

fn unpack(sh: &Shell, wheels: &Path, dir: &Path) -> Result<()> {
    cmd!(sh, "python3 -c {UNPACK} {wheels} {dir} {LIBRARIES...}")
        .quiet()
        .run()
        .context("cannot unpack the libtorch wheels")?;
    link(Path::new("libtorch_cpu.so"), &dir.join("lib/libtorch.so"))?;
    sh.write_file(dir.join("build-version"), build_version())?;
    Ok(())
}

#[cfg(unix)]
fn link(original: &Path, link: &Path) -> Result<()> {
    std::os::unix::fs::symlink(original, link)
        .with_context(|| format!("cannot write {}", link.display()))
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> Result<()> {
    bail!("libtorch is fetched on Linux only")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_libraries_come_first() {
        let dir = Path::new("/x/lib");
        assert_eq!(prepend(dir, None), "/x/lib");
        assert_eq!(prepend(dir, Some("".as_ref())), "/x/lib");
        if cfg!(unix) {
            assert_eq!(prepend(dir, Some("/a:/b".as_ref())), "/x/lib:/a:/b");
        }
    }

    #[test]
    fn a_half_finished_folder_is_not_taken_for_a_finished_one() {
        let sh = Shell::new().unwrap();
        let temp = sh.create_temp_dir().unwrap();
        let dir = temp.path();
        assert!(!is_finished(dir));
        sh.write_file(dir.join("include/torch/csrc/api/include/torch/torch.h"), "")
            .unwrap();
        for library in LIBRARIES {
            sh.write_file(dir.join("lib").join(library), "").unwrap();
        }
        sh.write_file(dir.join("build-version"), build_version())
            .unwrap();
        assert_eq!(missing_file(dir).as_deref(), Some("lib/libtorch.so"));
        assert!(!is_finished(dir));
        sh.write_file(dir.join("lib/libtorch.so"), "").unwrap();
        assert!(is_finished(dir));
        sh.write_file(dir.join("build-version"), "2.8.0+cpu")
            .unwrap();
        assert!(!is_finished(dir));
    }
}
