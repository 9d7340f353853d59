//! Where the real pretrained models are.

use std::path::{Path, PathBuf};

/// A folder of `MDM_MODELS_DIR`; none, said loudly, where the variable is not set. One that is named must be there.
pub fn real_model(name: &str) -> Option<PathBuf> {
    let Some(dir) = std::env::var_os("MDM_MODELS_DIR") else {
        eprintln!("NOT RUN: the test with {name}, since MDM_MODELS_DIR is not set");
        return None;
    };
    // Cargo runs tests in the folder of their crate; a relative path is meant from the workspace.
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = workspace.join(dir).join(name);
    assert!(
        folder.is_dir(),
        "MDM_MODELS_DIR has no folder {}",
        folder.display()
    );
    Some(folder)
}
