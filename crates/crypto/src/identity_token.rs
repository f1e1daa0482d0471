//! Identity tokens of other issuers (`OpenID` Connect Core §2): read strictly, verified against keys that the issuer
//! publishes. What the token itself says about keys is never followed.

mod keys;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{digest::constant_time_eq, numeric_date::whole_seconds, strict_json};

pub use keys::{IssuerKey, IssuerKeys, IssuerKeysError, MAX_DOCUMENT_BYTES};

/// Longest token read, in bytes.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;
/// Longest key id, in bytes.
const MAX_KEY_ID_BYTES: usize = 512;
/// Parameters that change how a token is read.
const REFUSED: [&str; 4] = ["crit", "b64", "enc", "zip"];

/// Why an identity token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityTokenError {
    /// Not three segments of base64url within bounds, or not JSON without repeats.
    #[error("not a signed token")]
    Malformed,
    /// Not signed with RSA or an elliptic curve, or of another type than a JWT.
    #[error("algorithm or type is not accepted")]
    Algorithm,
    /// Names no key, or one that does not sign with its algorithm.
    #[error("names no usable key")]
    Key,
    /// The signature is not the key's.
    #[error("signature does not verify")]
    Signature,
    /// Of another issuer than expected.
    #[error("issuer is another")]
    Issuer,
    /// Not for us.
    #[error("audience is another")]
    Audience,
    /// Past its end, or before its beginning.
    #[error("expired, or not valid yet")]
    Time,
    /// Without a subject.
    #[error("subject is missing")]
    Subject,
}

/// The algorithms that are accepted (RFC 7518 §3.1): all of them asymmetric, none of them `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IssuerAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// With SHA-384.
    Rs384,
    /// With SHA-512.
    Rs512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// On P-384 with SHA-384.
    Es384,
    /// On P-521 with SHA-512.
    Es512,
}

impl IssuerAlgorithm {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "ES512" => Self::Es512,
            _ => return None,
        })
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
}

/// What a token says, proven or not.
#[derive(Debug, Clone, Deserialize)]
struct Claims {
    iss: String,
    #[serde(default)]
    sub: String,
    aud: Audience,
    exp: f64,
    iat: Option<f64>,
    nbf: Option<f64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn names(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Many(many) => many.iter().any(|one| one == audience),
        }
    }
}

/// A token that nothing is believed of yet.
#[derive(Debug)]
pub struct IdentityToken<'t> {
    message: &'t str,
    signature: Vec<u8>,
    algorithm: IssuerAlgorithm,
    key_id: String,
    claims: Claims,
}

/// Who a token is about, proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenSubject {
    /// `sub`, byte for byte.
    pub subject: String,
    /// When the token ends.
    pub expires_at: Timestamp,
}

/// What a token must say.
#[derive(Debug, Clone, Copy)]
pub struct IdentityRules<'r> {
    /// `iss`, byte for byte.
    pub issuer: &'r str,
    /// What `aud` must name.
    pub audience: &'r str,
    /// Now.
    pub now: Timestamp,
    /// By how many seconds clocks may differ.
    pub leeway: i64,
}

impl<'t> IdentityToken<'t> {
    /// Reads `token` without believing it.
    ///
    /// # Errors
    /// [`IdentityTokenError`].
    pub fn parse(token: &'t str) -> Result<Self, IdentityTokenError> {
        const MALFORMED: IdentityTokenError = IdentityTokenError::Malformed;
        if token.len() > MAX_TOKEN_BYTES {
            return Err(MALFORMED);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(MALFORMED)?;
        let (header, claims) = message.split_once('.').ok_or(MALFORMED)?;
        let decoded = |segment: &str| URL_SAFE_NO_PAD.decode(segment).map_err(|_| MALFORMED);
        let (header, claims) = (decoded(header)?, decoded(claims)?);
        for json in [&header, &claims] {
            strict_json::check(json).map_err(|_| MALFORMED)?;
        }
        let members: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(&header).map_err(|_| MALFORMED)?;
        if REFUSED.iter().any(|refused| members.contains_key(*refused)) {
            return Err(IdentityTokenError::Algorithm);
        }
        let header: Header = serde_json::from_slice(&header).map_err(|_| MALFORMED)?;
        let algorithm = IssuerAlgorithm::parse(&header.alg).ok_or(IdentityTokenError::Algorithm)?;
        // An access token or a logout token of the same issuer is no proof of who is there.
        if header.typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
            return Err(IdentityTokenError::Algorithm);
        }
        let key_id = header
            .kid
            .filter(|kid| !kid.is_empty() && kid.len() <= MAX_KEY_ID_BYTES)
            .ok_or(IdentityTokenError::Key)?;
        Ok(Self {
            message,
            signature: decoded(signature)?,
            algorithm,
            key_id,
            claims: serde_json::from_slice(&claims).map_err(|_| MALFORMED)?,
        })
    }

