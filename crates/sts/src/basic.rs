//! HTTP Basic at the token endpoint (RFC 6749 §2.3.1): an application's id and secret, each form-encoded.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use base64::{Engine as _, prelude::BASE64_STANDARD};
use caracal_core::Secret;
use caracal_service::Refusal;
use http::{HeaderMap, StatusCode, header};
use percent_encoding::percent_decode_str;

use crate::{authenticate::invalid_client, malformed::malformed};

/// What a client is told that failed with this scheme (RFC 6749 §5.2).
const CHALLENGE: &str = "Basic realm=\"caracal\", charset=\"UTF-8\"";

/// Longest credentials, in bytes.
const MAX_BYTES: usize = 8 * 1024;

/// A refusal of whoever used this scheme, if anybody did, with its challenge where it is a 401.
pub(crate) fn challenged(login: Option<&Login>, refusal: Refusal) -> Refusal {
    if login.is_some() && refusal.status == StatusCode::UNAUTHORIZED {
        refusal.authenticate(CHALLENGE)
    } else {
        refusal
    }
}

/// An id and a secret as sent.
#[derive(Debug)]
pub(crate) struct Login {
    pub(crate) id: String,
    pub(crate) secret: Secret,
}

impl Login {
    /// What the request carries, if it uses the scheme. Other schemes are not for this endpoint and say nothing.
    ///
    /// # Errors
    /// 400 for two `Authorization` fields, 401 for credentials that cannot be read.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        let mut fields = headers.get_all(header::AUTHORIZATION).iter();
        let Some(field) = fields.next() else {
            return Ok(None);
        };
        if fields.next().is_some() {
            return Err(malformed("Authorization", "is given twice"));
        }
        let Some((scheme, credentials)) = field.to_str().ok().and_then(|field| field.split_once(' ')) else {
            return Ok(None);
        };
        if !scheme.eq_ignore_ascii_case("basic") {
            return Ok(None);
        }
        Self::read(credentials.trim())
            .map(Some)
            .ok_or_else(|| invalid_client().authenticate(CHALLENGE))
    }

    fn read(credentials: &str) -> Option<Self> {
        if credentials.len() > MAX_BYTES {
            return None;
        }
        let pair = String::from_utf8(BASE64_STANDARD.decode(credentials).ok()?).ok()?;
        let (id, secret) = pair.split_once(':')?;
        Some(Self {
            id: decoded(id)?,
            secret: Secret::new(decoded(secret)?),
        })
    }
}

/// Undoes `application/x-www-form-urlencoded`.
fn decoded(part: &str) -> Option<String> {
    let spaced = part.replace('+', " ");
    let text = percent_decode_str(&spaced).decode_utf8().ok()?;
    (!text.chars().any(char::is_control)).then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pair: &str) -> Option<(String, String)> {
        Login::read(&BASE64_STANDARD.encode(pair)).map(|login| (login.id, login.secret.expose().to_owned()))
    }

    #[test]
    fn both_parts_are_form_decoded() {
        let pair = |id: &str, secret: &str| Some((id.to_owned(), secret.to_owned()));
        assert_eq!(read("app:plain"), pair("app", "plain"));
        assert_eq!(read("a%3Ab:s%2B%25+%C3%A9"), pair("a:b", "s+% é"));
        assert_eq!(read("app:with:colon&="), pair("app", "with:colon&="));
        for bad in ["no colon", "app:%FF", "app:%00"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert!(Login::read("not base64!").is_none());
    }
}
