//! `mdm conformance`

use std::process::ExitCode;

use serde_json::json;

use crate::args::ConformanceArgs;
use crate::{backend, conformance, output};

/// Runs the cases; exit code 1 when one fails.
pub fn run(args: &ConformanceArgs) -> anyhow::Result<ExitCode> {
    let device = backend::device(&args.backend.backend)?;
    let mut printed = Ok(());
    let cases = conformance::run(&args.dir, &args.kind, &device, &mut |case| {
        let error = case
            .largest_error
            .map_or_else(|| "–".to_owned(), |error| format!("{error:.2e}"));
        let verdict = if case.passed { "ok" } else { "FAIL" };
        let detail = case.detail.as_deref().unwrap_or_default();
        let line = format!("{verdict:<4}  {:<45} {error:>9}  {detail}", case.name);
        if args.json {
            eprintln!("{}", line.trim_end());
        } else if printed.is_ok() {
            printed = output::line(line.trim_end());
        }
    })?;
    printed?;
    let passed = cases.iter().filter(|case| case.passed).count();
    let failed = cases.len() - passed;
    if args.json {
        output::line(json!({ "passed": passed, "failed": failed, "cases": cases }))?;
    } else {
        output::line(format!("{passed} passed, {failed} failed"))?;
    }
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
