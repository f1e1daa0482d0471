//! What is taken from the answer of a token endpoint.

use std::time::Duration;

use caracal_core::{Secret, TextRule, Timestamp};
use caracal_lifecycle::connections::Tokens;
use http::StatusCode;
use serde_json::{Map, Value};

use super::TokenError;

/// Longest token, in bytes: it has to fit into one header of a call.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Longest life of an access token of a connection that is believed.
const MAX_LIFETIME: Duration = Duration::from_hours(24 * 365);

/// Whether a text can be an access token: RFC 6749 appendix A.12, and what a header can carry.
pub fn is_access_token(token: &str) -> bool {
    (1..=MAX_TOKEN_BYTES).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether a text can be a refresh token (RFC 6749 appendix A.17).
pub fn is_refresh_token(token: &str) -> bool {
    (1..=MAX_TOKEN_BYTES).contains(&token.len()) && token.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Most characters of the scopes that are kept.
const MAX_SCOPE: usize = 4096;

/// A token as the server gave it.
#[derive(Debug, Clone)]
pub struct TokenReply {
    /// The token.
    pub access_token: Secret,
    /// How long it is good, where the server says so.
    pub expires_in: Option<Duration>,
    /// What gets the next one, where there is such.
    pub refresh_token: Option<Secret>,
    /// The scopes that were granted, where the server says so.
    pub scope: Option<String>,
    /// Who agreed, where the server says so (`OpenID` Connect Core §3.1.3.3). Nothing of it is proved.
    pub id_token: Option<Secret>,
    token_type: Option<String>,
}

impl TokenReply {
    pub(super) fn read(status: StatusCode, body: &[u8]) -> Result<Self, TokenError> {
        let json: Option<Map<String, Value>> = serde_json::from_slice(body).ok();
        // Some servers refuse with status 200, which RFC 6749 does not foresee.
        let error = json.as_ref().and_then(|json| json.get("error"));
        if status != StatusCode::OK || error.is_some() {
            let word = error.and_then(Value::as_str).filter(|word| is_error_word(word));
            return Err(TokenError::Denied {
                status: status.as_u16(),
                error: word.map(str::to_owned),
            });
        }
        let json = json.ok_or(TokenError::Malformed("it is no JSON object"))?;
        let token = json.get("access_token").and_then(Value::as_str);
        let token = token.ok_or(TokenError::Malformed("it has no access_token"))?;
        if !is_access_token(token) {
            return Err(TokenError::Malformed("its access_token fits into no header"));
        }
        let expires_in = json.get("expires_in").and_then(|value| match value {
            Value::Number(number) => number.as_u64(),
            // As some servers write it.
            Value::String(text) => text.parse().ok(),
            _ => None,
        });
        let refresh_token = match json.get("refresh_token") {
            None | Some(Value::Null) => None,
            Some(token) => {
                let token = token.as_str().filter(|token| is_refresh_token(token));
                Some(token.ok_or(TokenError::Malformed("its refresh_token is none"))?)
            }
        };
        let scope = json.get("scope").and_then(Value::as_str);
        let scope = scope.filter(|scope| TextRule::line(MAX_SCOPE).check(scope).is_ok());
        Ok(Self {
            refresh_token: refresh_token.map(Secret::new),
            scope: scope.map(str::to_owned),
            id_token: json.get("id_token").and_then(Value::as_str).map(Secret::new),
            access_token: Secret::new(token),
            expires_in: expires_in.map(Duration::from_secs),
            token_type: json.get("token_type").and_then(Value::as_str).map(str::to_owned),
        })
    }

    /// The tokens, as they are kept from `now` on. Longer lives than a year are not believed; none at all is not known.
    pub fn into_tokens(self, now: Timestamp) -> Tokens {
        let lifetime = self.expires_in.filter(|lifetime| !lifetime.is_zero());
        Tokens {
            access: self.access_token,
            refresh: self.refresh_token,
            scope: self.scope,
            expires_at: lifetime.map(|lifetime| now.plus(lifetime.min(MAX_LIFETIME))),
        }
    }

    /// A token of another type than bearer is sent only where the provider says with which word.
    pub(super) fn of_type(self, scheme: Option<&str>) -> Result<Self, TokenError> {
        let bearer = |kind: &str| kind.eq_ignore_ascii_case("bearer");
        if scheme.is_some() || self.token_type.as_deref().is_none_or(bearer) {
            Ok(self)
        } else {
            Err(TokenError::Malformed("its token_type is not bearer"))
        }
    }
}

/// What may be repeated of an error: a word, never a sentence that could hold anything.
fn is_error_word(word: &str) -> bool {
    (1..=64).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied(status: u16, body: &str) -> Option<String> {
        match TokenReply::read(StatusCode::from_u16(status).unwrap(), body.as_bytes()) {
            Err(TokenError::Denied { error, .. }) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_refusal_is_repeated_as_a_word_or_not_at_all() {
        let word = |body| denied(400, body);
        assert_eq!(
            word(r#"{"error":"invalid_client"}"#).as_deref(),
            Some("invalid_client")
        );
        assert_eq!(
            denied(200, r#"{"error":"bad_thing"}"#).as_deref(),
            Some("bad_thing")
        );
        for body in [
            "",
            "<html>",
            "[]",
            r#"{"error":"the secret s3cret is wrong"}"#,
            r#"{"error":7}"#,
        ] {
            assert_eq!(word(body), None, "{body}");
        }
        assert_eq!(denied(302, ""), None);
    }

    #[test]
    fn what_no_header_carries_is_no_token() {
        for body in [
            "",
            "{}",
            "[]",
            r#"{"access_token":7}"#,
            r#"{"access_token":""}"#,
            r#"{"access_token":"a b"}"#,
            r#"{"access_token":"a\r\nx: y"}"#,
            &format!(r#"{{"access_token":"{}"}}"#, "a".repeat(MAX_TOKEN_BYTES + 1)),
        ] {
            let read = TokenReply::read(StatusCode::OK, body.as_bytes());
            assert!(matches!(read, Err(TokenError::Malformed(_))), "{body:.40}");
        }
    }

    #[test]
    fn a_refresh_token_is_printable_or_the_answer_is_none() {
        let read = |member: &str| {
            let body = format!(r#"{{"access_token":"t"{member}}}"#);
            TokenReply::read(StatusCode::OK, body.as_bytes())
        };
        for bad in [r#""""#, "7", r#""a\r\nb""#, r#""\u00e4""#] {
            assert!(read(&format!(r#","refresh_token":{bad}"#)).is_err(), "{bad}");
        }
        let full = read(r#","refresh_token":"r t","scope":"a b""#).unwrap();
        assert_eq!(full.refresh_token.unwrap().expose(), "r t");
        assert_eq!(full.scope.as_deref(), Some("a b"));
        let bare = read(r#","refresh_token":null,"scope":"a\nb""#).unwrap();
        assert!(bare.refresh_token.is_none() && bare.scope.is_none());
    }

    #[test]
    fn a_token_of_an_unknown_type_needs_its_word() {
        let read = |kind: &str| {
            let body = format!(r#"{{"access_token":"t","token_type":"{kind}","expires_in":"60"}}"#);
            TokenReply::read(StatusCode::OK, body.as_bytes()).unwrap()
        };
        assert_eq!(
            read("BEARER").of_type(None).unwrap().expires_in,
            Some(Duration::from_mins(1))
        );
        assert!(read("mac").of_type(None).is_err());
        assert!(read("mac").of_type(Some("MAC")).is_ok());
    }
}
