//! Accounts that people connect at a real OAuth server, and the calls that carry their tokens.

use caracal_core::{AuthorityRecordId, entity::ProviderKind};
use caracal_e2e::{
    Agent, Deployment, Fixture, READ, Reply, Role, Stack,
    oauth::{CLIENT_SECRET, OauthServer, in_front_of_the_tickets, token_of_the_last_call as token},
    provider,
    token::Token,
};
use caracal_wire::coordinator::sessions::StartSession;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Untouched, assert_passed};

/// Puts a provider at which people connect accounts in front of the tickets.
async fn put_in_front(fixture: &Fixture<'_>, config: Value) -> String {
    let body = provider("people", ProviderKind::Oauth2AuthorizationCode, config);
    in_front_of_the_tickets(fixture, &body).await
}

/// Where a person is sent, and what they come back with.
async fn away_and_back(
    fixture: &Fixture<'_>,
    server: &OauthServer,
    provider: &str,
    subject: Option<&str>,
) -> Vec<(String, String)> {
    let body = json!({"provider_id": provider, "subject_id": subject});
    let path = "/provider-connections/oauth/authorize";
    let begun = fixture.zone.admin("POST", path, Some(body)).await.expect(200);
    let back = server.agree(&begun.text_of("authorization_url")).await;
    let state = back.iter().find(|(name, _)| name == "state");
    assert_eq!(state.expect("a state").1, begun.text_of("state"));
    back
}

/// Hands in what a person came back with, as whoever has this token.
async fn hand_in(fixture: &Fixture<'_>, token: &str, back: &[(String, String)]) -> Reply {
    let mut url: reqwest::Url = "https://back.example.com".parse().expect("a URL");
    url.query_pairs_mut().extend_pairs(back);
    let path = format!(
        "/v1/zones/{}/provider-connections/oauth/callback?{}",
        fixture.zone.id,
        url.query().unwrap_or_default()
    );
    let request = fixture.zone.stack.request(Role::Api, "GET", &path);
    Reply::of(request.bearer_auth(token)).await
}

async fn connect(
    fixture: &Fixture<'_>,
    server: &OauthServer,
    provider: &str,
    subject: Option<&str>,
) -> Reply {
    let back = away_and_back(fixture, server, provider, subject).await;
    hand_in(fixture, &fixture.zone.stack.admin_token(), &back)
        .await
        .expect(201)
}

async fn call(fixture: &Fixture<'_>, agent: &Agent) -> Reply {
    fixture.call(&fixture.mandate(agent, READ).await).await
}

async fn assert_refused(fixture: &Fixture<'_>, agent: &Agent, reason: &str) {
    let untouched = Untouched::from_now(fixture);
    call(fixture, agent)
        .await
        .assert_refused(403, "access_denied", reason);
    untouched.check();
}

