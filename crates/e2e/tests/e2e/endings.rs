//! What ends authority ends it for the very next call: nothing is asserted after a pause.

use caracal_core::entity::ProviderKind;
use caracal_e2e::{Fixture, READ, Stack, oauth::in_front_of_the_tickets, on_every_deployment, provider};
use caracal_testkit::upstream::{Answer, Live};
use reqwest::Response;
use serde_json::json;

use crate::support::{assert_call_refused, assert_passed};

on_every_deployment!(
    an_ended_session_stops_the_next_call,
    an_ended_source_session_stops_the_next_call,
    a_suspended_session_stops_until_it_is_resumed,
    a_revoked_delegation_stops_the_next_call,
    an_ended_session_stays_ended_after_a_restart,
    an_archived_application_is_out,
    archiving_an_application_or_a_zone_cuts_a_running_stream,
    whatever_ends_a_connected_account_cuts_what_streams_with_its_token,
    a_rotated_secret_replaces_the_old_one,
);

async fn assert_mint_refused(fixture: &Fixture<'_>, agent: &caracal_e2e::Agent) {
    let before = fixture.upstream.requests();
    let refused = fixture.mint(agent, READ).await;
    assert_eq!(
        (refused.status, refused.json["error"].as_str()),
        (403, Some("access_denied")),
        "{refused:#?}"
    );
    assert_eq!(fixture.upstream.requests(), before);
}

async fn an_ended_session_stops_the_next_call(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    for _ in 0..5 {
        let agent = fixture.agent().await;
        let held = fixture.mandate(&agent, READ).await;
        fixture.about_session(&agent, "DELETE", "").await.expect(204);
        assert_call_refused(&fixture, &held, 401, "invalid_token", "session_revoked").await;
        assert_mint_refused(&fixture, &agent).await;
    }
    fixture.upstream.assert_untouched();
}

async fn an_ended_source_session_stops_the_next_call(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let held = fixture.mandate(&agent, READ).await;
    let path = format!("/agents/{}", agent.source);
    fixture
        .zone
        .coordinate(&agent.lifecycle, "DELETE", &path, None)
        .await
        .expect(204);
    assert_call_refused(&fixture, &held, 401, "invalid_token", "session_revoked").await;
    assert_mint_refused(&fixture, &agent).await;
}

async fn a_suspended_session_stops_until_it_is_resumed(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let held = fixture.mandate(&agent, READ).await;
    fixture
        .about_session(&agent, "PATCH", "/suspend")
        .await
        .expect(200);
    let before = fixture.upstream.requests();
    let refused = fixture.call(&held).await;
    assert!(matches!(refused.status, 401 | 403), "{refused:#?}");
    assert_eq!(fixture.upstream.requests(), before, "the upstream was reached");
    assert_mint_refused(&fixture, &agent).await;
    fixture
        .about_session(&agent, "PATCH", "/resume")
        .await
        .expect(200);
    assert_passed(&fixture.call(&fixture.mandate(&agent, READ).await).await);
}

async fn a_revoked_delegation_stops_the_next_call(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    for _ in 0..5 {
        let (agent, bystander) = (fixture.agent().await, fixture.agent().await);
        let (held, other) = (
            fixture.mandate(&agent, READ).await,
            fixture.mandate(&bystander, READ).await,
        );
        let before = fixture.upstream.requests();
        fixture.revoke(&agent).await;
        assert_call_refused(&fixture, &held, 401, "invalid_token", "session_revoked").await;
        assert_mint_refused(&fixture, &agent).await;
        // Another delegation of the same application goes on.
        assert_passed(&fixture.call(&other).await);
        assert_eq!(fixture.upstream.requests(), before + 1);
    }
}

async fn an_ended_session_stays_ended_after_a_restart(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let (ended, alive) = (fixture.agent().await, fixture.agent().await);
    let (held, other) = (
        fixture.mandate(&ended, READ).await,
        fixture.mandate(&alive, READ).await,
    );
    fixture.about_session(&ended, "DELETE", "").await.expect(204);
    stack.stop().await;
    stack.revive().await;
    assert_call_refused(&fixture, &held, 401, "invalid_token", "session_revoked").await;
    assert_passed(&fixture.call(&other).await);
}

