//! Configuration of providers.

use serde_json::json;

use super::*;

fn issue(kind: ProviderKind, config: &Value) -> Option<String> {
    let config = config.as_object().unwrap();
    check(kind, config, false)
        .err()
        .map(|refusal| refusal.description.unwrap().into_owned())
}

#[test]
fn each_kind_takes_its_own_keys_only() {
    assert_eq!(issue(ProviderKind::None, &json!({})), None);
    assert_eq!(
        issue(ProviderKind::BearerToken, &json!({"bearer_token": "t"})),
        None
    );
    assert_eq!(
        issue(
            ProviderKind::ApiKey,
            &json!({"api_key": "k", "header_name": "X-Api-Key"})
        ),
        None
    );
    assert_eq!(
        issue(
            ProviderKind::HttpBasic,
            &json!({"username": "u", "password": "p"})
        ),
        None
    );
    for (kind, config, key) in [
        (ProviderKind::None, json!({"api_key": "k"}), "api_key"),
        (ProviderKind::CaracalMandate, json!({"x": 1}), "x"),
        (ProviderKind::BearerToken, json!({}), "bearer_token"),
        (ProviderKind::ApiKey, json!({"api_key": "k"}), "header_name"),
        (
            ProviderKind::ApiKey,
            json!({"api_key": "k", "auth_location": "body"}),
            "auth_location",
        ),
        (
            ProviderKind::ApiKey,
            json!({"api_key": "k", "auth_location": "query", "query_param_name": "q", "auth_scheme": "S"}),
            "auth_scheme",
        ),
        (ProviderKind::HttpBasic, json!({"password": "p"}), "username"),
        (
            ProviderKind::HttpBasic,
            json!({"username": "a:b", "password": "p"}),
            "username",
        ),
        (
            ProviderKind::BearerToken,
            json!({"bearer_token": "t", "forward_caracal_identity": 1}),
            "forward_caracal_identity",
        ),
        (
            ProviderKind::BearerToken,
            json!({"bearer_token": "t", "allowed_token_hosts": ["a..b"]}),
            "allowed_token_hosts",
        ),
    ] {
        let message = issue(kind, &config).unwrap_or_else(|| panic!("{config} passed"));
        assert!(message.starts_with(&format!("config_json.{key}: ")), "{message}");
    }
}

#[test]
fn nothing_stored_can_forge_a_header() {
    for name in [
        "X-Caracal-Identity",
        "Host",
        "proxy-authorization",
        "x-forwarded-for",
        "a b",
        "a\r\nb",
        "",
    ] {
        let config = json!({"api_key": "k", "header_name": name});
        assert!(issue(ProviderKind::ApiKey, &config).is_some(), "{name:?}");
    }
    for secret in ["a\r\nb", "", "  ", "bearer x"] {
        assert!(
            issue(ProviderKind::BearerToken, &json!({"bearer_token": secret})).is_some(),
            "{secret:?}"
        );
    }
    assert_eq!(
        issue(ProviderKind::BearerToken, &json!({"bearer_token": "bearerish"})),
        None
    );
}

#[test]
fn kinds_of_later_builds_are_refused_by_name() {
    let message = issue(ProviderKind::Oauth2ClientCredentials, &json!({})).unwrap();
    assert!(message.contains("oauth2_client_credentials is not supported by this build"));
}