/// Repeats until it is so.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let waited = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    let limit = std::time::Duration::from_mins(1);
    tokio::time::timeout(limit, waited)
        .await
        .unwrap_or_else(|_| panic!("{what}: never"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_connected_by_whoever_began_used_and_gone_once_it_is_revoked() {
    let server = OauthServer::start(600).await;
    let stack = server
        .stack(Deployment::Production, &[("LOG_LEVEL", "trace")])
        .await;
    let fixture = Fixture::set_up(&stack).await;
    let agent = fixture.agent().await;
    let provider = put_in_front(&fixture, server.people()).await;
    let application = fixture.application.id.as_str();
    assert_refused(&fixture, &agent, "no_provider_connection").await;

    let back = away_and_back(&fixture, &server, &provider, Some(application)).await;
    let body = json!({"name": "another", "scope": "global"});
    let another = stack
        .admin("POST", "/v1/admin-tokens", Some(body))
        .await
        .expect(201);
    let another = another.text_of("token");
    let refused = hand_in(&fixture, &another, &back).await;
    assert_eq!(
        (refused.status, refused.text_of("error")),
        (403, "oauth_initiator_mismatch".into())
    );
    // A code of another server, and one that somebody else got: neither is taken.
    let own = stack.admin_token();
    let mut mixed = away_and_back(&fixture, &server, &provider, Some(application)).await;
    for (name, value) in &mut mixed {
        if name == "iss" {
            *value = String::from("https://honest.example.com");
        }
    }
    let refused = hand_in(&fixture, &own, &mixed).await;
    assert_eq!(refused.text_of("error"), "oauth_issuer_mismatch", "{refused:#?}");
    let mut injected = away_and_back(&fixture, &server, &provider, Some(application)).await;
    let others = away_and_back(&fixture, &server, &provider, Some(application)).await;
    for (name, value) in &mut injected {
        if name == "code" {
            value.clone_from(&others.iter().find(|(name, _)| name == "code").expect("a code").1);
        }
    }
    let refused = hand_in(&fixture, &own, &injected).await;
    assert_eq!(
        (refused.status, refused.text_of("error")),
        (502, "provider_token_exchange_failed".into())
    );
    assert_eq!(refused.json["details"]["error"], "invalid_grant", "{refused:#?}");
    assert_refused(&fixture, &agent, "no_provider_connection").await;

    let connected = hand_in(&fixture, &own, &back).await.expect(201);
    assert_eq!(connected.json["renewable"], true, "{connected:#?}");
    let replayed = hand_in(&fixture, &own, &back).await;
    assert_eq!(
        (replayed.status, replayed.text_of("error")),
        (400, "oauth_state_expired".into())
    );
    assert_passed(&call(&fixture, &agent).await);
    let carried = token(&fixture);
    let known = server.introspect(&carried).await;
    assert_eq!(
        (&known["active"], &known["client_id"], &known["sub"]),
        (&json!(true), &json!("people"), &json!("alice")),
        "{known}"
    );

    let body = json!({"provider_id": provider, "subject_id": application});
    let path = "/provider-connections/revoke";
    let revoked = fixture.zone.admin("POST", path, Some(body)).await.expect(200);
    assert_eq!(revoked.json["upstream_revocation"], "revoked", "{revoked:#?}");
    assert_refused(&fixture, &agent, "no_provider_connection").await;
    assert_eq!(server.introspect(&carried).await["active"], false);

    // Nothing of it is anywhere but where it belongs.
    let mut shown = vec![json!(fixture.zone.ledger().await).to_string()];
    for path in ["/providers", "/admin-audit", "/provider-connections"] {
        shown.push(fixture.zone.admin("GET", path, None).await.expect(200).text);
    }
    let code = &back.iter().find(|(name, _)| name == "code").expect("a code").1;
    let state = &back.iter().find(|(name, _)| name == "state").expect("a state").1;
    stack.stop().await;
    shown.push(stack.log().await);
    for text in shown {
        for secret in [CLIENT_SECRET, &carried, code, state] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
    for (place, bytes) in stack.at_rest().await {
        for secret in [CLIENT_SECRET, &carried, code, state] {
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{place} contains {secret} in clear");
        }
    }
}

/// A session of the application for this person, and authority handed to it.
async fn agent_of(fixture: &Fixture<'_>, server: &OauthServer) -> Agent {
    let jwks_url = format!("{}/jwks", server.issuer());
    fixture.zone.trust(server.issuer(), &jwks_url, "web").await;
    let identity = server.identity_token().await;
    let fields = [
        ("subject_token", identity.as_str()),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
    ];
    let person = fixture
        .zone
        .exchange(&fixture.application, &fields)
        .await
        .expect(200);
    let person = person.text_of("access_token");
    let lifecycle = fixture.lifecycle().await.expect(200).text_of("access_token");
    let claims = Token::parse(&person).claims;
    let record: AuthorityRecordId = claims["sid"].as_str().expect("text").parse().expect("an id");
    let body = StartSession {
        ttl_seconds: Some(300),
        subject_session_id: Some(record),
        subject_token: Some(person),
        ..fixture.application.task(&["writer"])
    };
    let session = fixture.zone.session(&lifecycle, &body).await;
    let source = fixture.session(&lifecycle, &["writer"]).await;
    let delegation = fixture.delegate(&lifecycle, &source, &session, &[READ]).await;
    Agent {
        lifecycle,
        source,
        session,
        delegation,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_persons_account_serves_that_person_and_the_shared_one_whoever_has_none() {
    let server = OauthServer::start(600).await;
    let stack = server.stack(Deployment::Embedded, &[]).await;
    let fixture = Fixture::set_up(&stack).await;
    let provider = put_in_front(&fixture, server.people()).await;
    let (alices, own) = (agent_of(&fixture, &server).await, fixture.agent().await);
    assert_refused(&fixture, &alices, "no_provider_connection").await;
    let connected = connect(&fixture, &server, &provider, Some("alice")).await;
    assert_eq!(connected.text_of("subject_id"), "alice");
    assert_passed(&call(&fixture, &alices).await);
    let persons = token(&fixture);
    assert_refused(&fixture, &own, "no_provider_connection").await;
    connect(&fixture, &server, &provider, None).await;
    assert_passed(&call(&fixture, &own).await);
    let shared = token(&fixture);
    assert_ne!(persons, shared);
    assert_passed(&call(&fixture, &alices).await);
    assert_eq!(token(&fixture), persons, "their own comes first");
    // What ends the person ends their connection; the shared one is nobody's.
    let body = json!({"subject_id": "alice"});
    let ended = fixture
        .zone
        .admin("POST", "/subjects/revoke", Some(body))
        .await
        .expect(200);
    assert_eq!(ended.json["connections"], 1, "{ended:#?}");
    assert_passed(&call(&fixture, &own).await);

    // Tokens go to the server that gave them: with another client nobody uses what was given to this one.
    let mut config = server.people();
    config["client_id"] = json!("post");
    config["client_auth_method"] = json!("client_secret_post");
    let path = format!("/providers/{provider}");
    let body = json!({"config_json": config});
    fixture.zone.admin("PATCH", &path, Some(body)).await.expect(200);
    assert_refused(&fixture, &own, "reauthorization_required").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_is_renewed_over_the_ends_of_its_tokens_until_the_server_says_no() {
    let server = OauthServer::start(3).await;
    let stack = server.stack(Deployment::Embedded, &[]).await;
    let fixture = Fixture::set_up(&stack).await;
    let agent = fixture.agent().await;
    let provider = put_in_front(&fixture, server.people()).await;
    let connected = connect(&fixture, &server, &provider, None).await;
    assert_passed(&call(&fixture, &agent).await);
    let mut seen = vec![token(&fixture)];
    while seen.len() < 3 {
        let next = until("another token", async || {
            assert_passed(&call(&fixture, &agent).await);
            Some(token(&fixture)).filter(|next| !seen.contains(next))
        });
        seen.push(next.await);
    }
    let path = format!("/provider-connections/{}", connected.text_of("id"));
    let shown = fixture.zone.admin("GET", &path, None).await.expect(200);
    assert_ne!(shown.json["refreshed_at"], Value::Null, "{shown:#?}");

    // A server that fails is not taken for one that says no.
    server.outage(Some(503)).await;
    let refused = until("the token ran out", async || {
        let reply = call(&fixture, &agent).await;
        (reply.status != 200).then_some(reply)
    });
    refused
        .await
        .assert_refused(502, "http_request_failed", "provider_unavailable");
    let shown = fixture.zone.admin("GET", &path, None).await.expect(200);
    assert_eq!(shown.json["status"], "active", "{shown:#?}");
    server.outage(None).await;
    until("it is asked again", async || {
        (call(&fixture, &agent).await.status == 200).then_some(())
    })
    .await;

    server.forget().await;
    let refused = until("the token ran out", async || {
        let reply = call(&fixture, &agent).await;
        (reply.status != 200).then_some(reply)
    });
    refused
        .await
        .assert_refused(403, "access_denied", "reauthorization_required");
    let shown = fixture.zone.admin("GET", &path, None).await.expect(200);
    assert_eq!(shown.json["status"], "reauthorization_required", "{shown:#?}");
    let asked = server.grants().await.len();
    assert_refused(&fixture, &agent, "reauthorization_required").await;
    assert_eq!(server.grants().await.len(), asked, "nobody asks again");
    let again = connect(&fixture, &server, &provider, None).await;
    assert_eq!(again.text_of("id"), connected.text_of("id"));
    assert_passed(&call(&fixture, &agent).await);
}

/// The STS and the Gateway there are, and another of each.
async fn pairs(stack: &Stack) -> [(String, String); 2] {
    let first = (stack.url(Role::Sts), stack.url(Role::Gateway));
    let sts = stack.replicate(Role::Sts, &[]).await;
    let gateway = stack.replicate(Role::Gateway, &[("STS_URL", &sts)]).await;
    [first, (sts, gateway)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_that_renew_at_once_send_no_refresh_token_twice() {
    let server = OauthServer::start(4).await;
    let stack = server.stack(Deployment::Production, &[]).await;
    let fixture = Fixture::set_up(&stack).await;
    let agent = fixture.agent().await;
    let provider = put_in_front(&fixture, server.people()).await;
    connect(&fixture, &server, &provider, None).await;
    let pairs = pairs(&stack).await;
    let renewals = async || {
        let grants = server.grants().await.into_iter();
        let renewals = grants.filter(|grant| grant["grant"] == "refresh_token");
        renewals.collect::<Vec<Value>>()
    };
    // Sixteen calls to both at once, again and again over the ends of three tokens.
    let renewed = until("three renewals", async || {
        let mut calls = Vec::new();
        for n in 0..16 {
            let (sts, gateway) = &pairs[n % 2];
            stack.point(Role::Sts, sts);
            stack.point(Role::Gateway, gateway);
            let mandate = fixture.mandate(&agent, READ).await;
            calls.push(fixture.call_request(&mandate, &caracal_e2e::Call::default()));
        }
        for reply in join_all(calls.into_iter().map(Reply::of)).await {
            assert_passed(&reply);
        }
        Some(renewals().await).filter(|renewed| renewed.len() >= 3)
    });
    let renewed = renewed.await;
    assert!(
        renewed.iter().all(|grant| grant["outcome"] == "granted"),
        "{renewed:?}"
    );
}
