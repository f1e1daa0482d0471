//! Providers and their sealed credentials.

use caracal_core::{ProviderId, ZoneId};
use caracal_crypto::Location;
use caracal_storage::Access;
use serde_json::{Value, json};

use crate::stack::{Stack, masked};

/// The sealed document of a provider, opened.
async fn sealed(stack: &Stack, zone: &str, id: &str) -> Option<Value> {
    let zone = ZoneId::parse(zone.strip_prefix("/v1/zones/").unwrap()).unwrap();
    let location = Location::provider_secret_config(&zone, &ProviderId::parse(id).unwrap());
    let mut work = stack.parts.store.zone(&zone, Access::Read).await.unwrap();
    let envelope = work.secrets().get(location.as_str()).await.unwrap()?;
    let opened = stack.parts.keyring.open(&location, &envelope).unwrap();
    Some(serde_json::from_slice(&opened).unwrap())
}

#[tokio::test]
async fn a_credential_is_sealed_and_only_its_name_is_shown() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let path = format!("{zone}/providers");
    let body = json!({
        "name": "Stripe",
        "kind": "api_key",
        "config_json": { "api_key": " k-canary ", "header_name": "X-Api-Key", "allowed_token_hosts": ["API.stripe.com"] },
    });
    let made = stack.post(&path, body).await.expect(201);
    insta::assert_json_snapshot!(masked(made.clone(), &["id", "zone_id", "created_by"]), @r#"
    {
      "archived_at": null,
      "config_json": {
        "allowed_token_hosts": [
          "api.stripe.com"
        ],
        "auth_location": "header",
        "header_name": "X-Api-Key"
      },
      "connectivity_failed_at": null,
      "created_at": "2026-05-21T12:00:00.000Z",
      "created_by": "[created_by]",
      "created_via_operator": false,
      "id": "[id]",
      "identifier": "provider://stripe",
      "kind": "api_key",
      "name": "Stripe",
      "secret_config_keys": [
        "api_key"
      ],
      "updated_at": "2026-05-21T12:00:00.000Z",
      "updated_by": null,
      "updated_via_operator": false,
      "zone_id": "[zone_id]"
    }
    "#);
    let id = made["id"].as_str().unwrap();
    assert_eq!(
        sealed(&stack, &zone, id).await,
        Some(json!({ "api_key": "k-canary" }))
    );
    let one = format!("{path}/{id}");
    assert_eq!(stack.get(&one).await.expect(200), made);
    assert_eq!(stack.get(&path).await.expect(200)["items"], json!([made]));

    stack.delete(&one).await.expect(204);
    assert_eq!(stack.get(&one).await.refused(404), "provider_not_found");
    assert_eq!(stack.delete(&one).await.refused(404), "provider_not_found");
    assert_eq!(sealed(&stack, &zone, id).await, None);
}

#[tokio::test]
async fn the_gateway_side_opens_what_was_sealed_here() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let body = json!({ "name": "T", "kind": "bearer_token", "config_json": { "bearer_token": "t-1" } });
    let provider = stack.provider(&zone, body).await;
    let body = json!({
        "identifier": "resource://t", "upstream_url": "https://t.example.com", "scopes": ["t"],
        "credential_provider_id": provider,
    });
    stack.post(&format!("{zone}/resources"), body).await.expect(201);
    let zone = ZoneId::parse(zone.strip_prefix("/v1/zones/").unwrap()).unwrap();
    let state = stack.parts.zones.zone(&zone).await.unwrap();
    let provider = state.resource("resource://t").unwrap().provider.clone().unwrap();
    let secrets = provider.config.as_ref().unwrap().secrets();
    let [(name, secret)] = secrets.as_slice() else {
        panic!("{secrets:?}")
    };
    assert_eq!((*name, secret.expose()), ("bearer_token", "t-1"));
}

