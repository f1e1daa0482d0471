//! Everything the daemon reads from its environment, complete before any port is bound.

mod contract;
mod serving;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context as _, bail};
use caracal_api::ApiConfig;
use caracal_coordinator::CoordinatorConfig;
use caracal_core::{Secret, words};
use caracal_events::spool::MIN_CAPACITY_BYTES;
use caracal_service::{
    config::{ConfigError, Mode, Settings},
    egress::HostPattern,
};

pub(crate) use self::serving::Serving;
use crate::telemetry::Logging;

words!(
    /// A role this build serves.
    Role {
        /// The Control API.
        Api = "api",
        /// The token service.
        Sts = "sts",
        /// The enforcement point.
        Gateway = "gateway",
        /// Sessions and delegations.
        Coordinator = "coordinator",
        /// The ledger.
        Audit = "audit",
    }
);

impl Role {
    /// The port of the role unless configured otherwise.
    pub(crate) const fn default_port(self) -> u16 {
        match self {
            Self::Api => 3000,
            Self::Sts => 8080,
            Self::Gateway => 8081,
            Self::Coordinator => 4000,
            Self::Audit => 9090,
        }
    }

    /// Reads role names; `all` means every role.
    pub(crate) fn parse_all(names: &[String]) -> anyhow::Result<Vec<Self>> {
        let mut roles = Vec::new();
        for name in names {
            if name == "all" {
                roles.extend(Self::ALL);
                continue;
            }
            match Self::parse(name) {
                Some(role) => roles.push(role),
                None => bail!(
                    "unknown role {name:?}; the roles are api, sts, gateway, coordinator, audit and all"
                ),
            }
        }
        roles.dedup();
        let mut distinct = Vec::new();
        for role in roles {
            if !distinct.contains(&role) {
                distinct.push(role);
            }
        }
        Ok(distinct)
    }
}

/// Where state lives.
#[derive(Debug, Clone)]
pub(crate) enum Backend {
    /// SQLite, in-process bus and generated secrets under one directory.
    Embedded,
    /// PostgreSQL and Redis.
    Production {
        /// PostgreSQL DSN.
        database_url: Secret,
        /// Redis URL.
        redis_url: Secret,
    },
}

/// When the audit spool is synced to disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpoolSync {
    /// Before every answer.
    Always,
    /// At this interval.
    Interval(Duration),
}

/// Keys and tokens. In the embedded deployment absent ones are generated.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys {
    pub(crate) kek: Option<Secret>,
    pub(crate) kek_previous: Option<Secret>,
    pub(crate) streams: Option<Secret>,
    pub(crate) audit: Option<Secret>,
    pub(crate) gateway_sts: Option<Secret>,
    pub(crate) idempotency: Option<Secret>,
    pub(crate) admin_token: Option<Secret>,
    pub(crate) coordinator_token: Option<Secret>,
    pub(crate) sts_admin_token: Option<Secret>,
    pub(crate) audit_admin_token: Option<Secret>,
    pub(crate) metrics_bearer: Option<Secret>,
}

