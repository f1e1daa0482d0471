use serde_json::json;

use super::*;

fn issue(kind: ProviderKind, config: &Value) -> Option<String> {
    let config = config.as_object().unwrap();
    ProviderConfig::check(kind, config, &[])
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
fn what_is_stored_in_clear_is_what_was_given_without_the_secret() {
    let given = json!({
        "api_key": " canary ", "header_name": "X-Api-Key", "allowed_token_hosts": ["API.example.com"],
        "forward_caracal_identity": false,
    });
    let config = ProviderConfig::check(ProviderKind::ApiKey, given.as_object().unwrap(), &[]).unwrap();
    let stored = json!({
        "auth_location": "header", "header_name": "X-Api-Key", "allowed_token_hosts": ["api.example.com"],
        "forward_caracal_identity": false,
    });
    assert_eq!(Value::from(config.public()), stored);
    assert_eq!(config.secrets()[0].1.expose(), "canary");
    let again = ProviderConfig::read(ProviderKind::ApiKey, stored.as_object().unwrap()).unwrap();
    assert_eq!(Value::from(again.public()), stored);
    assert_eq!(again.secrets(), []);
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
        let config = ProviderConfig::check(kind, config.as_object().unwrap(), &[]).unwrap();
        let shown = format!("{config:?} {}", serde_json::to_string(&config).unwrap());
        assert!(!shown.contains("canary"), "{shown}");
        assert!(!config.secrets().is_empty());
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
    let check = |stored: &[&str]| {
        let stored: Vec<String> = stored.iter().map(ToString::to_string).collect();
        ProviderConfig::check(ProviderKind::BearerToken, config.as_object().unwrap(), &stored)
    };
    assert!(check(&["bearer_token"]).is_ok());
    assert!(check(&["api_key"]).is_err());
    assert!(check(&[]).is_err());
}

/// A client of an OAuth server, with `changes`; null takes a setting away.
fn service(changes: &Value) -> Value {
    let mut config = json!({
        "token_endpoint": "https://id.example.com/token", "client_id": "c", "client_secret": "s",
    });
    let settings = config.as_object_mut().unwrap();
    settings.extend(changes.as_object().unwrap().clone());
    settings.retain(|_, value| !value.is_null());
    config
}

const KEY: &str = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";

#[test]
fn a_client_of_an_oauth_server_is_refused_what_does_not_go_together() {
    for (changes, key) in [
        (json!({"token_endpoint": null}), "token_endpoint"),
        (json!({"client_id": null}), "client_id"),
        (json!({"client_secret": null}), "client_secret"),
        (json!({"surprise": "x"}), "surprise"),
        (json!({"redirect_uri": "https://a.example.com"}), "redirect_uri"),
        (
            json!({"client_auth_method": "tls_client_auth"}),
            "client_auth_method",
        ),
        (json!({"client_auth_method": "private_key_jwt"}), "client_secret"),
        (
            json!({"client_auth_method": "private_key_jwt", "client_secret": null}),
            "private_key",
        ),
        (
            json!({"client_auth_method": "client_secret_jwt"}),
            "client_secret",
        ),
        (json!({"client_auth_method": "none"}), "client_secret"),
        (json!({"private_key": KEY}), "private_key"),
        (json!({"key_id": "k"}), "key_id"),
        (json!({"grant_type": "password"}), "grant_type"),
        (
            json!({"grant_type": "jwt_bearer", "client_secret": null}),
            "private_key",
        ),
        (
            json!({"grant_type": "jwt_bearer", "client_secret": null, "private_key": KEY, "audience": "a"}),
            "audience",
        ),
        (json!({"assertion_subject": "s"}), "assertion_subject"),
        (json!({"scopes": ["a b"]}), "scopes"),
        (json!({"scopes": "a"}), "scopes"),
        (json!({"token_params": {"scope": "a"}}), "token_params"),
        (json!({"token_params": {"client_secret": "a"}}), "token_params"),
        (json!({"token_params": {"a": ""}}), "token_params"),
        (json!({"auth_header": "X-Caracal-Identity"}), "auth_header"),
    ] {
        let config = service(&changes);
        let message = issue(ProviderKind::Oauth2ClientCredentials, &config);
        let message = message.unwrap_or_else(|| panic!("{config} passed"));
        assert!(message.starts_with(&format!("config_json.{key}: ")), "{message}");
    }
}

#[test]
fn secrets_go_to_https_endpoints_with_a_plain_host() {
    for bad in [
        "",
        "http://id.example.com/token",
        "HTTPS://id.example.com/token",
        "https://",
        "https:///token",
        "https://user@id.example.com/token",
        "https://id.example.com:0/token",
        "https://id.example.com:+443/token",
        "https://id.example.com:65536/token",
        "https://id.example.com/token#x",
        "https://id.example.com\\@evil.example.com/token",
        "https://id.example.com/to ken",
        "https://id..example.com/token",
        "https://[::1/token",
        "https://[x]/token",
    ] {
        let config = service(&json!({"token_endpoint": bad}));
        assert!(
            issue(ProviderKind::Oauth2ClientCredentials, &config).is_some(),
            "{bad}"
        );
    }
    for good in [
        "https://id.example.com",
        "https://id.example.com:8443/t?x=y",
        "https://[2001:db8::1]:8443/t",
        "https://192.0.2.1/t",
    ] {
        let config = service(&json!({"token_endpoint": good}));
        assert_eq!(
            issue(ProviderKind::Oauth2ClientCredentials, &config),
            None,
            "{good}"
        );
    }
}

#[test]
fn a_client_that_signs_keeps_its_key_and_one_that_sends_keeps_its_secret() {
    let stored = |changes: Value| {
        let config = service(&changes);
        let config = ProviderConfig::check(
            ProviderKind::Oauth2ClientCredentials,
            config.as_object().unwrap(),
            &[],
        );
        let config = config.unwrap();
        let shown = Value::from(config.public()).to_string();
        assert!(
            !shown.contains("PRIVATE") && !shown.contains("client_secret\":"),
            "{shown}"
        );
        let names = config.secrets().into_iter().map(|(name, _)| name);
        names.collect::<Vec<_>>()
    };
    assert_eq!(stored(json!({})), ["client_secret"]);
    let secret = "s".repeat(32);
    let signs = json!({"client_auth_method": "client_secret_jwt", "client_secret": secret});
    assert_eq!(stored(signs), ["client_secret"]);
    let signs = json!({
        "client_auth_method": "private_key_jwt", "client_secret": null, "private_key": KEY, "key_id": "k",
    });
    assert_eq!(stored(signs), ["private_key"]);
    let both = json!({
        "grant_type": "jwt_bearer", "client_auth_method": "client_secret_post", "private_key": KEY,
    });
    assert_eq!(stored(both), ["client_secret", "private_key"]);
}

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";

#[test]
fn a_certificate_comes_with_its_key_whatever_the_kind() {
    let with = |config: &Value, name: &str, value: &str| {
        let mut config = config.clone();
        config[name] = value.into();
        config
    };
    for (kind, config) in [
        (ProviderKind::None, json!({})),
        (ProviderKind::CaracalMandate, json!({})),
        (ProviderKind::BearerToken, json!({"bearer_token": "t"})),
        (
            ProviderKind::ApiKey,
            json!({"api_key": "k", "header_name": "X-Api-Key"}),
        ),
        (ProviderKind::HttpBasic, json!({"username": "u", "password": "p"})),
        (
            ProviderKind::Oauth2ClientCredentials,
            json!({"token_endpoint": "https://id.test/t", "client_id": "c", "client_secret": "s"}),
        ),
        (
            ProviderKind::Oauth2AuthorizationCode,
            json!({
                "token_endpoint": "https://id.test/t", "authorization_endpoint": "https://id.test/a",
                "redirect_uri": "https://app.test/c", "client_id": "c", "client_secret": "s",
            }),
        ),
    ] {
        let alone = with(&config, "client_certificate", CERTIFICATE);
        let both = with(&alone, "client_key", KEY);
        let key = with(&config, "client_key", KEY);
        assert_eq!(
            issue(kind, &alone).as_deref(),
            Some("config_json.client_key: is required"),
            "{kind}"
        );
        assert_eq!(
            issue(kind, &key).as_deref(),
            Some("config_json.client_key: only goes with client_certificate"),
            "{kind}"
        );
        let checked = ProviderConfig::check(kind, both.as_object().unwrap(), &[]).unwrap();
        assert!(
            checked
                .secrets()
                .iter()
                .any(|(name, key)| *name == "client_key" && key.expose() == KEY.trim())
        );
        let public = checked.public();
        assert_eq!(public["client_certificate"], CERTIFICATE, "{kind}");
        assert!(!public.contains_key("client_key"), "{kind}");
        let again = ProviderConfig::read(kind, &public).unwrap();
        assert_eq!(again.public(), public, "{kind}");
        assert!(again.certificate().unwrap().client_key.is_none());
        // The sealed key stays where nothing is sealed anew.
        let stored: Vec<String> = checked
            .secrets()
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect();
        assert!(ProviderConfig::check(kind, &public, &stored).is_ok(), "{kind}");
    }
}

#[test]
fn a_certificate_is_no_other_text_and_no_key() {
    let long = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----",
        "A".repeat(32 * 1024)
    );
    for text in [
        "",
        "AAAA",
        KEY,
        &format!("{CERTIFICATE}\n{KEY}\n{CERTIFICATE}"),
        &long,
    ] {
        let config = json!({"client_certificate": text, "client_key": KEY});
        let message = issue(ProviderKind::None, &config).unwrap_or_else(|| panic!("{text} passed"));
        assert!(
            message.starts_with("config_json.client_certificate: "),
            "{message}"
        );
    }
    for key in ["", "AAAA", CERTIFICATE] {
        let config = json!({"client_certificate": CERTIFICATE, "client_key": key});
        let message = issue(ProviderKind::None, &config).unwrap_or_else(|| panic!("{key} passed"));
        assert!(
            message.starts_with("config_json.client_key: ") && !message.contains("AAAA"),
            "{message}"
        );
    }
}
