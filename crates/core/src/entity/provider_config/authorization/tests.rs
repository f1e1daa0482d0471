use serde_json::{Value, json};

use super::*;
use crate::entity::{ProviderConfig, ProviderKind};

/// Settings with `changes`; null takes one away.
fn settings(changes: &Value) -> Value {
    let mut config = json!({
        "authorization_endpoint": "https://id.example.com/auth", "token_endpoint": "https://id.example.com/token",
        "redirect_uri": "https://app.example.com/back", "client_id": "c", "client_secret": "s",
    });
    let settings = config.as_object_mut().unwrap();
    settings.extend(changes.as_object().unwrap().clone());
    settings.retain(|_, value| !value.is_null());
    config
}

fn checked(changes: &Value) -> Result<Box<AuthorizationCodeConfig>, String> {
    let config = settings(changes);
    let kind = ProviderKind::Oauth2AuthorizationCode;
    match ProviderConfig::check(kind, config.as_object().unwrap(), &[]) {
        Ok(ProviderConfig::AuthorizationCode(config)) => Ok(config),
        Ok(other) => panic!("{other:?}"),
        Err(problem) => Err(problem.to_string()),
    }
}

#[test]
fn what_breaks_a_rule_or_does_not_go_together_is_refused_by_field() {
    for (changes, key) in [
        (json!({"authorization_endpoint": null}), "authorization_endpoint"),
        (json!({"token_endpoint": null}), "token_endpoint"),
        (json!({"redirect_uri": null}), "redirect_uri"),
        (json!({"client_id": null}), "client_id"),
        (json!({"client_secret": null}), "client_secret"),
        (json!({"client_auth_method": "none"}), "client_secret"),
        (
            json!({"client_auth_method": "client_secret_jwt"}),
            "client_secret",
        ),
        (
            json!({"client_auth_method": "private_key_jwt"}),
            "client_auth_method",
        ),
        (json!({"private_key": "x"}), "private_key"),
        (json!({"audience": "a"}), "audience"),
        (
            json!({"allow_runtime_injection": true}),
            "allow_runtime_injection",
        ),
        (
            json!({"authorization_endpoint": "http://id.example.com/auth"}),
            "authorization_endpoint",
        ),
        (json!({"issuer": "id.example.com"}), "issuer"),
        (
            json!({"revocation_endpoint": "https://other.example.com/revoke"}),
            "revocation_endpoint",
        ),
        (
            json!({
                "revocation_endpoint": "https://id.example.com/revoke", "allowed_token_hosts": ["other.example.com"],
            }),
            "revocation_endpoint",
        ),
    ] {
        let message = checked(&changes).expect_err(&changes.to_string());
        assert!(message.starts_with(&format!("config_json.{key}: ")), "{message}");
    }
    let full = json!({
        "revocation_endpoint": "https://tokens.example.com/revoke", "issuer": "https://id.example.com",
        "allowed_token_hosts": ["Tokens.example.com", "id.example.com"], "scopes": ["a"],
        "authorization_params": {"access_type": "offline"}, "authorization_endpoint": "https://id.example.com/auth?tenant=x",
    });
    checked(&full).unwrap();
    checked(&json!({"client_auth_method": "none", "client_secret": null})).unwrap();
}

/// PKCE downgrade, another client or place to come back to, an answer by another way: none of it by a setting.
#[test]
fn nothing_beside_the_protocol_says_what_the_protocol_says() {
    for name in AUTHORIZATION {
        let message = checked(&json!({"authorization_params": {name: "x"}})).unwrap_err();
        assert!(
            message.starts_with("config_json.authorization_params: "),
            "{message}"
        );
        let escaped = name.replace('_', "%5f").replace('c', "%63");
        for spelling in [name, &escaped] {
            let endpoint = format!("https://id.example.com/auth?a=b&{spelling}=x");
            let message = checked(&json!({"authorization_endpoint": endpoint})).unwrap_err();
            assert!(
                message.starts_with("config_json.authorization_endpoint: "),
                "{message}"
            );
        }
    }
}

const AUTHORIZATION: [&str; 10] = [
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "redirect_uri",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
];

#[test]
fn a_code_comes_back_over_https_to_this_machine_or_to_a_program() {
    for bad in [
        "",
        "back",
        "/back",
        "http://app.example.com/back",
        "http://localhost.example.com/back",
        "http://localhost:99999/back",
        "http://localhost@evil.example.com/back",
        "https://app.example.com/back#x",
        "https://user@app.example.com/back",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://app.example.com/ba ck",
        "ht~tp://x",
    ] {
        assert!(checked(&json!({"redirect_uri": bad})).is_err(), "{bad}");
    }
    for good in [
        "https://app.example.com/back?x=y",
        "http://localhost:8123/back",
        "http://127.0.0.1/back",
        "http://[::1]:9/back",
        "com.example.app:/back",
    ] {
        let config = checked(&json!({"redirect_uri": good}));
        assert_eq!(config.unwrap().redirect_uri, good);
    }
}

#[test]
fn the_code_of_another_server_is_not_taken_for_this_ones() {
    let loose = checked(&json!({})).unwrap();
    assert!(loose.is_issued_by(None));
    assert!(loose.is_issued_by(Some("https://ID.example.com/tenant")));
    for other in [
        "https://honest.example.com",
        "http://id.example.com",
        "",
        "id.example.com",
    ] {
        assert!(!loose.is_issued_by(Some(other)), "{other}");
    }
    let strict = checked(&json!({"issuer": "https://id.example.com/a"})).unwrap();
    assert!(strict.is_issued_by(Some("https://id.example.com/a")));
    for other in [
        None,
        Some("https://id.example.com/b"),
        Some("https://id.example.com/a/"),
    ] {
        assert!(!strict.is_issued_by(other), "{other:?}");
    }
}

#[test]
fn the_secret_is_sealed_and_not_shown() {
    let config = settings(&json!({"issuer": "https://id.example.com", "client_secret": "canary"}));
    let kind = ProviderKind::Oauth2AuthorizationCode;
    let config = ProviderConfig::check(kind, config.as_object().unwrap(), &[]).unwrap();
    let public = config.public();
    assert!(!Value::from(public.clone()).to_string().contains("canary"));
    assert_eq!(config.secrets()[0].0, "client_secret");
    let again = ProviderConfig::read(kind, &public).unwrap();
    assert_eq!(again.public(), public);
}
