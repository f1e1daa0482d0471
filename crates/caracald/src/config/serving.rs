//! Settings of listeners, shutdown and logs.

use std::time::Duration;

use caracal_service::{
    config::Settings,
    server::{ServerLimits, TlsFiles},
};

use super::{Role, declared};
use crate::telemetry::{self, Logging};

/// How the process listens and stops.
#[derive(Debug, Clone)]
pub(crate) struct Serving {
    limits: ServerLimits,
    /// These two are for the Control API and the Coordinator.
    keep_alive: Option<Duration>,
    request_timeout: Duration,
    /// `TLS_CERT_FILE` and `TLS_KEY_FILE`: with them, every listener of the process speaks TLS.
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) shutdown_delay: Duration,
    pub(crate) shutdown_grace: Duration,
}

impl Serving {
    pub(super) fn read(settings: &mut Settings, embedded: bool) -> Self {
        Self {
            limits: ServerLimits {
                header_read_timeout: settings.get(&declared::READ_HEADER_TIMEOUT),
                body_read_timeout: settings.get(&declared::READ_TIMEOUT),
                body_min_rate: settings.get(&declared::READ_MIN_RATE),
                write_timeout: settings.get(&declared::WRITE_TIMEOUT),
                idle_timeout: settings.get(&declared::IDLE_TIMEOUT),
                max_connections: settings.get(&declared::MAX_CONNECTIONS),
                max_connections_per_address: settings.get(&declared::MAX_CONNECTIONS_PER_ADDRESS),
                ..ServerLimits::default()
            },
            keep_alive: settings.find(&declared::KEEP_ALIVE_TIMEOUT),
            request_timeout: settings.get(&declared::REQUEST_TIMEOUT),
            tls: tls(settings, embedded),
            shutdown_delay: settings.get(&declared::SHUTDOWN_DELAY),
            shutdown_grace: settings.get(&declared::SHUTDOWN_GRACE),
        }
    }

    /// The bounds of the listener of a process that serves no role, with at most `connections` at once.
    pub(crate) fn limits_alone(&self, connections: impl FnOnce(usize) -> usize) -> ServerLimits {
        let mut limits = self.limits;
        limits.max_connections = connections(limits.max_connections);
        limits.drain = self.drain();
        limits.idle_drain = limits.idle_drain.min(limits.drain / 2);
        limits
    }

    /// The bounds of `role`'s listener with at most `connections` at once.
    pub(crate) fn limits(&self, role: Role, connections: impl FnOnce(usize) -> usize) -> ServerLimits {
        let mut limits = self.limits_alone(connections);
        // Callers of gRPC speak nothing else; everything else of ours is as well asked by HTTP/1.1.
        limits.http2 = matches!(role, Role::Gateway);
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
    match (
        settings.find(&declared::TLS_CERT_FILE),
        settings.find(&declared::TLS_KEY_FILE),
    ) {
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
    let level = settings.get(&declared::LOG_LEVEL);
    let level_file = settings.find(&declared::LOG_LEVEL_FILE);
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
        file: settings.find(&declared::LOG_FILE),
    }
}
