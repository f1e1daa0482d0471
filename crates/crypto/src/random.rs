//! Cryptographic randomness for production.

use std::sync::Arc;

use caracal_core::{Random, SystemClock, World};

/// The per-thread DRBG of AWS-LC, seeded by the operating system.
///
/// There is no such thing as a usable key from failing randomness, so a failure ends the process.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, bytes: &mut [u8]) {
        if aws_lc_rs::rand::fill(bytes).is_err() {
            std::process::abort();
        }
    }
}

/// The operating system's clock and cryptographic randomness.
pub fn system_world() -> World {
    World::new(Arc::new(SystemClock), Arc::new(OsRandom))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_draws_are_alike() {
        let world = system_world();
        assert_ne!(world.random_bytes::<32>(), world.random_bytes::<32>());
        assert_ne!(world.random_bytes::<32>(), [0; 32]);
    }
}
