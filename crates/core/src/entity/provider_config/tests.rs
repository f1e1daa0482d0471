use serde_json::json;

use super::*;

fn issue(kind: ProviderKind, config: &Value) -> Option<String> {
    let config = config.as_object().unwrap();
    ProviderConfig::check(kind, config, false)
        .err()
        .map(|problem| problem.to_string())
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

#[test]
fn what_is_stored_in_clear_is_what_was_given_without_the_secret() {
    let given = json!({
        "api_key": " canary ", "header_name": "X-Api-Key", "allowed_token_hosts": ["API.example.com"],
        "forward_caracal_identity": false,
    });
    let config = ProviderConfig::check(ProviderKind::ApiKey, given.as_object().unwrap(), false).unwrap();
    let stored = json!({
        "auth_location": "header", "header_name": "X-Api-Key", "allowed_token_hosts": ["api.example.com"],
        "forward_caracal_identity": false,
    });
    assert_eq!(Value::from(config.public()), stored);
    assert_eq!(config.secret().unwrap().1.expose(), "canary");
    let again = ProviderConfig::read(ProviderKind::ApiKey, stored.as_object().unwrap()).unwrap();
    assert_eq!(Value::from(again.public()), stored);
    assert_eq!(again.secret(), None);
    for kind in [ProviderKind::None, ProviderKind::CaracalMandate] {
        assert_eq!(
            ProviderConfig::read(kind, &Map::new()).unwrap().public(),
            Map::new()
        );
    }
}

#[test]
fn a_secret_is_neither_printed_nor_serialised_nor_quoted() {
    for (kind, config) in [
        (
            ProviderKind::ApiKey,
            json!({"api_key": "canary", "header_name": "X-Key"}),
        ),
        (ProviderKind::BearerToken, json!({"bearer_token": "canary"})),
        (
            ProviderKind::HttpBasic,
            json!({"username": "u", "password": "canary"}),
        ),
    ] {
        let config = ProviderConfig::check(kind, config.as_object().unwrap(), false).unwrap();
        let shown = format!("{config:?} {}", serde_json::to_string(&config).unwrap());
        assert!(!shown.contains("canary"), "{shown}");
        assert!(config.secret().is_some());
    }
    let message = issue(
        ProviderKind::BearerToken,
        &json!({"bearer_token": "Bearer canary"}),
    )
    .unwrap();
    assert_eq!(
        message,
        "config_json.bearer_token: must not begin with its scheme Bearer"
    );
}

#[test]
fn a_secret_that_is_sealed_already_may_be_left_out() {
    let config = json!({"auth_header": "X-Token"});
    let check =
        |stored| ProviderConfig::check(ProviderKind::BearerToken, config.as_object().unwrap(), stored);
    assert!(check(true).is_ok());
    assert!(check(false).is_err());
}
