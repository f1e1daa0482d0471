use caracal_ledger::log_keys::is_host;
use caracal_service::config::{
    Address, Declared, FilePath, KeyMaterial, Optional, Process, Required, Role, Setting, SettingKind, Text,
    not,
};

pub(super) const GROUP: &[&(dyn Declared + Sync)] = &[
    &LOG_ORIGIN,
    &LOG_KEY,
    &LOG_KEY_PREVIOUS,
    &CHECKPOINT_DIR,
    &CHECKPOINT_URL,
    &WITNESSES,
];

pub(super) const WITNESS: &[&(dyn Declared + Sync)] = &[
    &WITNESS_NAME,
    &WITNESS_LISTEN,
    &WITNESS_STATE_DIR,
    &WITNESS_LOGS,
    &WITNESS_KEY,
];

/// What a deployment or a witness calls itself in what it signs.
#[derive(Debug)]
pub(crate) struct LogName;

impl SettingKind for LogName {
    type Value = String;

    const FORM: &'static str = "a host and perhaps a path, at most 100 letters, digits and -._~:/[]";

    fn parse(text: &str) -> Result<String, String> {
        if is_host(text) {
            Ok(text.to_owned())
        } else {
            Err(not(Self::FORM, text))
        }
    }

    fn render(value: &String) -> String {
        value.clone()
    }
}

/// Where nobody signs, evidence is only as good as the database.
const PUBLISHED: Required = Required {
    when: |process: &Process, users| {
        !process.embedded && process.mode.is_published() && process.serves(users)
    },
    words: "in production in the modes rc and stable",
};

pub(crate) static LOG_ORIGIN: Optional<LogName> = Optional::new(
    "AUDIT_LOG_ORIGIN",
    &[Role::Audit],
    "localhost",
    "What the deployment calls itself in checkpoints of its logs: a host name of its own, for good.",
)
.required(PUBLISHED);
pub(crate) static LOG_KEY: Optional<KeyMaterial> = Optional::new(
    "AUDIT_LOG_KEY",
    &[Role::Audit],
    "generated in the embedded deployment; elsewhere nothing is signed",
    "Secret that the keys of checkpoints are derived from (Ed25519 and ML-DSA-44). `caracald audit keys` prints the public ones.",
)
.required(PUBLISHED);
pub(crate) static LOG_KEY_PREVIOUS: Optional<KeyMaterial> = Optional::new(
    "AUDIT_LOG_KEY_PREVIOUS",
    &[Role::Audit],
    "one key signed everything",
    "The secret before; its public keys are still told.",
)
.or_empty_file();

pub(crate) static CHECKPOINT_DIR: Optional<FilePath> = Optional::new(
    "AUDIT_CHECKPOINT_DIR",
    &[Role::Audit],
    "checkpoints under CARACAL_HOME in the embedded deployment, else none",
    "Directory that checkpoints and tiles are published into, to be served or copied elsewhere.",
);
pub(crate) static CHECKPOINT_URL: Optional<Text> = Optional::new(
    "AUDIT_CHECKPOINT_URL",
    &[Role::Audit],
    "checkpoints go into no bucket",
    "Bucket that checkpoints and tiles are published into as well: `s3://BUCKET/PREFIX`, told about as that of AUDIT_EXPORT_URL.",
);
pub(crate) static WITNESSES: Optional<FilePath> = Optional::new(
    "AUDIT_WITNESSES",
    &[Role::Audit],
    "checkpoints are not cosigned",
    "File of the witnesses that are asked to cosign: a line each, its URL and its verifier keys.",
);

pub(crate) static WITNESS_NAME: Optional<LogName> = Optional::new(
    "WITNESS_NAME",
    &[],
    "`caracald witness` does not start",
    "What the witness calls itself in its cosignatures: a host name of its own, for good.",
);
pub(crate) static WITNESS_LISTEN: Setting<Address> = Setting::new(
    "WITNESS_LISTEN",
    &[],
    || std::net::SocketAddr::from(([127, 0, 0, 1], 9190)),
    "Where the witness listens.",
);
pub(crate) static WITNESS_STATE_DIR: Optional<FilePath> = Optional::new(
    "WITNESS_STATE_DIR",
    &[],
    "`caracald witness` does not start",
    "Directory of what the witness saw last of each log. One process at a time; never restore it from a backup.",
);
pub(crate) static WITNESS_LOGS: Optional<FilePath> = Optional::new(
    "WITNESS_LOGS",
    &[],
    "`caracald witness` does not start",
    "File of the logs whose checkpoints are cosigned: verifier keys, one a line, as `caracald audit keys` prints them.",
);
pub(crate) static WITNESS_KEY: Optional<KeyMaterial> = Optional::new(
    "WITNESS_KEY",
    &[],
    "generated in WITNESS_STATE_DIR",
    "Secret that the keys of cosignatures are derived from (Ed25519 and ML-DSA-44).",
);
