//! Zones do not see each other, and nobody without a credential sees anything.

use caracal_e2e::{Fixture, READ, Reply, Role, Stack, on_every_deployment};
use serde_json::json;

on_every_deployment!(
    a_lifecycle_token_works_in_its_zone_only,
    an_application_mints_in_its_zone_only,
    a_session_of_another_zone_cannot_be_used,
    nobody_administrates_without_a_token,
);

async fn a_lifecycle_token_works_in_its_zone_only(stack: &Stack) {
    let (here, there) = (Fixture::set_up(stack).await, Fixture::set_up(stack).await);
    let (agent, other) = (here.agent().await, there.agent().await);
    for (method, path) in [
        ("GET", format!("/agents/{}", other.session)),
        ("DELETE", format!("/agents/{}", other.session)),
        ("PATCH", format!("/agents/{}/suspend", other.session)),
        ("PATCH", format!("/delegations/{}/revoke", other.delegation)),
        ("GET", String::from("/agents")),
    ] {
        let reply = there.zone.coordinate(&agent.lifecycle, method, &path, None).await;
        assert!(
            matches!(reply.status, 401 | 403 | 404),
            "{method} {path}: {reply:#?}"
        );
        // In its own zone the id is unknown.
        if path != "/agents" {
            let reply = here.zone.coordinate(&agent.lifecycle, method, &path, None).await;
            assert_eq!(reply.status, 404, "{method} {path}: {reply:#?}");
        }
    }
    assert_eq!(
        there.call(&there.mandate(&other, READ).await).await.status,
        200,
        "nothing happened there"
    );
}

async fn an_application_mints_in_its_zone_only(stack: &Stack) {
    let (here, there) = (Fixture::set_up(stack).await, Fixture::set_up(stack).await);
    let fields = [("resource", "resource://tickets"), ("scope", "agent:lifecycle")];
    there
        .zone
        .exchange(&here.application, &fields)
        .await
        .assert_refused(403, "zone_invalid", "");
    // Who cannot prove to own it learns nothing about where it lives.
    let mut guess = here.application.clone();
    guess.secret = String::from("wrong");
    there
        .zone
        .exchange(&guess, &fields)
        .await
        .assert_refused(401, "access_denied", "");
}

async fn a_session_of_another_zone_cannot_be_used(stack: &Stack) {
    let (here, there) = (Fixture::set_up(stack).await, Fixture::set_up(stack).await);
    let other = there.agent().await;
    let refused = here.mint(&other, READ).await;
    assert_eq!(
        (refused.status, refused.json["error"].as_str()),
        (403, Some("access_denied")),
        "{refused:#?}"
    );
    here.upstream.assert_untouched();
}

async fn nobody_administrates_without_a_token(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let zone = format!("/v1/zones/{}", fixture.zone.id);
    for path in [
        "/v1/zones",
        zone.as_str(),
        &format!("{zone}/audit"),
        &format!("{zone}/applications"),
    ] {
        for token in [None, Some("x"), Some(fixture.application.secret.as_str())] {
            let request = stack.request(Role::Api, "GET", path);
            let request = match token {
                Some(token) => request.bearer_auth(token),
                None => request,
            };
            let reply = Reply::of(request).await;
            assert_eq!(reply.status, 401, "{path}: {reply:#?}");
        }
    }
    let agent = fixture.agent().await;
    let request = stack
        .request(Role::Api, "POST", "/v1/zones")
        .bearer_auth(&agent.lifecycle);
    assert_eq!(
        Reply::of(request.json(&json!({"name": "mine"}))).await.status,
        401
    );
    for method in ["GET", "DELETE"] {
        let path = format!("/zones/{}/agents/{}", fixture.zone.id, agent.session);
        let reply = Reply::of(stack.request(Role::Coordinator, method, &path)).await;
        assert_eq!(reply.status, 401, "{reply:#?}");
    }
}
