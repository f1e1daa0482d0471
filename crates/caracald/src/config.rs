//! Everything the daemon reads from its environment, complete before any port is bound.

pub(crate) mod contract;
pub(crate) mod declared;
mod keys;
mod serving;
#[cfg(test)]
mod tests;
pub(crate) mod witness;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use anyhow::Context as _;
use caracal_api::{ApiConfig, RelyingParty, SingleSignOnConfig};
use caracal_coordinator::CoordinatorConfig;
use caracal_core::Secret;
use caracal_crypto::DpopWindow;
pub(crate) use caracal_service::config::Role;
use caracal_service::{
    config::{ConfigError, Effective, Mode, Process, Settings},
    egress::HostPattern,
};

use self::declared::{Storage, SyncWhen};
pub(crate) use self::{keys::Keys, serving::Serving};
use crate::telemetry::{Logging, Tracing};

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

/// The daemon's configuration; what each setting means is said where it is [declared].
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) mode: Mode,
    /// State directory: secrets, SQLite file, spool.
    pub(crate) home: PathBuf,
    pub(crate) backend: Backend,
    /// Longest wait of an answer to a change for other processes to hear of it.
    pub(crate) replica_sync_timeout: Duration,
    pub(crate) listen: Vec<(Role, SocketAddr)>,
    /// `iss` of mandates; absent means the STS's own address.
    pub(crate) issuer: Option<String>,
    /// The STS, for a Gateway in another process.
    pub(crate) sts_url: Option<String>,
    /// The Gateway as clients know it; absent means its own address.
    pub(crate) gateway_public_url: Option<String>,
    /// Where browsers find the console.
    pub(crate) console_url: Option<String>,
    /// The `OpenID` provider at which people sign in to the console.
    pub(crate) single_sign_on: Option<Box<SingleSignOnConfig>>,
    /// Where mail to people goes, and who sends it.
    pub(crate) mail: Option<(declared::MailPlace, String)>,
    /// The Control API and the Coordinator, for a console in another process.
    pub(crate) api_url: Option<String>,
    pub(crate) coordinator_url: Option<String>,
    pub(crate) audit_url: Option<String>,
    pub(crate) console_sts_url: Option<String>,
    pub(crate) console_gateway_url: Option<String>,
    pub(crate) keys: Keys,
    pub(crate) zone_keys: declared::ZoneKeysConfig,
    pub(crate) spool_dir: PathBuf,
    pub(crate) spool_sync: SpoolSync,
    pub(crate) spool_capacity: u64,
    pub(crate) audit_stream_bound: u64,
    /// What the deployment calls itself in checkpoints.
    pub(crate) log_origin: String,
    /// Where checkpoints and tiles are published as files.
    pub(crate) checkpoint_dir: Option<PathBuf>,
    /// The bucket that they are published into as well.
    pub(crate) checkpoint_url: Option<String>,
    /// Who cosigns them.
    pub(crate) witnesses: Option<PathBuf>,
    /// Where events are exported to, and how they are written.
    pub(crate) export: Option<(String, declared::ExportForm)>,
    /// What is told about buckets, by the names that the tools of AWS know it under.
    pub(crate) bucket: Vec<(&'static str, Secret)>,
    /// Time that one part of an export holds.
    pub(crate) export_period: Duration,
    /// How long administrative records are kept; absent means for ever.
    pub(crate) admin_retention: Option<Duration>,
    /// Longest time that events are kept; absent means for ever.
    pub(crate) event_retention: Option<Duration>,
    /// Where they go then.
    pub(crate) archive_dir: Option<PathBuf>,
    /// Whether they may go without an archive of them.
    pub(crate) without_archive: bool,
    pub(crate) logging: Logging,
    /// Where traces go; absent means nowhere.
    pub(crate) tracing: Option<Tracing>,
    pub(crate) serving: Serving,
    pub(crate) mint_rate_limit_per_min: u32,
    pub(crate) stranger_limit_per_min: u32,
    /// When proofs that a key is held are good.
    pub(crate) dpop_window: DpopWindow,
    pub(crate) dpop_nonces: bool,
    pub(crate) key_publish_ahead: Duration,
    pub(crate) key_overlap: Duration,
    pub(crate) max_request_bytes: u64,
    pub(crate) upstream_timeout: Duration,
    pub(crate) stream_idle_timeout: Duration,
    pub(crate) sts_timeout: Duration,
    pub(crate) trust_proxy: bool,
    /// Certificates in PEM form to trust besides the system's.
    pub(crate) extra_ca_file: Option<PathBuf>,
    pub(crate) upstream_host_allowlist: Vec<HostPattern>,
    /// Hosts that others name and that may be private: upstreams, OAuth servers, issuers, sinks.
    pub(crate) private_hosts: Vec<HostPattern>,
    pub(crate) db_max_conns: u32,
    /// Passwords of database roles that `migrate` sets, by role name.
    pub(crate) role_passwords: Vec<(&'static str, Secret)>,
    pub(crate) coordinator: CoordinatorConfig,
    pub(crate) api: ApiConfig,
    pub(crate) api_public_url: Option<String>,
    /// Variables that look like settings and are none.
    pub(crate) unknown: Vec<String>,
    /// What was read, with where each value came from.
    pub(crate) effective: Vec<Effective>,
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
        let settings = &mut settings;
        let mode = settings.get(&declared::MODE);
        let home = home(settings);
        let backend = backend(settings, mode);
        let process = Process {
            mode,
            roles: roles.to_vec(),
            embedded: matches!(backend, Backend::Embedded),
        };
        settings.require(&declared::DATABASE_URL, &process);
        settings.require(&declared::REDIS_URL, &process);
        let keys = Keys::read(settings, &process);
        let listen = roles
            .iter()
            .map(|role| (*role, listen(settings, *role, &process)))
            .collect();
        let log_origin = settings.find(&declared::LOG_ORIGIN);
        settings.require(&declared::LOG_ORIGIN, &process);
        let issuer = settings.find(&declared::ISSUER_URL);
        settings.require(&declared::ISSUER_URL, &process);
        let sts_url = settings.find(&declared::STS_URL);
        settings.require(&declared::STS_URL, &process);
        if let Some(url) = &sts_url
            && mode.is_published()
            && roles.contains(&Role::Gateway)
            && is_remote_without_tls(url)
        {
            settings.problem(format!(
                "STS_URL must be https, or http to this machine or to a name without dots, not {url:?}"
            ));
        }
        let api = declared::control(settings);
        if api.control_enabled && issuer.is_none() && mode.is_published() && roles.contains(&Role::Api) {
            settings.problem(
                "CARACAL_CONTROL_ENABLED=true needs ISSUER_URL, which mandates of control keys name",
            );
        }
        let event_retention = settings.find(&declared::EVENT_RETENTION);
        // Read before it is known whether it is needed, so that a wrong one is named.
        let export_form = settings.get(&declared::EXPORT_FORMAT);
        let archive_dir = settings.find(&declared::ARCHIVE_DIR);
        let without_archive = settings.get(&declared::WITHOUT_ARCHIVE);
        if roles.contains(&Role::Audit) && event_retention.is_some() {
            match (&archive_dir, without_archive) {
                (None, false) => settings.problem(
                    "AUDIT_RETENTION_DAYS needs AUDIT_ARCHIVE_DIR, where events go before they are deleted, or \
                     AUDIT_RETENTION_WITHOUT_ARCHIVE=true",
                ),
                (Some(_), true) => settings
                    .problem("AUDIT_ARCHIVE_DIR and AUDIT_RETENTION_WITHOUT_ARCHIVE=true contradict each other"),
                _ => {}
            }
        }
        let console_url = settings.find(&declared::CONSOLE_URL);
        let single_sign_on = declared::single_sign_on(settings, console_url.as_deref(), &process);
        let console = console_url.as_deref().and_then(|url| url::Url::parse(url).ok());
        let (upstream_host_allowlist, private_hosts) = declared::egress_hosts(settings, &process);
        let published = home.join("checkpoints");
        let spool_every = settings.get(&declared::SPOOL_SYNC_EVERY);
        let dpop_window = DpopWindow {
            age: settings.get(&declared::DPOP_PROOF_AGE),
            skew: settings.get(&declared::DPOP_CLOCK_SKEW),
        };
        let mut config = Self {
            mode,
            backend,
            listen,
            issuer,
            sts_url,
            gateway_public_url: settings.find(&declared::GATEWAY_PUBLIC_URL),
            console_url,
            single_sign_on,
            mail: declared::mail(settings, &process),
            api_url: settings.find(&declared::API_URL),
            coordinator_url: settings.find(&declared::COORDINATOR_URL),
            audit_url: settings.find(&declared::AUDIT_URL),
            console_sts_url: settings.find(&declared::CONSOLE_STS_URL),
            console_gateway_url: settings.find(&declared::CONSOLE_GATEWAY_URL),
            keys,
            zone_keys: declared::zone_keys(settings, &process),
            spool_dir: settings
                .find(&declared::SPOOL_DIR)
                .unwrap_or_else(|| home.join("audit-spool")),
            home,
            spool_sync: match settings.get(&declared::SPOOL_SYNC) {
                SyncWhen::Always => SpoolSync::Always,
                SyncWhen::Interval => SpoolSync::Interval(spool_every),
            },
            replica_sync_timeout: settings.get(&declared::REPLICA_SYNC_TIMEOUT),
            spool_capacity: settings.get(&declared::SPOOL_CAPACITY),
            audit_stream_bound: settings.get(&declared::STREAM_MAX_EVENTS),
            log_origin: log_origin.unwrap_or_else(|| String::from("localhost")),
            checkpoint_dir: settings
                .find(&declared::CHECKPOINT_DIR)
                .or_else(|| process.embedded.then_some(published)),
            checkpoint_url: settings.find(&declared::CHECKPOINT_URL),
            witnesses: settings.find(&declared::WITNESSES),
            export: settings.find(&declared::EXPORT_URL).map(|url| (url, export_form)),
            bucket: declared::bucket(settings),
            export_period: settings.get(&declared::EXPORT_PERIOD),
            admin_retention: settings.find(&declared::ADMIN_RETENTION),
            event_retention,
            archive_dir,
            without_archive,
            logging: serving::logging(settings),
            tracing: declared::tracing(settings, &process),
            serving: Serving::read(settings, process.embedded),
            mint_rate_limit_per_min: settings.get(&declared::MINT_RATE),
            stranger_limit_per_min: settings.get(&declared::STRANGER_RATE),
            dpop_window,
            dpop_nonces: settings.get(&declared::DPOP_NONCES),
            key_publish_ahead: settings.get(&declared::KEY_PUBLISH_AHEAD),
            key_overlap: settings.get(&declared::KEY_OVERLAP),
            max_request_bytes: settings.get(&declared::MAX_REQUEST_BYTES),
            upstream_timeout: settings.get(&declared::UPSTREAM_TIMEOUT),
            stream_idle_timeout: settings.get(&declared::STREAM_IDLE_TIMEOUT),
            sts_timeout: settings.get(&declared::STS_TIMEOUT),
            trust_proxy: settings.get(&declared::TRUST_PROXY),
            extra_ca_file: settings.find(&declared::EXTRA_CA_FILE),
            upstream_host_allowlist,
            private_hosts,
            db_max_conns: settings.get(&declared::DB_MAX_CONNS),
            role_passwords: role_passwords(settings),
            coordinator: declared::coordinator(settings, dpop_window),
            api: ApiConfig {
                relying_party: console.as_ref().and_then(RelyingParty::at),
                dpop_window,
                ..api
            },
            api_public_url: settings.find(&declared::PUBLIC_URL),
            unknown: Vec::new(),
            effective: Vec::new(),
        };
        for setting in declared::all() {
            settings.declare(setting);
        }
        contract::refuse_unread(settings, mode);
        config.unknown = settings.unknown();
        config.effective = settings.effective().to_vec();
        settings.finish()?;
        Ok(config)
    }
}

