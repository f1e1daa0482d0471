//! What is told of mandates, and to whom.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use caracal_storage::Access;
use caracal_testkit::client::Answer;

use crate::fixture::{Fixture, LIFECYCLE};

async fn ask(fixture: &Fixture, token: &str, changes: &[(&str, &str)]) -> Answer {
    fixture.present("/oauth/2/introspect", token, changes).await
}

#[tokio::test]
async fn nobody_learns_anything_without_a_secret_of_the_zone() {
    let fixture = Fixture::new().await;
    let (token, _) = fixture.mandate().await;
    for (changes, status) in [
        (("client_secret", "wrong"), 401),
        (("client_secret", ""), 401),
        (("application_id", "0198c0de-0000-7000-8000-000000000000"), 401),
        (("zone_id", "0198c0de-0000-7000-8000-000000000000"), 403),
        (("zone_id", ""), 401),
        (("token", ""), 400),
    ] {
        let answer = ask(&fixture, &token, &[changes]).await;
        assert_eq!(answer.status.as_u16(), status, "{changes:?}: {}", answer.body);
        assert!(answer.body.get("active").is_none(), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_mandate_is_active_until_it_ends_or_what_it_hangs_on_does() {
    let fixture = Fixture::new().await;
    let (gateway, claims) = fixture.mandate().await;
    let answer = ask(&fixture, &gateway, &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["cache-control"], "no-store");
    for (name, value) in [
        ("active", true.into()),
        ("use", "gateway".into()),
        ("client_id", fixture.application.id.as_str().into()),
        ("sid", claims.sid.as_str().into()),
        ("exp", serde_json::Value::from(claims.exp)),
    ] {
        assert_eq!(answer.body[name], value, "{}", answer.body);
    }
    let session = fixture.mint(&LIFECYCLE).await.text("access_token");
    assert_eq!(ask(&fixture, &session, &[]).await.body["use"], "session");

    let inactive = async |token: &str| {
        let answer = ask(&fixture, token, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.body == serde_json::json!({ "active": false })
    };
    let mut forged = gateway.clone();
    forged.truncate(forged.len() - 4);
    for token in ["x", "a.b.c", forged.as_str()] {
        assert!(inactive(token).await, "{token}");
    }
    fixture.deps.revocations.mark([fixture.delegation.id.as_str()]);
    assert!(inactive(&gateway).await);
    fixture.parts.pass(Duration::from_mins(20)).await;
    assert!(inactive(&session).await);
}

#[tokio::test]
async fn in_a_frozen_zone_nothing_is_active() {
    let fixture = Fixture::new().await;
    let (token, _) = fixture.mandate().await;
    let mut work = fixture.parts.store.global(Access::Write).await.unwrap();
    let mut zone = work.zones().get(&fixture.zone.id).await.unwrap().unwrap();
    zone.frozen_at = Some(fixture.now());
    assert!(work.zones().update(&zone).await.unwrap());
    work.commit().await.unwrap();
    fixture.parts.zones.reload(&fixture.zone.id).await.unwrap();
    assert_eq!(ask(&fixture, &token, &[]).await.body["active"], false);
}

#[tokio::test]
async fn the_server_says_where_everything_is() {
    let fixture = Fixture::new().await;
    let request = Request::builder().uri("/.well-known/oauth-authorization-server");
    let answer = fixture.request(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK);
    let issuer = caracal_testkit::parts::ISSUER;
    assert_eq!(answer.body["issuer"], issuer);
    assert_eq!(answer.body["token_endpoint"], format!("{issuer}/oauth/2/token"));
    assert_eq!(
        answer.body["revocation_endpoint"],
        format!("{issuer}/oauth/2/revoke")
    );
    assert_eq!(
        answer.body["response_types_supported"],
        serde_json::json!(["code"])
    );
    assert_eq!(
        answer.body["code_challenge_methods_supported"],
        serde_json::json!(["S256"])
    );
    assert_eq!(
        answer.body["dpop_signing_alg_values_supported"],
        serde_json::json!(["ES256", "EdDSA", "Ed25519"])
    );
    assert_eq!(
        answer.body["authorization_response_iss_parameter_supported"],
        true
    );
    for (name, path) in [
        ("authorization_endpoint", "/oauth/2/authorize"),
        ("registration_endpoint", "/oauth/2/register"),
    ] {
        assert_eq!(answer.body[name], format!("{issuer}{path}"));
    }
}
