//! Every decision is on record, can be explained, and cannot be changed unnoticed.

use caracal_e2e::{
    Application, Call, Fixture, GATE, READ, Reply, Role, SCOPES, Stack, TICKETS, on_every_deployment,
};
use serde_json::{Value, json};

use crate::support::assert_passed;

on_every_deployment!(
    a_denial_can_be_explained,
    every_step_of_a_call_is_on_record_once,
    a_failed_login_is_told_to_the_operator_and_not_to_the_chain
);

async fn a_denial_can_be_explained(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent_with(&["writer"], &SCOPES).await;
    let refused = fixture.mint(&agent, GATE).await;
    refused.assert_refused(403, "access_denied", "role_scope_mismatch");
    let id = refused.text_of("requestId");
    fixture.zone.events_of(&id, |events| !events.is_empty()).await;
    let explained = fixture
        .zone
        .admin("GET", &format!("/audit/by-request/{id}/explain"), None)
        .await
        .expect(200)
        .json;
    assert_eq!(explained["final_decision"], "deny");
    let denied = &explained["denied"][0];
    assert_eq!(denied["reason"], "role_scope_mismatch", "{explained:#}");
    assert_eq!(
        denied["policy_input"]["context"]["requested_scopes"],
        json!([GATE]),
        "{explained:#}"
    );
    assert_eq!(
        denied["policy_input"]["principal"]["id"],
        json!(fixture.application.id),
        "{explained:#}"
    );
    fixture
        .zone
        .admin("GET", "/audit/by-request/never-made/explain", None)
        .await
        .expect(404);
}

async fn every_step_of_a_call_is_on_record_once(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let minted = fixture.mint(&agent, READ).await.expect(200);
    let mandate = minted.text_of("access_token");
    let jti = caracal_e2e::token::Token::parse(&mandate).claims["jti"].clone();
    assert_passed(
        &fixture
            .call_with(
                &mandate,
                &Call {
                    request_id: Some("good"),
                    ..Call::default()
                },
            )
            .await,
    );
    let replay = Call {
        request_id: Some("again"),
        ..Call::default()
    };
    fixture
        .call_with(&mandate, &replay)
        .await
        .assert_refused(401, "invalid_token", "token_replay");
    let types = |events: &[Value]| {
        let mut types: Vec<String> = events
            .iter()
            .map(|event| event["event_type"].as_str().unwrap_or_default().to_owned())
            .collect();
        types.sort();
        types
    };
    let good = fixture.zone.events_of("good", |events| events.len() >= 2).await;
    assert_eq!(
        types(&good),
        ["gateway_resource_request", "token_exchange"],
        "{good:#?}"
    );
    assert!(good.iter().all(|event| event["decision"] == "allow"), "{good:#?}");
    let again = fixture.zone.events_of("again", |events| !events.is_empty()).await;
    assert_eq!(types(&again), ["replay_detected"], "{again:#?}");
    assert_eq!(again[0]["decision"], "deny");
    let mint_id = minted.headers["x-request-id"].to_str().expect("text");
    let mint = fixture.zone.events_of(mint_id, |events| !events.is_empty()).await;
    assert_eq!(types(&mint), ["token_exchange"], "{mint:#?}");
    // One thread through all of them.
    for event in good.iter().chain(&again).chain(&mint) {
        assert_eq!(event["metadata_json"]["jti"], jti, "{event:#}");
    }
    let filtered = fixture
        .zone
        .admin("GET", "/audit?decision=deny&event_type=replay_detected", None)
        .await
        .expect(200);
    assert_eq!(
        filtered.json["items"].as_array().map(Vec::len),
        Some(1),
        "{filtered:#?}"
    );
}

async fn a_failed_login_is_told_to_the_operator_and_not_to_the_chain(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    fixture.mandate(&agent, READ).await;
    let guessing = Application {
        secret: String::from("cs_guessed-by-a-stranger"),
        ..fixture.application.clone()
    };
    for _ in 0..30 {
        let refused = fixture.zone.exchange(&guessing, &[("resource", TICKETS)]).await;
        assert!(matches!(refused.status, 401 | 429), "{refused:#?}");
    }
    let metrics = stack
        .request(Role::Sts, "GET", "/metrics")
        .bearer_auth(stack.metrics_bearer());
    let metrics = Reply::of(metrics).await.expect(200).text;
    let counted = "caracal_sts_login_failures_total{reason=\"wrong_secret\"} 30";
    assert!(metrics.contains(counted), "{metrics}");
    // What came before is in the ledger, and nothing of the strangers.
    let minted = |events: &[Value]| events.iter().any(|event| event["event_type"] == "token_exchange");
    let last = fixture.mint(&agent, READ).await.expect(200);
    let last = last.headers["x-request-id"].to_str().expect("text");
    fixture.zone.events_of(last, minted).await;
    let denied = fixture.zone.ledger().await;
    assert!(
        denied.iter().all(|event| event["decision"] == "allow"),
        "{denied:#?}"
    );
    stack.stop().await;
    let log = stack.log().await;
    let lines: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("refused a login"))
        .collect();
    // Ten for each minute that they fell into.
    assert!((1..=20).contains(&lines.len()), "{lines:#?}");
    for line in lines {
        assert!(
            line.contains(&fixture.application.id) && line.contains("127.0.0.1"),
            "{line}"
        );
        assert!(line.contains("wrong_secret"), "{line}");
    }
    assert!(!log.contains(&guessing.secret), "the log contains a secret");
}
