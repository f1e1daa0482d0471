//! `/health` and `/ready` of every service.

use caracal_core::words;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words!(
    /// Why a service does not want traffic now.
    NotReady {
        /// It is shutting down.
        Draining = "draining",
        /// What it depends on did not answer in time.
        Timeout = "timeout",
        /// PostgreSQL does not answer.
        PostgresUnreachable = "postgres_unreachable",
        /// The schema of the database is not this version's.
        SchemaMismatch = "schema_mismatch",
        /// Redis does not answer.
        RedisUnreachable = "redis_unreachable",
        /// A server it was pointed at will not do, as the log says; waiting does not help.
        Misconfigured = "misconfigured",
        /// What it knows of ended authority is too old to decide on.
        RevocationSnapshotStale = "revocation_snapshot_stale",
        /// The audit spool takes no events.
        AuditReplayUnavailable = "audit_replay_unavailable",
        /// The bootstrap admin token is not stored yet.
        BootstrapPending = "bootstrap_pending",
        /// The STS does not answer.
        StsUnreachable = "sts_unreachable",
        /// The Control API does not answer.
        ApiUnreachable = "api_unreachable",
        /// Audit events are not read.
        ConsumerUnhealthy = "consumer_unhealthy",
        /// Audit events cannot be stored.
        StorageUnreachable = "storage_unreachable",
        /// The token of zone keys does not answer.
        ZoneKeysUnreachable = "zone_keys_unreachable",
    }
);

/// Answer of `/health`: the process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Alive {
    /// True.
    pub ok: bool,
}

/// How well a role that enforces knows what ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RevocationHealth {
    /// Whether it may decide on what it knows. Where it may not, it refuses everything.
    pub fresh: bool,
    /// Milliseconds since it last asked storage what ended; absent before the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_ago_ms: Option<u64>,
    /// Milliseconds that the last end of authority took to be in force here; absent where none was heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_lag_ms: Option<u64>,
    /// The longest that any of the last 100 took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_lag_ms: Option<u64>,
}

/// Answer of `/ready`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// As `ready`.
    pub ok: bool,
    /// Whether to send traffic.
    pub ready: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<NotReady>,
    /// As `reason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<NotReady>,
    /// How well it knows what ended; absent of roles that enforce nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocations: Option<RevocationHealth>,
}

impl Readiness {
    /// Ready, or not for a reason.
    pub const fn new(reason: Option<NotReady>, revocations: Option<RevocationHealth>) -> Self {
        let ready = reason.is_none();
        Self {
            ok: ready,
            ready,
            reason,
            error: reason,
            revocations,
        }
    }
}
