//! `GET /v1/zones/{zoneId}/audit`

use caracal_service::Refusal;
use caracal_storage::AuditFilter;
use serde_json::Value;

use super::{fields, outcome};
use crate::{answer::Answer, call::ZoneCall, csv, query::Query};

/// Most event types in one filter.
const MAX_TYPES: usize = 16;

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let query = &call.query;
    let filter = filter(query)?;
    let (as_csv, page) = (query.csv()?, query.page(100, 1000)?);
    let columns = query.get("fields").map(fields::parse).transpose()?;
    let mut work = call.read().await?;
    let read = work.ledger().search(&filter, &page).await?;
    let rows: Vec<Value> = outcome::shown(&call, work.as_mut(), &read.items).await?;
    drop(work);
    if as_csv {
        let columns = columns.unwrap_or_else(fields::all);
        let file = csv::render(&columns, &rows, |row, column| {
            fields::cell(row, column).unwrap_or_default()
        });
        return Ok(Answer::csv(format!("audit-{}.csv", call.zone), file));
    }
    let rows = match columns {
        Some(columns) => rows.iter().map(|row| fields::project(row, &columns)).collect(),
        None => rows,
    };
    Answer::values(&rows, read.next.as_ref())
}

fn filter(query: &Query) -> Result<AuditFilter, Refusal> {
    let decision = |text: &str| {
        ["allow", "deny", "partial"]
            .contains(&text)
            .then(|| text.to_owned())
    };
    let types = |text: &str| {
        let types: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
        let fits = text.len() <= 512 && types.len() <= MAX_TYPES && types.iter().all(|name| !name.is_empty());
        fits.then_some(types)
    };
    Ok(AuditFilter {
        since: query.instant("since")?,
        until: query.instant("until")?,
        request_id: query.text("request_id", 128)?,
        decision: query.parsed("decision", "allow, deny or partial", decision)?,
        event_types: query
            .parsed("event_type", "1 to 16 event types joined by commas", types)?
            .unwrap_or_default(),
        application_id: query.text("application_id", 128)?,
        session_id: query.text("session_id", 128)?,
        authority_record_id: query.text("authority_record_id", 128)?,
        label: query.text("label", 64)?,
    })
}
