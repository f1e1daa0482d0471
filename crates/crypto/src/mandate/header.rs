//! The JOSE header of a mandate (RFC 7515 §4).

use std::{borrow::Cow, fmt};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::KeyId;
use serde::{
    Deserialize,
    de::{Deserializer, MapAccess, Visitor},
};

use super::MandateError;
use crate::strict_json::{Name, Names, Strict};

/// Longest header segment, encoded, in bytes.
const MAX_SEGMENT_BYTES: usize = 1024;

/// Parameters that carry a key, point at one, or change how the token is read. Each has been an attack:
/// embedded keys (CVE-2018-0114), fetched keys, unencoded payloads, nested and compressed tokens.
const REFUSED: [&str; 11] = [
    "crit", "b64", "jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "enc", "zip", "cty",
];

/// What a header says once it is accepted: the algorithm and type are settled, so only the key remains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Key the token claims to be signed with.
    pub kid: KeyId,
}

impl Header {
    pub(super) fn parse(segment: &str) -> Result<Self, MandateError> {
        if segment.len() > MAX_SEGMENT_BYTES {
            return Err(MandateError::Header);
        }
        let text = URL_SAFE_NO_PAD
            .decode(segment)
            .map_err(|_| MandateError::Encoding)?;
        let raw: Raw<'_> = serde_json::from_slice(&text).map_err(|_| MandateError::Header)?;
        if raw.refused {
            return Err(MandateError::Parameter);
        }
        match raw.alg.as_deref() {
            Some("ES256") => {}
            Some(_) => return Err(MandateError::Algorithm),
            None => return Err(MandateError::Header),
        }
        // Media type names ignore case (RFC 7515 §4.1.9).
        if raw.typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
            return Err(MandateError::Type);
        }
        let kid = raw.kid.ok_or(MandateError::KeyId)?;
        KeyId::parse(&kid)
            .map(|kid| Self { kid })
            .map_err(|_| MandateError::KeyId)
    }
}

/// The members as found.
#[derive(Default)]
struct Raw<'j> {
    alg: Option<Cow<'j, str>>,
    typ: Option<Cow<'j, str>>,
    kid: Option<Cow<'j, str>>,
    refused: bool,
}

impl<'de> Deserialize<'de> for Raw<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JOSE header")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        /// Nothing we read is nested; what others add may be, a little.
        const DEPTH: u8 = 4;
        let mut raw = Raw::default();
        let mut seen = Names::default();
        while let Some(name) = members.next_key_seed(Name)? {
            match name.as_ref() {
                "alg" => raw.alg = Some(members.next_value_seed(Name)?),
                "typ" => raw.typ = Some(members.next_value_seed(Name)?),
                "kid" => raw.kid = Some(members.next_value_seed(Name)?),
                other => {
                    raw.refused |= REFUSED.contains(&other);
                    members.next_value_seed(Strict { depth: DEPTH })?;
                }
            }
            seen.insert(name)?;
        }
        Ok(raw)
    }
}
