//! `cargo xtask measure-data`: what preparing and loading a corpus costs, beside Python's reading of the same pickle.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::backend::Backend;
use crate::mdm;

/// Runs of each step, of which the fastest counts, and the largest memory.
const RUNS: usize = 5;

/// What is measured.
#[derive(Debug, PartialEq, clap::Args)]
pub struct MeasureData {
    /// The corpus, a pickle.
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Its layout.
    #[arg(long, default_value = "mag")]
    layout: String,
    /// A GloVe text file, to give words their vectors.
    #[arg(long, value_name = "FILE")]
    glove: Option<PathBuf>,
    /// A Python with NumPy.
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    python: PathBuf,
    /// An `mdm` that is there already; left out, one is built in release mode.
    #[arg(long, value_name = "PROGRAM")]
    mdm: Option<PathBuf>,
}

/// Measures and prints a Markdown table. All figures are of whole processes, start included.
pub fn run(args: &MeasureData) -> Result<()> {
    let mdm = match &args.mdm {
        Some(program) => program.clone(),
        None => {
            mdm::build(Backend::Flex, None)?;
            mdm::built_binary()?
        }
    };
    let folder = std::env::temp_dir().join(format!("mdm-measure-data-{}", std::process::id()));
    fs::create_dir(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let outcome = table(args, &mdm, &folder);
    fs::remove_dir_all(&folder)?;
    print!("{}", outcome?);
    Ok(())
}

fn table(args: &MeasureData, mdm: &Path, folder: &Path) -> Result<String> {
    let store = folder.join("store");
    let text: &dyn Fn(&'static str) -> &OsStr = &|text| OsStr::new(text);
    let mut prepare = vec![text("data"), text("prepare"), text("--overwrite")];
    prepare.extend([text("--layout"), OsStr::new(&args.layout)]);
    prepare.extend([text("--input"), args.input.as_os_str()]);
    prepare.extend([text("--output"), store.as_os_str()]);
    if let Some(glove) = &args.glove {
        prepare.extend([text("--glove"), glove.as_os_str()]);
    }
    let inspect = [text("data"), text("inspect"), store.as_os_str()];
    let import = [text("-c"), text("import numpy, pickle")];
    let load = "import numpy, pickle, sys; pickle.load(open(sys.argv[1], 'rb'), encoding='latin1')";
    let load = [text("-c"), text(load), args.input.as_os_str()];

    let bytes = fs::metadata(&args.input)
        .with_context(|| format!("cannot read {}", args.input.display()))?
        .len();
    let mut lines = format!(
        "{}, {:.1} MB\n\n| process | seconds | peak memory, MB |\n|---|---|---|\n",
        args.input.file_name().unwrap_or_default().display(),
        bytes as f64 / 1e6
    );
    for (name, program, arguments) in [
        ("`mdm data prepare`", mdm, &prepare[..]),
        ("`mdm data inspect`, which loads the store", mdm, &inspect),
        (
            "Python, `import numpy, pickle` alone",
            &args.python,
            &import,
        ),
        ("Python, the same and `pickle.load`", &args.python, &load),
    ] {
        let (time, kib) = measure(program, arguments, folder)?;
        let (seconds, megabytes) = (time.as_secs_f64(), kib as f64 * 1024.0 / 1e6);
        lines += &format!("| {name} | {seconds:.2} | {megabytes:.1} |\n");
    }
    Ok(lines)
}

/// Wall-clock time and peak memory in KiB, the latter from GNU time.
fn measure(program: &Path, args: &[&OsStr], folder: &Path) -> Result<(Duration, u64)> {
    let report = folder.join("time");
    let (mut fastest, mut largest) = (Duration::MAX, 0);
    for _ in 0..RUNS {
        let mut command = Command::new("time");
        command.args(["-f", "%M", "-o"]).arg(&report);
        command.arg(program).args(args).stdout(Stdio::null());
        let start = Instant::now();
        let status = command
            .status()
            .context("cannot run GNU time, which tells the memory (apt-get install time)")?;
        fastest = fastest.min(start.elapsed());
        ensure!(
            status.success(),
            "{} ended with {status}",
            program.display()
        );
        let text = fs::read_to_string(&report)?;
        let kib: u64 = text
            .trim()
            .parse()
            .with_context(|| format!("GNU time said {text:?}"))?;
        largest = largest.max(kib);
    }
    Ok((fastest, largest))
}
