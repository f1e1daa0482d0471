//! JSON Web Key Sets (RFC 7517 §5): what the STS publishes and enforcement points fetch.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::KeyId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    strict_json,
    zone_key::{POINT_BYTES, VerifyingKey},
};

/// Largest document read, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

const COORDINATE_BYTES: usize = 32;

/// Why a fetched key set is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwksError {
    /// Larger than [`MAX_DOCUMENT_BYTES`].
    #[error("key set larger than 256 KiB")]
    TooLarge,
    /// Not an object with an array `keys`, or with a repeated member.
    #[error("not a JSON Web Key Set")]
    Malformed,
    /// Two keys share a `kid`, so which one verifies would be chance.
    #[error("key set repeats a key id")]
    RepeatedKeyId,
    /// No key is a P-256 signature key.
    #[error("key set without a usable key")]
    NoUsableKey,
}

/// One public key as published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwk {
    /// `EC`.
    pub kty: &'static str,
    /// `P-256`.
    pub crv: &'static str,
    /// `sig`.
    #[serde(rename = "use")]
    pub key_use: &'static str,
    /// Its name, as mandates give it.
    pub kid: KeyId,
    /// `ES256`.
    pub alg: &'static str,
    /// First coordinate, 32 bytes in base64url.
    pub x: String,
    /// Second coordinate, 32 bytes in base64url.
    pub y: String,
}

impl From<&VerifyingKey> for Jwk {
    fn from(key: &VerifyingKey) -> Self {
        let [_, coordinates @ ..] = key.point();
        // Leading zeros are part of the coordinate: both are always 32 bytes (RFC 7518 §6.2.1.2).
        let (x, y) = coordinates.split_at(COORDINATE_BYTES);
        Self {
            kty: "EC",
            crv: "P-256",
            key_use: "sig",
            kid: key.id().clone(),
            alg: "ES256",
            x: URL_SAFE_NO_PAD.encode(x),
            y: URL_SAFE_NO_PAD.encode(y),
        }
    }
}

/// Reads a fetched key set and keeps the keys mandates may be signed with; others are skipped.
///
/// # Errors
/// [`JwksError`] when the document as a whole cannot be trusted or holds no usable key.
pub fn parse(document: &[u8]) -> Result<Vec<VerifyingKey>, JwksError> {
    if document.len() > MAX_DOCUMENT_BYTES {
        return Err(JwksError::TooLarge);
    }
    strict_json::check(document).map_err(|_| JwksError::Malformed)?;
    let fetched: Fetched<'_> = serde_json::from_slice(document).map_err(|_| JwksError::Malformed)?;
    let mut keys: Vec<VerifyingKey> = Vec::new();
    for raw in fetched.keys {
        let Some(key) = serde_json::from_str(raw.get())
            .ok()
            .and_then(FetchedKey::into_key)
        else {
            continue;
        };
        if keys.iter().any(|known| known.id() == key.id()) {
            return Err(JwksError::RepeatedKeyId);
        }
        keys.push(key);
    }
    if keys.is_empty() {
        Err(JwksError::NoUsableKey)
    } else {
        Ok(keys)
    }
}

#[derive(Deserialize)]
struct Fetched<'j> {
    #[serde(borrow)]
    keys: Vec<&'j RawValue>,
}

#[derive(Deserialize)]
struct FetchedKey<'j> {
    #[serde(borrow)]
    kty: Cow<'j, str>,
    #[serde(borrow)]
    crv: Cow<'j, str>,
    #[serde(borrow)]
    alg: Cow<'j, str>,
    kid: KeyId,
    #[serde(borrow)]
    x: Cow<'j, str>,
    #[serde(borrow)]
    y: Cow<'j, str>,
    #[serde(borrow, default, rename = "use")]
    key_use: Option<Cow<'j, str>>,
    #[serde(default)]
    key_ops: Option<Vec<String>>,
    /// Private half. Whoever publishes it has lost the key.
    #[serde(default)]
    d: Option<strict_json::Skipped>,
}

impl FetchedKey<'_> {
    fn into_key(self) -> Option<VerifyingKey> {
        let for_signatures = self.key_use.is_none_or(|key_use| key_use == "sig")
            && self
                .key_ops
                .is_none_or(|operations| operations.iter().any(|operation| operation == "verify"));
        let usable = self.kty == "EC"
            && self.crv == "P-256"
            && self.alg == "ES256"
            && for_signatures
            && self.d.is_none();
        if !usable {
            return None;
        }
        let mut point = Vec::with_capacity(POINT_BYTES);
        point.push(4);
        for coordinate in [self.x, self.y] {
            let bytes = URL_SAFE_NO_PAD.decode(coordinate.as_bytes()).ok()?;
            if bytes.len() != COORDINATE_BYTES {
                return None;
            }
            point.extend_from_slice(&bytes);
        }
        VerifyingKey::from_point(self.kid, &point).ok()
    }
}

