//! What the allocator does with memory that is given back.

/// Keeps it in the process, for the next tensor.
///
/// A training step makes and drops the same large tensors again and again. As it comes, glibc takes each from the system and
/// returns it, and a page that comes from the system is zeroed and mapped by the kernel anew, which a virtual machine pays for
/// dearly. Everything below is told to the allocator once, before there are threads.
pub fn keep_what_is_freed() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    glibc();
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
fn glibc() {
    for (parameter, value) in [
        // No block is a mapping of its own, to be returned with its last use.
        (libc::M_MMAP_MAX, 0),
        // The end of the heap is returned only beyond 2 GiB.
        (libc::M_TRIM_THRESHOLD, i32::MAX),
        // One heap: a tensor is often made by one thread and dropped by another.
        (libc::M_ARENA_MAX, 1),
    ] {
        // SAFETY: `mallopt` sets a number of the allocator. An unknown parameter changes nothing.
        unsafe { libc::mallopt(parameter, value) };
    }
}
