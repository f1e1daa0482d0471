//! Who answers for a row once it is published: the bus, and for evidence the spool.
//!
//! A bus can lose its memory with evidence that no ledger has read. The spool keeps it until the ledger has it, so a
//! row may be marked published as soon as the spool has it on the disk. What was written to the spool cannot be taken
//! back, so the disk is waited for however slow it is: giving up and writing again would only fill it with copies. A crash
//! before the mark hands the row over again; the ledger knows the event by its id.

use std::time::Duration;

use caracal_wire::events::{AuditFrame, Payload as _};

use tracing::Instrument as _;

use crate::{Bus, BusError, Fields, Spool, Topic, spans};

/// Why a row could never be published.
pub(super) fn check(topic: Topic, fields: &Fields, spool: Option<&Spool>) -> Result<(), String> {
    fields.check(topic).map_err(|error| error.to_string())?;
    if topic.is_evidence() && spool.is_some() {
        let frame = AuditFrame::from_fields(fields).map_err(|error| error.to_string())?;
        let (id, data) = event(&frame);
        Spool::check(id, data).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Hands over rows that passed [`check`]. `within`: the longest wait for the bus.
pub(super) async fn run(
    bus: &dyn Bus,
    spool: Option<&Spool>,
    topic: Topic,
    entries: Vec<Fields>,
    within: Duration,
) -> Result<(), BusError> {
    let Some(spool) = spool.filter(|_| topic.is_evidence()) else {
        let span = spans::send(topic, entries.len());
        let appended = bus.append(topic, entries).instrument(span);
        let appended = tokio::time::timeout(within, appended).await;
        return appended.unwrap_or_else(|_| Err(BusError::Unavailable(String::from("no answer in time"))));
    };
    // All of them passed `check`, so all of them can be read.
    let frames: Vec<AuditFrame> = entries
        .iter()
        .filter_map(|fields| AuditFrame::from_fields(fields).ok())
        .collect();
    let events: Vec<(&str, &str)> = frames.iter().map(event).collect();
    let taken = spool.take_over(&events).await;
    taken.map_err(|error| BusError::Unavailable(error.to_string()))
}

/// Id and JSON of the audit event in a row.
fn event(frame: &AuditFrame) -> (&str, &str) {
    (frame.id.as_deref().unwrap_or_default(), &frame.data)
}
