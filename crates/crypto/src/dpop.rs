//! Proofs that a key is held (DPoP, RFC 9449): whoever uses a token that is bound to a key signs each request with that key.
//!
//! A proof has one accepted form: a small JWS of a type of its own, with its public key in the header, signed by one of two
//! algorithms. It proves who sent this very request. Whether it came before is for the caller to claim, by
//! [`DpopProof::replay_key`], and whether its nonce is one of the caller's as well.

mod address;
mod jwk;

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::{Timestamp, ZoneId};
use serde::Deserialize;
use serde_json::{Map, Value};

use self::{address::is_same_address, jwk::Jwk};
use crate::{
    digest::{constant_time_eq, sha256, sha256_hex},
    numeric_date::whole_seconds,
    strict_json,
};

/// What a proof is signed with (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2): asymmetric, and no more than are needed. The last
/// two are one, by its old and its new name.
pub const ALGORITHMS: [&str; 3] = ["ES256", "EdDSA", "Ed25519"];
/// Scheme of `Authorization` that a bound token comes with (RFC 9449 §7.1), and its `token_type`.
pub const SCHEME: &str = "DPoP";
/// Header that carries a proof.
pub const PROOF_HEADER: &str = "dpop";
/// Header that carries the nonce for the next proof (RFC 9449 §8).
pub const NONCE_HEADER: &str = "dpop-nonce";

/// Longest proof, in bytes.
pub const MAX_PROOF_BYTES: usize = 4096;
/// Longest header within it, in base64url.
const MAX_HEADER_BYTES: usize = 1024;
/// Longest id of a proof, in bytes.
const MAX_JTI_BYTES: usize = 256;
/// Bytes of a thumbprint: a SHA-256 digest in base64url.
const THUMBPRINT_BYTES: usize = 43;
/// Parameters that point at a key, or change how a proof is read.
const REFUSED: [&str; 10] = [
    "crit", "b64", "jku", "x5u", "x5c", "x5t", "x5t#S256", "enc", "zip", "cty",
];

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DpopError {
    /// Not a small JWS of JSON without repeats, or without what a proof must say.
    #[error("is no proof")]
    Malformed,
    /// Its type is another.
    #[error("is not of the type dpop+jwt")]
    Type,
    /// Its algorithm is none of [`ALGORITHMS`].
    #[error("is signed with an algorithm that is not accepted")]
    Algorithm,
    /// It has no public key of its algorithm, or says more of it than everybody may know.
    #[error("has no public key of its algorithm, or a private one")]
    Key,
    /// Its key did not sign it.
    #[error("has a signature that does not verify")]
    Signature,
    /// It is of another method.
    #[error("is of another method")]
    Method,
    /// It is of another address.
    #[error("is of another address")]
    Address,
    /// It is too old, or of the future.
    #[error("is too old, or of the future")]
    Time,
    /// It is for another token.
    #[error("is for another token")]
    Token,
}

/// When a proof is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DpopWindow {
    /// How old a proof may be.
    pub age: Duration,
    /// By how much clocks may differ, either way.
    pub skew: Duration,
}

impl Default for DpopWindow {
    /// A minute, and half a minute.
    fn default() -> Self {
        Self {
            age: Duration::from_mins(1),
            skew: Duration::from_secs(30),
        }
    }
}

/// The request that a proof has to be of.
#[derive(Debug, Clone, Copy)]
pub struct DpopRules<'r> {
    /// Its method.
    pub method: &'r str,
    /// Its address as clients know it. A query does not count.
    pub url: &'r str,
    /// The token that it is used with; absent where one is asked for.
    pub token: Option<&'r str>,
    /// Now.
    pub now: Timestamp,
    /// When it is good.
    pub window: DpopWindow,
}

/// A proof that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DpopProof {
    /// Thumbprint of its key (RFC 7638): `cnf.jkt` of tokens that are bound to it.
    pub thumbprint: Arc<str>,
    /// When it is good for nothing any more, wherever it is used.
    pub expires_at: Timestamp,
    /// What the verifier asked to be repeated, if it was.
    pub nonce: Option<String>,
    jti: String,
    ath: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    typ: String,
    alg: String,
    jwk: Map<String, Value>,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: f64,
    ath: Option<String>,
    nonce: Option<String>,
}

