//! Variables that deployments of this kind set and this daemon does not read: each is refused with a sentence, so that
//! nobody believes it to be in force.

use caracal_service::config::{Mode, Settings};

use super::declared;

/// Names, and what is so instead.
pub(crate) const NOT_READ: &[(&[&str], &str)] = &[
    (
        &[
            "DB_MIN_CONNS",
            "DB_MAX_CONN_LIFETIME",
            "DB_MAX_CONN_IDLE",
            "DB_HEALTH_CHECK_PERIOD",
            "DB_CONNECT_TIMEOUT",
            "DB_CONNECTION_TIMEOUT_MS",
            "DB_IDLE_TIMEOUT_MS",
            "DB_STATEMENT_TIMEOUT_MS",
            "DB_IDLE_IN_TX_TIMEOUT_MS",
        ],
        "the pool is bounded by DB_MAX_CONNS alone; put further settings into DATABASE_URL or the database role",
    ),
    (
        &[
            "REDIS_DIAL_TIMEOUT",
            "REDIS_READ_TIMEOUT",
            "REDIS_WRITE_TIMEOUT",
            "REDIS_POOL_SIZE",
            "REDIS_MIN_IDLE_CONNS",
            "REDIS_POOL_TIMEOUT",
        ],
        "one connection carries the commands of a process, with fixed bounds",
    ),
    (
        &[
            "CARACAL_LOG_SAMPLE_DEBUG",
            "CARACAL_LOG_QUEUE_SIZE",
            "CARACAL_LOG_MAX_FIELD_BYTES",
        ],
        "logs are neither sampled nor cut; choose with LOG_LEVEL",
    ),
    (
        &["OPA_POLL_SECONDS"],
        "policies are in force when their activation is answered; nothing is polled",
    ),
    (
        &["MAX_GRANT_TTL_SECONDS", "STS_SECRET_VERIFY_CONCURRENCY"],
        "the bound is fixed",
    ),
    (
        &[
            "CARACAL_VAULT_TOKEN",
            "CARACAL_INFISICAL_TOKEN",
            "CARACAL_AZURE_CLIENT_SECRET",
            "CARACAL_CUSTOM_SECRETS_TOKEN",
        ],
        "secrets are sealed under SECRET_STORE_KEK; other secret stores are not spoken to",
    ),
    (
        &[
            "AUDIT_MAX_DELIVERIES",
            "AUDIT_CLAIM_IDLE_SECS",
            "AUDIT_TAMPER_ROLLING_HOURS",
            "AUDIT_READY_DLQ_MAX",
            "AUDIT_READY_LAG_MAX",
            "AUDIT_READY_PEL_OLDEST_SECS_MAX",
            "AUDIT_EXPORT_S3_BUCKET",
            "AUDIT_EXPORT_S3_ENDPOINT",
            "AUDIT_EXPORT_S3_REGION",
            "AUDIT_EXPORT_TMP_DIR",
        ],
        "the ledger is read with `caracald audit verify` and the Audit role's routes",
    ),
    (
        &[
            "OUTBOX_POLL_MS",
            "OUTBOX_INTERVAL_MS",
            "OUTBOX_BATCH_SIZE",
            "OUTBOX_LOCK_SEC",
            "OUTBOX_MAX_ATTEMPTS",
            "OUTBOX_STREAM_MAXLEN",
            "OUTBOX_RETENTION_DAYS",
            "STREAMS_MAXLEN",
            "API_READY_OUTBOX_DEAD_MAX",
            "RELAY_DEDUPE_WINDOW_SEC",
            "RELAY_INTERVAL_MS",
            "RELAY_CLAIM_IDLE_SEC",
            "RELAY_CONSUMER_NAME",
            "WORKER_ID",
        ],
        "the outbox is delivered at once and without an end of attempts",
    ),
    (
        &[
            "API_BODY_LIMIT_BYTES",
            "READY_RATE_LIMIT_PER_MIN",
            "API_ENABLE_DOCS",
        ],
        "the bound is fixed",
    ),
    (
        &[
            "STS_JWKS_URL",
            "STS_ISSUER_URL",
            "CONTROL_API_TOKEN",
            "CONTROL_REPLAY_TTL_SEC",
        ],
        "commands run in the Control API itself, with the keys of their zone, and a mandate's use is remembered until its end",
    ),
    (
        &[
            "API_OPERATOR_ENABLED",
            "API_OPERATOR_AUTOPILOT_ENABLED",
            "API_OPERATOR_AI_PROVIDERS",
        ],
        "there is no assistant",
    ),
    (
        &[
            "DEADLINE_SWEEP_INTERVAL_MS",
            "RETENTION_CLEANUP_BATCH_SIZE",
            "DELEGATION_RETENTION_DAYS",
            "JWKS_CACHE_MAX",
            "VERIFY_RATE_LIMIT_PER_MIN",
            "INVOCATION_RATE_LIMIT_PER_MIN",
        ],
        "the Coordinator has no such setting",
    ),
];