#[tokio::test]
async fn a_patch_keeps_the_credential_unless_it_gives_another() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let body = json!({ "name": "T", "kind": "bearer_token", "config_json": { "bearer_token": "t-1" } });
    let id = stack.provider(&zone, body).await;
    let one = format!("{zone}/providers/{id}");
    let patched = stack
        .patch(&one, json!({ "config_json": { "auth_header": "X-Token" } }))
        .await
        .expect(200);
    assert_eq!(patched["config_json"], json!({ "auth_header": "X-Token" }));
    assert_eq!(patched["secret_config_keys"], json!(["bearer_token"]));
    assert_eq!(
        sealed(&stack, &zone, &id).await,
        Some(json!({ "bearer_token": "t-1" }))
    );
    stack
        .patch(&one, json!({ "config_json": { "bearer_token": "t-2" } }))
        .await
        .expect(200);
    assert_eq!(
        sealed(&stack, &zone, &id).await,
        Some(json!({ "bearer_token": "t-2" }))
    );

    for (body, status, code) in [
        (json!({}), 400, "no_fields"),
        (json!({ "kind": "none" }), 400, "provider_config_required"),
        (
            json!({ "kind": "http_basic", "config_json": { "username": "u" } }),
            400,
            "invalid_provider_config",
        ),
        (
            json!({ "config_json": { "bearer_token": "a\nb" } }),
            400,
            "invalid_provider_config",
        ),
        (
            json!({ "config_json": { "auth_header": "Host" } }),
            400,
            "invalid_provider_config",
        ),
        (
            json!({ "identifier": "Nope" }),
            400,
            "invalid_provider_identifier",
        ),
    ] {
        assert_eq!(
            stack.patch(&one, body.clone()).await.refused(status),
            code,
            "{body}"
        );
    }
    let patched = stack
        .patch(&one, json!({ "kind": "none", "config_json": {} }))
        .await
        .expect(200);
    assert_eq!(patched["secret_config_keys"], json!([]));
    assert_eq!(sealed(&stack, &zone, &id).await, None);
}

#[tokio::test]
async fn refusals_of_a_creation_say_why() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let path = format!("{zone}/providers");
    stack
        .provider(
            &zone,
            json!({ "identifier": "provider://a", "kind": "caracal_mandate" }),
        )
        .await;
    for (body, status, code) in [
        (json!({ "kind": "none" }), 400, "invalid_provider"),
        (json!({ "name": "x" }), 400, "invalid_provider"),
        (json!({ "name": "x", "kind": "magic" }), 400, "invalid_provider"),
        (
            json!({ "identifier": "a", "kind": "none" }),
            400,
            "invalid_provider_identifier",
        ),
        (
            json!({ "identifier": "provider://a", "kind": "none" }),
            409,
            "provider_identifier_conflict",
        ),
        (
            json!({ "name": "x", "kind": "api_key", "config_json": {} }),
            400,
            "invalid_provider_config",
        ),
        (
            json!({ "name": "x", "kind": "oauth2_client_credentials" }),
            400,
            "invalid_provider_config",
        ),
        (
            json!({ "name": "x", "kind": "oauth2_authorization_code" }),
            400,
            "invalid_provider_config",
        ),
    ] {
        assert_eq!(
            stack.post(&path, body.clone()).await.refused(status),
            code,
            "{body}"
        );
    }
    let body = json!({ "name": "x", "kind": "vault" });
    let refused = stack.post(&path, body).await.expect(400).to_string();
    let offered =
        "none, caracal_mandate, oauth2_authorization_code, oauth2_client_credentials, api_key, bearer_token";
    assert!(refused.contains(offered), "{refused}");
    let body = json!({ "name": "a", "kind": "none" });
    assert_eq!(
        stack.post(&path, body).await.expect(201)["identifier"],
        "provider://a-2"
    );
}

