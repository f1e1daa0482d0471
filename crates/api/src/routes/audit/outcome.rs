//! Calls of which nobody can tell what became of them.
//!
//! The STS records that it allowed a call, the Gateway how the call ended. A Gateway that died in between leaves the
//! decision alone, which would read as a call that never left. Told when events are read, never stored: an outcome
//! that a spool still holds is shown once it arrives.

use std::collections::HashSet;

use caracal_core::audit::{EventFacts, EventType};
use caracal_service::Refusal;
use caracal_storage::{AuditRow, ZoneWork};
use caracal_wire::control::audit::{LedgerEvent, Outcome};

use super::shown as event;
use crate::call::ZoneCall;

/// The event of the Gateway about the end of a call.
const ENDED: EventType = EventType::GatewayResourceRequest;
/// Most outcomes looked at. Where requests share an id so often, none is called unknown.
const MOST: u32 = 10_000;

/// Events as they are shown, each decision about a call without an outcome with `"outcome": "unknown"`.
pub(super) async fn shown(
    call: &ZoneCall,
    work: &mut dyn ZoneWork,
    rows: &[AuditRow],
) -> Result<Vec<LedgerEvent>, Refusal> {
    let mut shown: Vec<LedgerEvent> = rows.iter().map(event).collect();
    let long_ago = call
        .role
        .world
        .now()
        .minus(call.role.config.outcome_unknown_after);
    let open: Vec<(usize, (String, String))> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| row.event.occurred_at <= long_ago)
        .filter_map(|(index, row)| Some((index, allowed_call(row)?)))
        .collect();
    if open.is_empty() {
        return Ok(shown);
    }
    let requests: HashSet<&String> = open.iter().map(|(_, (request, _))| request).collect();
    let requests: Vec<String> = requests.into_iter().cloned().collect();
    let ended = work.ledger().of_requests(&requests, ENDED.as_str(), MOST).await?;
    if ended.len() >= MOST as usize {
        return Ok(shown);
    }
    let ended = ended.iter().filter_map(|row| of_mandate(row, row.event.facts()));
    let ended: HashSet<(String, String)> = ended.collect();
    for (index, key) in &open {
        if !ended.contains(key) {
            shown[*index].outcome = Some(Outcome::Unknown);
        }
    }
    Ok(shown)
}

/// Request and mandate of a call that the STS allowed the Gateway.
fn allowed_call(row: &AuditRow) -> Option<(String, String)> {
    let event = &row.event;
    if event.event_type != EventType::TokenExchange || event.decision != "allow" {
        return None;
    }
    let facts = event.facts();
    let governed = facts.mandate_use.as_deref() == Some("resource") && facts.method.is_some();
    governed.then(|| of_mandate(row, facts)).flatten()
}

/// Request and mandate, which together name one call: a mandate is used once.
fn of_mandate(row: &AuditRow, facts: EventFacts) -> Option<(String, String)> {
    let request = &row.event.request_id;
    let named = (request.clone(), facts.jti?);
    (!request.is_empty()).then_some(named)
}
