//! `POST /oauth/2/introspect` (RFC 7662): whether a mandate is good for anything now.

use std::sync::Arc;

use caracal_core::{
    ZoneId,
    claims::{MandateClaims, MandateUse},
};
use caracal_service::{
    Refusal,
    front::{Answer, Form, Inbound},
};
use caracal_wire::introspection::{Introspection, IntrospectionForm};

use super::presented::Presented;
use crate::{StsDeps, authenticate::unavailable};

/// Answers any application of the zone: whoever has the token may know what it says. What is not a mandate of the zone,
/// has run out, was revoked or hangs on something that was, is inactive, and nothing tells these apart.
pub(super) async fn post(
    call: Arc<Inbound<StsDeps>>,
    Form(form): Form<IntrospectionForm>,
) -> Result<Answer<Introspection>, Refusal> {
    let deps = &call.role;
    let presented = Presented::by(&call, form.into()).await?;
    if !deps.revocations.is_fresh() {
        return Err(unavailable());
    }
    let Some(claims) = presented.claims(deps).await? else {
        return Ok(Answer(Introspection::INACTIVE));
    };
    let zone = &presented.zone;
    let stopped = zone.zone.frozen_at.is_some() || deps.revocations.covers(&claims);
    let holder = zone
        .live_application(&claims.client_id, deps.world.now())
        .is_some();
    let good = !stopped && holder && record_is_live(deps, &presented.zone_id, &claims).await?;
    let answer = if good {
        Introspection::from(&*claims)
    } else {
        Introspection::INACTIVE
    };
    Ok(Answer(answer))
}

/// Whether the row behind a session mandate is live; the other classes leave none of their own.
async fn record_is_live(deps: &StsDeps, zone_id: &ZoneId, claims: &MandateClaims) -> Result<bool, Refusal> {
    if claims.mandate_use != MandateUse::Session {
        return Ok(true);
    }
    let record = deps.authority.record(zone_id, &claims.sid).await;
    let record = record.map_err(|_| unavailable())?;
    Ok(record.is_some_and(|record| record.is_live(deps.world.now())))
}
