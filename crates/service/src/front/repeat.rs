//! `Idempotency-Key` and `If-Match`: requests that may be sent twice and happen once, and changes of nothing else than
//! what the caller saw.

use std::fmt::Display;

use caracal_core::text::is_unprintable;
use caracal_crypto::{canonical_json, sha256};
use caracal_wire::ErrorCode;
use http::{HeaderMap, HeaderValue, header};
use serde_json::Value;

use crate::Refusal;

pub(super) const KEY: &str = "Idempotency-Key";
const KIND: &str = "idempotency-key-kind";
const MAX_KEY_BYTES: usize = 255;

/// The idempotency key of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key.
    pub text: String,
    /// Whether a client invented it for its own retries.
    pub generated: bool,
}

impl IdempotencyKey {
    /// Reads the key, if there is one.
    ///
    /// # Errors
    /// 400 `idempotency_key_multiple` for several, `idempotency_key_invalid` for one that is no key.
    pub fn of(headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        let malformed = |code, message: &'static str| {
            let refusal = Refusal::of(code).describe(message);
            refusal.with("message", message).at(KEY)
        };
        let mut values = headers.get_all(KEY).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(malformed(
                ErrorCode::IdempotencyKeyMultiple,
                "send one Idempotency-Key",
            ));
        }
        // Header values are bytes; a key is text.
        let key = std::str::from_utf8(value.as_bytes()).ok().and_then(Self::parse);
        let key = key.ok_or_else(|| {
            malformed(
                ErrorCode::IdempotencyKeyInvalid,
                "Idempotency-Key is 1 to 255 bytes without control or invisible characters and surrounding space",
            )
        })?;
        let generated = headers.get(KIND).is_some_and(|kind| kind == "generated");
        Ok(Some(Self { generated, ..key }))
    }

    /// A key that its caller chose, where it can be one.
    pub fn parse(text: &str) -> Option<Self> {
        let sound = (1..=MAX_KEY_BYTES).contains(&text.len())
            && text.trim() == text
            && !text.chars().any(is_unprintable);
        sound.then(|| Self {
            text: text.to_owned(),
            generated: false,
        })
    }
}

/// Digest of what a request asks for: the same however its body is spaced and ordered.
pub fn request_digest(path: &str, body: &[u8]) -> [u8; 32] {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut asked = format!("{path}\n").into_bytes();
    asked.extend(canonical_json(&body));
    sha256(&asked)
}

/// The entity tag of a version, or of a digest.
pub(super) fn entity_tag(version: impl Display) -> String {
    format!("\"{version}\"")
}

/// Which versions may be changed: those that `If-Match` names, or any (RFC 9110 §13.1.1). Ask about the version read
/// where nobody else changes it until the commit.
#[derive(Debug, Clone)]
pub struct IfMatch(Vec<HeaderValue>);

impl IfMatch {
    /// What `headers` insist on.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self(headers.get_all(header::IF_MATCH).iter().cloned().collect())
    }

    /// Any version.
    pub const fn any() -> Self {
        Self(Vec::new())
    }

    /// Whether the caller insists on no version.
    pub fn is_any(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the caller may change what has this version.
    ///
    /// # Errors
    /// 412 `precondition_failed` when `If-Match` names others.
    pub fn allows(&self, version: impl Display) -> Result<(), Refusal> {
        let current = entity_tag(version);
        // A weak tag is never the tag of what is to be changed.
        let matches = |tag: &str| tag.trim() == "*" || tag.trim() == current;
        let named = |tags: &HeaderValue| tags.to_str().is_ok_and(|tags| tags.split(',').any(matches));
        if self.0.is_empty() || self.0.iter().any(named) {
            return Ok(());
        }
        Err(Refusal::of(ErrorCode::PreconditionFailed)
            .describe("it is not what you read any more; read it again before you change it"))
    }
}

/// Refuses a request that insists on a version of what has none: that it is what the caller saw cannot be promised.
///
/// # Errors
/// 412 `precondition_failed` when there is an `If-Match`.
pub(super) fn without_version(headers: &HeaderMap) -> Result<(), Refusal> {
    if headers.contains_key(header::IF_MATCH) {
        return Err(Refusal::of(ErrorCode::PreconditionFailed)
            .describe("what this changes has no version; send the request without If-Match"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, StatusCode};

    use super::*;

    fn headers(name: &'static str, values: &[&str]) -> HeaderMap {
        let name = HeaderName::from_static(name);
        let values = values.iter().map(|value| HeaderValue::from_str(value).unwrap());
        values.map(|value| (name.clone(), value)).collect()
    }

    #[test]
    fn a_change_goes_on_only_with_the_tag_of_what_is_there() {
        let wanted = |tags: &[&str]| {
            IfMatch(
                tags.iter()
                    .map(|tag| HeaderValue::from_str(tag).unwrap())
                    .collect(),
            )
        };
        for good in [&[][..], &["*"], &["\"7\""], &["\"x\"", "\"6\", \"7\""]] {
            assert!(wanted(good).allows(7).is_ok(), "{good:?}");
        }
        for bad in [&[""][..], &["\"x\""], &["W/\"7\""], &["7"], &["\"77\""]] {
            let refusal = wanted(bad).allows(7).unwrap_err();
            assert_eq!(refusal.status, StatusCode::PRECONDITION_FAILED, "{bad:?}");
        }
    }

    #[test]
    fn a_key_is_one_printable_text() {
        let long = "k".repeat(256);
        for bad in [&[""][..], &[long.as_str()], &["a", "b"], &["a\tb"]] {
            assert!(
                IdempotencyKey::of(&headers("idempotency-key", bad)).is_err(),
                "{bad:?}"
            );
        }
        let key = IdempotencyKey::of(&headers("idempotency-key", &["k-1"])).unwrap();
        assert_eq!(key.map(|key| key.text).as_deref(), Some("k-1"));
        assert_eq!(IdempotencyKey::of(&HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn the_same_request_has_the_same_digest_however_it_is_written() {
        let one = request_digest("/a", br#"{"a":1,"b":[2]}"#);
        assert_eq!(one, request_digest("/a", br#"{ "b": [2], "a": 1 }"#));
        assert_ne!(one, request_digest("/b", br#"{"a":1,"b":[2]}"#));
        assert_ne!(one, request_digest("/a", br#"{"a":1,"b":[3]}"#));
    }
}
