//! That whoever sends a call holds the key that its mandate is bound to (DPoP, RFC 9449 §7).

use caracal_core::claims::MandateClaims;
use caracal_service::{
    possession::{Holder, NotHolder, Presentation},
    scheme::Scheme,
};
use http::request::Parts;

use crate::{denial::Denial, gateway::Gateway};

/// Holds the proof of a call to it and to its mandate.
///
/// # Errors
/// [`Denial::NotHeld`].
pub(crate) fn holder(
    gateway: &Gateway,
    head: &Parts,
    (scheme, token): (Scheme, &str),
    claims: &MandateClaims,
) -> Result<Holder, Denial> {
    let presented = Presentation {
        scheme,
        token,
        headers: &head.headers,
        method: head.method.as_str(),
        base: gateway.origin(),
        path: head.uri.path(),
        now: gateway.deps.world.now(),
        window: gateway.deps.config.dpop_window,
    };
    Holder::of(presented, claims).map_err(Denial::NotHeld)
}

/// Spends the proof: of any number of calls with it one gets through.
///
/// # Errors
/// [`Denial::NotHeld`], [`Denial::ReplayUnknown`].
pub(crate) async fn spend(
    gateway: &Gateway,
    holder: &Holder,
    claims: &MandateClaims,
    request_id: &str,
) -> Result<(), Denial> {
    match holder.spend(gateway.deps.replay.as_ref(), &claims.zone_id).await {
        Ok(true) => {
            if holder.key().is_some() {
                gateway.metrics.held();
            }
            Ok(())
        }
        Ok(false) => Err(Denial::NotHeld(NotHolder::ProofRepeated)),
        Err(error) => {
            tracing::error!(request.id = request_id, %error, "cannot tell whether a proof was used");
            Err(Denial::ReplayUnknown)
        }
    }
}
