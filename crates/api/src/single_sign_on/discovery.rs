//! What an `OpenID` provider says of itself (`OpenID` Connect Discovery §4).

use caracal_core::entity::provider_config::ClientAuthMethod;
use serde::Deserialize;
use url::Url;

use crate::fields::is_https_place;

/// Largest document that is read, in bytes.
pub(super) const MAX_BYTES: usize = 64 * 1024;

/// Why a document is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    /// It is not such a document.
    #[error("it is no document of an OpenID provider")]
    Malformed,
    /// It is of somebody else, byte for byte.
    #[error("it is of another issuer")]
    Issuer,
    /// A place in it is not one that is gone to.
    #[error("{0} is no https URL without a fragment")]
    Place(&'static str),
    /// None of the ways to prove the client is ours.
    #[error("token_endpoint_auth_methods_supported has no method that goes with what is configured")]
    ClientProof,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// A provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Discovered {
    /// Where people sign in.
    pub(super) authorization_endpoint: String,
    /// Where codes are redeemed.
    pub(super) token_endpoint: String,
    /// Where its keys are.
    pub(super) jwks_uri: String,
    /// Where it tells more of somebody than the identity token has, if it does.
    pub(super) userinfo_endpoint: Option<String>,
    /// Where people sign out, if it has such a place.
    pub(super) end_session_endpoint: Option<Url>,
    /// How the client proves itself.
    pub(super) method: ClientAuthMethod,
    /// Whether its answers always say who answers (RFC 9207).
    pub(super) names_itself: bool,
}

impl Discovered {
    /// Reads what is published for `issuer`.
    pub(super) fn read(document: &[u8], issuer: &str, has_secret: bool) -> Result<Self, Unusable> {
        let read: Document = serde_json::from_slice(document).map_err(|_| Unusable::Malformed)?;
        if read.issuer != issuer {
            return Err(Unusable::Issuer);
        }
        Ok(Self {
            method: method(read.token_endpoint_auth_methods_supported.as_deref(), has_secret)?,
            authorization_endpoint: place("authorization_endpoint", read.authorization_endpoint)?,
            token_endpoint: place("token_endpoint", read.token_endpoint)?,
            jwks_uri: place("jwks_uri", read.jwks_uri)?,
            userinfo_endpoint: read
                .userinfo_endpoint
                .map(|text| place("userinfo_endpoint", text))
                .transpose()?,
            end_session_endpoint: read
                .end_session_endpoint
                .map(|text| {
                    let text = place("end_session_endpoint", text)?;
                    Url::parse(&text).map_err(|_| Unusable::Place("end_session_endpoint"))
                })
                .transpose()?,
            names_itself: read.authorization_response_iss_parameter_supported,
        })
    }
}

fn place(name: &'static str, text: String) -> Result<String, Unusable> {
    if is_https_place(&text) {
        Ok(text)
    } else {
        Err(Unusable::Place(name))
    }
}

/// The default is what a provider takes that does not say (§3).
fn method(supported: Option<&[String]>, has_secret: bool) -> Result<ClientAuthMethod, Unusable> {
    let takes = |method: ClientAuthMethod| match supported {
        None => method == ClientAuthMethod::ClientSecretBasic,
        Some(methods) => methods.iter().any(|one| one == method.as_str()),
    };
    if !has_secret {
        // Many that take clients without a secret do not list it.
        return Ok(ClientAuthMethod::None);
    }
    [
        ClientAuthMethod::ClientSecretBasic,
        ClientAuthMethod::ClientSecretPost,
    ]
    .into_iter()
    .find(|method| takes(*method))
    .ok_or(Unusable::ClientProof)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ISSUER: &str = "https://id.example.com";

    fn document(changes: Value) -> Vec<u8> {
        let mut document = json!({
            "issuer": ISSUER, "authorization_endpoint": "https://id.example.com/auth",
            "token_endpoint": "https://id.example.com/token", "jwks_uri": "https://id.example.com/jwks",
        });
        let Value::Object(changes) = changes else {
            unreachable!()
        };
        document.as_object_mut().unwrap().extend(changes);
        document.to_string().into_bytes()
    }

    fn read(changes: Value) -> Result<Discovered, Unusable> {
        Discovered::read(&document(changes), ISSUER, true)
    }

    #[test]
    fn only_the_issuers_own_document_with_https_places_is_used() {
        assert!(read(json!({})).is_ok());
        for other in [
            "https://id.example.com/",
            "https://ID.example.com",
            "https://evil.example.com",
        ] {
            assert_eq!(read(json!({ "issuer": other })), Err(Unusable::Issuer), "{other}");
        }
        for name in [
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
            "userinfo_endpoint",
            "end_session_endpoint",
        ] {
            for wrong in [
                "http://id.example.com/x",
                "javascript:alert(1)",
                "https://a@b.example.com",
                "/x",
                "https://x/#y",
            ] {
                let refused = read(json!({ name: wrong })).unwrap_err();
                assert!(
                    matches!(refused, Unusable::Place(one) if one == name),
                    "{name} {wrong}"
                );
            }
        }
        for nothing in ["", "[]", "{}", "<html>"] {
            assert_eq!(
                Discovered::read(nothing.as_bytes(), ISSUER, true),
                Err(Unusable::Malformed)
            );
        }
    }

    #[test]
    fn the_client_proves_itself_as_the_provider_takes_it() {
        let method = |methods: Value| {
            let read = read(json!({ "token_endpoint_auth_methods_supported": methods }));
            read.map(|read| read.method)
        };
        assert_eq!(method(Value::Null), Ok(ClientAuthMethod::ClientSecretBasic));
        assert_eq!(
            method(json!(["client_secret_post", "client_secret_basic"])),
            Ok(ClientAuthMethod::ClientSecretBasic)
        );
        assert_eq!(
            method(json!(["client_secret_post"])),
            Ok(ClientAuthMethod::ClientSecretPost)
        );
        assert_eq!(method(json!(["private_key_jwt"])), Err(Unusable::ClientProof));
        let public = Discovered::read(&document(json!({})), ISSUER, false);
        assert_eq!(public.unwrap().method, ClientAuthMethod::None);
    }
}
