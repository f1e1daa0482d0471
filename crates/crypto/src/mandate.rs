//! Mandates on the wire: compact JWS (RFC 7515 §7.1), `ES256`, one reading only.
//!
//! A token has exactly one accepted spelling: three segments of canonical unpadded base64url, a small header
//! that can neither choose the algorithm nor point at a key, and JSON without repeated members. Checking the
//! signature ([`verify`]) and checking what the claims say ([`ClaimRules`]) are separate steps, and a
//! [`VerifiedMandate`] can only come out of the first.

use std::{borrow::Borrow, fmt, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::{KeyId, claims::MandateClaims, id};

pub use self::{
    header::Header,
    peek::Peek,
    rules::{ClaimError, ClaimRules, LEEWAY, Presenter},
};
use crate::{
    digest::sha256,
    strict_json,
    zone_key::{MandateHeader, SIGNATURE_BYTES, SigningFailed, SigningKey, VerifyingKey},
};

pub(crate) mod header;
mod peek;
mod rules;
#[cfg(test)]
mod tests;

/// Longest mandate, in bytes: the one limit of whoever issues and of whoever reads.
pub const MAX_TOKEN_BYTES: usize = 4096;
/// Longest life of a mandate that its bearer asks with. None is issued for longer, and none is believed.
pub const MAX_LIFETIME: Duration = Duration::from_hours(1);
/// Longest subject, in bytes.
const MAX_SUBJECT_BYTES: usize = 1024;

/// Why a token is not a mandate. Clients see one answer for all; this is for metrics and tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MandateError {
    /// Longer than [`MAX_TOKEN_BYTES`].
    #[error("token too large")]
    TooLarge,
    /// Not three segments separated by dots.
    #[error("token is not three segments")]
    Segments,
    /// A segment is not canonical unpadded base64url.
    #[error("segment is not canonical base64url")]
    Encoding,
    /// The header is not one small JSON object with strings `alg` and `kid`, or repeats a member.
    #[error("malformed header")]
    Header,
    /// `alg` is not exactly `ES256`.
    #[error("algorithm not allowed")]
    Algorithm,
    /// `typ` is present and not `JWT`: a token of another kind.
    #[error("type not allowed")]
    Type,
    /// The header carries a key, points at one, or changes how the token is read.
    #[error("header parameter not allowed")]
    Parameter,
    /// `kid` is not an id.
    #[error("malformed key id")]
    KeyId,
    /// No key by this `kid`.
    #[error("unknown key")]
    UnknownKey,
    /// Not 64 bytes, or not a signature of this token by this key.
    #[error("signature does not verify")]
    Signature,
    /// The claims are not those of a mandate, or repeat a member.
    #[error("malformed claims")]
    Claims,
}

/// Claims in the form that is signed. Whoever holds the key signs [`Self::signing_input`].
#[derive(Debug)]
pub struct UnsignedMandate(String);

impl UnsignedMandate {
    /// `claims` under the header of the key that is to sign.
    ///
    /// # Errors
    /// [`SigningFailed`] on an internal failure of the library.
    pub fn new(claims: &MandateClaims, header: &MandateHeader) -> Result<Self, SigningFailed> {
        let payload = serde_json::to_vec(claims).map_err(|_| SigningFailed)?;
        let encoded = payload.len().saturating_mul(4).div_ceil(3);
        let header = header.segment();
        let mut token = String::with_capacity(header.len().saturating_add(encoded).saturating_add(88));
        token.push_str(header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(&payload, &mut token);
        Ok(Self(token))
    }

    /// What the signature is of (RFC 7515 §5.1).
    pub const fn signing_input(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The token with its signature.
    pub fn signed(self, signature: &[u8; SIGNATURE_BYTES]) -> String {
        let mut token = self.0;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        token
    }
}

/// Signs `claims` with `key`.
///
/// # Errors
/// [`SigningFailed`] on an internal failure of the library.
pub fn sign(claims: &MandateClaims, key: &SigningKey) -> Result<String, SigningFailed> {
    let unsigned = UnsignedMandate::new(claims, key.header())?;
    let signature = key.sign(unsigned.signing_input())?;
    Ok(unsigned.signed(&signature))
}

/// A token taken apart, nothing about it proved.
pub struct Unverified<'t> {
    signing_input: &'t str,
    header: Result<Header, MandateError>,
    payload: Vec<u8>,
    signature: &'t str,
}

impl<'t> Unverified<'t> {
    /// Takes `token` apart. A refused header is reported by [`Self::header`], so that callers can look at the
    /// claims first.
    ///
    /// # Errors
    /// [`MandateError::TooLarge`], [`MandateError::Segments`], or [`MandateError::Encoding`] of the claims.
    pub fn parse(token: &'t str) -> Result<Self, MandateError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(MandateError::TooLarge);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(MandateError::Segments)?;
        let (header, payload) = signing_input.split_once('.').ok_or(MandateError::Segments)?;
        if header.is_empty() || payload.is_empty() || payload.contains('.') || signature.is_empty() {
            return Err(MandateError::Segments);
        }
        let payload = URL_SAFE_NO_PAD
            .decode(payload)
            .map_err(|_| MandateError::Encoding)?;
        Ok(Self {
            signing_input,
            header: Header::parse(header),
            payload,
            signature,
        })
    }

