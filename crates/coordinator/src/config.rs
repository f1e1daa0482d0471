//! Values the Coordinator works with. `caracald` reads them from the environment; the variable is named with each.

use std::time::Duration;

use caracal_crypto::DpopWindow;
use caracal_lifecycle::Capacity;

/// Limits and intervals of the Coordinator. The defaults are such that a real fleet does not meet them at once.
#[derive(Debug, Clone)]
pub struct CoordinatorConfig {
    /// `AGENT_COORDINATOR_SCOPE`: the scope a mandate needs to enter. Default `agent:lifecycle`.
    pub lifecycle_scope: String,
    /// `COORDINATOR_PUBLIC_URL`: base of the addresses here, as clients know them, which proofs that a key is held are of.
    /// Default none: nothing that is bound to a key is taken.
    pub public_url: Option<String>,
    /// `DPOP_PROOF_AGE`, `DPOP_CLOCK_SKEW`: when such a proof is good. Default a minute, and half a minute more for clocks
    /// that differ.
    pub dpop_window: DpopWindow,
    /// `COORDINATOR_BODY_LIMIT_BYTES`: largest request body. Default 256 KiB.
    pub body_limit_bytes: usize,
    /// `COORDINATOR_RATE_LIMIT_PER_MIN`: requests per minute of one application, or of the operator. 0 disables.
    /// Default 60,000.
    pub requests_per_minute: u32,
    /// `COORDINATOR_UNAUTHENTICATED_RATE_LIMIT_PER_MIN`: refused credentials per minute and address. 0 disables.
    /// Default 600.
    pub unauthenticated_per_minute: u32,
    /// How much may live in a zone, and how long.
    pub capacity: Capacity,
    /// `IDEMPOTENCY_RETENTION_SECONDS`: how long a caller's key is remembered. Default 7 days.
    pub receipt_retention: Duration,
    /// `GENERATED_IDEMPOTENCY_RETENTION_SECONDS`: the same for keys that a client invented for its own retries.
    /// Default 1 hour.
    pub generated_receipt_retention: Duration,
    /// `IDEMPOTENCY_MAX_RECEIPTS_PER_SCOPE`: live receipts of one application and operation. Default 1,000,000.
    pub max_receipts_per_scope: u64,
    /// `TTL_SWEEP_INTERVAL_MS`: how often tasks and delegations past their end are looked for. Default 30 s.
    pub ttl_sweep_interval: Duration,
    /// `SERVICE_LEASE_SWEEP_INTERVAL_MS`: how often services without a lease are looked for. Default 15 s.
    pub lease_sweep_interval: Duration,
    /// `RETENTION_CLEANUP_INTERVAL_MS`: how often receipts and records past keeping are deleted. Default 15 min.
    pub retention_interval: Duration,
    /// `SWEEPER_BATCH_SIZE`: most rows per transaction of a job. Default 100.
    pub sweep_batch: u32,
    /// `SESSION_RETENTION_DAYS`: how long sessions, delegations, authority records and short-lived applications are kept
    /// once they have ended. Default 90 days.
    pub record_retention: Duration,
}

const DAY: Duration = Duration::from_hours(24);

impl Default for CoordinatorConfig {
    fn default() -> Self {
        Self {
            lifecycle_scope: String::from(caracal_core::LIFECYCLE_SCOPE),
            public_url: None,
            dpop_window: DpopWindow::default(),
            body_limit_bytes: 256 * 1024,
            requests_per_minute: 60_000,
            unauthenticated_per_minute: 600,
            capacity: Capacity::default(),
            receipt_retention: 7 * DAY,
            generated_receipt_retention: Duration::from_hours(1),
            max_receipts_per_scope: 1_000_000,
            ttl_sweep_interval: Duration::from_secs(30),
            lease_sweep_interval: Duration::from_secs(15),
            retention_interval: Duration::from_mins(15),
            sweep_batch: 100,
            record_retention: 90 * DAY,
        }
    }
}
