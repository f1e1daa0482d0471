//! Request limits: by who calls, and by address only for those who could not prove who they are.
//!
//! Limits protect capacity, not authority, so a counter that does not answer lets the request pass.

use std::time::Duration;

use caracal_service::{Refusal, limits::too_many, server::PeerAddr};
use caracal_wire::ErrorCode;
use http::{StatusCode, request::Parts};

use crate::{auth::Principal, deps::App, metrics};

const WINDOW: Duration = Duration::from_mins(1);

/// Counts a request of a proved caller.
pub(crate) async fn admit(app: &App, principal: &Principal) -> Result<(), Refusal> {
    let key = match &principal.application {
        Some(application) => format!("coordinator:{}:{application}", principal.zone),
        None => String::from("coordinator:operator"),
    };
    hit(app, &key, app.config.requests_per_minute).await
}

/// Counts a refused credential against the address it came from; past the limit that is the answer.
pub(crate) async fn note_refused(app: &App, head: &Parts, refusal: Refusal) -> Refusal {
    metrics::rejected(&refusal);
    if refusal.status != StatusCode::UNAUTHORIZED {
        return refusal;
    }
    let Some(PeerAddr(peer)) = head.extensions.get::<PeerAddr>() else {
        return refusal;
    };
    let key = format!("coordinator:refused:{}", peer.ip());
    match hit(app, &key, app.config.unauthenticated_per_minute).await {
        Ok(()) => refusal,
        Err(limited) => limited,
    }
}

async fn hit(app: &App, key: &str, limit: u32) -> Result<(), Refusal> {
    if limit == 0 {
        return Ok(());
    }
    match app.limiter.hit(key, limit, WINDOW).await {
        Ok(decision) if !decision.allowed => {
            let seconds = decision.retry_after.as_secs().saturating_add(1);
            Err(too_many(
                ErrorCode::RateLimited,
                u64::from(limit),
                u32::try_from(seconds).unwrap_or(60),
            ))
        }
        Ok(_) => Ok(()),
        Err(error) => {
            tracing::warn!(%error, "the request counter does not answer; letting the request pass");
            Ok(())
        }
    }
}
