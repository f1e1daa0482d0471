//! What can be changed, and how each is: the files of `caracald secrets init` and of an embedded home.

use caracal_service::config::{Declared, Role};

use crate::config::declared;

/// A secret that can be changed while calls go on.
pub(super) struct Entry {
    /// Name of its file.
    pub(super) file: &'static str,
    /// How many random bytes a new value has.
    pub(super) bytes: usize,
    /// How it is changed.
    pub(super) change: Change,
}

/// How a secret is changed.
pub(super) enum Change {
    /// Processes are given a second value beside it, in the file of the same name and `Previous`.
    Beside {
        /// The setting.
        current: &'static (dyn Declared + Sync),
        /// The setting of the second value.
        other: &'static (dyn Declared + Sync),
        /// How many values stay beside it when the change is over.
        kept: usize,
        /// When the old value is needed no more.
        until: DropCondition,
    },
    /// The password of a login of PostgreSQL, which has one at a time: open connections outlive it.
    Database {
        /// The login.
        login: &'static str,
        /// The file with its URL.
        url: &'static str,
        /// Who uses it; nobody but commands where it owns the schema.
        role: Option<Role>,
    },
    /// The password of the one login of Redis, which takes two at a time.
    Redis,
}

/// When an old value is needed no more.
#[derive(Debug, Clone, Copy)]
pub(super) enum DropCondition {
    /// At once, when every process has the new one.
    Replaced,
    /// When this gauge is zero in every process that reads it.
    Zero(&'static str),
    /// When this counter stands still for keys of this age.
    Still(&'static str, &'static str),
    /// When a person says so.
    Told(&'static str),
}

const TOKENS: DropCondition = DropCondition::Told("everybody who uses it has the new value");

const fn token(
    file: &'static str,
    current: &'static (dyn Declared + Sync),
    other: &'static (dyn Declared + Sync),
) -> Entry {
    key(file, current, other, 0, TOKENS)
}

const fn key(
    file: &'static str,
    current: &'static (dyn Declared + Sync),
    other: &'static (dyn Declared + Sync),
    kept: usize,
    until: DropCondition,
) -> Entry {
    Entry {
        file,
        bytes: 32,
        change: Change::Beside {
            current,
            other,
            kept,
            until,
        },
    }
}

const fn login(file: &'static str, login: &'static str, url: &'static str, role: Option<Role>) -> Entry {
    Entry {
        file,
        bytes: 24,
        change: Change::Database { login, url, role },
    }
}

/// Most values beside a key that takes several.
pub(super) const MOST_BESIDE: usize = 4;

/// Every secret that can be changed this way.
pub(super) static ALL: &[Entry] = &[
    key(
        "secretStoreKek",
        &declared::KEK,
        &declared::KEK_PREVIOUS,
        0,
        DropCondition::Zero("caracal_keys_values_under_previous"),
    ),
    // Links that stand are never sealed anew: whoever verifies them needs the keys of their time.
    key(
        "auditHmacKey",
        &declared::AUDIT_KEY,
        &declared::AUDIT_KEYS_PREVIOUS,
        MOST_BESIDE,
        DropCondition::Replaced,
    ),
    key(
        "streamsHmacKey",
        &declared::STREAMS_KEY,
        &declared::STREAMS_KEYS_PREVIOUS,
        0,
        DropCondition::Still("caracal_events_accepted_total", "key=\"previous\""),
    ),
    key(
        "gatewayStsHmacKey",
        &declared::GATEWAY_STS_KEY,
        &declared::GATEWAY_STS_KEYS_PREVIOUS,
        0,
        DropCondition::Replaced,
    ),
    key(
        "idempotencyHmacKey",
        &declared::IDEMPOTENCY_KEY,
        &declared::IDEMPOTENCY_KEYS_PREVIOUS,
        0,
        DropCondition::Told(
            "receipts of the old key have expired, IDEMPOTENCY_RETENTION_SECONDS after the second step",
        ),
    ),
    // What was signed with it is verified by its public keys, which are told as long as it is beside the new one.
    key(
        "auditLogKey",
        &declared::LOG_KEY,
        &declared::LOG_KEY_PREVIOUS,
        1,
        DropCondition::Replaced,
    ),
    token(
        "caracalAdminToken",
        &declared::ADMIN_TOKEN,
        &declared::ADMIN_TOKEN_PREVIOUS,
    ),
    token(
        "caracalCoordinatorToken",
        &declared::COORDINATOR_TOKEN,
        &declared::COORDINATOR_TOKEN_PREVIOUS,
    ),
    token(
        "stsAdminToken",
        &declared::STS_ADMIN_TOKEN,
        &declared::STS_ADMIN_TOKEN_PREVIOUS,
    ),
    token(
        "auditAdminToken",
        &declared::AUDIT_ADMIN_TOKEN,
        &declared::AUDIT_ADMIN_TOKEN_PREVIOUS,
    ),
    token(
        "metricsBearer",
        &declared::METRICS_BEARER,
        &declared::METRICS_BEARER_PREVIOUS,
    ),
    login("postgresPassword", "postgres", "databaseUrl", None),
    login("apiDbPassword", "caracalapi", "apiDatabaseUrl", Some(Role::Api)),
    login("stsDbPassword", "caracalsts", "stsDatabaseUrl", Some(Role::Sts)),
    login(
        "gatewayDbPassword",
        "caracalgateway",
        "gatewayDatabaseUrl",
        Some(Role::Gateway),
    ),
    login(
        "coordinatorDbPassword",
        "caracalcoordinator",
        "coordinatorDatabaseUrl",
        Some(Role::Coordinator),
    ),
    login(
        "auditDbPassword",
        "caracalaudit",
        "auditDatabaseUrl",
        Some(Role::Audit),
    ),
    Entry {
        file: "redisPassword",
        bytes: 24,
        change: Change::Redis,
    },
];

/// The secret in this file.
pub(super) fn find(file: &str) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.file == file)
}

/// Name of the file of the values beside a secret.
pub(crate) fn beside(file: &str) -> String {
    format!("{file}Previous")
}

/// Whether it is changed by a second value beside it.
pub(crate) fn rotates_beside(file: &str) -> bool {
    find(file).is_some_and(|entry| matches!(entry.change, Change::Beside { .. }))
}
