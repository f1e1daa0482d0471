use std::time::Duration;

use caracal_events::spool::MIN_CAPACITY_BYTES;
use caracal_service::config::{
    Days, Declared, FilePath, Flag, HumanDuration, Number, Optional, Role, Setting, SettingKind, not,
};

use super::WRITERS;

pub(super) const GROUP: &[&(dyn Declared + Sync)] = &[
    &SPOOL_DIR,
    &SPOOL_SYNC,
    &SPOOL_SYNC_EVERY,
    &SPOOL_CAPACITY,
    &STREAM_MAX_EVENTS,
    &ADMIN_RETENTION,
    &EVENT_RETENTION,
    &ARCHIVE_DIR,
    &WITHOUT_ARCHIVE,
];

/// When the spool is synced to disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SyncWhen {
    /// Before every answer.
    Always,
    /// Every `AUDIT_SPOOL_SYNC_EVERY`.
    Interval,
}

impl SettingKind for SyncWhen {
    type Value = Self;

    const FORM: &'static str = "always or interval";

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "always" => Ok(Self::Always),
            "interval" => Ok(Self::Interval),
            _ => Err(not(Self::FORM, text)),
        }
    }

    fn render(value: &Self) -> String {
        String::from(match value {
            Self::Always => "always",
            Self::Interval => "interval",
        })
    }
}

pub(crate) static SPOOL_DIR: Optional<FilePath> = Optional::new(
    "AUDIT_REPLAY_DIR",
    WRITERS,
    "audit-spool under CARACAL_HOME",
    "Directory of the audit spool: a volume of its own for each process.",
);
pub(crate) static SPOOL_SYNC: Setting<SyncWhen> = Setting::new(
    "AUDIT_SPOOL_SYNC",
    WRITERS,
    || SyncWhen::Interval,
    "When evidence is synced to disk: before every answer, or at an interval.",
);
pub(crate) static SPOOL_SYNC_EVERY: Setting<HumanDuration> = Setting::new(
    "AUDIT_SPOOL_SYNC_EVERY",
    WRITERS,
    || Duration::from_millis(200),
    "With AUDIT_SPOOL_SYNC=interval, longest time until evidence is on the disk.",
);
pub(crate) static SPOOL_CAPACITY: Setting<Number<u64>> = Setting::new(
    "AUDIT_SPOOL_CAPACITY_BYTES",
    WRITERS,
    || 1 << 30,
    "Bytes of evidence kept before decisions are refused.",
)
.between(MIN_CAPACITY_BYTES, u64::MAX);
pub(crate) static STREAM_MAX_EVENTS: Setting<Number<u64>> = Setting::new(
    "AUDIT_STREAM_MAX_EVENTS",
    WRITERS,
    || 100_000,
    "Events on the stream that the ledger has not acknowledged, beyond which they wait in the spools.",
);
pub(crate) static ADMIN_RETENTION: Optional<Days> = Optional::new(
    "ADMIN_AUDIT_RETENTION_DAYS",
    &[Role::Audit],
    "they are kept for ever",
    "How long administrative audit records are kept; export them first.",
)
.between(30, 36_500);
pub(crate) static EVENT_RETENTION: Optional<Days> = Optional::new(
    "AUDIT_RETENTION_DAYS",
    &[Role::Api, Role::Audit],
    "events are kept for ever, unless the Control API says otherwise of their zone or of all",
    "Longest time that events are kept. The Control API may say less.",
)
.between(1, 36_500);
pub(crate) static ARCHIVE_DIR: Optional<FilePath> = Optional::new(
    "AUDIT_ARCHIVE_DIR",
    &[Role::Audit],
    "nothing is deleted",
    "Directory that events are exported into before they are deleted: on durable storage that all Audit processes share.",
);
pub(crate) static WITHOUT_ARCHIVE: Setting<Flag> = Setting::new(
    "AUDIT_RETENTION_WITHOUT_ARCHIVE",
    &[Role::Audit],
    || false,
    "Delete events whose time is over without an archive of them.",
);
