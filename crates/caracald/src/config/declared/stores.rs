use std::time::Duration;

use caracal_service::config::{
    Declared, Millis, Number, Optional, Process, Required, Role, SecretText, Setting, SettingKind, not,
};

pub(super) const GROUP: &[&(dyn Declared + Sync)] = &[
    &STORAGE,
    &DATABASE_URL,
    &REDIS_URL,
    &DB_MAX_CONNS,
    &REPLICA_SYNC_TIMEOUT,
    &API_DB_PASSWORD,
    &STS_DB_PASSWORD,
    &GATEWAY_DB_PASSWORD,
    &AUDIT_DB_PASSWORD,
    &COORDINATOR_DB_PASSWORD,
];

/// Where state lives, as asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    /// In the state directory.
    Embedded,
    /// In PostgreSQL and Redis.
    Production,
}

impl SettingKind for Storage {
    type Value = Self;

    const FORM: &'static str = "embedded or production";

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "embedded" => Ok(Self::Embedded),
            "production" => Ok(Self::Production),
            _ => Err(not(Self::FORM, text)),
        }
    }

    fn render(value: &Self) -> String {
        String::from(match value {
            Self::Embedded => "embedded",
            Self::Production => "production",
        })
    }
}

/// The web role alone asks other roles and keeps nothing.
fn uses_servers(process: &Process) -> bool {
    !process.embedded && process.roles != [Role::Web]
}

/// Commands that serve nothing, such as `migrate`, have use for the database and none for Redis.
const BY_EVERYBODY: Required = Required {
    when: |process: &Process, _| uses_servers(process),
    words: "in production (or set CARACAL_STORAGE=embedded)",
};

pub(crate) static STORAGE: Optional<Storage> = Optional::new(
    "CARACAL_STORAGE",
    Role::ALL,
    "embedded in dev without DATABASE_URL and REDIS_URL, else production",
    "Whether state lives in CARACAL_HOME alone, or in PostgreSQL and Redis.",
);
pub(crate) static DATABASE_URL: Optional<SecretText> =
    Optional::new("DATABASE_URL", Role::ALL, "nothing", "Where PostgreSQL is.").required(BY_EVERYBODY);
pub(crate) static REDIS_URL: Optional<SecretText> =
    Optional::new("REDIS_URL", Role::ALL, "nothing", "Where Redis is.").required(Required {
        when: |process: &Process, users| uses_servers(process) && process.serves(users),
        words: BY_EVERYBODY.words,
    });
pub(crate) static DB_MAX_CONNS: Setting<Number<u32>> = Setting::new(
    "DB_MAX_CONNS",
    Role::ALL,
    || 20,
    "Connections of this process to PostgreSQL, at most; together they must fit the server's max_connections.",
)
.also("DB_POOL_MAX");

pub(crate) static REPLICA_SYNC_TIMEOUT: Setting<Millis> = Setting::new(
    "REPLICA_SYNC_TIMEOUT_MS",
    Role::ALL,
    || Duration::from_millis(250),
    "Longest that the answer to a change waits for the other processes to hear of it.",
)
.between(0, 10_000);

/// The password of one database role.
const fn password(name: &'static str) -> Optional<SecretText> {
    Optional::new(
        name,
        &[],
        "the role keeps the password it has",
        "Password that migrate sets for this database role.",
    )
}

pub(crate) static API_DB_PASSWORD: Optional<SecretText> = password("CARACAL_API_DB_PASSWORD");
pub(crate) static STS_DB_PASSWORD: Optional<SecretText> = password("CARACAL_STS_DB_PASSWORD");
pub(crate) static GATEWAY_DB_PASSWORD: Optional<SecretText> = password("CARACAL_GATEWAY_DB_PASSWORD");
pub(crate) static AUDIT_DB_PASSWORD: Optional<SecretText> = password("CARACAL_AUDIT_DB_PASSWORD");
pub(crate) static COORDINATOR_DB_PASSWORD: Optional<SecretText> = password("CARACAL_COORDINATOR_DB_PASSWORD");
