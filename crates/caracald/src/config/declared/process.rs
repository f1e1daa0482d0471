use std::time::Duration;

use caracal_service::{
    config::{
        Address, Declared, FilePath, Flag, Host, HumanDuration, Millis, Mode, Number, Optional, Port, Role,
        Setting, Text,
    },
    server::ServerLimits,
};

pub(super) const GROUP: &[&(dyn Declared + Sync)] = &[
    &MODE,
    &HOME,
    &LOG_LEVEL,
    &LOG_LEVEL_FILE,
    &LOG_FILE,
    &SHUTDOWN_DELAY,
    &SHUTDOWN_GRACE,
    &EXTRA_CA_FILE,
    &INSECURE_STS,
    &INSECURE_HTTP,
    &SECRET_BACKEND,
];

pub(super) const LISTENERS: &[&(dyn Declared + Sync)] = &[
    &HOST,
    &PORT,
    &API_LISTEN,
    &STS_LISTEN,
    &GATEWAY_LISTEN,
    &COORDINATOR_LISTEN,
    &AUDIT_LISTEN,
    &WEB_LISTEN,
    &TLS_CERT_FILE,
    &TLS_KEY_FILE,
    &READ_HEADER_TIMEOUT,
    &READ_TIMEOUT,
    &READ_MIN_RATE,
    &WRITE_TIMEOUT,
    &IDLE_TIMEOUT,
    &REQUEST_TIMEOUT,
    &KEEP_ALIVE_TIMEOUT,
    &MAX_CONNECTIONS,
    &MAX_CONNECTIONS_PER_ADDRESS,
];

/// The roles whose request and keep-alive timeouts have names of their own.
const API_SHAPED: &[Role] = &[Role::Api, Role::Coordinator];

pub(crate) static MODE: Setting<Mode> = Setting::new(
    "CARACAL_MODE",
    Role::ALL,
    || Mode::Stable,
    "How strict the deployment is: rc and stable refuse missing, weak, short and equal keys.",
);
pub(crate) static HOME: Optional<FilePath> = Optional::new(
    "CARACAL_HOME",
    Role::ALL,
    "caracal under XDG_DATA_HOME, else under ~/.local/share, else /var/lib/caracal",
    "State directory: generated secrets, the embedded store, the audit spool.",
);
pub(crate) static LOG_LEVEL: Setting<Text> = Setting::new(
    "LOG_LEVEL",
    Role::ALL,
    || String::from("info"),
    "How much is logged: off, error, warn, info, debug, trace, or directives such as info,caracal_sts=debug.",
);
pub(crate) static LOG_LEVEL_FILE: Optional<FilePath> = Optional::new(
    "LOG_LEVEL_FILE",
    Role::ALL,
    "LOG_LEVEL counts",
    "A file that holds the level instead; SIGHUP reads it again.",
);
pub(crate) static LOG_FILE: Optional<FilePath> = Optional::new(
    "LOG_FILE",
    Role::ALL,
    "logs go to stderr",
    "A file that logs are appended to; SIGHUP opens it again.",
);
pub(crate) static SHUTDOWN_DELAY: Setting<Millis> = Setting::new(
    "SHUTDOWN_DELAY_MS",
    Role::ALL,
    || Duration::ZERO,
    "From \"not ready\" to the end of accepting: what a load balancer needs to notice.",
)
.between(0, 3_600_000);
pub(crate) static SHUTDOWN_GRACE: Setting<Millis> = Setting::new(
    "SHUTDOWN_GRACE_MS",
    Role::ALL,
    // Ends before Docker kills, ten seconds after it asked.
    || Duration::from_secs(8),
    "From the end of accepting to the end of the process.",
);
pub(crate) static EXTRA_CA_FILE: Optional<FilePath> = Optional::new(
    "CARACAL_TLS_EXTRA_CA_FILE",
    Role::ALL,
    "the system's certificates alone",
    "A PEM file of certificates to trust besides the system's: Redis, the STS, upstreams.",
);
pub(crate) static INSECURE_STS: Setting<Flag> = Setting::new(
    "INSECURE_STS",
    Role::ALL,
    || false,
    "Refused outside dev, and without effect there.",
);
pub(crate) static INSECURE_HTTP: Setting<Flag> = Setting::new(
    "INSECURE_HTTP",
    Role::ALL,
    || false,
    "Refused outside dev, and without effect there.",
);
pub(crate) static SECRET_BACKEND: Setting<Text> = Setting::new(
    "CARACAL_SECRET_BACKEND",
    Role::ALL,
    || String::from("builtin"),
    "Where provider secrets are kept: builtin, the one that there is.",
);

pub(crate) static HOST: Optional<Host> = Optional::new(
    "HOST",
    Role::ALL,
    "0.0.0.0 for one role in rc or stable, else 127.0.0.1",
    "Address that roles listen on.",
);
pub(crate) static PORT: Optional<Port> = Optional::new(
    "PORT",
    Role::ALL,
    "api 3000, sts 8080, gateway 8081, coordinator 4000, audit 9090, web 3001",
    "Port of a process that serves one role; several would fight over it.",
);

