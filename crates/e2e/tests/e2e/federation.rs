//! People of an identity provider, as subjects of a zone.

use caracal_core::AuthorityRecordId;
use caracal_crypto::system_world;
use caracal_e2e::{Deployment, Fixture, Reply, Role, TICKETS, oauth::OauthServer, token::Token};
use caracal_testkit::key_holder::KeyHolder;
use caracal_wire::coordinator::sessions::StartSession;
use serde_json::{Value, json};

use crate::possession::{coordinate, session_mandate};

const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";

/// Trusts `issuer` with keys at `jwks_url`, for tokens of the client `web`.
async fn trust(fixture: &Fixture<'_>, issuer: &str, jwks_url: &str) -> String {
    fixture.zone.trust(issuer, jwks_url, "web").await.to_string()
}

async fn log_in(fixture: &Fixture<'_>, token: &str, more: &[(&str, &str)]) -> Reply {
    let fields = [("subject_token", token), ("subject_token_type", ID_TOKEN)];
    fixture
        .zone
        .exchange(&fixture.application, &[&fields, more].concat())
        .await
}

fn refused(reply: &Reply, why: &str) {
    assert_eq!(reply.status, 401, "{reply:#?}");
    assert_eq!(reply.json["error"], "invalid_token", "{reply:#?}");
    let text = reply.json["error_description"].as_str().unwrap_or_default();
    assert!(text.contains(why), "{reply:#?}");
}

/// `token` with another header or other claims, signature kept.
fn forged(token: &str, segment: usize, changes: &Value) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let mut segments: Vec<String> = token.split('.').map(str::to_owned).collect();
    let mut json: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(&segments[segment]).expect("base64url"))
            .expect("JSON");
    json.as_object_mut()
        .expect("an object")
        .extend(changes.as_object().expect("an object").clone());
    segments[segment] = URL_SAFE_NO_PAD.encode(json.to_string());
    segments.join(".")
}