async fn an_archived_application_is_out(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let held = fixture.mandate(&agent, READ).await;
    fixture
        .zone
        .admin(
            "DELETE",
            &format!("/applications/{}", fixture.application.id),
            None,
        )
        .await
        .expect(204);
    fixture
        .mint(&agent, READ)
        .await
        .assert_refused(401, "access_denied", "");
    fixture.lifecycle().await.assert_refused(401, "access_denied", "");
    let refused = fixture.call(&held).await;
    assert_eq!(refused.status, 401, "{refused:#?}");
    let refused = fixture.about_session(&agent, "GET", "").await;
    assert_eq!(refused.status, 401, "{refused:#?}");
    fixture.upstream.assert_untouched();
}

/// An answer that streams and has begun to.
async fn stream(fixture: &Fixture<'_>, agent: &caracal_e2e::Agent) -> (Response, Live) {
    let held = fixture.mandate(agent, READ).await;
    let (answer, live) = Answer::live("text/event-stream");
    fixture.upstream.next(answer);
    let mut response = fixture
        .call_request(&held, &caracal_e2e::Call::default())
        .send()
        .await
        .expect("the call is answered");
    assert!(live.send("data: first\n\n").await);
    assert!(response.chunk().await.expect("the stream runs").is_some());
    (response, live)
}

async fn assert_cut(mut response: Response, live: Live, what: &str) {
    let cut = async {
        while let Ok(Some(_)) = response.chunk().await {}
        live.abandoned().await;
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), cut)
        .await
        .unwrap_or_else(|_| panic!("{what} left its stream running"));
}

async fn archiving_an_application_or_a_zone_cuts_a_running_stream(stack: &Stack) {
    for what in ["application", "zone"] {
        let fixture = Fixture::set_up(stack).await;
        let agent = fixture.agent().await;
        let (response, live) = stream(&fixture, &agent).await;
        let path = match what {
            "application" => format!("/applications/{}", fixture.application.id),
            _ => String::new(),
        };
        fixture.zone.admin("DELETE", &path, None).await.expect(204);
        assert_cut(response, live, &format!("archiving the {what}")).await;
    }
}

async fn whatever_ends_a_connected_account_cuts_what_streams_with_its_token(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    // Its server is never asked: the tokens are handed in, and it names no place to take them back.
    let config = json!({
        "authorization_endpoint": "https://id.example.com/auth", "token_endpoint": "https://id.example.com/token",
        "redirect_uri": "https://app.example.com/back", "client_id": "caracal", "client_secret": "s-canary",
    });
    let people = provider("people", ProviderKind::Oauth2AuthorizationCode, config);
    let provider = in_front_of_the_tickets(&fixture, &people).await;
    let subject = fixture.application.id.as_str();
    let of = json!({"provider_id": provider, "subject_id": subject});
    let connect = async || {
        let mut body = of.clone();
        body["access_token"] = json!("at-canary");
        let made = fixture
            .zone
            .admin("POST", "/provider-connections", Some(body))
            .await;
        made.expect(201);
    };
    let revoke = (
        "POST",
        String::from("/provider-connections/revoke"),
        Some(of.clone()),
        200,
    );
    let archive = ("DELETE", format!("/providers/{provider}"), None, 204);
    for (method, path, body, status) in [revoke, archive] {
        connect().await;
        let (response, live) = stream(&fixture, &agent).await;
        fixture.zone.admin(method, &path, body).await.expect(status);
        assert_cut(response, live, &format!("{method} {path}")).await;
    }
}

async fn a_rotated_secret_replaces_the_old_one(stack: &Stack) {
    let mut fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let path = format!("/applications/{}/rotate-secret", fixture.application.id);
    let rotated = fixture
        .zone
        .admin("POST", &path, None)
        .await
        .expect(200)
        .text_of("client_secret");
    assert_ne!(rotated, fixture.application.secret);
    fixture
        .mint(&agent, READ)
        .await
        .assert_refused(401, "access_denied", "");
    fixture.application.secret = rotated;
    assert_passed(&fixture.call(&fixture.mandate(&agent, READ).await).await);
    // A guess, an empty secret, the id.
    for guess in ["", "x", &fixture.application.id.clone()] {
        fixture.application.secret = guess.to_owned();
        fixture
            .mint(&agent, READ)
            .await
            .assert_refused(401, "access_denied", "");
    }
}