#[cfg(test)]
mod tests {
    use caracal_core::World;
    use serde_json::{Value, json};

    use super::*;
    use crate::zone_key::SigningKey;

    fn key(seed: &str) -> VerifyingKey {
        let world = World::for_tests();
        SigningKey::generate(&world, KeyId::parse(seed).unwrap())
            .unwrap()
            .verifying_key()
            .clone()
    }

    /// A key set as published.
    fn published(keys: &[VerifyingKey]) -> Value {
        let keys: Vec<Jwk> = keys.iter().map(Jwk::from).collect();
        json!({ "keys": keys })
    }

    fn document(change: impl FnOnce(&mut Value)) -> Vec<u8> {
        let mut document = published(&[key("k-1")]);
        change(&mut document);
        serde_json::to_vec(&document).unwrap()
    }

    #[test]
    fn a_published_set_is_read_back() {
        let published = published(&[key("k-2"), key("k-1")]);
        assert_eq!(
            parse(published.to_string().as_bytes()),
            Ok(vec![key("k-2"), key("k-1")])
        );
        let jwk = &published["keys"][0];
        assert_eq!(jwk["kty"], "EC");
        assert_eq!(jwk["use"], "sig");
        assert_eq!(jwk["x"].as_str().unwrap().len(), 43);
        assert_eq!(jwk.as_object().unwrap().len(), 7);
    }

    #[test]
    fn coordinates_keep_their_leading_zeros() {
        // Of 600 keys about two have a coordinate that starts with a zero byte.
        let world = World::for_tests();
        let mut short = 0;
        for _ in 0..600 {
            let key = SigningKey::generate(&world, KeyId::parse("k").unwrap()).unwrap();
            let key = key.verifying_key();
            short += usize::from(key.point()[1] == 0 || key.point()[33] == 0);
            assert_eq!(
                parse(published(std::slice::from_ref(key)).to_string().as_bytes()),
                Ok(vec![key.clone()])
            );
        }
        assert!(short > 0);
    }

    #[test]
    fn unusable_keys_are_skipped() {
        for (member, value) in [
            ("kty", json!("RSA")),
            ("crv", json!("P-384")),
            ("crv", json!("secp256k1")),
            ("alg", json!("HS256")),
            ("alg", Value::Null),
            ("use", json!("enc")),
            ("key_ops", json!(["sign"])),
            ("kid", json!("")),
            ("kid", json!("../../etc/passwd")),
            ("kid", Value::Null),
            ("x", json!("AA")),
            ("x", json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
            ("y", json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")),
            ("d", json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
        ] {
            let bad = document(|set| set["keys"][0][member] = value.clone());
            assert_eq!(parse(&bad), Err(JwksError::NoUsableKey), "{member} {value}");
        }
        let mixed = document(|set| {
            set["keys"]
                .as_array_mut()
                .unwrap()
                .insert(0, json!({"kty": "RSA"}));
        });
        assert_eq!(parse(&mixed), Ok(vec![key("k-1")]));
        let declared = document(|set| set["keys"][0]["key_ops"] = json!(["verify"]));
        assert!(parse(&declared).is_ok());
    }

    #[test]
    fn documents_that_cannot_be_trusted_are_refused_whole() {
        let twice = document(|set| {
            let keys = set["keys"].as_array_mut().unwrap();
            keys.push(keys[0].clone());
        });
        assert_eq!(parse(&twice), Err(JwksError::RepeatedKeyId));
        for bad in [
            &b""[..],
            b"[]",
            b"{}",
            b"null",
            br#"{"keys":{}}"#,
            br#"{"keys":[],"keys":[]}"#,
            b"\xff",
        ] {
            assert_eq!(parse(bad), Err(JwksError::Malformed), "{bad:?}");
        }
        assert_eq!(parse(br#"{"keys":[]}"#), Err(JwksError::NoUsableKey));
        assert_eq!(
            parse(&vec![b' '; MAX_DOCUMENT_BYTES + 1]),
            Err(JwksError::TooLarge)
        );
    }
}
