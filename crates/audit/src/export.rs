//! Export of a zone's ledger for a span: an event a line, in the order of the ledger.
//!
//! Each line says its position, so an export that was cut short goes on behind its last whole line.

use std::io;

use caracal_core::{Timestamp, ZoneId};
use caracal_ledger::entry::Entry;
use caracal_storage::{Access, AuditRow, Error, LogId, Store};
use serde::Serialize;
use serde_json::value::RawValue;

/// Rows read at a time.
const PAGE: u32 = 100;

/// The schema, and the words of it that are used (<https://schema.ocsf.io/1.7.0/classes/api_activity>).
const OCSF_VERSION: &str = "1.7.0";
const APPLICATION_ACTIVITY: u32 = 6;
const API_ACTIVITY: u32 = 6003;
const OTHER: u32 = 99;
const INFORMATIONAL: u32 = 1;
const LOW: u32 = 2;
const SUCCESS: u32 = 1;
const FAILURE: u32 = 2;

/// How an exported event is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// The event byte for byte as it arrived, with its place in the ledger: what a verifier needs.
    Ndjson,
    /// An API Activity (class 6003) of the Open Cybersecurity Schema Framework, for a SIEM.
    Ocsf,
}

/// Which events.
#[derive(Debug, Clone, Copy, Default)]
pub struct ExportSpan {
    /// Those that happened from then on.
    pub since: Option<Timestamp>,
    /// Those that happened before.
    pub until: Option<Timestamp>,
    /// Those behind this position.
    pub after: i64,
}

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The ledger could not be read.
    #[error("could not read the ledger")]
    Storage(#[from] Error),
    /// A line could not be written.
    #[error("could not write the export")]
    Write(#[from] io::Error),
    /// A block is damaged. What comes before it is written.
    #[error(
        "entries {first} to {last} cannot be read: their block is damaged; what comes before is written, and `--after {last}` \
         goes on behind them"
    )]
    Damaged {
        /// Position of the first entry that cannot be read, from 1.
        first: u64,
        /// Position of the last of its block.
        last: u64,
    },
}

/// The damaged block that stands at index `first` of `log`, or begins before it.
async fn damaged(store: &dyn Store, log: &LogId, first: u64) -> Result<ExportError, Error> {
    let mut work = store.log(log, Access::Read).await?;
    let next = work.log().blocks(first.saturating_add(1), 1).await?.pop();
    let last = match next {
        Some(block) => block.first,
        None => work.log().head().await?.size,
    };
    let first = first.saturating_add(1);
    Ok(ExportError::Damaged { first, last })
}

/// Hands the events of `zone` to `write`, each as a line without its end, and returns how many they were. Holds one page
/// of the ledger at a time.
///
/// # Errors
/// [`ExportError`]; what was written until then stands.
pub async fn export(
    store: &dyn Store,
    zone: &ZoneId,
    span: ExportSpan,
    format: ExportFormat,
    mut write: impl FnMut(&str) -> io::Result<()>,
) -> Result<u64, ExportError> {
    let (mut after, mut page, mut written) = (span.after, PAGE, 0);
    loop {
        // A look of its own for each page: an export may take hours, a transaction may not.
        let mut work = store.zone(zone, Access::Read).await?;
        let rows = work.ledger().range(after, page).await;
        drop(work);
        let rows = match rows {
            // Up to the one that cannot be read.
            Err(Error::Corrupt(_)) if page > 1 => {
                page = 1;
                continue;
            }
            Err(Error::Corrupt(_)) => {
                let index = u64::try_from(after).unwrap_or(0);
                return Err(damaged(store, &LogId::Ledger(zone.clone()), index).await?);
            }
            rows => rows?,
        };
        let Some(last) = rows.last() else {
            return Ok(written);
        };
        after = last.chain_seq;
        for row in &rows {
            let at = row.event.occurred_at;
            if span.since.is_none_or(|since| at >= since) && span.until.is_none_or(|until| at < until) {
                write(&export_line(row, format)?)?;
                written += 1;
            }
        }
    }
}

/// Hands the entries of `log` from index `from` on to `write`, each as a line without its end in the form that verifiers read,
/// and returns how many they were. What was pruned is passed over.
///
/// # Errors
/// [`ExportError`]; what was written until then stands.
pub async fn export_entries(
    store: &dyn Store,
    log: &LogId,
    mut from: u64,
    mut write: impl FnMut(&str) -> io::Result<()>,
) -> Result<u64, ExportError> {
    let (name, mut page, mut written) = (log.name(), PAGE, 0);
    loop {
        let mut work = store.log(log, Access::Read).await?;
        let entries = work.log().entries(from, page).await;
        drop(work);
        let entries = match entries {
            Err(Error::Corrupt(_)) if page > 1 => {
                page = 1;
                continue;
            }
            Err(Error::Corrupt(_)) => return Err(damaged(store, log, from).await?),
            entries => entries?,
        };
        let Some(last) = entries.last() else {
            return Ok(written);
        };
        from = last.index.saturating_add(1);
        for entry in &entries {
            write(&serde_json::to_string(&EntryLine::of(&entry.entry(&name))).map_err(io::Error::from)?)?;
            written += 1;
        }
    }
}