/// The daemon's configuration.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) mode: Mode,
    /// State directory: secrets, SQLite file, spool.
    pub(crate) home: PathBuf,
    pub(crate) backend: Backend,
    pub(crate) listen: Vec<(Role, SocketAddr)>,
    /// `iss` of mandates; absent means the STS's own address.
    pub(crate) issuer: Option<String>,
    /// The STS, for a Gateway in another process.
    pub(crate) sts_url: Option<String>,
    pub(crate) keys: Keys,
    pub(crate) spool_dir: PathBuf,
    pub(crate) spool_sync: SpoolSync,
    /// Bytes of evidence the spool keeps before decisions are refused (`AUDIT_SPOOL_CAPACITY_BYTES`).
    pub(crate) spool_capacity: u64,
    /// Events on the stream that the ledger has not acknowledged, beyond which they wait in the spools
    /// (`AUDIT_STREAM_MAX_EVENTS`).
    pub(crate) audit_stream_bound: u64,
    pub(crate) logging: Logging,
    pub(crate) serving: Serving,
    pub(crate) mint_rate_limit_per_min: u32,
    /// How long a new signing key is published before it signs.
    pub(crate) key_publish_ahead: Duration,
    /// How long an old signing key verifies after its successor signs.
    pub(crate) key_overlap: Duration,
    pub(crate) max_request_bytes: u64,
    pub(crate) upstream_timeout: Duration,
    pub(crate) stream_idle_timeout: Duration,
    pub(crate) sts_timeout: Duration,
    pub(crate) trust_proxy: bool,
    /// Certificates in PEM form to trust besides the system's.
    pub(crate) extra_ca_file: Option<PathBuf>,
    pub(crate) upstream_host_allowlist: Vec<HostPattern>,
    pub(crate) db_max_conns: u32,
    /// Passwords of database roles that `migrate` sets, by role name.
    pub(crate) role_passwords: Vec<(&'static str, Secret)>,
    pub(crate) coordinator: CoordinatorConfig,
    pub(crate) api: ApiConfig,
    /// Variables that look like settings and are none.
    pub(crate) unknown: Vec<String>,
}

impl Config {
    /// How PostgreSQL's views name this process.
    pub(crate) fn application_name(&self) -> String {
        match self.listen.as_slice() {
            [(role, _)] => format!("caracal-{role}"),
            _ => String::from("caracald"),
        }
    }

    /// What the file of further certificates holds.
    ///
    /// # Errors
    /// One sentence when it is named and cannot be read.
    pub(crate) fn extra_ca(&self) -> anyhow::Result<Option<Vec<u8>>> {
        let read = |path: &PathBuf| {
            std::fs::read(path)
                .with_context(|| format!("CARACAL_TLS_EXTRA_CA_FILE: cannot read {}", path.display()))
        };
        self.extra_ca_file.as_ref().map(read).transpose()
    }

