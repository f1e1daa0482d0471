//! How entries are written, and read back to be verified.

use caracal_audit::{ExportFormat, export_line, read_event};
use caracal_storage::AuditRow;
use serde::{Deserialize, Serialize};

use crate::{TableError, table};

/// How the entries of a part are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PartFormat {
    /// A table with columns for what is searched for, and the events as they arrived.
    Parquet,
    /// The events as they arrived, a line each.
    Ndjson,
    /// API Activities of the Open Cybersecurity Schema Framework, a line each.
    Ocsf,
}

impl PartFormat {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Ndjson => "ndjson",
            Self::Ocsf => "ocsf",
        }
    }

    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Ndjson => "ndjson",
            Self::Ocsf => "ocsf.ndjson",
        }
    }

    pub(crate) fn write(self, rows: &[AuditRow]) -> Result<Vec<u8>, TableError> {
        let format = match self {
            Self::Parquet => return table::whole(rows),
            Self::Ndjson => ExportFormat::Ndjson,
            Self::Ocsf => ExportFormat::Ocsf,
        };
        let mut lines = Vec::new();
        for row in rows {
            lines.extend_from_slice(export_line(row, format)?.as_bytes());
            lines.push(b'\n');
        }
        Ok(lines)
    }

    /// The entries of a ledger in their order; `None` where one cannot be read, or where anything is said of one that the entry
    /// does not say itself.
    pub(crate) fn read(self, bytes: bytes::Bytes) -> Option<Vec<AuditRow>> {
        let format = match self {
            Self::Parquet => return table::read_table(bytes).ok()?.collect::<Result<_, _>>().ok(),
            Self::Ndjson => ExportFormat::Ndjson,
            Self::Ocsf => ExportFormat::Ocsf,
        };
        let lines = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let lines = lines.split(|byte| *byte == b'\n');
        lines.map(|line| read_event(line, format)).collect()
    }
}
