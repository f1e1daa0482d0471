//! Providers tried out at a real OAuth server, and what it publishes.

use caracal_core::{entity::ProviderKind, json};
use caracal_e2e::{
    Deployment, Fixture,
    oauth::{CLIENT_SECRET, OauthServer},
    provider,
};
use caracal_wire::control::providers::CreateProvider;
use serde_json::{Value, json};

/// Tried out before it is made.
fn service(server: &OauthServer, changes: &Value) -> Value {
    let mut config = json!({
        "token_endpoint": server.token_endpoint(), "client_id": "basic", "client_secret": CLIENT_SECRET,
        "scopes": ["tickets:read"],
    });
    let settings = config.as_object_mut().expect("an object");
    settings.extend(changes.as_object().expect("an object").clone());
    let name = format!("server {}", uuid::Uuid::new_v4());
    json::tree(&CreateProvider {
        check: Some(true),
        ..provider(&name, ProviderKind::Oauth2ClientCredentials, config)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_is_made_of_what_an_issuer_publishes_and_tried_out() {
    let server = OauthServer::start(600).await;
    let stack = server
        .stack(Deployment::Embedded, &[("LOG_LEVEL", "trace")])
        .await;
    let fixture = Fixture::set_up(&stack).await;
    let admin = async |path: &str, body: Value| fixture.zone.admin("POST", path, Some(body)).await;

    let body = json!({"issuer": server.issuer()});
    let found = admin("/providers/discovery", body).await.expect(200);
    assert_eq!(
        found.json["token_endpoint"],
        server.token_endpoint(),
        "{found:#?}"
    );
    assert_eq!(found.json["issuer"], server.issuer());
    let methods = found.json["token_endpoint_auth_methods_supported"].as_array();
    let methods = methods.expect("a list");
    assert!(methods.contains(&json!("client_secret_basic")), "{found:#?}");
    let elsewhere = json!({"issuer": format!("{}/elsewhere", server.issuer())});
    let refused = admin("/providers/discovery", elsewhere).await;
    assert_eq!(
        (refused.status, refused.text_of("error")),
        (422, "provider_discovery_failed".into())
    );

    let body = service(&server, &json!({}));
    let made = admin("/providers", body).await.expect(201);
    let path = format!("/providers/{}/test", made.text_of("id"));
    let told = admin(&path, json!({})).await.expect(200);
    assert_eq!(told.json["status"], "ok", "{told:#?}");
    let asked = server.grants().await.len();
    assert!(asked >= 2, "the server was asked {asked} times");

    for (changes, status) in [
        (json!({"client_secret": "not-it"}), "auth_failed"),
        (json!({"client_id": "nobody"}), "auth_failed"),
        (
            json!({"token_endpoint": format!("{}/nowhere", server.issuer())}),
            "endpoint_error",
        ),
        (
            json!({"token_endpoint": server.token_endpoint().replace("localhost", "127.0.0.1")}),
            "config_error",
        ),
    ] {
        let refused = admin("/providers", service(&server, &changes)).await;
        assert_eq!(refused.status, 422, "{changes}: {refused:#?}");
        assert_eq!(
            refused.json["details"]["check"]["status"], status,
            "{changes}: {refused:#?}"
        );
        assert!(!refused.text.contains(CLIENT_SECRET) && !refused.text.contains("not-it"));
    }
    // People's codes: a code that nobody gave out is refused after the client was taken.
    let people = provider("people", ProviderKind::Oauth2AuthorizationCode, server.people());
    let made = fixture.zone.provider(&people).await;
    let path = format!("/providers/{}/test", made.text_of("id"));
    let told = admin(&path, json!({})).await.expect(200);
    assert_eq!(told.json["status"], "ok", "{told:#?}");
    server.outage(Some(503)).await;
    let told = admin(&path, json!({})).await.expect(200);
    assert_eq!(told.json["status"], "endpoint_error", "{told:#?}");
    let shown = format!("/providers/{}", made.text_of("id"));
    let seen = fixture.zone.admin("GET", &shown, None).await.expect(200);
    assert_eq!(seen.json["connectivity_failed_at"], told.json["checked_at"]);
    server.outage(None).await;
    admin(&path, json!({})).await.expect(200);
    let seen = fixture.zone.admin("GET", &shown, None).await.expect(200);
    assert_eq!(seen.json["connectivity_failed_at"], Value::Null);
    // Nothing of it is in a log.
    assert!(!stack.log().await.contains(CLIENT_SECRET));
}
