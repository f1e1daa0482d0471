//! `POST /add-checkpoint`.

use std::sync::Arc;

use axum::{
    extract::Request,
    response::{IntoResponse as _, Response},
};
use caracal_ledger::{
    checkpoint::SignedCheckpoint,
    witness::{AddCheckpoint, Declined, MAX_REQUEST_BYTES},
};
use caracal_service::{Refusal, body::read_bounded, error_chain};
use caracal_wire::ErrorCode;
use http::{StatusCode, header};

use crate::{
    Witness,
    metrics::{Outcome, count},
    state::NotAdvanced,
};

/// What a conflict is answered with: the size cosigned last.
pub(crate) const SIZE: &str = "text/x.tlog.size";

pub(crate) async fn post(witness: Arc<Witness>, request: Request) -> Result<Response, Refusal> {
    let Ok(_room) = witness.room.try_acquire() else {
        return Err(Refusal::of(ErrorCode::RateLimited)
            .describe("too many checkpoints at once")
            .retry_after(1));
    };
    let body = read_bounded(request.into_body(), MAX_REQUEST_BYTES).await?;
    let asked = AddCheckpoint::parse(&body).map_err(|error| {
        count(Outcome::Invalid);
        invalid(error.to_string())
    })?;
    witness
        .logs
        .check(&asked.checkpoint)
        .map_err(|why| declined(&why, &asked))?;
    let state = witness.state.clone();
    let (asked, advanced) = tokio::task::spawn_blocking(move || {
        let advanced = state.advance(&asked);
        (asked, advanced)
    })
    .await
    .map_err(|_| Refusal::of(ErrorCode::InternalError))?;
    match advanced {
        Ok(()) => cosigned(&witness, &asked.checkpoint),
        Err(NotAdvanced::Declined(why)) => {
            let refusal = declined(&why, &asked);
            match why {
                Declined::Conflict(size) | Declined::SplitView(size) => Ok(last(size)),
                Declined::UnknownLog
                | Declined::NotSigned(_)
                | Declined::OldSize
                | Declined::Inconsistent => Err(refusal),
            }
        }
        Err(NotAdvanced::Io(error)) => {
            count(Outcome::Unavailable);
            tracing::error!(%error, "a checkpoint could not be kept, and was not cosigned");
            Err(Refusal::of(ErrorCode::StorageUnavailable).describe("the witness cannot write, try again"))
        }
        Err(NotAdvanced::Full) => {
            count(Outcome::Unavailable);
            tracing::error!("there are as many logs as one witness keeps");
            Err(Refusal::of(ErrorCode::StorageUnavailable).describe("the witness takes no more logs"))
        }
    }
}

/// The signature lines of every key.
fn cosigned(witness: &Witness, asked: &SignedCheckpoint) -> Result<Response, Refusal> {
    let time = u64::try_from(witness.world.now().unix_seconds()).unwrap_or(0);
    let failed = |error: &dyn std::error::Error| {
        tracing::error!(error = error_chain(error), "a checkpoint could not be cosigned");
        Refusal::of(ErrorCode::InternalError)
    };
    let mut own = SignedCheckpoint::new(asked.checkpoint().clone()).map_err(|error| failed(&error))?;
    let unsigned = own.encode();
    for signer in &witness.signers {
        own.sign(signer, time).map_err(|error| failed(&error))?;
    }
    let lines = own.encode().split_off(unsigned.len());
    count(Outcome::Cosigned);
    Ok(text(StatusCode::OK, "text/plain; charset=utf-8", lines))
}

fn last(size: u64) -> Response {
    text(StatusCode::CONFLICT, SIZE, format!("{size}\n"))
}

fn text(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, body).into_response()
}

fn invalid(why: String) -> Refusal {
    Refusal::of(ErrorCode::InvalidBody).describe(why)
}

/// Counts what was declined, says in the log what somebody should look at, and answers as the standard wants.
fn declined(why: &Declined, asked: &AddCheckpoint) -> Refusal {
    let checkpoint = asked.checkpoint.checkpoint();
    let (outcome, code) = match why {
        Declined::UnknownLog => (Outcome::UnknownLog, ErrorCode::LogUnknown),
        Declined::NotSigned(_) => (Outcome::NotSigned, ErrorCode::CheckpointNotSigned),
        Declined::OldSize => (Outcome::Invalid, ErrorCode::InvalidBody),
        Declined::Conflict(_) => (Outcome::Conflict, ErrorCode::Conflict),
        Declined::SplitView(_) => (Outcome::SplitView, ErrorCode::Conflict),
        Declined::Inconsistent => (Outcome::Inconsistent, ErrorCode::CheckpointInconsistent),
    };
    count(outcome);
    if matches!(why, Declined::SplitView(_) | Declined::Inconsistent) {
        // The log's own signature is under it: whoever keeps this line can show it.
        let (origin, note) = (&checkpoint.origin, asked.checkpoint.encode());
        tracing::error!(log = origin, size = checkpoint.size, note, %why, "a log signed what does not continue it");
    }
    Refusal::of(code).describe(why.to_string())
}
