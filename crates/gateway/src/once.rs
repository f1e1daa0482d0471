//! A mandate is good once.

use caracal_core::claims::MandateClaims;
use caracal_events::shortlived::{Claim, generation_of};

use crate::{denial::Denial, gateway::Gateway};

/// Spends a mandate: of any number of calls with it one gets through.
///
/// # Errors
/// [`Denial::Replayed`], [`Denial::ReplayForgotten`], [`Denial::ReplayUnknown`].
pub(crate) async fn first_use(
    gateway: &Gateway,
    claims: &MandateClaims,
    request_id: &str,
) -> Result<(), Denial> {
    let key = ["seen:jti:", &claims.jti].concat();
    // Marked by the STS with the memory it was minted under: a memory that was lost cannot be asked about its uses.
    let generation = generation_of(&claims.jti);
    let claimed = gateway
        .deps
        .replay
        .claim_of(claims.zone_id.as_str(), generation, &key, claims.expires_at())
        .await;
    match claimed {
        Ok(Claim::First) => Ok(()),
        Ok(Claim::Repeated) => Err(Denial::Replayed),
        Ok(Claim::Forgotten) => Err(Denial::ReplayForgotten),
        Err(error) => {
            tracing::error!(request.id = request_id, %error, "cannot tell whether a mandate was used");
            Err(Denial::ReplayUnknown)
        }
    }
}
