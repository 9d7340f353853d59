//! Where the work of a processor starts.

/// Does `work` on one of the threads that compute.
///
/// A thread that is none of them hands every operation over that is divided, and sleeps until it is done: two wake-ups
/// each time, which cost as much as a small operation. A thread that is one of them takes its own part. Calls may be nested;
/// those of several threads at once may be done one after the other.
#[cfg(feature = "flex")]
pub fn on_worker<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    rayon::scope(|_| work())
}

/// Does `work`: without flex nothing is divided between threads here.
#[cfg(not(feature = "flex"))]
pub fn on_worker<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    work()
}
