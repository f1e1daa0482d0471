//! That whoever presents a token holds the key that it is bound to (DPoP, RFC 9449 §7): asked in the same words wherever a
//! token is taken.

use std::{borrow::Cow, sync::Arc};

use caracal_core::{Timestamp, ZoneId, claims::MandateClaims};
use caracal_crypto::{
    Presenter,
    dpop::{DpopError, DpopProof, DpopRules, DpopWindow},
};
use caracal_events::shortlived::{ReplayStore, ShortLivedError};
use caracal_wire::ErrorCode;
use http::{HeaderMap, StatusCode};

use super::{SentProof, claim};
use crate::{
    Refusal,
    scheme::{self, Scheme},
};

/// A request that presents a token.
#[derive(Debug, Clone, Copy)]
pub struct Presentation<'r> {
    /// By which scheme.
    pub scheme: Scheme,
    /// The token.
    pub token: &'r str,
    /// With the proof, where there is one.
    pub headers: &'r HeaderMap,
    /// Of the request.
    pub method: &'r str,
    /// The service as clients know it, whatever the request says: a proof for another place is none for here. Where nobody
    /// said it, no proof holds.
    pub base: Option<&'r str>,
    /// Of the request, below the base.
    pub path: &'r str,
    /// Now.
    pub now: Timestamp,
    /// When a proof is good.
    pub window: DpopWindow,
}

/// Why a token is not taken from whoever presents it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NotHolder {
    /// Presented by whoever bears it, though it is bound to a key.
    #[error("the mandate is bound to a key")]
    BoundToKey,
    /// Presented as bound to a key, and bound to none.
    #[error("the mandate is bound to no key")]
    NotBoundToKey,
    /// Without a proof that the key is held, or with several.
    #[error("send one proof in DPoP")]
    ProofMissing,
    /// With a proof that does not hold, or is of something else.
    #[error("the proof {0}")]
    ProofInvalid(DpopError),
    /// With a proof by another key.
    #[error("the mandate is bound to another key")]
    ProofOfOtherKey,
    /// With a proof that was used.
    #[error("the proof was used before")]
    ProofRepeated,
}

impl NotHolder {
    /// 401 with the challenge of RFC 9449 §7.1.
    pub fn refusal(self) -> Refusal {
        let code = match self {
            Self::BoundToKey | Self::NotBoundToKey | Self::ProofOfOtherKey => ErrorCode::InvalidToken,
            Self::ProofMissing | Self::ProofInvalid(_) | Self::ProofRepeated => ErrorCode::InvalidDpopProof,
        };
        let text: Cow<'static, str> = self.to_string().into();
        let challenge = scheme::challenge(code.as_str(), &text);
        Refusal::new(StatusCode::UNAUTHORIZED, code)
            .describe(text)
            .authenticate(challenge)
    }
}

/// Who presents a token.
#[derive(Debug)]
pub enum Holder {
    /// Somebody who bears it. It is bound to no key.
    Bearer,
    /// Somebody who proved, for this request and this token, to hold the key that it is bound to.
    OfKey(DpopProof),
}

impl Holder {
    /// Holds the proof of a request to it and to its token, which says `claims`. A token that is bound is never taken from
    /// somebody who bears it, and one that is not never as if it were. The proof is not spent: see [`Self::spend`].
    ///
    /// # Errors
    /// [`NotHolder`].
    pub fn of(presented: Presentation<'_>, claims: &MandateClaims) -> Result<Self, NotHolder> {
        let key = match (claims.bound_to(), presented.scheme) {
            (None, Scheme::Bearer) => return Ok(Self::Bearer),
            (None, Scheme::Dpop) => return Err(NotHolder::NotBoundToKey),
            (Some(_), Scheme::Bearer) => return Err(NotHolder::BoundToKey),
            (Some(key), Scheme::Dpop) => key,
        };
        let SentProof::One(proof) = SentProof::of(presented.headers) else {
            return Err(NotHolder::ProofMissing);
        };
        let base = presented
            .base
            .ok_or(NotHolder::ProofInvalid(DpopError::Address))?;
        let url = [base.trim_end_matches('/'), presented.path].concat();
        let rules = DpopRules {
            method: presented.method,
            url: &url,
            token: Some(presented.token),
            now: presented.now,
            window: presented.window,
        };
        let proof = DpopProof::verify(proof, rules).map_err(NotHolder::ProofInvalid)?;
        if proof.thumbprint == *key {
            Ok(Self::OfKey(proof))
        } else {
            Err(NotHolder::ProofOfOtherKey)
        }
    }

    /// What the rules of claims are told.
    pub fn presenter(&self) -> Presenter<'_> {
        match self {
            Self::Bearer => Presenter::Bearer,
            Self::OfKey(proof) => Presenter::KeyHolder(&proof.thumbprint),
        }
    }

    /// Thumbprint of the key that was proved.
    pub fn key(&self) -> Option<&Arc<str>> {
        match self {
            Self::Bearer => None,
            Self::OfKey(proof) => Some(&proof.thumbprint),
        }
    }

    /// Spends the proof in the zone of its token: of any number of requests with it one gets `true`. Whoever bears a token has
    /// none to spend.
    ///
    /// # Errors
    /// [`ShortLivedError`]: whether it was used is unknown, so the caller MUST deny.
    pub async fn spend(&self, replay: &dyn ReplayStore, zone: &ZoneId) -> Result<bool, ShortLivedError> {
        match self {
            Self::Bearer => Ok(true),
            Self::OfKey(proof) => claim(replay, zone, proof).await,
        }
    }
}