#[tokio::test]
async fn a_client_of_an_oauth_server_keeps_the_secrets_that_its_method_works_with() {
    let stack = Stack::start().await;
    let path = format!("{}/providers", stack.zone("acme").await);
    let config = |more: serde_json::Value| {
        let mut config = json!({ "token_endpoint": "https://id.example.com/token", "client_id": "c" });
        config
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        config
    };
    // A block that holds no key.
    let broken = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
    let signs = config(json!({ "client_auth_method": "private_key_jwt", "private_key": broken }));
    let body = json!({ "name": "x", "kind": "oauth2_client_credentials", "config_json": signs });
    let refused = stack.post(&path, body).await.expect(400).to_string();
    assert!(
        refused.contains("config_json.private_key") && !refused.contains("AAAA"),
        "{refused}"
    );

    let sends = config(json!({ "client_secret": "canary" }));
    let body = json!({ "name": "x", "kind": "oauth2_client_credentials", "config_json": sends });
    let made = stack.post(&path, body).await.expect(201);
    assert_eq!(made["secret_config_keys"], json!(["client_secret"]));
    assert_eq!(made["config_json"], config(json!({})));
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    let patch = |more| json!({ "config_json": config(more) });
    // The secret stays where none is given, and goes where none is used.
    let posted = stack
        .patch(&one, patch(json!({ "client_auth_method": "client_secret_post" })))
        .await;
    assert_eq!(posted.expect(200)["secret_config_keys"], json!(["client_secret"]));
    let refused = stack
        .patch(&one, patch(json!({ "client_auth_method": "private_key_jwt" })))
        .await;
    assert_eq!(refused.refused(400), "invalid_provider_config");
    let public = stack
        .patch(&one, patch(json!({ "client_auth_method": "none" })))
        .await;
    assert_eq!(public.expect(200)["secret_config_keys"], json!([]));
    let refused = stack.patch(&one, patch(json!({}))).await;
    assert_eq!(refused.refused(400), "invalid_provider_config");
}

/// A certificate that holds until `year`, and its key.
fn certificate(year: i32) -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new([String::from("agent.test")]).unwrap();
    params.not_before = rcgen::date_time_ymd(2000, 1, 1);
    params.not_after = rcgen::date_time_ymd(year, 1, 1);
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

#[tokio::test]
async fn a_certificate_is_checked_with_its_key_which_nobody_sees_again() {
    let stack = Stack::start().await;
    let path = format!("{}/providers", stack.zone("acme").await);
    let ((one, key), (two, other), (over, its)) = (certificate(4000), certificate(4000), certificate(2001));
    let with = |certificate: &str, key: Option<&str>| {
        let mut config = json!({ "client_certificate": certificate });
        if let Some(key) = key {
            config["client_key"] = key.into();
        }
        config
    };
    let none = |config| json!({ "name": "mutual", "kind": "none", "config_json": config });
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
    for (config, field, rule) in [
        (
            with(&one, Some(&other)),
            "client_key",
            "is not the key of the certificate",
        ),
        (with(&one, None), "client_key", "is required"),
        (with(&over, Some(&its)), "client_certificate", "2001-01-01"),
        (
            with(broken, Some(&key)),
            "client_certificate",
            "certificates in PEM form",
        ),
        (
            json!({ "client_key": key }),
            "client_key",
            "only goes with client_certificate",
        ),
    ] {
        let refused = stack.post(&path, none(config)).await.expect(400).to_string();
        let says = refused.contains(&format!("config_json.{field}")) && refused.contains(rule);
        assert!(says && !refused.contains("BEGIN"), "{field} {rule}: {refused}");
    }
    let made = stack.post(&path, none(with(&one, Some(&key)))).await.expect(201);
    assert_eq!(made["secret_config_keys"], json!(["client_key"]));
    assert_eq!(made["config_json"], with(one.trim(), None));
    let one_path = format!("{path}/{}", made["id"].as_str().unwrap());
    let shown = stack.get(&one_path).await.expect(200).to_string();
    assert!(!shown.contains("PRIVATE KEY"), "{shown}");

    // What is left out stays, but never under another certificate.
    let patch = |config| json!({ "config_json": config });
    stack.patch(&one_path, patch(with(&one, None))).await.expect(200);
    let refused = stack.patch(&one_path, patch(with(&two, None))).await.expect(400);
    assert!(
        refused
            .to_string()
            .contains("is required with another certificate"),
        "{refused}"
    );
    let rotated = stack
        .patch(&one_path, patch(with(&two, Some(&other))))
        .await
        .expect(200);
    assert_eq!(rotated["config_json"], with(two.trim(), None));
    let without = stack.patch(&one_path, patch(json!({}))).await.expect(200);
    assert_eq!(
        (&without["secret_config_keys"], &without["config_json"]),
        (&json!([]), &json!({}))
    );
}
