use std::sync::LazyLock;

use caracal_api::ApiConfig;
use caracal_service::config::{
    Declared, FilePath, Flag, HttpUrl, HumanDuration, Number, Optional, Role, Seconds, Setting, Settings,
    Text,
};

pub(super) const GROUP: &[&(dyn Declared + Sync)] = &[
    &RATE_LIMIT,
    &AUTH_FAIL_LIMIT,
    &MAX_RESOURCES,
    &LAST_USED_DEBOUNCE,
    &OUTCOME_UNKNOWN_AFTER,
    &SESSION_IDLE,
    &SESSION_MAX,
    &AUDIENCE,
    &PUBLIC_URL,
    &CONTROL_ENABLED,
    &CONTROL_GATE_FILE,
    &CONTROL_ADDRESS_LIMIT,
    &CONTROL_SUBJECT_LIMIT,
    &CONTROL_SUBJECT_WINDOW,
];

const API: &[Role] = &[Role::Api];

static DEFAULT: LazyLock<ApiConfig> = LazyLock::new(ApiConfig::default);

static RATE_LIMIT: Setting<Number<u32>> = Setting::new(
    "API_V1_RATE_LIMIT_PER_MIN",
    API,
    || DEFAULT.rate_limit_per_min,
    "Requests a minute of one principal; 0 means no limit.",
)
.between(0, u32::MAX as u64);
static AUTH_FAIL_LIMIT: Setting<Number<u32>> = Setting::new(
    "ADMIN_AUTH_FAIL_LIMIT_PER_MIN",
    &[Role::Api, Role::Audit],
    || DEFAULT.auth_fail_limit_per_min,
    "Refused logins a minute of one address; 0 means no limit.",
)
.between(0, u32::MAX as u64);
static MAX_RESOURCES: Setting<Number<u64>> = Setting::new(
    "API_MAX_RESOURCES_PER_ZONE",
    API,
    || DEFAULT.max_resources_per_zone,
    "Unarchived resources of a zone; 0 means no limit.",
)
.between(0, u64::MAX);
static LAST_USED_DEBOUNCE: Setting<Seconds> = Setting::new(
    "ADMIN_TOKEN_LAST_USED_DEBOUNCE_SEC",
    API,
    || DEFAULT.last_used_debounce,
    "How long a token's last_used_at may lag.",
);
static OUTCOME_UNKNOWN_AFTER: Setting<HumanDuration> = Setting::new(
    "AUDIT_OUTCOME_UNKNOWN_AFTER",
    API,
    || DEFAULT.outcome_unknown_after,
    "A call that was allowed this long ago and has no outcome on record is shown with `\"outcome\": \"unknown\"`.",
);
static SESSION_IDLE: Setting<HumanDuration> = Setting::new(
    "CONSOLE_SESSION_IDLE",
    API,
    || DEFAULT.session_idle,
    "How long somebody stays signed in at the console who does nothing.",
);
static SESSION_MAX: Setting<HumanDuration> = Setting::new(
    "CONSOLE_SESSION_MAX",
    API,
    || DEFAULT.session_max,
    "How long somebody stays signed in at the console at most.",
);
static AUDIENCE: Setting<Text> = Setting::new(
    "CONTROL_AUDIENCE",
    &[Role::Sts, Role::Api],
    || DEFAULT.control_audience.clone(),
    "Identifier of the resource that stands for the Control API itself.",
);

pub(crate) static PUBLIC_URL: Optional<HttpUrl> = Optional::new(
    "API_PUBLIC_URL",
    &[Role::Sts, Role::Api],
    "the address that the Control API listens on; an STS then names no address",
    "Base of the Control API's addresses as clients know it, which AuthZEN's metadata names, and refusals of the STS.",
);
static CONTROL_ENABLED: Setting<Flag> = Setting::new(
    "CARACAL_CONTROL_ENABLED",
    API,
    || DEFAULT.control_enabled,
    "Whether commands of control keys may be taken; CONTROL_GATE_FILE says when.",
);
static CONTROL_GATE_FILE: Optional<FilePath> = Optional::new(
    "CONTROL_GATE_FILE",
    API,
    "no command is taken",
    "Commands of control keys are taken while this file exists: removing it closes the endpoint without a restart.",
);
static CONTROL_ADDRESS_LIMIT: Setting<Number<u32>> = Setting::new(
    "CONTROL_INVOKE_IP_RATE_LIMIT_PER_MIN",
    API,
    || DEFAULT.control_address_limit_per_min,
    "Commands a minute of one address; 0 means no limit.",
)
.between(0, u32::MAX as u64);
static CONTROL_SUBJECT_LIMIT: Setting<Number<u32>> = Setting::new(
    "CONTROL_RATE_CAPACITY",
    API,
    || DEFAULT.control_subject_limit,
    "Commands of one control key in CONTROL_RATE_WINDOW_SEC; 0 means no limit.",
)
.between(0, u32::MAX as u64);
static CONTROL_SUBJECT_WINDOW: Setting<Seconds> = Setting::new(
    "CONTROL_RATE_WINDOW_SEC",
    API,
    || DEFAULT.control_subject_window,
    "Window of CONTROL_RATE_CAPACITY.",
);

/// Reads the limits of the Control API.
pub(crate) fn control(settings: &mut Settings) -> ApiConfig {
    ApiConfig {
        rate_limit_per_min: settings.get(&RATE_LIMIT),
        auth_fail_limit_per_min: settings.get(&AUTH_FAIL_LIMIT),
        max_resources_per_zone: settings.get(&MAX_RESOURCES),
        mint_rate_limit_per_min: settings.get(&super::MINT_RATE),
        last_used_debounce: settings.get(&LAST_USED_DEBOUNCE),
        outcome_unknown_after: settings.get(&OUTCOME_UNKNOWN_AFTER),
        session_idle: settings.get(&SESSION_IDLE),
        session_max: settings.get(&SESSION_MAX),
        event_retention: settings.find(&super::EVENT_RETENTION),
        control_audience: settings.get(&AUDIENCE),
        control_enabled: settings.get(&CONTROL_ENABLED),
        control_gate_file: settings.find(&CONTROL_GATE_FILE),
        control_address_limit_per_min: settings.get(&CONTROL_ADDRESS_LIMIT),
        control_subject_limit: settings.get(&CONTROL_SUBJECT_LIMIT),
        control_subject_window: settings.get(&CONTROL_SUBJECT_WINDOW),
        ..DEFAULT.clone()
    }
}
