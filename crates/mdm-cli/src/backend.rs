//! Backends by name. The only place that makes a device, and the only one that names the deprecated ones.

use anyhow::bail;
use burn::tensor::Device;

use crate::failure::usage;

/// Every backend's name, with whether it is compiled in.
const BACKENDS: [(&str, bool); 7] = [
    ("flex", cfg!(feature = "flex")),
    ("ndarray", cfg!(feature = "ndarray")),
    ("wgpu", cfg!(feature = "wgpu")),
    ("vulkan", cfg!(feature = "vulkan")),
    ("metal", cfg!(feature = "metal")),
    ("tch", cfg!(feature = "tch")),
    ("cuda", cfg!(feature = "cuda")),
];

/// The device of a backend.
///
/// # Errors
///
/// A usage error for a name that does not exist or is not compiled in; it lists those that are.
pub fn device(name: &str) -> anyhow::Result<Device> {
    match device_of(name) {
        Some(device) => Ok(device),
        None => unavailable(name).map_err(usage),
    }
}

#[allow(deprecated)] // `ndarray` and `tch` leave Burn in 0.23.
fn device_of(name: &str) -> Option<Device> {
    match name {
        #[cfg(feature = "flex")]
        "flex" => Some(Device::flex()),
        #[cfg(feature = "ndarray")]
        "ndarray" => Some(Device::ndarray()),
        #[cfg(feature = "wgpu")]
        "wgpu" => Some(Device::wgpu(Default::default())),
        #[cfg(feature = "vulkan")]
        "vulkan" => Some(Device::vulkan(Default::default())),
        #[cfg(feature = "metal")]
        "metal" => Some(Device::metal(Default::default())),
        #[cfg(feature = "tch")]
        "tch" => Some(libtorch()),
        #[cfg(feature = "cuda")]
        "cuda" => Some(Device::cuda(0)),
        _ => None,
    }
}

/// libtorch's CPU, or its first CUDA device when the environment variable `MDM_TCH_DEVICE` is `cuda`.
#[cfg(feature = "tch")]
#[allow(deprecated)]
fn libtorch() -> Device {
    match std::env::var("MDM_TCH_DEVICE").as_deref() {
        Ok("cuda") => Device::libtorch_cuda(0),
        _ => Device::libtorch(),
    }
}

fn unavailable(name: &str) -> anyhow::Result<Device> {
    let names = |compiled_in: bool| {
        let chosen = BACKENDS.iter().filter(|(_, is_in)| *is_in == compiled_in);
        chosen.map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    };
    if BACKENDS.iter().any(|(known, _)| *known == name) {
        bail!(
            "backend `{name}` is not compiled in; this build has: {}. `cargo xtask` with `--backend {name}` builds it",
            names(true)
        );
    }
    bail!(
        "unknown backend `{name}`; this build has: {}; known besides: {}",
        names(true),
        names(false)
    )
}
