//! What an issuer publishes of itself.

use caracal_core::entity::provider_config::ClientAuthMethod;
use caracal_service::{
    Refusal,
    egress::Egress,
    oauth::{DocumentClient, DocumentError},
};
use caracal_wire::{
    ErrorCode,
    control::checks::{CheckStep, DiscoveredProvider, FailedDiscovery},
};
use serde::Deserialize;
use std::sync::Arc;
use url::Url;

use super::steps::Steps;
use crate::fields::is_https_place;

/// Largest document that is read, in bytes.
const MAX_BYTES: usize = 64 * 1024;
/// Most scopes that are told, and most characters of each.
const MAX_SCOPES: usize = 64;
const MAX_SCOPE: usize = 200;

#[derive(Deserialize)]
struct Document {
    issuer: String,
    token_endpoint: String,
    authorization_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
    scopes_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// Asks where `OpenID` providers publish, then where OAuth servers do.
///
/// # Errors
/// 422 with every step, where neither has a document that can be used.
pub(crate) async fn discover(egress: &Arc<Egress>, issuer: &Url) -> Result<DiscoveredProvider, Refusal> {
    let mut steps = Steps::default();
    let named = issuer.as_str().trim_end_matches('/');
    if steps.reach(egress, named).await.is_err() {
        return Err(failed(steps));
    }
    let client = DocumentClient::new(egress.clone());
    let mut last = None;
    for place in places(issuer) {
        let read = match client.get(&place, MAX_BYTES).await {
            Ok(document) => read(&document, named),
            Err(error) => Err(missing(&error)),
        };
        match read {
            Ok(found) => return Ok(found),
            Err(problem) => last = Some(problem),
        }
    }
    let (found, fix) = last.unwrap_or((String::from("nothing was asked"), NO_DOCUMENT));
    steps.failed(CheckStep::Answer, found, fix);
    Err(failed(steps))
}

const NO_DOCUMENT: &str = "write the issuer exactly as the server names itself, or set the endpoints by hand";

fn failed(steps: Steps) -> Refusal {
    let (detail, steps) = steps.finish();
    Refusal::of(ErrorCode::ProviderDiscoveryFailed)
        .describe(detail)
        .with_details(&FailedDiscovery { steps })
}

/// `OpenID` Connect Discovery §4 appends, RFC 8414 §3.1 puts between host and path.
fn places(issuer: &Url) -> [String; 2] {
    let named = issuer.as_str().trim_end_matches('/');
    let path = issuer.path().trim_end_matches('/');
    let origin = issuer.origin().ascii_serialization();
    [
        format!("{named}/.well-known/openid-configuration"),
        format!("{origin}/.well-known/oauth-authorization-server{path}"),
    ]
}

fn missing(error: &DocumentError) -> (String, &'static str) {
    let fix = match error {
        DocumentError::Refused | DocumentError::Status(_) | DocumentError::TooLarge => NO_DOCUMENT,
        DocumentError::Unreachable | DocumentError::TimedOut => "see whether the server has too much to do",
    };
    (error.to_string(), fix)
}

/// Takes from a document what a provider is made of. One of another issuer is not used: whoever can put a document there could
/// send the client's secret anywhere.
fn read(document: &[u8], issuer: &str) -> Result<DiscoveredProvider, (String, &'static str)> {
    let wrong = |found: &str| (found.to_owned(), NO_DOCUMENT);
    let document: Document = serde_json::from_slice(document)
        .map_err(|_| wrong("what is published there is no metadata of an OAuth server"))?;
    if document.issuer.trim_end_matches('/') != issuer {
        return Err(wrong("the metadata is of another issuer"));
    }
    if !is_https_place(&document.token_endpoint) {
        return Err(wrong("the metadata names no token_endpoint with https"));
    }
    let place = |text: Option<String>| text.filter(|text| is_https_place(text));
    let known = |methods: Vec<String>| {
        let methods = methods.into_iter();
        methods
            .filter(|method| ClientAuthMethod::parse(method).is_some())
            .collect()
    };
    let told = |scopes: Vec<String>| {
        let scopes = scopes.into_iter();
        scopes
            .filter(|scope| (1..=MAX_SCOPE).contains(&scope.chars().count()))
            .take(MAX_SCOPES)
            .collect()
    };
    Ok(DiscoveredProvider {
        issuer: document.issuer,
        token_endpoint: document.token_endpoint,
        authorization_endpoint: place(document.authorization_endpoint),
        revocation_endpoint: place(document.revocation_endpoint),
        scopes_supported: document.scopes_supported.map(told),
        token_endpoint_auth_methods_supported: document.token_endpoint_auth_methods_supported.map(known),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ISSUER: &str = "https://id.example.com/tenant";

    fn document(changes: Value) -> Result<DiscoveredProvider, (String, &'static str)> {
        let mut document = json!({"issuer": ISSUER, "token_endpoint": "https://id.example.com/token"});
        let Value::Object(changes) = changes else {
            unreachable!()
        };
        document.as_object_mut().unwrap().extend(changes);
        read(document.to_string().as_bytes(), ISSUER)
    }

    #[test]
    fn both_places_are_asked_and_the_second_puts_the_path_last() {
        for written in [ISSUER, "https://id.example.com/tenant/"] {
            assert_eq!(
                places(&written.parse().unwrap()),
                [
                    "https://id.example.com/tenant/.well-known/openid-configuration",
                    "https://id.example.com/.well-known/oauth-authorization-server/tenant",
                ]
            );
        }
        assert_eq!(
            places(&"https://id.example.com:8443".parse().unwrap())[1],
            "https://id.example.com:8443/.well-known/oauth-authorization-server"
        );
    }

    #[test]
    fn only_the_issuers_own_document_is_used_and_only_what_a_provider_takes() {
        for (changes, problem) in [
            (json!({"issuer": "https://evil.example.com"}), "another issuer"),
            (json!({"issuer": 7}), "no metadata"),
            (
                json!({"token_endpoint": "http://id.example.com/token"}),
                "token_endpoint",
            ),
            (
                json!({"token_endpoint": "https://a@id.example.com/token"}),
                "token_endpoint",
            ),
        ] {
            let (found, _) = document(changes.clone()).unwrap_err();
            assert!(found.contains(problem), "{changes}: {found}");
        }
        assert!(read(b"<html>", ISSUER).is_err());
        let full = document(json!({
            "issuer": format!("{ISSUER}/"),
            "authorization_endpoint": "javascript:alert(1)",
            "revocation_endpoint": "https://id.example.com/revoke",
            "scopes_supported": ["a".repeat(201), "", "openid"],
            "token_endpoint_auth_methods_supported": ["tls_client_auth", "client_secret_post"],
        }))
        .unwrap();
        assert_eq!(full.authorization_endpoint, None);
        assert_eq!(
            full.revocation_endpoint.as_deref(),
            Some("https://id.example.com/revoke")
        );
        assert_eq!(full.scopes_supported.unwrap(), ["openid"]);
        assert_eq!(
            full.token_endpoint_auth_methods_supported.unwrap(),
            ["client_secret_post"]
        );
        let many: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let many = document(json!({ "scopes_supported": many })).unwrap();
        assert_eq!(many.scopes_supported.unwrap().len(), MAX_SCOPES);
    }
}
