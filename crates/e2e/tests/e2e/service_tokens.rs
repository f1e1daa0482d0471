//! Upstreams that want a token of an OAuth server, which the provider's own client gets.

use caracal_core::entity::ProviderKind;
use caracal_e2e::{
    Deployment, Fixture, READ, Reply,
    oauth::{CLIENT_SECRET, OauthServer, in_front_of_the_tickets, token_of_the_last_call as token},
    provider,
};
use serde_json::{Value, json};

use crate::support::{Untouched, assert_passed};

/// Puts a provider with these settings in front of the tickets; what is null is left out.
async fn put_in_front(fixture: &Fixture<'_>, server: &OauthServer, changes: Value) -> String {
    let mut config = json!({
        "token_endpoint": server.token_endpoint(), "client_id": "basic", "client_secret": CLIENT_SECRET,
        "scopes": ["tickets:read"],
    });
    let settings = config.as_object_mut().expect("an object");
    settings.extend(changes.as_object().expect("an object").clone());
    settings.retain(|_, value| !value.is_null());
    let name = format!("server {}", uuid::Uuid::new_v4());
    let body = provider(&name, ProviderKind::Oauth2ClientCredentials, config);
    in_front_of_the_tickets(fixture, &body).await
}

async fn call(fixture: &Fixture<'_>, agent: &caracal_e2e::Agent) -> Reply {
    let minted = fixture.mint(agent, READ).await.expect(200);
    fixture.call(&minted.text_of("access_token")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_to_prove_a_client_gets_the_upstream_a_token_that_the_server_knows() {
    let server = OauthServer::start(600).await;
    let stack = server
        .stack(Deployment::Embedded, &[("LOG_LEVEL", "trace")])
        .await;
    let fixture = Fixture::set_up(&stack).await;
    let agent = fixture.agent().await;
    let key = server.client_key.as_str();
    for (client, changes) in [
        ("basic", json!({})),
        (
            "post",
            json!({"client_id": "post", "client_auth_method": "client_secret_post"}),
        ),
        (
            "signs-by-secret",
            json!({"client_id": "signs-by-secret", "client_auth_method": "client_secret_jwt"}),
        ),
        (
            "signs",
            json!({
                "client_id": "signs", "client_auth_method": "private_key_jwt", "client_secret": null,
                "private_key": key, "key_id": "client-key",
            }),
        ),
    ] {
        put_in_front(&fixture, &server, changes).await;
        assert_passed(&call(&fixture, &agent).await);
        let known = server.introspect(&token(&fixture)).await;
        assert_eq!(known["active"], true, "{client}: {known}");
        assert_eq!(known["client_id"], client, "{known}");
        assert_eq!(known["scope"], "tickets:read", "{known}");
    }
    // Nothing of it is anywhere but where it belongs.
    let token = token(&fixture);
    let mut shown = vec![json!(fixture.zone.ledger().await).to_string()];
    for path in ["/providers", "/admin-audit"] {
        shown.push(fixture.zone.admin("GET", path, None).await.expect(200).text);
    }
    stack.stop().await;
    shown.push(stack.log().await);
    let key_line = key.lines().nth(1).expect("a line of the key");
    for text in shown {
        for secret in [CLIENT_SECRET, &token, key_line] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
    for (place, bytes) in stack.at_rest().await {
        for secret in [CLIENT_SECRET, &token, key_line] {
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{place} contains {secret} in clear");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_asked_for_once_after_policy_and_again_for_a_changed_provider() {
    let server = OauthServer::start(600).await;
    let stack = server.stack(Deployment::Embedded, &[]).await;
    let fixture = Fixture::without_policy(&stack).await;
    let provider = put_in_front(&fixture, &server, json!({})).await;
    let document = caracal_e2e::Document::of(&fixture.application);
    fixture.zone.activate(&[document.clone().into()]).await;
    let agent = fixture.agent().await;

    // What policy denies asks nobody.
    let denied = fixture
        .mint(&agent, READ)
        .await
        .expect(200)
        .text_of("access_token");
    let restricted = document.clone().rule("restrict", &json!(["stop"]));
    fixture.zone.activate(&[restricted.into()]).await;
    let untouched = Untouched::from_now(&fixture);
    fixture.call(&denied).await.expect(403);
    untouched.check();
    assert_eq!(server.grants().await, [] as [Value; 0]);
    fixture.zone.activate(&[document.into()]).await;

    let mandates = futures_util::future::join_all((0..8).map(async |_| {
        let minted = fixture.mint(&agent, READ).await.expect(200);
        minted.text_of("access_token")
    }));
    let mandates = mandates.await;
    let calls = mandates.iter().map(|mandate| fixture.call(mandate));
    for answer in futures_util::future::join_all(calls).await {
        assert_passed(&answer);
    }
    assert_eq!(server.grants().await.len(), 1, "one question serves all");

    let config = json!({
        "token_endpoint": server.token_endpoint(), "client_id": "post", "client_auth_method": "client_secret_post",
        "client_secret": CLIENT_SECRET,
    });
    let path = format!("/providers/{provider}");
    let body = json!({"config_json": config});
    fixture.zone.admin("PATCH", &path, Some(body)).await.expect(200);
    assert_passed(&call(&fixture, &agent).await);
    let grants = server.grants().await;
    assert_eq!(grants.len(), 2, "{grants:?}");
    assert_eq!(grants[1]["client"], "post");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_token_the_call_is_refused_recorded_and_never_forwarded() {
    let server = OauthServer::start(600).await;
    let stack = server.stack(Deployment::Embedded, &[]).await;
    let fixture = Fixture::set_up(&stack).await;
    let agent = fixture.agent().await;
    for (changes, said) in [
        (json!({"client_secret": "wrong"}), "refused: invalid_client"),
        (
            json!({"allowed_token_hosts": ["id.example.com"]}),
            "is not in allowed_token_hosts",
        ),
        // By its address, which nobody allowed, and where cloud credentials live.
        (
            json!({"token_endpoint": server.token_endpoint().replace("localhost", "127.0.0.1")}),
            "may not be called: address refused (loopback)",
        ),
        (
            json!({"token_endpoint": "https://169.254.169.254/token"}),
            "may not be called: address refused (link_local)",
        ),
    ] {
        put_in_front(&fixture, &server, changes.clone()).await;
        let untouched = Untouched::from_now(&fixture);
        let refused = call(&fixture, &agent).await;
        refused.assert_refused(502, "http_request_failed", "provider_unavailable");
        untouched.check();
        let id = refused.headers["x-request-id"].to_str().expect("text");
        let events = fixture.zone.events_of(id, |events| !events.is_empty()).await;
        let recorded = json!(events).to_string();
        assert!(recorded.contains(said), "{changes}: {recorded}");
        assert!(!refused.text.contains("localhost"), "{refused:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_fails_is_left_alone_for_a_while_and_found_again() {
    let server = OauthServer::start(600).await;
    let stack = server.stack(Deployment::Embedded, &[]).await;
    let fixture = Fixture::set_up(&stack).await;
    let agent = fixture.agent().await;
    put_in_front(&fixture, &server, json!({})).await;
    server.outage(Some(503)).await;
    for _ in 0..3 {
        let refused = call(&fixture, &agent).await;
        refused.assert_refused(502, "http_request_failed", "provider_unavailable");
    }
    let asked = server.grants().await.len();
    assert!(asked <= 6, "asked {asked} times");
    server.outage(None).await;
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_mins(1);
    loop {
        let answer = call(&fixture, &agent).await;
        if answer.status == 200 {
            break;
        }
        answer.assert_refused(502, "http_request_failed", "provider_unavailable");
        assert!(tokio::time::Instant::now() < deadline, "it was not asked again");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
