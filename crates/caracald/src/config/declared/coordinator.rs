use std::sync::LazyLock;

use caracal_coordinator::{Capacity, CoordinatorConfig};
use caracal_crypto::DpopWindow;
use caracal_service::config::{
    Days, Declared, HttpUrl, Millis, Number, Optional, Role, Seconds, Setting, Settings, Text,
};

pub(super) const GROUP: &[&(dyn Declared + Sync)] = &[
    &LIFECYCLE_SCOPE,
    &COORDINATOR_PUBLIC_URL,
    &BODY_LIMIT,
    &RATE,
    &UNAUTHENTICATED_RATE,
    &MAX_PER_ZONE,
    &MAX_PER_APPLICATION,
    &MAX_CHILDREN,
    &LEASE,
    &MAX_DELEGATION_LIFETIME,
    &RECEIPT_RETENTION,
    &GENERATED_RECEIPT_RETENTION,
    &MAX_RECEIPTS,
    &TTL_SWEEP,
    &LEASE_SWEEP,
    &RETENTION_INTERVAL,
    &SWEEP_BATCH,
    &RECORD_RETENTION,
];

const COORDINATOR: &[Role] = &[Role::Coordinator];
/// Those that start sessions: the STS does where people sign in with clients.
const STARTS_SESSIONS: &[Role] = &[Role::Coordinator, Role::Sts];

static DEFAULT: LazyLock<CoordinatorConfig> = LazyLock::new(CoordinatorConfig::default);

static LIFECYCLE_SCOPE: Setting<Text> = Setting::new(
    "AGENT_COORDINATOR_SCOPE",
    COORDINATOR,
    || DEFAULT.lifecycle_scope.clone(),
    "Scope that a mandate needs to enter.",
);
static COORDINATOR_PUBLIC_URL: Optional<HttpUrl> = Optional::new(
    "COORDINATOR_PUBLIC_URL",
    COORDINATOR,
    "the address that the Coordinator listens on",
    "Base of the Coordinator's addresses as clients know it: what proofs that a key is held (DPoP) are of.",
);
static BODY_LIMIT: Setting<Number<usize>> = Setting::new(
    "COORDINATOR_BODY_LIMIT_BYTES",
    COORDINATOR,
    || DEFAULT.body_limit_bytes,
    "Largest request body.",
);
static RATE: Setting<Number<u32>> = Setting::new(
    "COORDINATOR_RATE_LIMIT_PER_MIN",
    COORDINATOR,
    || DEFAULT.requests_per_minute,
    "Requests a minute of one application, or of the operator; 0 means no limit.",
)
.between(0, u32::MAX as u64);
static UNAUTHENTICATED_RATE: Setting<Number<u32>> = Setting::new(
    "COORDINATOR_UNAUTHENTICATED_RATE_LIMIT_PER_MIN",
    COORDINATOR,
    || DEFAULT.unauthenticated_per_minute,
    "Refused credentials a minute of one address; 0 means no limit.",
)
.between(0, u32::MAX as u64);
static MAX_PER_ZONE: Setting<Number<u64>> = Setting::new(
    "MAX_AGENTS_PER_ZONE",
    STARTS_SESSIONS,
    || DEFAULT.capacity.max_sessions_per_zone,
    "Live sessions of a zone.",
);
static MAX_PER_APPLICATION: Setting<Number<u64>> = Setting::new(
    "MAX_AGENTS_PER_APP",
    STARTS_SESSIONS,
    || DEFAULT.capacity.max_sessions_per_application,
    "Live sessions of an application.",
);
static MAX_CHILDREN: Setting<Number<u32>> = Setting::new(
    "MAX_CHILDREN_PER_AGENT",
    STARTS_SESSIONS,
    || DEFAULT.capacity.max_children,
    "Direct live children of a new session.",
);
static LEASE: Setting<Seconds> = Setting::new(
    "SERVICE_AGENT_LEASE_SECONDS",
    &[Role::Coordinator, Role::Api],
    || DEFAULT.capacity.service_lease,
    "Length of a service's lease.",
);
static MAX_DELEGATION_LIFETIME: Setting<Seconds> = Setting::new(
    "MAX_DELEGATION_LIFETIME_SECONDS",
    STARTS_SESSIONS,
    || DEFAULT.capacity.max_delegation_lifetime,
    "Longest life of a delegation, whatever end was asked for.",
);
static RECEIPT_RETENTION: Setting<Seconds> = Setting::new(
    "IDEMPOTENCY_RETENTION_SECONDS",
    COORDINATOR,
    || DEFAULT.receipt_retention,
    "How long a caller's idempotency key is remembered.",
);
static GENERATED_RECEIPT_RETENTION: Setting<Seconds> = Setting::new(
    "GENERATED_IDEMPOTENCY_RETENTION_SECONDS",
    COORDINATOR,
    || DEFAULT.generated_receipt_retention,
    "The same for keys that a client invented for its own retries.",
);
static MAX_RECEIPTS: Setting<Number<u64>> = Setting::new(
    "IDEMPOTENCY_MAX_RECEIPTS_PER_SCOPE",
    COORDINATOR,
    || DEFAULT.max_receipts_per_scope,
    "Live receipts of one application and operation.",
);
static TTL_SWEEP: Setting<Millis> = Setting::new(
    "TTL_SWEEP_INTERVAL_MS",
    COORDINATOR,
    || DEFAULT.ttl_sweep_interval,
    "How often tasks and delegations past their end are looked for.",
);
static LEASE_SWEEP: Setting<Millis> = Setting::new(
    "SERVICE_LEASE_SWEEP_INTERVAL_MS",
    COORDINATOR,
    || DEFAULT.lease_sweep_interval,
    "How often services without a lease are looked for.",
);
static RETENTION_INTERVAL: Setting<Millis> = Setting::new(
    "RETENTION_CLEANUP_INTERVAL_MS",
    COORDINATOR,
    || DEFAULT.retention_interval,
    "How often receipts and records past keeping are deleted.",
);
static SWEEP_BATCH: Setting<Number<u32>> = Setting::new(
    "SWEEPER_BATCH_SIZE",
    COORDINATOR,
    || DEFAULT.sweep_batch,
    "Most rows in a transaction of a job.",
);
static RECORD_RETENTION: Setting<Days> = Setting::new(
    "SESSION_RETENTION_DAYS",
    COORDINATOR,
    || DEFAULT.record_retention,
    "How long sessions, delegations, authority records and short-lived applications are kept once they have ended.",
)
.between(1, 36_500);