    /// The issuer that it claims to be of.
    pub fn claimed_issuer(&self) -> &str {
        &self.claims.iss
    }

    /// The key that it claims to be signed with.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Its subject, if `key` signed it and it says what it must.
    ///
    /// # Errors
    /// [`IdentityTokenError`].
    pub fn verify(
        &self,
        key: &IssuerKey,
        rules: IdentityRules<'_>,
    ) -> Result<ProvenSubject, IdentityTokenError> {
        if !key.signs_with(self.algorithm) {
            return Err(IdentityTokenError::Key);
        }
        if !key.verify(self.algorithm, self.message.as_bytes(), &self.signature) {
            return Err(IdentityTokenError::Signature);
        }
        let claims = &self.claims;
        if claims.iss != rules.issuer {
            return Err(IdentityTokenError::Issuer);
        }
        if !claims.aud.names(rules.audience) {
            return Err(IdentityTokenError::Audience);
        }
        let now = rules.now.unix_seconds();
        let exp = seconds(claims.exp)?;
        let begun = |at: Option<f64>| -> Result<bool, IdentityTokenError> {
            let at = at.map(seconds).transpose()?;
            Ok(at.is_none_or(|at| at <= now.saturating_add(rules.leeway)))
        };
        if exp.saturating_add(rules.leeway) <= now || !begun(claims.iat)? || !begun(claims.nbf)? {
            return Err(IdentityTokenError::Time);
        }
        if claims.sub.is_empty() {
            return Err(IdentityTokenError::Subject);
        }
        Ok(ProvenSubject {
            subject: claims.sub.clone(),
            expires_at: Timestamp::from_unix_seconds(exp),
        })
    }
}

impl IdentityToken<'_> {
    /// As [`Self::verify`], with everything that the token says.
    ///
    /// # Errors
    /// [`IdentityTokenError`].
    pub fn verify_with_claims(
        &self,
        key: &IssuerKey,
        rules: IdentityRules<'_>,
    ) -> Result<(ProvenSubject, Map<String, Value>), IdentityTokenError> {
        const MALFORMED: IdentityTokenError = IdentityTokenError::Malformed;
        let proven = self.verify(key, rules)?;
        let (_, claims) = self.message.split_once('.').ok_or(MALFORMED)?;
        let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| MALFORMED)?;
        let claims = serde_json::from_slice(&claims).map_err(|_| MALFORMED)?;
        Ok((proven, claims))
    }
}

/// Why a proven token is not the answer to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOfRequest {
    /// It does not repeat the nonce of the request.
    #[error("is not of this sign-in")]
    Nonce,
    /// It is for several parties, and another one asked for it.
    #[error("was asked for by another party")]
    AuthorizedParty,
}

/// Checks that the claims of a proven token are those of the request with `nonce`, and for `client_id` where they are for
/// several (`OpenID` Connect Core §3.1.3.7, 4, 5 and 11).
///
/// # Errors
/// [`NotOfRequest`].
pub fn check_of_request(
    claims: &Map<String, Value>,
    nonce: &str,
    client_id: &str,
) -> Result<(), NotOfRequest> {
    let named = claims.get("nonce").and_then(Value::as_str).unwrap_or_default();
    if !constant_time_eq(named.as_bytes(), nonce.as_bytes()) {
        return Err(NotOfRequest::Nonce);
    }
    let several = claims
        .get("aud")
        .and_then(Value::as_array)
        .is_some_and(|audience| audience.len() > 1);
    let ours = match claims.get("azp") {
        None => !several,
        Some(party) => party.as_str() == Some(client_id),
    };
    if ours {
        Ok(())
    } else {
        Err(NotOfRequest::AuthorizedParty)
    }
}

fn seconds(date: f64) -> Result<i64, IdentityTokenError> {
    whole_seconds(date).ok_or(IdentityTokenError::Time)
}

#[cfg(test)]
mod tests;
