//! Exchanges that are understood and refused.

use caracal_core::{Secret, claims::MandateUse};
use caracal_service::Refusal;
use caracal_wire::{ErrorCode, sts::DenialReason};

use crate::{case::Case, subject};

/// A session mandate is no way around the Gateway.
pub(crate) async fn refuse_session(case: &Case<'_>, token: &Secret) -> Refusal {
    let zone_id = &case.zone.zone.id;
    let claims = match subject::verify(case.deps, zone_id, token, MandateUse::Session).await {
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