/// An entry as verifiers read it.
#[derive(Serialize)]
pub(crate) struct EntryLine<'l> {
    log: &'l str,
    index: u64,
    body: &'l str,
    taken_at: i64,
    producer_key: &'l str,
}

impl<'l> EntryLine<'l> {
    pub(crate) fn of(entry: &Entry<'l>) -> Self {
        Self {
            log: entry.log,
            index: entry.index,
            body: entry.body,
            taken_at: entry.taken_at.as_micros(),
            producer_key: entry.producer_key,
        }
    }
}

/// The line of one event, without its end.
///
/// # Errors
/// When it cannot be written.
pub fn export_line(row: &AuditRow, format: ExportFormat) -> io::Result<String> {
    let text = match format {
        ExportFormat::Ndjson => serde_json::to_string(&Line::of(row)?),
        ExportFormat::Ocsf => activity(row),
    };
    Ok(text?)
}

#[derive(Serialize)]
struct Line<'r> {
    chain_seq: i64,
    ingested_at: String,
    content_sha256: &'r str,
    producer_key: &'r str,
    event: &'r RawValue,
}

impl<'r> Line<'r> {
    fn of(row: &'r AuditRow) -> serde_json::Result<Self> {
        Ok(Self {
            chain_seq: row.chain_seq,
            ingested_at: row.ingested_at.to_rfc3339_micros(),
            content_sha256: &row.content_sha256,
            producer_key: &row.producer_key,
            event: serde_json::from_str(&row.received)?,
        })
    }
}

/// Members of the schema by its names; the rest of the event is under `unmapped`.
#[derive(Serialize)]
struct ApiActivity<'r> {
    class_uid: u32,
    category_uid: u32,
    activity_id: u32,
    activity_name: &'r str,
    type_uid: u32,
    severity_id: u32,
    status_id: u32,
    /// Milliseconds since 1970.
    time: i64,
    metadata: Metadata<'r>,
    actor: Actor<'r>,
    src_endpoint: Endpoint<'r>,
    api: Api<'r>,
    unmapped: Line<'r>,
}

#[derive(Serialize)]
struct Metadata<'r> {
    version: &'static str,
    product: Product,
    uid: &'r str,
    correlation_uid: &'r str,
    sequence: i64,
    tenant_uid: &'r str,
}

#[derive(Serialize)]
struct Product {
    name: &'static str,
    vendor_name: &'static str,
}

#[derive(Serialize)]
struct Actor<'r> {
    app_uid: &'r str,
}

/// Who called: the session, or else the application, or else what is known of neither.
#[derive(Serialize)]
struct Endpoint<'r> {
    uid: &'r str,
}

#[derive(Serialize)]
struct Api<'r> {
    operation: &'r str,
    request: Request<'r>,
}

#[derive(Serialize)]
struct Request<'r> {
    uid: &'r str,
}

fn activity(row: &AuditRow) -> serde_json::Result<String> {
    let event = &row.event;
    let facts = event.facts();
    let application = facts.application_id.as_deref().unwrap_or("unknown");
    let denied = event.decision.eq_ignore_ascii_case("deny");
    serde_json::to_string(&ApiActivity {
        class_uid: API_ACTIVITY,
        category_uid: APPLICATION_ACTIVITY,
        activity_id: OTHER,
        activity_name: event.event_type.as_str(),
        type_uid: API_ACTIVITY * 100 + OTHER,
        severity_id: if denied { LOW } else { INFORMATIONAL },
        status_id: if denied { FAILURE } else { SUCCESS },
        time: event.occurred_at.as_micros().div_euclid(1_000),
        metadata: Metadata {
            version: OCSF_VERSION,
            product: Product {
                name: "caracal",
                vendor_name: "caracal",
            },
            uid: &event.id,
            correlation_uid: &event.request_id,
            sequence: row.chain_seq,
            tenant_uid: event.zone_id.as_str(),
        },
        actor: Actor { app_uid: application },
        src_endpoint: Endpoint {
            uid: facts.agent_session_id.as_deref().unwrap_or(application),
        },
        api: Api {
            operation: event.event_type.as_str(),
            request: Request {
                uid: &event.request_id,
            },
        },
        unmapped: Line::of(row)?,
    })
}
