//! A call of a client that a person signed in with: what a mandate would be minted for it, and then the use of that.

use std::sync::Arc;

use caracal_core::{
    ScopeSet,
    claims::{MandateClaims, MandateUse},
};
use caracal_service::{Refusal, zones::ZoneState};
use caracal_wire::{ErrorCode, sts::NeededScope};

use super::{GovernedGrant, Mint, governed};
use crate::{
    StsDeps,
    authenticate::{invalid_client, zone_of},
    case::{Case, GovernedCall},
    sign_in,
    subject::invalid,
};

/// Seconds that a mandate lives which nobody but this process sees: longer than a call waits for anything.
const MANDATE_TTL: u32 = 300;

/// Decides a call, whichever kind of token it was made with.
///
/// # Errors
/// The refusal to pass on; every denial is in the spool already.
pub(crate) async fn decide(
    deps: &StsDeps,
    call: GovernedCall<'_>,
    always_mandate: bool,
) -> Result<GovernedGrant, Refusal> {
    // What is bound to a key is used by whoever proved to hold it, whatever the release of the Gateway that asks.
    if call.claims.bound_to().map(AsRef::as_ref) != call.proved_key {
        return Err(invalid());
    }
    if call.claims.mandate_use != MandateUse::Access {
        return governed::decide(deps, call, always_mandate).await;
    }
    let minted = mint(deps, &call).await?;
    let access = call.claims;
    let call = GovernedCall {
        claims: &minted,
        ..call
    };
    let decided = governed::decide(deps, call, always_mandate).await;
    if decided.as_ref().is_err_and(is_for_lack_of_scope) {
        sign_in::lacks_scope(deps, access).await;
    }
    decided
}

/// Whether a call was refused for nothing but a scope that its person may agree to.
fn is_for_lack_of_scope(refusal: &Refusal) -> bool {
    let needed = refusal.details().and_then(NeededScope::of);
    refusal.code == ErrorCode::OperationNotPermitted && needed.is_some_and(|needed| needed.scope.is_some())
}

/// Mints for one call, as the client's application would have to: by the policy in force now, counted and written down.
async fn mint(deps: &StsDeps, call: &GovernedCall<'_>) -> Result<Arc<MandateClaims>, Refusal> {
    let claims = call.claims;
    // For this resource, and no other that it may be called by another name.
    if claims.target.iter().all(|name| **name != *call.resource) {
        return Err(invalid());
    }
    let now = deps.world.now();
    let zone = zone_of(deps, call.zone_id).await?.ok_or_else(invalid_client)?;
    let application = zone.live_application(call.application_id, now);
    let application = application
        .filter(|application| application.id == claims.client_id)
        .cloned()
        .ok_or_else(invalid_client)?;
    let scopes = scopes(&zone, call);
    let case = Case {
        deps,
        zone,
        application,
        request_id: call.request_id,
        now,
        // For evidence: the mandate leaves this process no more than its claims do.
        bound_to: claims.bound_to().cloned(),
        proof: None,
    };
    let resources = [call.resource.to_owned()];
    let mint = Mint {
        class: MandateUse::Gateway,
        resources: &resources,
        scopes: &scopes,
        session_id: None,
        agent_session_id: claims.agent_session_id.as_ref(),
        delegation_edge_id: claims.delegation_edge_id.as_ref(),
        ttl_seconds: Some(MANDATE_TTL),
        approval_id: None,
    };
    mint.for_call(&case).await
}

/// What the call needs of what the person agreed to; all of that where it needs something else, and is refused for it.
fn scopes(zone: &ZoneState, call: &GovernedCall<'_>) -> ScopeSet {
    let agreed = call.claims.scopes();
    let resource = zone.resource(call.resource);
    let needed = resource
        .filter(|resource| resource.enforces_operations())
        .and_then(|resource| resource.operation_scope(call.operation))
        .filter(|needed| agreed.contains(needed));
    needed.map_or(agreed, ScopeSet::parse)
}
