//! Settings of listeners, shutdown and logs.

use std::{path::PathBuf, time::Duration};

use caracal_service::{
    config::Settings,
    server::{ServerLimits, TlsFiles},
};

use super::Role;
use crate::telemetry::{self, Logging};

/// How the process listens and stops.
#[derive(Debug, Clone)]
pub(crate) struct Serving {
    limits: ServerLimits,
    /// `KEEP_ALIVE_TIMEOUT_MS` and `REQUEST_TIMEOUT_MS`, which the Control API and the Coordinator have.
    keep_alive: Option<Duration>,
    request_timeout: Duration,
    /// `TLS_CERT_FILE` and `TLS_KEY_FILE`: with them, every listener of the process speaks TLS.
    pub(crate) tls: Option<TlsFiles>,
    /// `SHUTDOWN_DELAY_MS`: from "not ready" to the end of accepting, for load balancers that ask now and then.
    pub(crate) shutdown_delay: Duration,
    /// `SHUTDOWN_GRACE_MS`: from the end of accepting to the end of the process.
    pub(crate) shutdown_grace: Duration,
}

/// Ends before Docker kills, ten seconds after it asked.
const SHUTDOWN_GRACE_MS: u64 = 8_000;

impl Serving {
    pub(super) fn read(settings: &mut Settings, embedded: bool) -> Self {
        let default = ServerLimits::default();
        let number = |settings: &mut Settings, name: &str, default: usize| {
            let default = u64::try_from(default).unwrap_or(u64::MAX);
            usize::try_from(settings.positive(name, default)).unwrap_or(usize::MAX)
        };
        let limits = ServerLimits {
            header_read_timeout: settings.duration("READ_HEADER_TIMEOUT", default.header_read_timeout),
            body_read_timeout: settings.duration("READ_TIMEOUT", default.body_read_timeout),
            body_min_rate: super::bounded(
                settings.positive("READ_MIN_BYTES_PER_SECOND", u64::from(default.body_min_rate)),
            ),
            write_timeout: settings.duration("WRITE_TIMEOUT", default.write_timeout),
            idle_timeout: settings.duration("IDLE_TIMEOUT", default.idle_timeout),
            max_connections: number(settings, "MAX_CONNECTIONS", default.max_connections),
            max_connections_per_address: number(
                settings,
                "MAX_CONNECTIONS_PER_ADDRESS",
                default.max_connections_per_address,
            ),
            ..default
        };
        Self {
            limits,
            keep_alive: settings
                .text("KEEP_ALIVE_TIMEOUT_MS")
                .map(|_| Duration::from_millis(settings.positive("KEEP_ALIVE_TIMEOUT_MS", 75_000))),
            request_timeout: Duration::from_millis(settings.positive("REQUEST_TIMEOUT_MS", 30_000)),
            tls: tls(settings, embedded),
            shutdown_delay: Duration::from_millis(settings.parsed(
                "SHUTDOWN_DELAY_MS",
                0,
                "a whole number of milliseconds",
            )),
            shutdown_grace: Duration::from_millis(settings.positive("SHUTDOWN_GRACE_MS", SHUTDOWN_GRACE_MS)),
        }
    }

    /// The bounds of `role`'s listener with at most `connections` at once.
    pub(crate) fn limits(&self, role: Role, connections: impl FnOnce(usize) -> usize) -> ServerLimits {
        let mut limits = self.limits;
        limits.max_connections = connections(limits.max_connections);
        limits.drain = self.drain();
        limits.idle_drain = limits.idle_drain.min(limits.drain / 2);
        if matches!(role, Role::Api | Role::Coordinator) {
            limits.idle_timeout = self.keep_alive.unwrap_or(limits.idle_timeout);
            limits.body_read_timeout = self.request_timeout;
        }
        limits
    }

    /// How much of the grace open requests have; the rest is for the ledger and the database.
    fn drain(&self) -> Duration {
        self.shutdown_grace
            .saturating_sub((self.shutdown_grace / 4).min(Duration::from_secs(2)))
    }
}

fn tls(settings: &mut Settings, embedded: bool) -> Option<TlsFiles> {
    match (settings.path("TLS_CERT_FILE"), settings.path("TLS_KEY_FILE")) {
        (None, None) => None,
        (Some(_), Some(_)) if embedded => {
            settings.problem(
                "TLS_CERT_FILE is for the production deployment; the embedded one serves its own machine alone",
            );
            None
        }
        (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
        (Some(_), None) => {
            settings.problem("TLS_CERT_FILE needs TLS_KEY_FILE, the key of the certificate");
            None
        }
        (None, Some(_)) => {
            settings.problem("TLS_KEY_FILE needs TLS_CERT_FILE, the certificate of the key");
            None
        }
    }
}

/// `LOG_LEVEL`, `LOG_LEVEL_FILE` and `LOG_FILE`.
pub(super) fn logging(settings: &mut Settings) -> Logging {
    let level = settings.text("LOG_LEVEL").unwrap_or_else(|| String::from("info"));
    let level_file: Option<PathBuf> = settings.path("LOG_LEVEL_FILE");
    let checked = match &level_file {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| format!("LOG_LEVEL_FILE cannot be read ({}: {error})", path.display())),
        None => Ok(level.clone()),
    };
    if let Err(problem) = checked.and_then(|text| telemetry::filter(&text).map(drop)) {
        settings.problem(problem);
    }
    Logging {
        level,
        level_file,
        file: settings.path("LOG_FILE"),
    }
}