/// Variables of other programs, which may share the daemon's environment: the `caracal` command and its workloads, the
/// client libraries, the installer, and this project's own Makefile and scripts.
const OF_OTHERS: &[&str] = &[
    "CARACAL_ALLOW_INSECURE_CONFIG_URLS",
    "CARACAL_ALLOW_WORKSPACE_SECRETS",
    "CARACAL_API_URL",
    "CARACAL_APPLICATION_ID",
    "CARACAL_APP_CLIENT_SECRET",
    "CARACAL_APP_CLIENT_SECRET_FILE",
    "CARACAL_APP_RESOURCES",
    "CARACAL_AUDIT_URL",
    "CARACAL_BUILD_MODE",
    "CARACAL_BUILD_SHA",
    "CARACAL_CARACALD",
    "CARACAL_COLOR",
    "CARACAL_CONFIG",
    "CARACAL_CONFIG_HOME",
    "CARACAL_COORDINATOR_URL",
    "CARACAL_CREDENTIALS_FILE",
    "CARACAL_DEFAULT_TTL_SECONDS",
    "CARACAL_E2E_PYTHON",
    "CARACAL_ENGINE_HOME",
    "CARACAL_ENGINE_NETWORK",
    "CARACAL_ENV",
    "CARACAL_ENV_FILE",
    "CARACAL_FUZZ_EXAMPLES",
    "CARACAL_GATEWAY_URL",
    "CARACAL_IMAGE",
    "CARACAL_INSTALL_DIR",
    "CARACAL_MIN_FREE_MIB",
    "CARACAL_NO_COLOR",
    "CARACAL_PREFIX",
    "CARACAL_PRODUCTION_HOME",
    "CARACAL_PRODUCTION_PORTS",
    "CARACAL_KEEP_CORPUS",
    "CARACAL_REGENERATE",
    "CARACAL_TEST_SEED",
    "CARACAL_REGISTRY",
    "CARACAL_RELEASES_URL",
    "CARACAL_REQUIRE_ADVISORIES",
    "CARACAL_REQUIRE_ENGINE",
    "CARACAL_REQUIRE_OPENAPI_LINT",
    "CARACAL_REQUIRE_PROVENANCE",
    "CARACAL_RESOURCES",
    "CARACAL_RESOURCES_FILE",
    "CARACAL_RUN_CREDENTIALS",
    "CARACAL_RUN_CREDENTIALS_FILE",
    "CARACAL_SECRETS_DIR",
    "CARACAL_STS_URL",
    "CARACAL_TEST_DAEMON",
    "CARACAL_TEST_IMAGE",
    "CARACAL_TEST_LIMIT",
    "CARACAL_TEST_REGISTRY",
    "CARACAL_VERIFY_PROVENANCE",
    "CARACAL_VERSION",
    "CARACAL_WORKLOAD",
    "CARACAL_WORKLOAD_ID",
    "CARACAL_WORKLOAD_SECRET",
    "CARACAL_WORKLOAD_SECRET_FILE",
    "CARACAL_ZONE_ID",
    "CARACAL_ZONE_URL",
    "TOKIO_WORKER_THREADS",
];

/// What the specification of exporters names and means nothing here: one batch is sent at a time, and
/// `OTEL_EXPORTER_OTLP_TIMEOUT` bounds it.
const OF_TRACES: &[&str] = &["OTEL_BSP_EXPORT_TIMEOUT", "OTEL_BSP_MAX_CONCURRENT_EXPORTS"];

/// Refuses what is set and not read, and what may not be so in `mode`. Call after everything else was read.
pub(super) fn refuse_unread(settings: &mut Settings, mode: Mode) {
    for name in OF_OTHERS.iter().chain(OF_TRACES) {
        settings.know(name);
    }
    for (setting, name) in [
        (&declared::INSECURE_STS, "INSECURE_STS"),
        (&declared::INSECURE_HTTP, "INSECURE_HTTP"),
    ] {
        if settings.get(setting) && mode.is_published() {
            settings.problem(format!("{name} is not allowed in mode {mode}"));
        }
    }
    // Accepted where they ask for what is so anyway.
    if settings.get(&declared::JTI_FAIL_OPEN) {
        settings.problem("JTI_FAIL_OPEN is refused: a mandate whose use cannot be recorded is not honoured");
    }
    if settings.get(&declared::SECRET_BACKEND) != "builtin" {
        settings.problem("CARACAL_SECRET_BACKEND must be builtin: other secret stores are not spoken to");
    }
    for (names, instead) in NOT_READ {
        for name in *names {
            if settings.is_unread(name) {
                settings.problem(format!("{name} is not read by this version: {instead}"));
            }
            settings.know(name);
        }
    }
}
