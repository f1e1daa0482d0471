//! A client is told that its token lacks a scope (RFC 6750 §3.1), and has its person asked for that. Many clients renew the token
//! they have first, which gets them the same scopes again, and take that for a no. So the renewal that follows such a call is
//! answered once that the person has to be asked: nothing is used up by that, and a client that only renews does so again.

use std::time::Duration;

use caracal_core::{Timestamp, ZoneId, claims::MandateClaims};
use caracal_crypto::sha256_hex;
use caracal_events::shortlived::{Claim, ShortLivedError};
use caracal_service::Refusal;
use caracal_wire::ErrorCode;
use http::StatusCode;

use crate::{StsDeps, authenticate::unavailable};

/// How long after a call that lacked a scope a renewal is taken for an answer to it: clients renew at once.
const FOLLOWS: Duration = Duration::from_mins(1);

/// What is remembered of an access token, under its id.
#[derive(Debug, Clone, Copy)]
enum Mark {
    /// A call with it lacked a scope.
    Lacked,
    /// Its client was told to have its person asked, or renewed it.
    Told,
}

impl Mark {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Lacked => "lacked",
            Self::Told => "told",
        }
    }
}

/// Remembers that a call lacked a scope. Where that cannot be remembered the client is told the same, and renews in vain.
pub(crate) async fn lacks_scope(deps: &StsDeps, claims: &MandateClaims) {
    if let Err(error) = leave(deps, &claims.zone_id, &claims.jti, Mark::Lacked, follows(deps)).await {
        tracing::warn!(%error, "cannot remember that a call lacked a scope");
    }
}

/// 400 for a client that has to have its person asked, or to renew again.
pub(super) fn refusal() -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, ErrorCode::InteractionRequired)
        .describe("a call lacked a scope: have the person agree to it, or renew again for the same")
}

/// Whether the client that renews what came with the access token of this id is to have its person asked: once, after a call
/// that lacked a scope.
///
/// # Errors
/// 503 when that cannot be told.
pub(super) async fn is_due(
    deps: &StsDeps,
    zone: &ZoneId,
    access: &str,
    ends_at: Timestamp,
) -> Result<bool, Refusal> {
    // Told or renewed, once, for as long as the sign-in lives: what comes a second time is looked at for that. And whoever renews has no use for the access token
    // any more: a mark on it says nothing to anybody else.
    let is_due = async {
        let first = leave(deps, zone, access, Mark::Told, ends_at).await?;
        Ok::<bool, ShortLivedError>(first && !leave(deps, zone, access, Mark::Lacked, follows(deps)).await?)
    };
    is_due.await.map_err(|error| {
        tracing::error!(%error, "cannot tell whether a call lacked a scope");
        unavailable()
    })
}

/// Until when a call that lacks a scope now is followed by its renewal.
fn follows(deps: &StsDeps) -> Timestamp {
    deps.world.now().plus(FOLLOWS)
}

/// Whether this mark was not there before. Where the memory of marks was just lost, it was not.
async fn leave(
    deps: &StsDeps,
    zone: &ZoneId,
    access: &str,
    mark: Mark,
    until: Timestamp,
) -> Result<bool, ShortLivedError> {
    let key = format!("sign-in:{}:{}", mark.as_str(), sha256_hex(access.as_bytes()));
    let generation = deps.replay.generation().await?;
    let claimed = deps
        .replay
        .claim_of(zone.as_str(), &generation, &key, until)
        .await?;
    Ok(claimed != Claim::Repeated)
}
