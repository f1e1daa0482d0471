//! Entries as lines, read back: what `audit export` prints, what parts of a scheduled export have, and what retention put
//! away.

mod verify;

use std::{
    borrow::Cow,
    io::{self, BufRead, Read as _},
    ops::Range,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_core::Timestamp;
use caracal_crypto::Digest32;
use caracal_ledger::{chain::LogId, entry::Entry};
use caracal_storage::AuditRow;
use serde::Deserialize;
use serde_json::value::RawValue;

pub use self::verify::{Believed, LinesFault, LinesVerifier};
use crate::export::{ExportFormat, export_line};

/// Most bytes of a line: the largest event, escaped.
const MAX_LINE: u64 = 8 << 20;

/// What a line says.
pub(crate) enum ParsedLine<'l> {
    /// An event of a zone's ledger.
    Event(Box<AuditRow>),
    /// An entry of any log.
    Entry(Written<'l>),
    /// Hashes of entries whose bodies are gone.
    Gone {
        log: Cow<'l, str>,
        index: u64,
        leaves: Vec<Digest32>,
    },
}

/// An entry, or hashes in place of several, as verifiers read them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written<'l> {
    #[serde(borrow)]
    log: Cow<'l, str>,
    index: u64,
    #[serde(borrow, default)]
    body: Option<Cow<'l, str>>,
    #[serde(default)]
    taken_at: Option<i64>,
    #[serde(borrow, default)]
    producer_key: Option<Cow<'l, str>>,
    #[serde(borrow, default)]
    leaves: Option<Cow<'l, str>>,
}

impl Written<'_> {
    /// The entry, where it has all of one.
    pub(crate) fn entry(&self) -> Option<Entry<'_>> {
        Some(Entry {
            log: &self.log,
            index: self.index,
            body: self.body.as_deref()?,
            taken_at: Timestamp::from_micros(self.taken_at?),
            producer_key: self.producer_key.as_deref()?,
        })
    }
}

impl<'l> ParsedLine<'l> {
    /// Reads a line without its end; `None` where it is none, or says of its entry what is not so.
    fn read(line: &'l [u8]) -> Option<Self> {
        for (beginning, format) in [
            (&b"{\"chain_seq\":"[..], ExportFormat::Ndjson),
            (b"{\"class_uid\":", ExportFormat::Ocsf),
        ] {
            if line.starts_with(beginning) {
                return read_event(line, format).map(|row| Self::Event(Box::new(row)));
            }
        }
        let written: Written<'l> = serde_json::from_slice(line).ok()?;
        let Some(leaves) = &written.leaves else {
            let is_whole = written.entry().is_some_and(|entry| entry.is_valid());
            return is_whole.then_some(Self::Entry(written));
        };
        let is_more = written.body.is_some() || written.taken_at.is_some() || written.producer_key.is_some();
        let leaves = STANDARD.decode(leaves.as_bytes()).ok()?;
        let (leaves, []) = leaves.as_chunks() else {
            return None;
        };
        (!is_more && !leaves.is_empty()).then(|| Self::Gone {
            index: written.index,
            leaves: leaves.to_vec(),
            log: written.log,
        })
    }

    /// Indexes of its entries.
    fn entries(&self) -> Range<u64> {
        let (first, count) = match self {
            Self::Event(row) => (u64::try_from(row.chain_seq).unwrap_or(0).saturating_sub(1), 1),
            Self::Entry(written) => (written.index, 1),
            Self::Gone { index, leaves, .. } => (*index, leaves.len() as u64),
        };
        first..first.saturating_add(count)
    }

    /// The name of the log.
    fn log(&self) -> Cow<'_, str> {
        match self {
            Self::Event(row) => LogId::Ledger(row.event.zone_id.clone()).name().into(),
            Self::Entry(written) => Cow::Borrowed(&written.log),
            Self::Gone { log, .. } => Cow::Borrowed(log),
        }
    }
}

/// What of a line about an event is evidence.
#[derive(Deserialize)]
struct Line<'l> {
    chain_seq: i64,
    ingested_at: Timestamp,
    producer_key: String,
    #[serde(borrow)]
    event: &'l RawValue,
}

#[derive(Deserialize)]
struct Activity<'l> {
    #[serde(borrow)]
    unmapped: Line<'l>,
}

/// The stretches of consecutive entries that lines are made of: the first entry, the one behind the last, how
/// many lines, and the bytes before them.
///
/// # Errors
/// As the reader, and where a line is none of an export.
pub fn stretches(read: &mut dyn BufRead) -> io::Result<Vec<(Range<u64>, u64, u64)>> {
    let mut stretches: Vec<(Range<u64>, u64, u64)> = Vec::new();
    let (mut bytes, mut at) = (Vec::new(), 0_u64);
    loop {
        bytes.clear();
        let length = read.take(MAX_LINE).read_until(b'\n', &mut bytes)?;
        if length == 0 {
            return Ok(stretches);
        }
        let said = ParsedLine::read(bytes.strip_suffix(b"\n").unwrap_or(&bytes));
        let none = || io::Error::new(io::ErrorKind::InvalidData, "a line is none of an export");
        let entries = said.ok_or_else(none)?.entries();
        match stretches.last_mut() {
            Some((last, lines, _)) if last.end == entries.start => {
                last.end = entries.end;
                *lines = lines.saturating_add(1);
            }
            _ => stretches.push((entries, 1, at)),
        }
        at = at.saturating_add(length as u64);
    }
}

/// The row of an event at `position` of its zone's ledger; `None` where it is none.
pub fn exported_row(
    position: i64,
    received: String,
    ingested_at: Timestamp,
    producer_key: String,
) -> Option<AuditRow> {
    let mut row = AuditRow {
        event: serde_json::from_str(&received).ok()?,
        received,
        ingested_at,
        chain_seq: position,
        content_sha256: String::new(),
        producer_key,
    };
    let log = LogId::Ledger(row.event.zone_id.clone()).name();
    row.content_sha256 = hex::encode(row.entry(&log).content_hash());
    (position > 0).then_some(row)
}

/// The event of a line that [`export_line`] wrote; `None` where it did not, or where anything is said of the event that it
/// does not say itself.
pub fn read_event(line: &[u8], format: ExportFormat) -> Option<AuditRow> {
    let said = match format {
        ExportFormat::Ocsf => serde_json::from_slice::<Activity<'_>>(line).ok()?.unmapped,
        ExportFormat::Ndjson => serde_json::from_slice::<Line<'_>>(line).ok()?,
    };
    let body = said.event.get().to_owned();
    let row = exported_row(said.chain_seq, body, said.ingested_at, said.producer_key)?;
    (export_line(&row, format).ok()?.as_bytes() == line).then_some(row)
}