/// Reads the limits and intervals of the Coordinator, which takes proofs within `dpop_window`.
pub(crate) fn coordinator(settings: &mut Settings, dpop_window: DpopWindow) -> CoordinatorConfig {
    CoordinatorConfig {
        lifecycle_scope: settings.get(&LIFECYCLE_SCOPE),
        public_url: settings.find(&COORDINATOR_PUBLIC_URL),
        dpop_window,
        body_limit_bytes: settings.get(&BODY_LIMIT),
        requests_per_minute: settings.get(&RATE),
        unauthenticated_per_minute: settings.get(&UNAUTHENTICATED_RATE),
        capacity: Capacity {
            max_sessions_per_zone: settings.get(&MAX_PER_ZONE),
            max_sessions_per_application: settings.get(&MAX_PER_APPLICATION),
            max_children: settings.get(&MAX_CHILDREN),
            service_lease: settings.get(&LEASE),
            max_delegation_lifetime: settings.get(&MAX_DELEGATION_LIFETIME),
        },
        receipt_retention: settings.get(&RECEIPT_RETENTION),
        generated_receipt_retention: settings.get(&GENERATED_RECEIPT_RETENTION),
        max_receipts_per_scope: settings.get(&MAX_RECEIPTS),
        ttl_sweep_interval: settings.get(&TTL_SWEEP),
        lease_sweep_interval: settings.get(&LEASE_SWEEP),
        retention_interval: settings.get(&RETENTION_INTERVAL),
        sweep_batch: settings.get(&SWEEP_BATCH),
        record_retention: settings.get(&RECORD_RETENTION),
    }
}
