//! Events that could not join the ledger: list them, store the repairable ones after all.

use ::metrics::counter;
use axum::Json;
use caracal_events::{Delivery, Topic};
use caracal_service::{Refusal, extract::Query};
use caracal_wire::{
    ErrorCode,
    audit::{DeadLetterEntry, DeadLetterQuery, DeadLetters, LettersReplayed},
    events::AuditFrame,
};

use super::{Deps, Operator};
use crate::{AuditDeps, batch, frame, metrics};

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

/// Stores the events of letters after all, oldest first from `after` on. A letter goes once the ledger has its event, so
/// there is no moment at which only a bus that may lose its memory has it. Forged, tampered and unreadable ones stay, and
/// so do those that still cannot be stored.
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
        if !store(&deps, letter).await? {
            skipped += 1;
            continue;
        }
        deps.bus
            .remove_dead_letters(Topic::AuditEvents, std::slice::from_ref(&letter.id))
            .await
            .map_err(|error| unavailable(&error))?;
        counter!(metrics::REPLAYED).increment(1);
        replayed += 1;
    }
    Ok(Json(LettersReplayed {
        scanned: letters.len(),
        replayed,
        skipped,
    }))
}

/// Puts a letter's event into the ledger; says whether it is there.
async fn store(deps: &AuditDeps, letter: &Delivery) -> Result<bool, Refusal> {
    let final_verdict = letter.fields.get("reason").is_some_and(|reason| {
        reason == "hmac_verify_failed" || reason == "tamper_on_replay" || reason == "missing_data_field"
    });
    let (Some(data), false) = (letter.fields.get("src_data"), final_verdict) else {
        return Ok(false);
    };
    let frame = AuditFrame {
        id: None,
        data: data.to_owned(),
        sig: letter.fields.get("src_sig").map(str::to_owned),
    };
    let Ok(entry) = frame::verify(frame, deps.audit_key.as_ref()) else {
        return Ok(false);
    };
    let zone = entry.event.zone_id.clone();
    match batch::append_entries(deps, &zone, &[entry]).await {
        Ok(outcome) => {
            counter!(metrics::INSERTS).increment(outcome.inserted);
            Ok(outcome.mismatches.is_empty())
        }
        Err(Some(error)) if error.is_retryable() => Err(error.into()),
        Err(Some(error)) => {
            let error = caracal_service::error_chain(&error);
            tracing::warn!(
                position = letter.id,
                error,
                "a dead letter still cannot be stored"
            );
            Ok(false)
        }
        Err(None) => Err(Refusal::of(ErrorCode::StorageUnavailable)
            .describe("the ledger did not answer in time, try again")),
    }
}
