//! How a relay works.

use std::{sync::Arc, time::Duration};

use crate::Spool;

/// How a relay works.
#[derive(Debug, Clone)]
pub struct RelayOptions {
    /// Rows per claim. Default 500.
    pub batch: usize,
    /// How long claimed rows are kept from other relays. Longer than `timeout`. Default 30 s.
    pub lease: Duration,
    /// How often it looks without being woken. Default 1 s.
    pub poll: Duration,
    /// Longest wait for one append to the bus. Default 5 s. The spool's disk is waited for as long as it takes.
    pub timeout: Duration,
    /// Longest wait of an announcement for other processes to hear of a commit. Default 250 ms.
    pub announce: Duration,
    /// First and longest pause of a topic after a failure. Default 100 ms and 10 s.
    pub pause: (Duration, Duration),
    /// How long published rows are kept. Default 7 days.
    pub retention: Duration,
    /// How often gauges are set. Default 15 s; pruning happens every 64th time.
    pub report: Duration,
    /// Takes over audit events, which its drainer signs and keeps until the ledger has them. Without it they go to
    /// the bus as they are, which is only enough for a bus that cannot lose its memory.
    pub spool: Option<Arc<Spool>>,
}

impl Default for RelayOptions {
    fn default() -> Self {
        Self {
            batch: 500,
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            timeout: Duration::from_secs(5),
            announce: Duration::from_millis(250),
            pause: (Duration::from_millis(100), Duration::from_secs(10)),
            retention: Duration::from_hours(7 * 24),
            report: Duration::from_secs(15),
            spool: None,
        }
    }
}