    /// The header: whose `kid` tells which key to fetch.
    ///
    /// # Errors
    /// Why the header is refused.
    pub fn header(&self) -> Result<&Header, MandateError> {
        self.header.as_ref().map_err(|error| *error)
    }

    /// The few claims needed to find the key set. Unproved: good for routing and early refusal, never for
    /// allowing anything.
    ///
    /// # Errors
    /// [`MandateError::Claims`] unless they are a JSON object with an integer `exp`.
    pub fn peek(&self) -> Result<Peek, MandateError> {
        serde_json::from_slice(&self.payload).map_err(|_| MandateError::Claims)
    }

    /// All claims, unproved. See [`Self::peek`].
    ///
    /// # Errors
    /// [`MandateError::Claims`].
    pub fn unverified_claims(&self) -> Result<MandateClaims, MandateError> {
        read_claims(&self.payload)
    }

    /// Proves the token with `key`.
    ///
    /// # Errors
    /// [`MandateError`]; [`MandateError::UnknownKey`] when the header names another key than `key`.
    pub fn verify(&self, key: &VerifyingKey) -> Result<VerifiedMandate, MandateError> {
        if self.header()?.kid != *key.id() {
            return Err(MandateError::UnknownKey);
        }
        // Two bytes more than a signature: the decoder asks for room by its own estimate.
        let mut signature = [0; SIGNATURE_BYTES + 2];
        let length = URL_SAFE_NO_PAD
            .decode_slice(self.signature, &mut signature)
            .map_err(|error| match error {
                base64::DecodeSliceError::DecodeError(_) => MandateError::Encoding,
                base64::DecodeSliceError::OutputSliceTooSmall => MandateError::Signature,
            })?;
        let signature = signature.get(..length).ok_or(MandateError::Signature)?;
        if !key.verify(self.signing_input.as_bytes(), signature) {
            return Err(MandateError::Signature);
        }
        Ok(VerifiedMandate {
            claims: read_claims(&self.payload)?,
            key_id: key.id().clone(),
        })
    }
}

impl fmt::Debug for Unverified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unverified")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

/// Proves `token` with the key that `lookup` knows by its `kid`. Says nothing about time, issuer or audience:
/// follow it with [`ClaimRules::check`].
///
/// # Errors
/// [`MandateError`].
pub fn verify<K: Borrow<VerifyingKey>>(
    token: &str,
    lookup: impl FnOnce(&KeyId) -> Option<K>,
) -> Result<VerifiedMandate, MandateError> {
    let token = Unverified::parse(token)?;
    let key = lookup(&token.header()?.kid).ok_or(MandateError::UnknownKey)?;
    token.verify(key.borrow())
}

/// A mandate whose signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedMandate {
    claims: MandateClaims,
    key_id: KeyId,
}

impl VerifiedMandate {
    /// What the issuer signed.
    pub fn claims(&self) -> &MandateClaims {
        &self.claims
    }

    /// The claims by value.
    pub fn into_claims(self) -> MandateClaims {
        self.claims
    }

    /// The key that signed.
    pub fn key_id(&self) -> &KeyId {
        &self.key_id
    }
}

/// A name for `token` in logs and events: the first 8 bytes of its SHA-256 in hex.
pub fn fingerprint(token: &str) -> String {
    let digest = sha256(token.as_bytes());
    hex::encode(digest.get(..8).unwrap_or_default())
}

fn read_claims(payload: &[u8]) -> Result<MandateClaims, MandateError> {
    strict_json::check(payload).map_err(|_| MandateError::Claims)?;
    let claims: MandateClaims = serde_json::from_slice(payload).map_err(|_| MandateError::Claims)?;
    // The `jti` becomes a key of the replay store and an empty one would skip it; the others name parties.
    let sound = id::is_valid(&claims.jti)
        && !claims.iss.is_empty()
        && (1..=MAX_SUBJECT_BYTES).contains(&claims.sub.len())
        && !claims.aud.is_empty()
        && claims
            .aud
            .iter()
            .chain(&claims.target)
            .all(|name| !name.is_empty())
        && claims.scope.as_deref() != Some("")
        && claims.exp > 0
        && claims.iat >= 0
        && claims.delegation_graph_epoch >= 0;
    if sound {
        Ok(claims)
    } else {
        Err(MandateError::Claims)
    }
}
