//! Exchanges that are understood and refused.

use caracal_core::{Secret, claims::MandateUse};
use caracal_service::Refusal;
use caracal_wire::{ErrorCode, sts::DenialReason};

use crate::{case::Case, limit::limit, possession, subject};

/// What these are counted as.
const CLASS: &str = "session";

/// A session mandate is no way around the Gateway. One that is bound to a key is good for nothing to whoever does not prove
/// to hold it, not even for being told so.
pub(crate) async fn refuse_session(case: &Case<'_>, token: &Secret) -> Refusal {
    if let Err(refusal) = spend(case).await {
        return refusal;
    }
    let (zone_id, proof) = (&case.zone.zone.id, case.proof.as_ref());
    let claims = match subject::verify(case.deps, zone_id, token, MandateUse::Session, proof).await {
        Ok(claims) => claims,
        Err(refusal) => return refusal,
    };
    let refusal = Refusal::of(ErrorCode::AccessDenied);
    if claims.client_id != case.application.id || case.deps.revocations.covers(&claims) {
        return refusal.describe("authority record is not active");
    }
    refusal
        .describe("resource exchanges must use the Gateway")
        .reason(DenialReason::GatewayRequired)
}

/// What comes with a proof leaves a mark, so it is counted, as mints are.
async fn spend(case: &Case<'_>) -> Result<(), Refusal> {
    if case.proof.is_some() {
        limit(case, &[String::from(CLASS)]).await?;
    }
    possession::spend(case).await
}
