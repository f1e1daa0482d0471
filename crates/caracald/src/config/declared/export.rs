use std::time::Duration;

use caracal_service::config::{Declared, Optional, Role, Seconds, Setting, SettingKind, Text, not};

pub(super) const GROUP: &[&(dyn Declared + Sync)] = &[&EXPORT_URL, &EXPORT_FORMAT, &EXPORT_PERIOD];

/// How exported events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExportForm {
    /// A table.
    Parquet,
    /// A line for each event, as it arrived.
    Ndjson,
    /// A line for each event, for a SIEM.
    Ocsf,
}

impl SettingKind for ExportForm {
    type Value = Self;

    const FORM: &'static str = "parquet, ndjson or ocsf";

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "parquet" => Ok(Self::Parquet),
            "ndjson" => Ok(Self::Ndjson),
            "ocsf" => Ok(Self::Ocsf),
            _ => Err(not(Self::FORM, text)),
        }
    }

    fn render(value: &Self) -> String {
        String::from(match value {
            Self::Parquet => "parquet",
            Self::Ndjson => "ndjson",
            Self::Ocsf => "ocsf",
        })
    }
}

pub(crate) static EXPORT_URL: Optional<Text> = Optional::new(
    "AUDIT_EXPORT_URL",
    &[Role::Audit],
    "events are not exported",
    "Where events are exported to each hour: `file:///DIRECTORY` or `s3://BUCKET/PREFIX`. A bucket is told about by the names that the tools of AWS know.",
);
pub(crate) static EXPORT_FORMAT: Setting<ExportForm> = Setting::new(
    "AUDIT_EXPORT_FORMAT",
    &[Role::Audit],
    || ExportForm::Parquet,
    "How they are written: tables, lines as the events arrived, or lines for a SIEM.",
);
pub(crate) static EXPORT_PERIOD: Setting<Seconds> = Setting::new(
    "AUDIT_EXPORT_PERIOD_SECONDS",
    &[Role::Audit],
    || Duration::from_hours(1),
    "How much time one part holds, counted from the hour. Shorter ones are exported sooner and are many more.",
)
.between(1, 3600);
