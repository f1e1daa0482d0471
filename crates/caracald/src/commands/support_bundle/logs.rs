//! The last lines of a log, reduced to the fields that are known to be harmless.

use std::{
    fs::File,
    io::{ErrorKind, Read as _, Seek as _, SeekFrom},
    path::Path,
};

use anyhow::Context as _;
use serde_json::{Map, Value};

use super::redact::{HIDDEN, Redactor};

/// Longest text of one field.
const LONGEST: usize = 2_000;

/// Fields that are shown. Whatever else a line has is named and not shown: a label or a subject is a person's.
const SHOWN: &[&str] = &[
    "timestamp",
    "level",
    "target",
    "message",
    "name",
    "span",
    "version",
    "mode",
    "roles",
    "role",
    "storage",
    "address",
    "tls",
    "status",
    "http.route",
    "http.request.method",
    "http.response.status_code",
    "http.status",
    "method",
    "route",
    "duration_ms",
    "queries",
    "error",
    "error.type",
    "reason",
    "code",
    "zone.id",
    "session.id",
    "resource.id",
    "request.id",
    "delegation.id",
    "trace_id",
    "span_id",
    "attempts",
    "topic",
    "segment",
    "place",
    "pause",
    "count",
    "lines",
    "spool_sync",
    "log_level",
    "traces",
    "descriptors",
    "connections",
    "signal",
    "open",
    "elapsed",
];

/// The last lines of the log at `path`, of at most `most` bytes; nothing where there is no file.
///
/// # Errors
/// When it cannot be read.
pub(super) fn tail(path: &Path, most: usize, redactor: &Redactor) -> anyhow::Result<Option<Vec<u8>>> {
    let cannot = || format!("the log {} cannot be read", path.display());
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(cannot),
    };
    let length = file.metadata().with_context(cannot)?.len();
    let from = length.saturating_sub(most as u64);
    file.seek(SeekFrom::Start(from)).with_context(cannot)?;
    let mut bytes = Vec::new();
    file.take(most as u64)
        .read_to_end(&mut bytes)
        .with_context(cannot)?;
    let text = String::from_utf8_lossy(&bytes);
    // The first line may have begun before.
    let skipped = usize::from(from > 0);
    let mut lines = Vec::new();
    let mut other = 0_u64;
    for line in text.lines().skip(skipped) {
        match serde_json::from_str::<Map<String, Value>>(line) {
            Ok(line) => {
                lines.extend(serde_json::to_vec(&reduced(line, redactor))?);
                lines.push(b'\n');
            }
            Err(_) => other = other.saturating_add(1),
        }
    }
    if other > 0 {
        lines.extend(format!("{{\"withheld_lines_that_are_no_json\":{other}}}\n").into_bytes());
    }
    Ok(Some(lines))
}

/// A line with the fields that are shown, and the names of those that are not.
fn reduced(line: Map<String, Value>, redactor: &Redactor) -> Map<String, Value> {
    line.into_iter()
        .map(|(name, value)| {
            let mut value = match value {
                Value::Object(span) if name == "span" => {
                    return (name, Value::Object(reduced(span, redactor)));
                }
                value if !SHOWN.contains(&name.as_str()) => match value {
                    Value::Null | Value::Bool(_) => value,
                    Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => HIDDEN.into(),
                },
                Value::String(text) => text.chars().take(LONGEST).collect::<String>().into(),
                value => value,
            };
            redactor.clean(&mut value);
            (redactor.text(&name), value)
        })
        .collect()
}