    /// Reads the configuration for `roles`.
    ///
    /// # Errors
    /// One message naming every problem.
    pub(crate) fn read(mut settings: Settings, roles: &[Role]) -> Result<Self, ConfigError> {
        let mode = settings.mode();
        if mode.is_published() {
            for name in ["INSECURE_STS", "INSECURE_HTTP"] {
                if settings.flag(name, false) {
                    settings.problem(format!("{name} is not allowed in mode {mode}"));
                }
            }
        }
        let home = home(&mut settings);
        let backend = backend(&mut settings, mode, roles);
        let keys = keys(&mut settings, &backend, roles);
        let listen = roles
            .iter()
            .map(|role| (*role, listen(&mut settings, *role, roles.len(), mode)))
            .collect();
        let issuer = settings.text("ISSUER_URL");
        if let Some(issuer) = &issuer
            && !(issuer.starts_with("https://") || issuer.starts_with("http://"))
        {
            settings.problem(format!(
                "ISSUER_URL must be an absolute http or https URL, not {issuer:?}"
            ));
        }
        let sts_url = settings.text("STS_URL");
        if sts_url.is_none() && roles.contains(&Role::Gateway) && !roles.contains(&Role::Sts) {
            settings.problem("STS_URL is required by a gateway without the sts role in the same process");
        }
        let names_issuer = roles
            .iter()
            .any(|role| matches!(role, Role::Sts | Role::Gateway | Role::Coordinator));
        if issuer.is_none() && names_issuer && !matches!(backend, Backend::Embedded) {
            settings.problem("ISSUER_URL is required: the STS's address as clients know it");
        }
        if let Some(url) = &sts_url
            && mode.is_published()
            && roles.contains(&Role::Gateway)
            && leaves_the_house(url)
        {
            settings.problem(format!(
                "STS_URL must be https, or http to this machine or to a name without dots, not {url:?}"
            ));
        }
        let spool_dir = settings
            .path("AUDIT_REPLAY_DIR")
            .unwrap_or_else(|| home.join("audit-spool"));
        let spool_sync = match settings.text("AUDIT_SPOOL_SYNC").as_deref() {
            None | Some("interval") => {
                SpoolSync::Interval(settings.duration("AUDIT_SPOOL_SYNC_EVERY", Duration::from_millis(200)))
            }
            Some("always") => SpoolSync::Always,
            Some(other) => {
                settings.problem(format!(
                    "AUDIT_SPOOL_SYNC must be always or interval, not {other:?}"
                ));
                SpoolSync::Always
            }
        };
        let spool_capacity = settings.positive("AUDIT_SPOOL_CAPACITY_BYTES", 1 << 30);
        if spool_capacity < MIN_CAPACITY_BYTES {
            settings.problem(format!(
                "AUDIT_SPOOL_CAPACITY_BYTES must be at least {MIN_CAPACITY_BYTES}"
            ));
        }
        let logging = serving::logging(&mut settings);
        let serving = Serving::read(&mut settings, matches!(backend, Backend::Embedded));
        let mut upstream_host_allowlist = Vec::new();
        for host in settings
            .text("UPSTREAM_HOST_ALLOWLIST")
            .unwrap_or_default()
            .split(',')
        {
            match host.trim().parse() {
                Ok(pattern) => upstream_host_allowlist.push(pattern),
                Err(_) if host.trim().is_empty() => {}
                Err(error) => settings.problem(format!(
                    "UPSTREAM_HOST_ALLOWLIST: {host:?} is not usable: {error}"
                )),
            }
        }
        let mut config = Self {
            mode,
            home,
            backend,
            listen,
            issuer: issuer.map(|issuer| issuer.trim().to_owned()),
            sts_url,
            keys,
            spool_dir,
            spool_sync,
            spool_capacity,
            audit_stream_bound: settings.positive("AUDIT_STREAM_MAX_EVENTS", 100_000),
            logging,
            serving,
            mint_rate_limit_per_min: bounded(settings.positive("STS_MINT_RATE_LIMIT_PER_MIN", 600_000)),
            key_publish_ahead: settings.duration("SIGNING_KEY_PUBLISH_AHEAD", Duration::from_mins(10)),
            key_overlap: settings.duration("SIGNING_KEY_OVERLAP", Duration::from_hours(24)),
            max_request_bytes: settings.positive("MAX_REQUEST_BYTES", 10 * 1024 * 1024),
            upstream_timeout: settings.duration("UPSTREAM_TIMEOUT", Duration::from_secs(30)),
            stream_idle_timeout: settings.duration("STREAM_IDLE_TIMEOUT", Duration::from_mins(1)),
            sts_timeout: settings.duration("STS_TIMEOUT", Duration::from_secs(5)),
            trust_proxy: settings.flag("TRUST_PROXY", false),
            extra_ca_file: settings.path("CARACAL_TLS_EXTRA_CA_FILE"),
            upstream_host_allowlist,
            db_max_conns: db_max_conns(&mut settings),
            role_passwords: role_passwords(&mut settings),
            coordinator: coordinator(&mut settings),
            api: api(&mut settings),
            unknown: Vec::new(),
        };
        for role in Role::ALL {
            settings.know(&listen_variable(*role));
        }
        contract::refuse_unread(&mut settings);
        config.unknown = settings.unknown();
        settings.finish()?;
        Ok(config)
    }
}

