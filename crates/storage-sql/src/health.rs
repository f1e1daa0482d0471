//! Which pooled connections may still be used, and how the last write ended.
//!
//! SQLite ends a transaction by itself when the disk is full, fails or memory runs out; the driver then still counts
//! it as open, and whatever is "committed" on that connection from there on is inside a savepoint that nobody
//! releases. A PostgreSQL server that became a standby, shuts down or hangs goes on holding connections that lead
//! nowhere. So a connection is used again only when it is proven clean, and after a failure that leaves doubt every
//! connection opened before it is thrown away.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// A connection's age is measured before it is judged, and this process may be stopped in between.
const SLACK: Duration = Duration::from_millis(100);

/// How long a write that succeeded speaks for the next one.
const WRITE_SPEAKS_FOR: Duration = Duration::from_secs(5);

/// The health of a store's connections. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Health(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Instants below are microseconds since then; 0 is never.
    opened: Instant,
    doubted: AtomicU64,
    wrote: AtomicU64,
    write_failed: AtomicBool,
}

impl Default for Health {
    fn default() -> Self {
        Self(Arc::new(Inner {
            opened: Instant::now(),
            doubted: AtomicU64::new(0),
            wrote: AtomicU64::new(0),
            write_failed: AtomicBool::new(false),
        }))
    }
}

impl Health {
    fn now(&self) -> u64 {
        // Never 0, which means never.
        u64::try_from(self.0.opened.elapsed().as_micros())
            .unwrap_or(u64::MAX)
            .max(1)
    }

    /// Something happened that leaves doubt: no connection opened until now is used again.
    pub(crate) fn doubt(&self) {
        self.0.doubted.fetch_max(self.now(), Ordering::AcqRel);
    }

    /// Whether a connection of this age was opened before the last doubt.
    pub(crate) fn doubts(&self, age: Duration) -> bool {
        let doubted = self.0.doubted.load(Ordering::Acquire);
        let age = u64::try_from(age.saturating_add(SLACK).as_micros()).unwrap_or(u64::MAX);
        doubted > 0 && self.now().saturating_sub(age) <= doubted
    }

    /// A write was committed.
    pub(crate) fn wrote(&self) {
        self.0.wrote.store(self.now(), Ordering::Release);
        self.0.write_failed.store(false, Ordering::Release);
    }

    /// A write could not be carried out.
    pub(crate) fn could_not_write(&self) {
        self.0.write_failed.store(true, Ordering::Release);
    }

    /// Whether the last write says that the next one will do: it succeeded, and not long ago.
    pub(crate) fn writes(&self) -> bool {
        let wrote = self.0.wrote.load(Ordering::Acquire);
        let since = Duration::from_micros(self.now().saturating_sub(wrote));
        wrote > 0 && since < WRITE_SPEAKS_FOR && !self.0.write_failed.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_opened_before_a_doubt_are_not_used_again() {
        let health = Health::default();
        assert!(!health.doubts(Duration::ZERO), "nothing happened yet");
        health.doubt();
        assert!(health.doubts(Duration::from_hours(1)));
        while health.doubts(Duration::ZERO) {
            std::thread::yield_now();
        }
        assert!(
            health.doubts(Duration::from_hours(1)),
            "the old ones stay doubted"
        );
    }

    #[test]
    fn a_failed_write_speaks_until_another_succeeds() {
        let health = Health::default();
        assert!(!health.writes(), "nobody wrote yet");
        health.wrote();
        assert!(health.writes());
        health.could_not_write();
        assert!(!health.writes());
        health.wrote();
        assert!(health.writes());
    }
}
