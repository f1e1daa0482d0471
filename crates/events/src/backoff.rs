//! Growing pauses between attempts.

use std::time::Duration;

use caracal_core::World;

/// Exponential pauses with jitter: each lies between half of a doubling bound and the bound.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    least: Duration,
    most: Duration,
    failures: u32,
}

impl Backoff {
    pub(crate) const fn new(least: Duration, most: Duration) -> Self {
        Self {
            least,
            most,
            failures: 0,
        }
    }

    /// The attempt worked.
    pub(crate) const fn reset(&mut self) {
        self.failures = 0;
    }

    /// How long to pause after one more failure.
    pub(crate) fn next(&mut self, world: &World) -> Duration {
        let bound = self
            .least
            .saturating_mul(1 << self.failures.min(20))
            .min(self.most);
        self.failures = self.failures.saturating_add(1);
        let half = bound / 2;
        half + half.mul_f64(f64::from(u16::from_le_bytes(world.random_bytes())) / f64::from(u16::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_start_over() {
        let world = World::for_tests();
        let (least, most) = (Duration::from_millis(50), Duration::from_secs(5));
        let mut backoff = Backoff::new(least, most);
        let first = backoff.next(&world);
        assert!(first >= least / 2 && first <= least);
        for _ in 0..100 {
            assert!(backoff.next(&world) <= most);
        }
        assert!(backoff.next(&world) >= most / 2);
        backoff.reset();
        assert!(backoff.next(&world) <= least);
    }
}