/// Limits of the Coordinator; the fields' documentation names each variable.
fn coordinator(settings: &mut Settings) -> CoordinatorConfig {
    let default = CoordinatorConfig::default();
    let millis = |settings: &mut Settings, name: &str, default: Duration| {
        Duration::from_millis(settings.positive(name, u64::try_from(default.as_millis()).unwrap_or(u64::MAX)))
    };
    let seconds = |settings: &mut Settings, name: &str, default: Duration| {
        Duration::from_secs(settings.positive(name, default.as_secs()))
    };
    CoordinatorConfig {
        lifecycle_scope: settings
            .text("AGENT_COORDINATOR_SCOPE")
            .unwrap_or(default.lifecycle_scope),
        body_limit_bytes: settings.parsed(
            "COORDINATOR_BODY_LIMIT_BYTES",
            default.body_limit_bytes,
            "a number of bytes",
        ),
        requests_per_minute: settings.parsed(
            "COORDINATOR_RATE_LIMIT_PER_MIN",
            default.requests_per_minute,
            "a whole number",
        ),
        unauthenticated_per_minute: settings.parsed(
            "COORDINATOR_UNAUTHENTICATED_RATE_LIMIT_PER_MIN",
            default.unauthenticated_per_minute,
            "a whole number",
        ),
        max_sessions_per_zone: settings.positive("MAX_AGENTS_PER_ZONE", default.max_sessions_per_zone),
        max_sessions_per_application: settings
            .positive("MAX_AGENTS_PER_APP", default.max_sessions_per_application),
        max_children: bounded(settings.positive("MAX_CHILDREN_PER_AGENT", u64::from(default.max_children))),
        service_lease: seconds(settings, "SERVICE_AGENT_LEASE_SECONDS", default.service_lease),
        max_delegation_lifetime: seconds(
            settings,
            "MAX_DELEGATION_LIFETIME_SECONDS",
            default.max_delegation_lifetime,
        ),
        receipt_retention: seconds(
            settings,
            "IDEMPOTENCY_RETENTION_SECONDS",
            default.receipt_retention,
        ),
        generated_receipt_retention: seconds(
            settings,
            "GENERATED_IDEMPOTENCY_RETENTION_SECONDS",
            default.generated_receipt_retention,
        ),
        max_receipts_per_scope: settings.positive(
            "IDEMPOTENCY_MAX_RECEIPTS_PER_SCOPE",
            default.max_receipts_per_scope,
        ),
        ttl_sweep_interval: millis(settings, "TTL_SWEEP_INTERVAL_MS", default.ttl_sweep_interval),
        lease_sweep_interval: millis(
            settings,
            "SERVICE_LEASE_SWEEP_INTERVAL_MS",
            default.lease_sweep_interval,
        ),
        retention_interval: millis(
            settings,
            "RETENTION_CLEANUP_INTERVAL_MS",
            default.retention_interval,
        ),
        sweep_batch: bounded(settings.positive("SWEEPER_BATCH_SIZE", u64::from(default.sweep_batch))),
        record_retention: Duration::from_secs(
            settings
                .positive(
                    "SESSION_RETENTION_DAYS",
                    default.record_retention.as_secs() / 86_400,
                )
                .saturating_mul(86_400),
        ),
    }
}

/// Limits of the Control API.
fn api(settings: &mut Settings) -> ApiConfig {
    let default = ApiConfig::default();
    ApiConfig {
        rate_limit_per_min: settings.parsed(
            "API_V1_RATE_LIMIT_PER_MIN",
            default.rate_limit_per_min,
            "a whole number",
        ),
        auth_fail_limit_per_min: settings.parsed(
            "ADMIN_AUTH_FAIL_LIMIT_PER_MIN",
            default.auth_fail_limit_per_min,
            "a whole number",
        ),
        max_resources_per_zone: settings.parsed(
            "API_MAX_RESOURCES_PER_ZONE",
            default.max_resources_per_zone,
            "a whole number",
        ),
        last_used_debounce: Duration::from_secs(settings.positive(
            "ADMIN_TOKEN_LAST_USED_DEBOUNCE_SEC",
            default.last_used_debounce.as_secs(),
        )),
        outcome_unknown_after: settings
            .duration("AUDIT_OUTCOME_UNKNOWN_AFTER", default.outcome_unknown_after),
        control_audience: settings
            .text("CONTROL_AUDIENCE")
            .unwrap_or(default.control_audience),
        ..default
    }
}

