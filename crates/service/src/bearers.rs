//! Bearers that an operator shares with a role, while they are changed: the current one, and the one before or after it.

use caracal_core::Secret;
use caracal_crypto::constant_time_eq;
use http::{HeaderMap, header};

/// The bearers that are good for the same. None at all is good for nothing.
#[derive(Debug, Clone, Default)]
pub struct Bearers(Vec<Secret>);

impl Bearers {
    /// The current one, and another one that is accepted while it is being changed.
    pub fn new(current: Option<&Secret>, other: Option<&Secret>) -> Self {
        Self(current.into_iter().chain(other).cloned().collect())
    }

    /// Whether there are none, so that nobody can be proved.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `token` is one of them, compared in a time that says nothing of either.
    pub fn has(&self, token: &str) -> bool {
        // Every one is compared, whichever it was.
        self.0.iter().fold(false, |found, known| {
            constant_time_eq(token.as_bytes(), known.expose().as_bytes()) | found
        })
    }

    /// Whether the bearer token of a request is one of them.
    pub fn admit(&self, headers: &HeaderMap) -> bool {
        bearer_of(headers).is_some_and(|given| self.has(given))
    }
}

impl From<Secret> for Bearers {
    fn from(only: Secret) -> Self {
        Self(vec![only])
    }
}

/// The bearer token of a request: scheme in any case, token trimmed, absent when empty (RFC 6750 §2.1).
pub fn bearer_of(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = token_of(headers)?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// Scheme and token of the one `Authorization` header; nothing where the token is empty.
pub fn token_of(headers: &HeaderMap) -> Option<(&str, &str)> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    // Two Authorization headers are an attempt to make two readers disagree.
    if values.next().is_some() {
        return None;
    }
    let (scheme, token) = value.split_once(' ')?;
    Some((scheme, token.trim())).filter(|(_, token)| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use http::header::AUTHORIZATION;

    use super::*;

    #[test]
    fn either_bearer_is_good_and_nothing_else_is() {
        let (current, other) = (Secret::new("current"), Secret::new("other"));
        let both = Bearers::new(Some(&current), Some(&other));
        assert!(both.has("current") && both.has("other"));
        for bad in ["", "curren", "currentother", "Other"] {
            assert!(!both.has(bad), "{bad}");
        }
        assert!(!Bearers::from(current).has("other"));
        let nobody = Bearers::new(None, None);
        assert!(nobody.is_empty() && !nobody.has(""));
    }

    #[test]
    fn two_headers_prove_nobody() {
        let bearers = Bearers::from(Secret::new("current"));
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, "Bearer current".parse().unwrap());
        assert!(bearers.admit(&headers));
        headers.append(AUTHORIZATION, "Bearer current".parse().unwrap());
        assert!(!bearers.admit(&headers));
    }
}
