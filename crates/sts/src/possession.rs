//! Whether whoever asks for a token proves to hold the key that it shall be bound to (DPoP, RFC 9449 §5).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::Timestamp;
use caracal_crypto::{
    Location,
    dpop::{DpopError, DpopProof, DpopRules, NONCE_HEADER},
};
use caracal_service::{
    Refusal,
    possession::{self, SentProof},
};
use caracal_wire::ErrorCode;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc, time::Duration};

use crate::{StsDeps, authenticate::unavailable, case::Case, metrics};

/// What proofs are of, below the issuer.
const TOKEN_ENDPOINT: &str = "/oauth/2/token";
/// How long a nonce may be repeated. A client that asks less often is told another.
const NONCE_LIFETIME: Duration = Duration::from_mins(5);
/// Longest nonce that is looked into.
const MAX_NONCE_BYTES: usize = 1024;

/// What a nonce is, sealed, so that nobody makes one and nothing is kept of any.
#[derive(Serialize, Deserialize)]
struct Nonce {
    made_at: Timestamp,
    /// The memory of claims that its proofs are kept in: where that was lost, so is whether they were used.
    generation: Arc<str>,
}

/// The proof that a request for a token brings, not looked into.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Possession<'h>(Option<&'h str>);

/// 400 for what proves nothing, or binds nothing.
pub(crate) fn invalid(why: impl fmt::Display) -> Refusal {
    metrics::proved("refused");
    Refusal::of(ErrorCode::InvalidDpopProof).describe(format!("DPoP: {why}"))
}

impl<'h> Possession<'h> {
    /// What these headers bring.
    ///
    /// # Errors
    /// 400 `invalid_dpop_proof` for several, and for what is no text.
    pub(crate) fn of(headers: &'h HeaderMap) -> Result<Self, Refusal> {
        match SentProof::of(headers) {
            SentProof::None => Ok(Self(None)),
            SentProof::One(proof) => Ok(Self(Some(proof))),
            SentProof::Unclear => Err(invalid("send one proof")),
        }
    }

    /// Whether the client asks for a token that is bound.
    pub(crate) const fn is_claimed(self) -> bool {
        self.0.is_some()
    }

    /// The proof, held to the token endpoint; nothing where none came. It takes a signature check, so whoever asks is proved
    /// before. It is not spent: see [`spend`].
    ///
    /// # Errors
    /// 400 `invalid_dpop_proof`, `use_dpop_nonce`; 503.
    pub(crate) async fn verify(self, deps: &StsDeps) -> Result<Option<DpopProof>, Refusal> {
        let Some(proof) = self.0 else {
            return Ok(None);
        };
        let url = [deps.config.issuer.trim_end_matches('/'), TOKEN_ENDPOINT].concat();
        let rules = DpopRules {
            method: "POST",
            url: &url,
            token: None,
            now: deps.world.now(),
            window: deps.config.dpop_window,
        };
        let proof = DpopProof::verify(proof, rules).map_err(|error| {
            // A client that reaches the STS by another name learns by which one it has to know it.
            let hint = if error == DpopError::Address {
                format!(" than {url}")
            } else {
                String::new()
            };
            invalid(format!("{error}{hint}"))
        })?;
        if deps.config.dpop_nonces && !is_fresh(deps, proof.nonce.as_deref()).await? {
            metrics::proved("nonce");
            return Err(Refusal::of(ErrorCode::UseDpopNonce)
                .describe("DPoP: the proof has to repeat the nonce of DPoP-Nonce")
                .nonce(nonce(deps).await?));
        }
        Ok(Some(proof))
    }

    /// Tells a client that proves its key the nonce for its next proof, where there are nonces and one can be had: what was
    /// issued is not taken back for want of one, and the next request is told.
    pub(crate) async fn tell_nonce(self, deps: &StsDeps, headers: &mut HeaderMap) {
        if deps.config.dpop_nonces
            && self.is_claimed()
            && let Ok(nonce) = nonce(deps).await
            && let Ok(nonce) = HeaderValue::from_str(&nonce)
        {
            headers.insert(HeaderName::from_static(NONCE_HEADER), nonce);
        }
    }
}

/// Spends the proof of a request, where it has one: it is good once in a zone.
///
/// # Errors
/// 400 `invalid_dpop_proof` for one that was; 503 while that cannot be told.
pub(crate) async fn spend(case: &Case<'_>) -> Result<(), Refusal> {
    let Some(proof) = &case.proof else {
        return Ok(());
    };
    match possession::claim(case.deps.replay.as_ref(), &case.zone.zone.id, proof).await {
        Ok(true) => {
            metrics::proved("accepted");
            Ok(())
        }
        Ok(false) => {
            metrics::proved("repeated");
            Err(Refusal::of(ErrorCode::InvalidDpopProof).describe("DPoP: was used before"))
        }
        Err(error) => {
            tracing::error!(%error, "cannot tell whether a proof was used");
            Err(unavailable())
        }
    }
}

async fn nonce(deps: &StsDeps) -> Result<String, Refusal> {
    let nonce = Nonce {
        made_at: deps.world.now(),
        generation: deps.replay.generation().await.map_err(|_| unavailable())?,
    };
    let plain = serde_json::to_vec(&nonce).map_err(|_| unavailable())?;
    let sealed = deps.keyring.seal(&deps.world, &Location::DPOP_NONCE, &plain);
    Ok(URL_SAFE_NO_PAD.encode(sealed.map_err(|_| unavailable())?))
}

async fn is_fresh(deps: &StsDeps, given: Option<&str>) -> Result<bool, Refusal> {
    let opened = given
        .filter(|given| given.len() <= MAX_NONCE_BYTES)
        .and_then(|given| URL_SAFE_NO_PAD.decode(given).ok())
        .and_then(|envelope| deps.keyring.open(&Location::DPOP_NONCE, &envelope).ok())
        .and_then(|plain| serde_json::from_slice::<Nonce>(&plain).ok());
    let Some(nonce) = opened else {
        return Ok(false);
    };
    let generation = deps.replay.generation().await.map_err(|_| unavailable())?;
    Ok(nonce.made_at.plus(NONCE_LIFETIME) > deps.world.now() && nonce.generation == generation)
}
