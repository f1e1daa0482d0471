//! From nothing to the first governed call, and where the upstream's key must not be.

use caracal_e2e::{Fixture, KEY_HEADER, READ, Reply, Role, Stack, on_every_deployment};
use serde_json::json;

use crate::support::{Untouched, assert_passed};

on_every_deployment!(
    the_upstream_sees_the_real_key_and_the_agent_never_does,
    a_mandate_carries_what_was_granted_and_no_more,
);

async fn the_upstream_sees_the_real_key_and_the_agent_never_does(stack: &Stack) {
    // At its most talkative: what a log level hides is a secret on the loose.
    let talkative = Stack::with(stack.deployment(), &[("LOG_LEVEL", "trace")]).await;
    let stack = &talkative;
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let minted = fixture.mint(&agent, READ).await.expect(200);
    let mandate = minted.text_of("access_token");
    let answer = fixture.call(&mandate).await;
    assert_passed(&answer);

    let seen = fixture.upstream.only();
    assert_eq!(
        seen.header(KEY_HEADER),
        Some(fixture.key.as_str()),
        "the upstream gets its key"
    );
    assert_eq!(
        seen.header("authorization"),
        None,
        "the mandate is no business of the upstream"
    );
    assert_eq!(seen.target.path(), "/tickets");

    // A refusal, so that one is on record too.
    let refused = fixture.call(&mandate).await;
    refused.assert_refused(401, "invalid_token", "token_replay");
    fixture.about_session(&agent, "DELETE", "").await.expect(204);
    let events = fixture
        .zone
        .events_of(answer.headers["x-request-id"].to_str().expect("text"), |events| {
            events
                .iter()
                .any(|event| event["event_type"] == "gateway_resource_request")
        })
        .await;

    let mut shown = vec![
        ("the mandate", mandate),
        ("the minted answer", minted.text),
        (
            "the call's answer",
            format!("{:?} {}", answer.headers, answer.text),
        ),
        ("the refusal", refused.text),
        ("the ledger by request", json!(events).to_string()),
        ("the ledger", json!(fixture.zone.ledger().await).to_string()),
    ];
    for path in [
        "/providers",
        "/resources",
        "/applications",
        "/admin-audit",
        "/policies",
        "/sessions",
        "/overview",
    ] {
        shown.push((path, fixture.zone.admin("GET", path, None).await.expect(200).text));
    }
    for role in Role::ALL {
        let metrics = stack.request(role, "GET", "/metrics");
        let metrics = Reply::of(metrics.bearer_auth(stack.metrics_bearer()))
            .await
            .expect(200);
        shown.push((role.name(), metrics.text));
    }
    for (what, text) in &shown {
        assert!(!text.contains(&fixture.key), "{what} contains the key: {text}");
    }
    stack.stop().await;
    let log = stack.log().await;
    assert!(!log.contains(&fixture.key), "the log contains the key");
    let secrets = [
        &fixture.application.secret,
        &stack.admin_token(),
        &agent.lifecycle,
        &shown[0].1.clone(),
    ];
    for secret in secrets {
        assert!(!log.contains(secret.as_str()), "the log contains a secret");
    }
    // At rest: databases with their journals, the spool, the replay journal.
    let at_rest = stack.at_rest().await;
    assert!(at_rest.len() > 5, "{}", at_rest.len());
    for (place, bytes) in at_rest {
        let contains = |needle: &str| {
            bytes
                .windows(needle.len())
                .any(|window| window == needle.as_bytes())
        };
        assert!(!contains(&fixture.key), "{place} contains the key in clear");
        assert!(
            !contains(&fixture.application.secret),
            "{place} contains a client secret in clear"
        );
    }
}

async fn a_mandate_carries_what_was_granted_and_no_more(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let untouched = Untouched::from_now(&fixture);
    let minted = fixture
        .mint_with(&agent, READ, &[("ttl_seconds", "300")])
        .await
        .expect(200);
    assert_eq!(minted.json["token_type"], "Bearer");
    assert_eq!(minted.json["target_resources"], json!(["resource://tickets"]));
    assert_eq!(minted.headers["cache-control"], "no-store");
    let expires_in = minted.json["expires_in"].as_i64().expect("whole seconds");
    assert!((295..=300).contains(&expires_in), "{minted:#?}");
    let claims = caracal_e2e::token::Token::parse(&minted.text_of("access_token")).claims;
    for (name, value) in [
        ("use", json!("gateway")),
        ("scope", json!(READ)),
        ("target", json!(["resource://tickets"])),
        ("zone_id", json!(fixture.zone.id)),
        ("client_id", json!(fixture.application.id)),
        ("sub_type", json!("application")),
        ("agent_session_id", json!(agent.session)),
        ("delegation_edge_id", json!(agent.delegation)),
        ("iss", json!(stack.url(Role::Sts))),
    ] {
        assert_eq!(claims[name], value, "{name} in {claims:#}");
    }
    untouched.check();
}