/// The address of one role.
const fn listener(name: &'static str, role: &'static [Role]) -> Optional<Address> {
    Optional::new(
        name,
        role,
        "HOST and PORT",
        "Address and port of this role; port 0 takes a free one.",
    )
}

pub(crate) static API_LISTEN: Optional<Address> = listener("CARACAL_API_LISTEN", &[Role::Api]);
pub(crate) static STS_LISTEN: Optional<Address> = listener("CARACAL_STS_LISTEN", &[Role::Sts]);
pub(crate) static GATEWAY_LISTEN: Optional<Address> = listener("CARACAL_GATEWAY_LISTEN", &[Role::Gateway]);
pub(crate) static COORDINATOR_LISTEN: Optional<Address> =
    listener("CARACAL_COORDINATOR_LISTEN", &[Role::Coordinator]);
pub(crate) static AUDIT_LISTEN: Optional<Address> = listener("CARACAL_AUDIT_LISTEN", &[Role::Audit]);
pub(crate) static WEB_LISTEN: Optional<Address> = listener("CARACAL_WEB_LISTEN", &[Role::Web]);

/// Where `role` is told to listen.
pub(crate) fn listen_setting(role: Role) -> &'static Optional<Address> {
    match role {
        Role::Api => &API_LISTEN,
        Role::Sts => &STS_LISTEN,
        Role::Gateway => &GATEWAY_LISTEN,
        Role::Coordinator => &COORDINATOR_LISTEN,
        Role::Audit => &AUDIT_LISTEN,
        Role::Web => &WEB_LISTEN,
    }
}

pub(crate) static TLS_CERT_FILE: Optional<FilePath> = Optional::new(
    "TLS_CERT_FILE",
    Role::ALL,
    "listeners speak plain HTTP",
    "PEM file of the certificate; with it and its key every listener of the process speaks TLS 1.2 or 1.3. SIGHUP reads both again.",
);
pub(crate) static TLS_KEY_FILE: Optional<FilePath> = Optional::new(
    "TLS_KEY_FILE",
    Role::ALL,
    "listeners speak plain HTTP",
    "PEM file of the certificate's key.",
);
pub(crate) static READ_HEADER_TIMEOUT: Setting<HumanDuration> = Setting::new(
    "READ_HEADER_TIMEOUT",
    Role::ALL,
    || ServerLimits::default().header_read_timeout,
    "Longest wait for a request's head.",
);
pub(crate) static READ_TIMEOUT: Setting<HumanDuration> = Setting::new(
    "READ_TIMEOUT",
    Role::ALL,
    || ServerLimits::default().body_read_timeout,
    "Longest wait for a request's body; READ_MIN_BYTES_PER_SECOND adds to it.",
);
pub(crate) static READ_MIN_RATE: Setting<Number<u32>> = Setting::new(
    "READ_MIN_BYTES_PER_SECOND",
    Role::ALL,
    || ServerLimits::default().body_min_rate,
    "As many bytes of a body add a second to READ_TIMEOUT.",
);
pub(crate) static WRITE_TIMEOUT: Setting<HumanDuration> = Setting::new(
    "WRITE_TIMEOUT",
    Role::ALL,
    || ServerLimits::default().write_timeout,
    "Longest wait for a caller that takes nothing of its answer.",
);
pub(crate) static IDLE_TIMEOUT: Setting<HumanDuration> = Setting::new(
    "IDLE_TIMEOUT",
    Role::ALL,
    || ServerLimits::default().idle_timeout,
    "Longest wait for the next request on a connection.",
);
pub(crate) static REQUEST_TIMEOUT: Setting<Millis> = Setting::new(
    "REQUEST_TIMEOUT_MS",
    API_SHAPED,
    || Duration::from_secs(30),
    "Instead of READ_TIMEOUT.",
);
pub(crate) static KEEP_ALIVE_TIMEOUT: Optional<Millis> = Optional::new(
    "KEEP_ALIVE_TIMEOUT_MS",
    API_SHAPED,
    "IDLE_TIMEOUT counts",
    "Instead of IDLE_TIMEOUT.",
);
pub(crate) static MAX_CONNECTIONS: Setting<Number<usize>> = Setting::new(
    "MAX_CONNECTIONS",
    Role::ALL,
    || ServerLimits::default().max_connections,
    "Open connections of a listener; fewer where descriptors are few. Where all are taken, one on which nobody was proved gives way; where somebody was on each, the last twentieth (4 to 64) answers only /health, /ready and /metrics.",
);
pub(crate) static MAX_CONNECTIONS_PER_ADDRESS: Setting<Number<usize>> = Setting::new(
    "MAX_CONNECTIONS_PER_ADDRESS",
    Role::ALL,
    || ServerLimits::default().max_connections_per_address,
    "Open connections of a listener from one address.",
);
