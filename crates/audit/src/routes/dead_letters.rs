//! Events that could not join the ledger: list them, store the repairable ones after all.

use ::metrics::counter;
use caracal_events::{BusError, Delivery, Topic};
use caracal_service::{
    Refusal, error_chain,
    front::{Answer, QueryOnce, RouteError},
};
use caracal_wire::{
    ErrorCode,
    audit::{DeadLetterEntry, DeadLetterQuery, DeadLetters, LetterPosition, LettersReplayed},
    events::AuditFrame,
};

use super::{Call, PAGE_BYTES};
use crate::{AuditDeps, batch, frame, metrics};

/// Why letters could not be read or stored.
#[derive(Debug, thiserror::Error)]
pub(super) enum LetterError {
    #[error("could not read dead letters")]
    Bus(#[from] BusError),
    #[error("could not store a dead letter")]
    Ledger(#[from] caracal_storage::Error),
    #[error("the ledger did not answer in time")]
    LedgerTimeout,
}

impl RouteError for LetterError {
    const REFUSES: &'static [ErrorCode] = &[ErrorCode::BusUnavailable, ErrorCode::StorageUnavailable];

    fn refusal(self) -> Refusal {
        tracing::warn!(error = error_chain(&self), "dead letters wait");
        match self {
            Self::Bus(_) => {
                Refusal::of(ErrorCode::BusUnavailable).describe("the event bus is unavailable, try again")
            }
            // What was stored so far is stored and gone from the letters: running again would not count it.
            Self::Ledger(error) => Refusal {
                contended: false,
                ..error.into()
            },
            Self::LedgerTimeout => Refusal::of(ErrorCode::StorageUnavailable)
                .describe("the ledger did not answer in time, try again"),
        }
    }
}

async fn read(deps: &AuditDeps, query: &DeadLetterQuery) -> Result<Vec<Delivery>, BusError> {
    let (after, limit) = (
        query.after.as_ref().map(LetterPosition::as_str),
        query.limit.get(),
    );
    deps.bus.dead_letters(Topic::AuditEvents, after, limit).await
}

pub(super) async fn list(
    call: Call,
    QueryOnce(query): QueryOnce<DeadLetterQuery>,
) -> Result<Answer<DeadLetters>, LetterError> {
    let letters = read(&call.role, &query).await?;
    let mut more = letters.len() == query.limit.get();
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let (mut entries, mut bytes) = (Vec::new(), 0_usize);
    for letter in letters {
        if bytes >= PAGE_BYTES {
            more = true;
            break;
        }
        bytes = letter.fields.iter().fold(bytes, |bytes, (name, value)| {
            bytes.saturating_add(name.len() + value.len())
        });
        entries.push(DeadLetterEntry {
            fields: letter.fields.iter().map(owned).collect(),
            id: letter.id,
            received_at: letter.appended_at,
        });
    }
    let last = entries.last().filter(|_| more);
    let next_cursor = last.map(|entry| entry.id.clone()).unwrap_or_default();
    Ok(Answer(DeadLetters { entries, next_cursor }))
}

/// Stores the events of letters after all, oldest first from `after` on. A letter goes once the ledger has its event, so
/// there is no moment at which only a bus that may lose its memory has it. Forged, tampered and unreadable ones stay, and
/// so do those that still cannot be stored or whose key is still not configured.
pub(super) async fn replay(
    call: Call,
    QueryOnce(query): QueryOnce<DeadLetterQuery>,
) -> Result<Answer<LettersReplayed>, LetterError> {
    let deps = &call.role;
    let letters = read(deps, &query).await?;
    let (mut replayed, mut skipped) = (0, 0);
    for letter in &letters {
        if !store(deps, letter).await? {
            skipped += 1;
            continue;
        }
        deps.bus
            .remove_dead_letters(Topic::AuditEvents, std::slice::from_ref(&letter.id))
            .await?;
        counter!(metrics::REPLAYED).increment(1);
        replayed += 1;
    }
    Ok(Answer(LettersReplayed {
        scanned: letters.len(),
        replayed,
        skipped,
    }))
}

/// Puts a letter's event into the ledger; says whether it is there.
async fn store(deps: &AuditDeps, letter: &Delivery) -> Result<bool, LetterError> {
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
        kid: letter.fields.get("src_kid").map(str::to_owned),
    };
    let Ok((entry, _)) = frame::verify(&frame, deps.audit_keys.as_ref()) else {
        return Ok(false);
    };
    let zone = entry.zone_id.clone();
    match batch::append_entries(deps, &zone, &[entry]).await {
        Ok(outcome) => {
            counter!(metrics::INSERTS).increment(outcome.inserted);
            Ok(outcome.mismatches.is_empty())
        }
        Err(Some(error)) if error.is_retryable() => Err(error.into()),
        Err(Some(error)) => {
            let error = error_chain(&error);
            tracing::warn!(
                position = letter.id,
                error,
                "a dead letter still cannot be stored"
            );
            Ok(false)
        }
        Err(None) => Err(LetterError::LedgerTimeout),
    }
}
