//! That whoever sends a call holds the key that its mandate is bound to (DPoP, RFC 9449 §7).

use std::sync::Arc;

use caracal_core::claims::MandateClaims;
use caracal_crypto::{
    Presenter,
    dpop::{DpopError, DpopProof, DpopRules},
};
use caracal_service::possession::{self, SentProof};
use http::request::Parts;

use crate::{denial::Denial, gateway::Gateway, scheme::Scheme};

/// Who presents the mandate of a call.
#[derive(Debug)]
pub(crate) enum Holder {
    /// Somebody who bears it. It is bound to no key.
    Bearer,
    /// Somebody who proved, for this call and this mandate, to hold the key that it is bound to.
    OfKey(DpopProof),
}

impl Holder {
    /// Holds the proof of a call to it and to its mandate. A mandate that is bound is never taken from somebody who bears it,
    /// and one that is not never as if it were.
    ///
    /// # Errors
    /// [`Denial::BoundToKey`], [`Denial::NotBoundToKey`], [`Denial::ProofMissing`], [`Denial::ProofInvalid`],
    /// [`Denial::ProofOfOtherKey`].
    pub(crate) fn of(
        gateway: &Gateway,
        head: &Parts,
        (scheme, token): (Scheme, &str),
        claims: &MandateClaims,
    ) -> Result<Self, Denial> {
        let key = match (claims.bound_to(), scheme) {
            (None, Scheme::Bearer) => return Ok(Self::Bearer),
            (None, Scheme::Dpop) => return Err(Denial::NotBoundToKey),
            (Some(_), Scheme::Bearer) => return Err(Denial::BoundToKey),
            (Some(key), Scheme::Dpop) => key,
        };
        let SentProof::One(proof) = SentProof::of(&head.headers) else {
            return Err(Denial::ProofMissing);
        };
        // As clients know the Gateway, whatever the request says: a proof for another place is none for here.
        let origin = gateway.origin().ok_or(Denial::ProofInvalid(DpopError::Address))?;
        let url = [origin, head.uri.path()].concat();
        let rules = DpopRules {
            method: head.method.as_str(),
            url: &url,
            token: Some(token),
            now: gateway.deps.world.now(),
            window: gateway.deps.config.dpop_window,
        };
        let proof = DpopProof::verify(proof, rules).map_err(Denial::ProofInvalid)?;
        if proof.thumbprint == *key {
            Ok(Self::OfKey(proof))
        } else {
            Err(Denial::ProofOfOtherKey)
        }
    }

    /// What the rules of claims are told.
    pub(crate) fn presenter(&self) -> Presenter<'_> {
        match self {
            Self::Bearer => Presenter::Bearer,
            Self::OfKey(proof) => Presenter::KeyHolder(&proof.thumbprint),
        }
    }

    /// Thumbprint of the key that was proved.
    pub(crate) fn key(&self) -> Option<&Arc<str>> {
        match self {
            Self::Bearer => None,
            Self::OfKey(proof) => Some(&proof.thumbprint),
        }
    }

    /// Spends the proof: of any number of calls with it one gets through.
    ///
    /// # Errors
    /// [`Denial::ProofRepeated`], [`Denial::ReplayUnknown`].
    pub(crate) async fn spend(
        &self,
        gateway: &Gateway,
        claims: &MandateClaims,
        request_id: &str,
    ) -> Result<(), Denial> {
        let Self::OfKey(proof) = self else {
            return Ok(());
        };
        match possession::claim(gateway.deps.replay.as_ref(), &claims.zone_id, proof).await {
            Ok(true) => {
                gateway.metrics.held();
                Ok(())
            }
            Ok(false) => Err(Denial::ProofRepeated),
            Err(error) => {
                tracing::error!(request.id = request_id, %error, "cannot tell whether a proof was used");
                Err(Denial::ReplayUnknown)
            }
        }
    }
}