/// Whether `text` has the form of a thumbprint.
pub fn is_thumbprint(text: &str) -> bool {
    text.len() == THUMBPRINT_BYTES && URL_SAFE_NO_PAD.decode(text).is_ok()
}

impl DpopProof {
    /// Reads `proof` and holds it to `rules`.
    ///
    /// # Errors
    /// [`DpopError`], in the order of its variants.
    pub fn verify(proof: &str, rules: DpopRules<'_>) -> Result<Self, DpopError> {
        const MALFORMED: DpopError = DpopError::Malformed;
        if proof.len() > MAX_PROOF_BYTES {
            return Err(MALFORMED);
        }
        let (message, signature) = proof.rsplit_once('.').ok_or(MALFORMED)?;
        let (header, claims) = message.split_once('.').ok_or(MALFORMED)?;
        if header.len() > MAX_HEADER_BYTES {
            return Err(MALFORMED);
        }
        let decoded = |segment: &str| URL_SAFE_NO_PAD.decode(segment).map_err(|_| MALFORMED);
        let (header, claims, signature) = (decoded(header)?, decoded(claims)?, decoded(signature)?);
        let header = read_header(&header)?;
        strict_json::check(&claims).map_err(|_| MALFORMED)?;
        let claims: Claims = serde_json::from_slice(&claims).map_err(|_| MALFORMED)?;
        let made_at = whole_seconds(claims.iat).ok_or(MALFORMED)?;
        if !(1..=MAX_JTI_BYTES).contains(&claims.jti.len()) {
            return Err(MALFORMED);
        }
        if !header.typ.eq_ignore_ascii_case("dpop+jwt") {
            return Err(DpopError::Type);
        }
        if !ALGORITHMS.contains(&header.alg.as_str()) {
            return Err(DpopError::Algorithm);
        }
        let key = Jwk::read(&header.jwk, &header.alg).ok_or(DpopError::Key)?;
        if !key.verify(message.as_bytes(), &signature) {
            return Err(DpopError::Signature);
        }
        if claims.htm != rules.method {
            return Err(DpopError::Method);
        }
        if !is_same_address(&claims.htu, rules.url) {
            return Err(DpopError::Address);
        }
        let made_at = Timestamp::from_unix_seconds(made_at);
        let DpopWindow { age, skew } = rules.window;
        let expires_at = made_at.plus(age).plus(skew);
        if made_at > rules.now.plus(skew) || expires_at <= rules.now {
            return Err(DpopError::Time);
        }
        if !is_for(rules.token, claims.ath.as_deref()) {
            return Err(DpopError::Token);
        }
        Ok(Self {
            thumbprint: key.thumbprint().into(),
            expires_at,
            nonce: claims.nonce,
            jti: claims.jti,
            ath: claims.ath,
        })
    }

    /// Whether it is of the use of `token`, where the request alone did not say that it has to be: one for a token may be sent
    /// with another that is exchanged.
    pub fn is_of(&self, token: &str) -> bool {
        is_for(Some(token), self.ath.as_deref())
    }

    /// What is claimed once in a zone, until it expires: the proofs of each key have ids of their own.
    pub fn replay_key(&self, zone: &ZoneId) -> String {
        // The last part alone may have any characters.
        let named = [zone.as_str(), &self.thumbprint, &self.jti].join("\n");
        format!("dpop:{}", sha256_hex(named.as_bytes()))
    }
}

fn read_header(json: &[u8]) -> Result<Header, DpopError> {
    strict_json::check(json).map_err(|_| DpopError::Malformed)?;
    let members: Map<String, Value> = serde_json::from_slice(json).map_err(|_| DpopError::Malformed)?;
    if REFUSED.iter().any(|refused| members.contains_key(*refused)) {
        return Err(DpopError::Malformed);
    }
    serde_json::from_value(Value::Object(members)).map_err(|_| DpopError::Malformed)
}

/// Whether `ath` is the digest of the token (RFC 9449 §4.2). Where a token is asked for there is none yet.
fn is_for(token: Option<&str>, ath: Option<&str>) -> bool {
    let Some(token) = token else { return true };
    let wanted = URL_SAFE_NO_PAD.encode(sha256(token.as_bytes()));
    ath.is_some_and(|given| constant_time_eq(wanted.as_bytes(), given.as_bytes()))
}

#[cfg(test)]
mod tests;