/// `DB_MAX_CONNS`, or `DB_POOL_MAX`, its other name.
fn db_max_conns(settings: &mut Settings) -> u32 {
    let default = settings.positive("DB_POOL_MAX", 20);
    bounded(settings.positive("DB_MAX_CONNS", default))
}

/// `CARACAL_<ROLE>_DB_PASSWORD` (or `_FILE`) of the roles that migrations create.
fn role_passwords(settings: &mut Settings) -> Vec<(&'static str, Secret)> {
    [
        ("caracalapi", "CARACAL_API_DB_PASSWORD"),
        ("caracalsts", "CARACAL_STS_DB_PASSWORD"),
        ("caracalgateway", "CARACAL_GATEWAY_DB_PASSWORD"),
        ("caracalaudit", "CARACAL_AUDIT_DB_PASSWORD"),
        ("caracalcoordinator", "CARACAL_COORDINATOR_DB_PASSWORD"),
    ]
    .into_iter()
    .filter_map(|(role, variable)| Some((role, settings.secret(variable)?)))
    .collect()
}

/// Whether a URL without TLS names a host beyond this machine and its network.
fn leaves_the_house(url: &str) -> bool {
    let Some(rest) = url.trim().strip_prefix("http://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let address = host
        .parse::<SocketAddr>()
        .map(|address| address.ip())
        .or_else(|_| host.trim_matches(['[', ']']).parse::<IpAddr>());
    if let Ok(address) = address {
        return !address.is_loopback();
    }
    let name = host.split(':').next().unwrap_or_default();
    name.is_empty() || name.contains('.')
}

fn bounded(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn home(settings: &mut Settings) -> PathBuf {
    if let Some(home) = settings.path("CARACAL_HOME") {
        return home;
    }
    if let Some(data) = settings.path("XDG_DATA_HOME") {
        return data.join("caracal");
    }
    match settings.path("HOME") {
        Some(home) => home.join(".local/share/caracal"),
        None => PathBuf::from("/var/lib/caracal"),
    }
}

fn backend(settings: &mut Settings, mode: Mode, roles: &[Role]) -> Backend {
    let database_url = settings.secret("DATABASE_URL");
    let redis_url = settings.secret("REDIS_URL");
    let embedded = match settings.text("CARACAL_STORAGE").as_deref() {
        Some("embedded") => true,
        Some("production") => false,
        Some(other) => {
            settings.problem(format!(
                "CARACAL_STORAGE must be embedded or production, not {other:?}"
            ));
            false
        }
        // A laptop runs embedded; a published deployment has to say so.
        None => database_url.is_none() && redis_url.is_none() && !mode.is_published(),
    };
    if embedded {
        return Backend::Embedded;
    }
    if database_url.is_none() {
        settings.problem("DATABASE_URL is required (or set CARACAL_STORAGE=embedded)");
    }
    // Commands that serve nothing, such as `migrate`, have no use for it.
    if redis_url.is_none() && !roles.is_empty() {
        settings.problem("REDIS_URL is required (or set CARACAL_STORAGE=embedded)");
    }
    let empty = || Secret::new("");
    Backend::Production {
        database_url: database_url.unwrap_or_else(empty),
        redis_url: redis_url.unwrap_or_else(empty),
    }
}

fn keys(settings: &mut Settings, backend: &Backend, roles: &[Role]) -> Keys {
    let keys = Keys {
        kek: settings.secret("SECRET_STORE_KEK"),
        kek_previous: settings.secret("SECRET_STORE_KEK_PREVIOUS"),
        streams: settings.secret("STREAMS_HMAC_KEY"),
        audit: settings.secret("AUDIT_HMAC_KEY"),
        gateway_sts: settings.secret("GATEWAY_STS_HMAC_KEY"),
        idempotency: settings.secret("IDEMPOTENCY_HMAC_KEY"),
        admin_token: settings.secret("CARACAL_ADMIN_TOKEN"),
        coordinator_token: settings.secret("CARACAL_COORDINATOR_TOKEN"),
        sts_admin_token: settings.secret("STS_ADMIN_TOKEN"),
        audit_admin_token: settings.secret("AUDIT_ADMIN_TOKEN"),
        metrics_bearer: settings.secret("METRICS_BEARER"),
    };
    if !matches!(backend, Backend::Embedded) {
        let has = |role: Role| roles.contains(&role);
        let required = [
            (
                "SECRET_STORE_KEK",
                keys.kek.is_some(),
                has(Role::Api) || has(Role::Sts),
            ),
            (
                "STREAMS_HMAC_KEY",
                keys.streams.is_some(),
                roles.iter().any(|role| *role != Role::Audit),
            ),
            ("AUDIT_HMAC_KEY", keys.audit.is_some(), !roles.is_empty()),
            (
                "GATEWAY_STS_HMAC_KEY",
                keys.gateway_sts.is_some(),
                has(Role::Sts) != has(Role::Gateway),
            ),
            (
                "IDEMPOTENCY_HMAC_KEY",
                keys.idempotency.is_some(),
                has(Role::Coordinator),
            ),
            ("CARACAL_ADMIN_TOKEN", keys.admin_token.is_some(), has(Role::Api)),
        ];
        for (name, present, needed) in required {
            if needed && !present {
                settings.problem(format!("{name} (or {name}_FILE) is required"));
            }
        }
    }
    let material = [
        ("SECRET_STORE_KEK", &keys.kek),
        ("SECRET_STORE_KEK_PREVIOUS", &keys.kek_previous),
        ("STREAMS_HMAC_KEY", &keys.streams),
        ("AUDIT_HMAC_KEY", &keys.audit),
        ("GATEWAY_STS_HMAC_KEY", &keys.gateway_sts),
        ("IDEMPOTENCY_HMAC_KEY", &keys.idempotency),
    ];
    for (index, (name, value)) in material.iter().enumerate() {
        let Some(value) = value else { continue };
        if let Err(error) = caracal_crypto::HmacKey::from_hex(value.expose()) {
            settings.problem(format!("{name}: {error}"));
        }
        for (other, earlier) in material.iter().take(index) {
            if earlier.as_ref() == Some(value) {
                settings.problem(format!("{name} must differ from {other}"));
            }
        }
    }
    for (name, token) in [
        ("CARACAL_ADMIN_TOKEN", &keys.admin_token),
        ("CARACAL_COORDINATOR_TOKEN", &keys.coordinator_token),
        ("STS_ADMIN_TOKEN", &keys.sts_admin_token),
        ("AUDIT_ADMIN_TOKEN", &keys.audit_admin_token),
        ("METRICS_BEARER", &keys.metrics_bearer),
    ] {
        if token.as_ref().is_some_and(|token| token.expose().len() < 32) {
            settings.problem(format!("{name} must have at least 32 characters"));
        }
    }
    keys
}

/// `CARACAL_<ROLE>_LISTEN`.
pub(crate) fn listen_variable(role: Role) -> String {
    format!("CARACAL_{}_LISTEN", role.as_str().to_ascii_uppercase())
}

fn listen(settings: &mut Settings, role: Role, roles: usize, mode: Mode) -> SocketAddr {
    let variable = listen_variable(role);
    let host = settings.parsed(
        "HOST",
        if mode.is_published() && roles == 1 {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED)
        } else {
            IpAddr::V4(Ipv4Addr::LOCALHOST)
        },
        "an IP address",
    );
    // One role a process may take its port from PORT; several would fight over it.
    let port = if roles == 1 {
        settings.parsed("PORT", role.default_port(), "a port")
    } else {
        role.default_port()
    };
    settings.listen(&variable, SocketAddr::new(host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)], roles: &[Role]) -> Result<Config, ConfigError> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::read(Settings::new(pairs), roles)
    }

    #[test]
    fn a_published_mode_names_everything_that_is_missing_at_once() {
        let message = read(&[], Role::ALL).unwrap_err().to_string();
        for name in [
            "DATABASE_URL",
            "REDIS_URL",
            "SECRET_STORE_KEK",
            "STREAMS_HMAC_KEY",
            "AUDIT_HMAC_KEY",
            "CARACAL_ADMIN_TOKEN",
        ] {
            assert!(message.contains(name), "{name} in {message}");
        }
    }

    #[test]
    fn weak_and_equal_keys_are_refused() {
        let zero = "00".repeat(32);
        let good = "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0";
        let message = read(
            &[
                ("CARACAL_MODE", "dev"),
                ("SECRET_STORE_KEK", &zero),
                ("STREAMS_HMAC_KEY", good),
                ("AUDIT_HMAC_KEY", good),
                ("CARACAL_ADMIN_TOKEN", "short"),
            ],
            Role::ALL,
        )
        .unwrap_err()
        .to_string();
        assert!(message.contains("SECRET_STORE_KEK:"), "{message}");
        assert!(
            message.contains("AUDIT_HMAC_KEY must differ from STREAMS_HMAC_KEY"),
            "{message}"
        );
        assert!(
            message.contains("CARACAL_ADMIN_TOKEN must have at least 32"),
            "{message}"
        );
    }

    #[test]
    fn a_process_needs_the_secrets_of_its_roles_alone() {
        let key = |seed: u8| {
            let bytes: Vec<u8> = (0..32_u8)
                .map(|at| at.wrapping_mul(7).wrapping_add(seed))
                .collect();
            hex::encode(bytes)
        };
        let (kek, streams, audit, exchange, receipts) = (key(1), key(2), key(3), key(4), key(5));
        let token = "t".repeat(40);
        let servers = [
            ("DATABASE_URL", "postgres://u:p@127.0.0.1/d"),
            ("REDIS_URL", "redis://127.0.0.1"),
        ];
        let (issuer, sts) = (
            ("ISSUER_URL", "https://sts.example"),
            ("STS_URL", "https://sts.example"),
        );
        let audit = ("AUDIT_HMAC_KEY", audit.as_str());
        let streams = ("STREAMS_HMAC_KEY", streams.as_str());
        let kek = ("SECRET_STORE_KEK", kek.as_str());
        let exchange = ("GATEWAY_STS_HMAC_KEY", exchange.as_str());
        let receipts = ("IDEMPOTENCY_HMAC_KEY", receipts.as_str());
        let needed: [(Role, Vec<(&str, &str)>); 5] = [
            (
                Role::Api,
                vec![kek, streams, audit, ("CARACAL_ADMIN_TOKEN", &token)],
            ),
            (Role::Sts, vec![kek, streams, audit, exchange, issuer]),
            (Role::Gateway, vec![streams, audit, exchange, issuer, sts]),
            (Role::Coordinator, vec![streams, audit, receipts, issuer]),
            (Role::Audit, vec![audit]),
        ];
        for (role, needed) in needed {
            let all: Vec<(&str, &str)> = servers.into_iter().chain(needed.clone()).collect();
            assert!(read(&all, &[role]).is_ok(), "{role} with exactly what it needs");
            for (missing, _) in &all {
                let rest: Vec<(&str, &str)> =
                    all.iter().copied().filter(|(name, _)| name != missing).collect();
                let refused = read(&rest, &[role]).unwrap_err().to_string();
                assert!(refused.contains(missing), "{role} without {missing}: {refused}");
            }
        }
        assert!(
            read(&servers[..1], &[]).is_ok(),
            "migrating needs the database alone"
        );
    }

    #[test]
    fn an_sts_without_tls_must_be_near() {
        for near in [
            "https://sts.example.com",
            "http://127.0.0.1:8080",
            "http://[::1]:8080/",
            "http://sts:8080",
            "http://localhost",
        ] {
            assert!(!leaves_the_house(near), "{near}");
        }
        for far in [
            "http://sts.example.com:8080",
            "http://10.0.0.7:8080",
            "http://127.0.0.1.example.com",
            "http://127.0.0.1@evil.example.com/",
            "http://",
        ] {
            assert!(leaves_the_house(far), "{far}");
        }
    }

    #[test]
    fn a_setting_that_nobody_reads_is_refused_with_a_sentence() {
        let laptop = ("CARACAL_MODE", "dev");
        let refusal = |name, value| {
            read(&[laptop, (name, value)], Role::ALL)
                .err()
                .map(|error| error.to_string())
        };
        for name in [
            "AUDIT_RETENTION_DAYS",
            "DB_MIN_CONNS",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "CARACAL_CONTROL_ENABLED",
            "REDIS_POOL_SIZE",
        ] {
            let message = refusal(name, "1").unwrap();
            assert!(
                message.contains(&format!("{name} is not read by this version: ")),
                "{message}"
            );
        }
        assert!(refusal("JTI_FAIL_OPEN", "true").is_some());
        assert!(refusal("JTI_FAIL_OPEN", "false").is_none());
        assert!(refusal("CARACAL_SECRET_BACKEND", "vault").is_some());
        assert!(refusal("CARACAL_SECRET_BACKEND", "builtin").is_none());
        assert!(refusal("TLS_CERT_FILE", "/c").unwrap().contains("TLS_KEY_FILE"));
        assert!(refusal("TLS_KEY_FILE", "/k").unwrap().contains("TLS_CERT_FILE"));
        assert!(
            refusal("LOG_LEVEL", "verbose")
                .unwrap()
                .contains("none of off, error")
        );
    }

    #[test]
    fn the_settings_of_listeners_are_in_force() {
        let config = read(
            &[
                ("CARACAL_MODE", "dev"),
                ("READ_HEADER_TIMEOUT", "1s"),
                ("READ_TIMEOUT", "2s"),
                ("WRITE_TIMEOUT", "3s"),
                ("IDLE_TIMEOUT", "4s"),
                ("KEEP_ALIVE_TIMEOUT_MS", "5000"),
                ("REQUEST_TIMEOUT_MS", "6000"),
                ("MAX_CONNECTIONS", "7"),
                ("MAX_CONNECTIONS_PER_ADDRESS", "8"),
                ("DB_POOL_MAX", "9"),
            ],
            Role::ALL,
        )
        .unwrap();
        let gateway = config.serving.limits(Role::Gateway, |wanted| wanted);
        let api = config.serving.limits(Role::Api, |wanted| wanted);
        let seconds = |span: Duration| span.as_secs();
        assert_eq!(seconds(gateway.header_read_timeout), 1);
        assert_eq!(
            (seconds(gateway.body_read_timeout), seconds(api.body_read_timeout)),
            (2, 6)
        );
        assert_eq!(seconds(gateway.write_timeout), 3);
        assert_eq!((seconds(gateway.idle_timeout), seconds(api.idle_timeout)), (4, 5));
        assert_eq!(
            (gateway.max_connections, gateway.max_connections_per_address),
            (7, 8)
        );
        assert_eq!(config.db_max_conns, 9);
        let default = read(&[("CARACAL_MODE", "dev")], Role::ALL).unwrap().serving;
        assert_eq!(
            seconds(default.limits(Role::Gateway, |wanted| wanted).idle_timeout),
            120
        );
        assert!(default.shutdown_delay + default.shutdown_grace < Duration::from_secs(10));
    }

    #[test]
    fn a_laptop_needs_nothing() {
        let config = read(&[("CARACAL_MODE", "dev"), ("CARACAL_HOME", "/tmp/c")], Role::ALL).unwrap();
        assert!(matches!(config.backend, Backend::Embedded));
        assert_eq!(config.listen[0].1.to_string(), "127.0.0.1:3000");
    }
}
