//! Exit codes: 1 for a failure, 2 for bad usage or a bad config.

use std::fmt;
use std::process::ExitCode;

/// An error in what the user asked for, not in the doing of it.
#[derive(Debug)]
pub struct Usage(pub anyhow::Error);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Usage {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// Marks an error as bad usage.
pub fn usage(error: impl Into<anyhow::Error>) -> anyhow::Error {
    Usage(error.into()).into()
}

/// Prints the error and its causes on one line and chooses the exit code.
pub fn report(error: &anyhow::Error) -> ExitCode {
    // A cause that the message above it already quotes says nothing new.
    let mut message = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !message.contains(&cause) {
            message = format!("{message}: {cause}");
        }
    }
    eprintln!("error: {message}");
    let is_usage = error
        .chain()
        .any(|cause| cause.is::<Usage>() || is_config(cause));
    ExitCode::from(if is_usage { 2 } else { 1 })
}

/// Errors of the libraries that come from a setting.
fn is_config(cause: &(dyn std::error::Error + 'static)) -> bool {
    matches!(
        cause.downcast_ref::<mdm_train::Error>(),
        Some(
            mdm_train::Error::InvalidConfig { .. }
                | mdm_train::Error::NotAnnotated { .. }
                | mdm_train::Error::Model(_)
                | mdm_train::Error::Core(mdm_core::Error::InvalidConfig { .. })
                | mdm_train::Error::Data(mdm_data::Error::InvalidConfig { .. })
        )
    ) || matches!(
        cause.downcast_ref::<mdm_data::Error>(),
        Some(
            mdm_data::Error::InvalidConfig { .. }
                | mdm_data::Error::Modalities { .. }
                | mdm_data::Error::UnknownName { .. }
                | mdm_data::Error::UnknownVariable { .. }
        )
    ) || matches!(
        cause.downcast_ref::<mdm_core::Error>(),
        Some(mdm_core::Error::InvalidConfig { .. })
    )
}
