use caracal_service::config::{Declared, HttpUrl, Optional, Role};

pub(super) const GROUP: &[&(dyn Declared + Sync)] = &[&CONSOLE_URL, &API_URL, &COORDINATOR_URL, &AUDIT_URL];

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
