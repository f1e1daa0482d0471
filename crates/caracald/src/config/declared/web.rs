use caracal_service::config::{Declared, HttpUrl, Optional, Role};

pub(super) const GROUP: &[&(dyn Declared + Sync)] = &[
    &CONSOLE_URL,
    &API_URL,
    &COORDINATOR_URL,
    &AUDIT_URL,
    &CONSOLE_STS_URL,
    &CONSOLE_GATEWAY_URL,
];

const WEB: &[Role] = &[Role::Web];

pub(crate) static CONSOLE_URL: Optional<HttpUrl> = Optional::new(
    "CONSOLE_URL",
    &[Role::Web, Role::Api],
    "this machine's own names alone",
    "Where browsers find the console, such as https://console.example.com. Requests to another host are refused, and with https \
     cookies are for TLS alone.",
);
pub(crate) static API_URL: Optional<HttpUrl> = Optional::new(
    "CARACAL_API_URL",
    WEB,
    "the role in this process, else http://localhost:3000",
    "The Control API, where it is elsewhere.",
);
pub(crate) static COORDINATOR_URL: Optional<HttpUrl> = Optional::new(
    "CARACAL_COORDINATOR_URL",
    WEB,
    "the role in this process, else http://localhost:4000",
    "The Coordinator, where it is elsewhere.",
);
pub(crate) static AUDIT_URL: Optional<HttpUrl> = Optional::new(
    "CARACAL_AUDIT_URL",
    WEB,
    "the role in this process, else http://localhost:9090",
    "The Audit role, where it is elsewhere.",
);
/// The console asks these two for nothing but how they are, so it does without where nobody says where they are.
pub(crate) static CONSOLE_STS_URL: Optional<HttpUrl> = Optional::new(
    "CARACAL_STS_URL",
    WEB,
    "the role in this process, else it is not looked after",
    "The STS, where it is elsewhere: the console shows whether it is ready, and how soon it hears of ended authority.",
);
pub(crate) static CONSOLE_GATEWAY_URL: Optional<HttpUrl> = Optional::new(
    "CARACAL_GATEWAY_URL",
    WEB,
    "the role in this process, else it is not looked after",
    "The Gateway, where it is elsewhere, for the same.",
);