/// The passwords that `migrate` sets, by database role.
fn role_passwords(settings: &mut Settings) -> Vec<(&'static str, Secret)> {
    [
        ("caracalapi", &declared::API_DB_PASSWORD),
        ("caracalsts", &declared::STS_DB_PASSWORD),
        ("caracalgateway", &declared::GATEWAY_DB_PASSWORD),
        ("caracalaudit", &declared::AUDIT_DB_PASSWORD),
        ("caracalcoordinator", &declared::COORDINATOR_DB_PASSWORD),
    ]
    .into_iter()
    .filter_map(|(role, setting)| Some((role, settings.find(setting)?)))
    .collect()
}

/// Whether a URL without TLS names a host beyond this machine and its network.
fn is_remote_without_tls(url: &str) -> bool {
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

fn home(settings: &mut Settings) -> PathBuf {
    let data = settings.foreign("XDG_DATA_HOME").map(PathBuf::from);
    let user = settings.foreign("HOME").map(PathBuf::from);
    settings
        .find(&declared::HOME)
        .or_else(|| data.map(|data| data.join("caracal")))
        .or_else(|| user.map(|user| user.join(".local/share/caracal")))
        .unwrap_or_else(|| PathBuf::from("/var/lib/caracal"))
}

fn backend(settings: &mut Settings, mode: Mode) -> Backend {
    let database_url = settings.find(&declared::DATABASE_URL);
    let redis_url = settings.find(&declared::REDIS_URL);
    match settings.find(&declared::STORAGE) {
        Some(Storage::Embedded) => return Backend::Embedded,
        // A laptop runs embedded; a published deployment has to say so.
        None if database_url.is_none() && redis_url.is_none() && !mode.is_published() => {
            return Backend::Embedded;
        }
        Some(Storage::Production) | None => {}
    }
    let empty = || Secret::new("");
    Backend::Production {
        database_url: database_url.unwrap_or_else(empty),
        redis_url: redis_url.unwrap_or_else(empty),
    }
}

fn listen(settings: &mut Settings, role: Role, process: &Process) -> SocketAddr {
    let alone = process.roles.len() == 1;
    let everywhere = process.mode.is_published() && alone;
    let host = settings
        .find(&declared::HOST)
        .unwrap_or(IpAddr::V4(if everywhere {
            Ipv4Addr::UNSPECIFIED
        } else {
            Ipv4Addr::LOCALHOST
        }));
    // One role a process may take its port from PORT; several would fight over it.
    let port = if alone {
        settings.find(&declared::PORT)
    } else {
        None
    };
    settings
        .find(declared::listen_setting(role))
        .unwrap_or_else(|| SocketAddr::new(host, port.unwrap_or_else(|| role.default_port())))
}
