//! Random streams on the host, all drawn from one seed.

use rand::SeedableRng;
pub use rand::rngs::ChaCha8Rng;

/// The generator of one purpose (`name`) and one round (`index`: an epoch, a step, …) of a run.
///
/// Streams of different seeds, names or indices are independent, and each can be made again at any time: a run needs
/// no generator state to be resumed, and adding a consumer does not shift the numbers of another.
///
/// # Example
///
/// ```
/// use mdm_core::seed;
/// use rand::Rng;
///
/// let draw = |name| seed::stream(7, name, 0).next_u64();
/// assert_eq!(draw("shuffle"), draw("shuffle"));
/// assert_ne!(draw("shuffle"), draw("dropout"));
/// ```
pub fn stream(seed: u64, name: &str, index: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&fnv1a(name).to_le_bytes());
    key[16..24].copy_from_slice(&index.to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

/// The 64-bit Fowler–Noll–Vo hash: fixed for ever, which the standard library's is not.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