/// Whoever got hold of a bound login speaks for nobody with it.
async fn a_login_is_bound_where_its_client_proves_a_key(fixture: &Fixture<'_>, token: &str) {
    let holder = KeyHolder::new(&system_world());
    let fields = [("subject_token", token), ("subject_token_type", ID_TOKEN)];
    let login = session_mandate(fixture, &holder, &fields).await.expect(200);
    assert_eq!(login.json["token_type"], "DPoP", "{login:#?}");
    let login = login.text_of("access_token");
    let claims = Token::parse(&login).claims;
    assert_eq!(claims["cnf"], json!({"jkt": holder.thumbprint()}), "{claims:#}");
    let start = StartSession {
        subject_token: Some(login.clone()),
        ..fixture.application.task(&["writer"])
    };
    let start = || serde_json::to_value(&start).ok();
    let plain = fixture.lifecycle().await.expect(200).text_of("access_token");
    let stolen = fixture.zone.coordinate(&plain, "POST", "/agents", start()).await;
    assert_eq!(stolen.json["error"], "invalid_subject_proof", "{stolen:#?}");

    let fields = [("resource", TICKETS), ("scope", "agent:lifecycle")];
    let ours = session_mandate(fixture, &holder, &fields).await.expect(200);
    let ours = ours.text_of("access_token");
    let coordinator = fixture.zone.stack.url(Role::Coordinator);
    let url = format!("{coordinator}/zones/{}/agents", fixture.zone.id);
    let proof = holder.proof("POST", &url, Some(&ours));
    let held = format!("DPoP {ours}");
    let presented = (held.as_str(), Some(proof.as_str()));
    coordinate(fixture, ("POST", "/agents"), presented, start())
        .await
        .expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_logs_in_starts_a_session_and_is_ended_with_it() {
    let server = OauthServer::start(600).await;
    let stack = server.stack(Deployment::Production, &[]).await;
    let fixture = Fixture::set_up(&stack).await;
    trust(&fixture, server.issuer(), &format!("{}/jwks", server.issuer())).await;
    let answer = log_in(
        &fixture,
        &server.identity_token().await,
        &[("ttl_seconds", "300")],
    )
    .await;
    let person = answer.expect(200).text_of("access_token");
    let claims = Token::parse(&person).claims;
    for (name, value) in [
        ("use", json!("session")),
        ("sub", json!("alice")),
        ("sub_type", json!("user")),
        ("client_id", json!(fixture.application.id)),
        ("aud", json!([stack.url(Role::Sts)])),
        ("root_sid", claims["sid"].clone()),
    ] {
        assert_eq!(claims[name], value, "{name} in {claims:#}");
    }
    assert!(
        claims.get("scope").is_none() && claims.get("target").is_none(),
        "{claims:#}"
    );

    // A session of the application for this person, which ends with the person.
    let lifecycle = fixture.lifecycle().await.expect(200).text_of("access_token");
    let record: AuthorityRecordId = claims["sid"].as_str().expect("text").parse().expect("an id");
    let body = StartSession {
        subject_session_id: Some(record),
        subject_token: Some(person.clone()),
        ..fixture.application.task(&["writer"])
    };
    let session = fixture.zone.session(&lifecycle, &body).await;
    let overview = "/subjects/overview?subject_id=alice";
    let overview = fixture.zone.admin("GET", overview, None).await.expect(200);
    assert_eq!(overview.json["governed"]["active"], 1, "{overview:#?}");
    let known = |events: &[Value]| {
        let events = json!(events).to_string();
        events.contains("caracal-subject-federation") && events.contains(server.issuer())
    };
    let events = json!(fixture.zone.ledger_once(known).await).to_string();
    assert!(!events.contains(&person));

    let body = json!({"subject_id": "alice"});
    let revoked = fixture
        .zone
        .admin("POST", "/subjects/revoke", Some(body))
        .await
        .expect(200);
    assert_eq!(revoked.json["sessions"], 1, "{revoked:#?}");
    let path = format!("/agents/{session}");
    let read = fixture.zone.coordinate(&lifecycle, "GET", &path, None).await;
    assert_eq!(read.json["status"], "terminated", "{read:#?}");

    // Whose authority ended may come back, unless they are kept out.
    let token = server.identity_token().await;
    log_in(&fixture, &token, &[]).await.expect(200);
    let change =
        async |path: &str, body: Value| fixture.zone.admin("POST", path, Some(body)).await.expect(200);
    let blocked = change("/subjects/revoke", json!({"subject_id": "alice", "block": true})).await;
    assert_eq!(blocked.json["authority_records"], 1, "{blocked:#?}");
    let kept_out = log_in(&fixture, &token, &[]).await;
    assert_eq!(
        (
            kept_out.status,
            kept_out.text_of("error"),
            kept_out.text_of("reason")
        ),
        (403, "access_denied".into(), "subject_blocked".into())
    );
    let denied = |events: &[Value]| json!(events).to_string().contains("subject_blocked");
    fixture.zone.ledger_once(denied).await;
    change("/subjects/unblock", json!({"subject_id": "alice"})).await;
    log_in(&fixture, &token, &[]).await.expect(200);
    a_login_is_bound_where_its_client_proves_a_key(&fixture, &token).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_issuer_did_not_sign_for_us_logs_nobody_in() {
    let server = OauthServer::start(600).await;
    let stack = server.stack(Deployment::Embedded, &[]).await;
    let fixture = Fixture::set_up(&stack).await;
    let token = server.identity_token().await;
    let stranger = log_in(&fixture, &token, &[]).await;
    refused(&stranger, "the issuer is not trusted in this zone");
    let keys = format!("{}/jwks", server.issuer());
    let trusted = trust(&fixture, server.issuer(), &keys).await;
    log_in(&fixture, &token, &[]).await.expect(200);
    a_login_is_bound_where_its_client_proves_a_key(&fixture, &token).await;

    for (segment, changes, why) in [
        (0, json!({"alg": "none"}), "algorithm or type is not accepted"),
        (0, json!({"alg": "HS256"}), "algorithm or type is not accepted"),
        (0, json!({"alg": "ES256"}), "names no usable key"),
        (0, json!({"kid": "another"}), "names no usable key"),
        (
            0,
            json!({"jku": "https://evil.example.com/jwks"}),
            "signature does not verify",
        ),
        (1, json!({"sub": "bob"}), "signature does not verify"),
        (
            1,
            json!({"iss": "https://evil.example.com"}),
            "the issuer is not trusted",
        ),
        (1, json!({"exp": 1}), "signature does not verify"),
    ] {
        refused(
            &log_in(&fixture, &forged(&token, segment, &changes), &[]).await,
            why,
        );
    }
    refused(&log_in(&fixture, "a.b.c", &[]).await, "not a signed token");
    for field in [
        ("resource", "resource://tickets"),
        ("scope", "tickets:read"),
        ("approval_id", "0198c0de-0000-7000-8000-000000000000"),
    ] {
        let refused = log_in(&fixture, &token, &[field]).await.expect(400);
        assert_eq!(refused.json["error"], "invalid_token", "{refused:#?}");
    }
    // For another audience than the zone's.
    let path = format!("/subject-issuers/{trusted}");
    let patch = |audience: &str| Some(json!({"audience": audience}));
    fixture
        .zone
        .admin("PATCH", &path, patch("another"))
        .await
        .expect(200);
    refused(&log_in(&fixture, &token, &[]).await, "audience is another");
    fixture.zone.admin("PATCH", &path, patch("web")).await.expect(200);
    log_in(&fixture, &token, &[]).await.expect(200);
    fixture.zone.admin("DELETE", &path, None).await.expect(204);
    let last = log_in(&fixture, &token, &[]).await;
    refused(&last, "the issuer is not trusted");
    let id = last.headers["x-request-id"].to_str().expect("text");
    let events = fixture.zone.events_of(id, |events| !events.is_empty()).await;
    assert_eq!(
        events[0]["evaluation_status"], "subject_federation_rejected",
        "{events:#?}"
    );
    let ledger = json!(fixture.zone.ledger().await).to_string();
    assert!(!ledger.contains("evil.example.com"), "{ledger}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_fetched_once_and_for_invented_ids_hardly_ever() {
    let server = OauthServer::start(600).await;
    let stack = server.stack(Deployment::Embedded, &[]).await;
    let fixture = Fixture::set_up(&stack).await;
    trust(&fixture, server.issuer(), &format!("{}/jwks", server.issuer())).await;
    let token = server.identity_token().await;
    let logins = (0..8).map(|_| log_in(&fixture, &token, &[]));
    for answer in futures_util::future::join_all(logins).await {
        answer.expect(200);
    }
    assert_eq!(server.key_fetches().await, 1);
    for n in 0..20 {
        let invented = forged(&token, 0, &json!({"kid": format!("k{n}")}));
        refused(&log_in(&fixture, &invented, &[]).await, "names no usable key");
    }
    let fetches = server.key_fetches().await;
    assert!(fetches <= 2, "fetched {fetches} times");
    // A key that the issuer made since is found, without waiting for the old ones to run out.
    server.rotate().await;
    let token = server.identity_token().await;
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_mins(1);
    while log_in(&fixture, &token, &[]).await.status != 200 {
        assert!(
            tokio::time::Instant::now() < deadline,
            "the new key was not found"
        );
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_taken_from_no_place_that_the_guard_or_the_bounds_refuse() {
    let server = OauthServer::start(600).await;
    let stack = server.stack(Deployment::Embedded, &[]).await;
    let fixture = Fixture::set_up(&stack).await;
    let token = server.identity_token().await;
    for keys in [
        format!("{}/keys/large", server.issuer()),
        format!("{}/keys/elsewhere", server.issuer()),
        format!("{}/nowhere", server.issuer()),
        format!("{}/jwks", server.issuer().replace("localhost", "127.0.0.1")),
        String::from("https://169.254.169.254/latest/meta-data"),
        String::from("https://localhost:1/jwks"),
    ] {
        let id = trust(&fixture, server.issuer(), &keys).await;
        let refused = log_in(&fixture, &token, &[]).await.expect(503);
        assert_eq!(refused.json["error"], "sts_unavailable", "{keys}: {refused:#?}");
        let path = format!("/subject-issuers/{id}");
        fixture.zone.admin("DELETE", &path, None).await.expect(204);
    }
    assert_eq!(server.key_fetches().await, 0);
}
