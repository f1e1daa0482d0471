//! Events that could not join the ledger: list them, send the repairable ones again.

use axum::Json;
use caracal_events::{Fields, Topic};
use caracal_service::{Refusal, extract::Query};
use caracal_wire::{
    ErrorCode,
    audit::{DeadLetterEntry, DeadLetterQuery, DeadLetters, LettersReplayed},
};

use super::{Deps, Operator};

fn limit(query: &DeadLetterQuery) -> Result<usize, Refusal> {
    match query.limit.as_deref().map(str::parse) {
        None => Ok(100),
        Some(Ok(limit @ 1..=1000)) => Ok(limit),
        Some(_) => Err(Refusal::invalid_field(
            ErrorCode::InvalidQuery,
            "limit",
            "must be 1 to 1000",
        )),
    }
}

fn unavailable(error: &caracal_events::BusError) -> Refusal {
    tracing::warn!(%error, "could not read dead letters");
    Refusal::of(ErrorCode::BusUnavailable).describe("the event bus is unavailable, try again")
}

pub(crate) async fn list(
    _operator: Operator,
    deps: Deps,
    Query(query): Query<DeadLetterQuery>,
) -> Result<Json<DeadLetters>, Refusal> {
    let limit = limit(&query)?;
    let letters = deps
        .bus
        .dead_letters(Topic::AuditEvents, query.after.as_deref(), limit)
        .await
        .map_err(|error| unavailable(&error))?;
    let next_cursor = if letters.len() == limit {
        letters.last().map(|letter| letter.id.clone()).unwrap_or_default()
    } else {
        String::new()
    };
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let entries = letters
        .into_iter()
        .map(|letter| DeadLetterEntry {
            fields: letter.fields.iter().map(owned).collect(),
            id: letter.id,
            received_at: letter.appended_at,
        })
        .collect();
    Ok(Json(DeadLetters { entries, next_cursor }))
}

/// Sends letters with intact data again, oldest first from `after` on. Forged and tampered ones stay.
pub(crate) async fn replay(
    _operator: Operator,
    deps: Deps,
    Query(query): Query<DeadLetterQuery>,
) -> Result<Json<LettersReplayed>, Refusal> {
    let letters = deps
        .bus
        .dead_letters(Topic::AuditEvents, query.after.as_deref(), limit(&query)?)
        .await
        .map_err(|error| unavailable(&error))?;
    let (mut replayed, mut skipped) = (0, 0);
    for letter in &letters {
        let final_verdict = letter.fields.get("reason").is_some_and(|reason| {
            reason == "hmac_verify_failed" || reason == "tamper_on_replay" || reason == "missing_data_field"
        });
        let (Some(data), false) = (letter.fields.get("src_data"), final_verdict) else {
            skipped += 1;
            continue;
        };
        let mut fields = Fields::new().with("data", data);
        for (name, source) in [("sig", "src_sig"), ("id", "src_event_id")] {
            if let Some(value) = letter.fields.get(source) {
                fields.insert(name, value);
            }
        }
        deps.bus
            .append(Topic::AuditEvents, vec![fields])
            .await
            .map_err(|error| unavailable(&error))?;
        deps.bus
            .remove_dead_letters(Topic::AuditEvents, std::slice::from_ref(&letter.id))
            .await
            .map_err(|error| unavailable(&error))?;
        replayed += 1;
    }
    Ok(Json(LettersReplayed {
        scanned: letters.len(),
        replayed,
        skipped,
    }))
}
