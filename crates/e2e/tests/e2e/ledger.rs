//! Every decision is on record, can be explained, and cannot be changed unnoticed.

use std::time::{Duration, Instant};

use caracal_e2e::{
    Agent, Application, Call, Document, Fixture, GATE, READ, Reply, Role, SCOPES, Stack, TICKETS, WRITE,
    on_every_deployment, replay,
};
use serde_json::{Value, json};

use crate::support::assert_passed;

on_every_deployment!(
    a_denial_can_be_explained,
    every_step_of_a_call_is_on_record_once,
    every_decision_can_be_made_again_from_its_evidence,
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
    // What is shown is what was asked: simulated, it is denied for the same reason.
    let event = &explained["events"][0];
    let set = event["policy_set_id"].as_str().expect("a policy set");
    let simulated = fixture
        .zone
        .admin(
            "POST",
            &format!("/policy-sets/{set}/simulate"),
            Some(json!({
                "version_id": event["policy_set_version_id"],
                "input": denied["policy_input"],
            })),
        )
        .await
        .expect(200)
        .json;
    assert_eq!(
        simulated["result"]["reason"], "role_scope_mismatch",
        "{simulated:#}"
    );
    assert_eq!(simulated["result"]["details"], denied["details"], "{simulated:#}");
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

/// Waits until every process that decides has the policy under which `agent` may not read.
async fn until_refused(fixture: &Fixture<'_>, agent: &Agent, reason: &str) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let minted = fixture.mint(agent, READ).await;
        if minted.json["reason"] == reason {
            return;
        }
        assert!(Instant::now() < deadline, "{minted:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn every_decision_can_be_made_again_from_its_evidence(stack: &Stack) {
    let fixture = Fixture::without_policy(stack).await;
    fixture.lifecycle().await.expect(403);
    let whole = Document::of(&fixture.application);
    fixture.zone.activate(&[whole.clone().into()]).await;
    let writer = fixture.agent_with(&["writer"], &SCOPES).await;
    let confined = fixture.agent_with(&["writer", "customer:1"], &SCOPES).await;
    let reader = fixture.agent_with(&["reader"], &[READ]).await;
    for (scope, method) in [(READ, "GET"), (WRITE, "POST")] {
        let mandate = fixture.mandate(&writer, scope).await;
        let call = Call {
            method,
            ..Call::default()
        };
        assert_passed(&fixture.call_with(&mandate, &call).await);
    }
    // Each rule that denies.
    let refusals = [
        (&writer, GATE, "role_scope_mismatch"),
        (&reader, WRITE, "delegation_scope_exceeded"),
        (&confined, WRITE, "confinement_violation"),
    ];
    for (agent, scope, reason) in refusals {
        fixture
            .mint(agent, scope)
            .await
            .assert_refused(403, "access_denied", reason);
    }
    let undeclared = Call {
        path: "/elsewhere",
        ..Call::default()
    };
    let mandate = fixture.mandate(&writer, READ).await;
    let refused = fixture.call_with(&mandate, &undeclared).await;
    assert_eq!(refused.status, 403, "{refused:#?}");
    // What was minted under one policy is used under another, and that is closed altogether by a third.
    let (first, second) = (
        fixture.mandate(&writer, READ).await,
        fixture.mandate(&writer, READ).await,
    );
    let own = json!({TICKETS: {"application": "desk", "roles": {"reader": [READ]}}});
    let narrower = [
        Document::empty()
            .rule("app_ids", &json!({"desk": fixture.application.id}))
            .into(),
        Document::empty().rule("grants", &own).into(),
    ];
    fixture.zone.activate(&narrower).await;
    until_refused(&fixture, &writer, "role_scope_mismatch").await;
    fixture
        .call(&first)
        .await
        .assert_refused(403, "access_denied", "role_scope_mismatch");
    assert_passed(&fixture.call(&fixture.mandate(&reader, READ).await).await);
    fixture
        .zone
        .activate(&[whole.rule("restrict", &json!(["incident"])).into()])
        .await;
    until_refused(&fixture, &writer, "restriction_active").await;
    let last = fixture.call(&second).await;
    last.assert_refused(403, "access_denied", "restriction_active");

    let last = last.headers["x-request-id"].to_str().expect("text");
    fixture.zone.events_of(last, |events| !events.is_empty()).await;
    let events = fixture.zone.ledger().await;
    let of = |rule: &str| {
        let found = events
            .iter()
            .find(|event| event["record"]["decision"]["rule"] == rule);
        &found.unwrap_or_else(|| panic!("no decision by {rule}: {events:#?}"))["record"]
    };
    let used = of("caracal-desk-use");
    // What the lineage left and what was presented is there, and the policy that the owner wrote.
    assert_eq!(used["input"]["delegation"]["scopes"], json!([READ]), "{used:#}");
    assert_eq!(used["input"]["presented"]["scopes"], json!([READ]), "{used:#}");
    assert_eq!(
        used["input"]["presented"]["targets"],
        json!([TICKETS]),
        "{used:#}"
    );
    let policies = fixture
        .zone
        .admin("GET", "/policies", None)
        .await
        .expect(200)
        .json;
    let mut versions = Vec::new();
    for policy in policies["items"].as_array().expect("policies") {
        let path = format!("/policies/{}/versions", policy["id"].as_str().expect("text"));
        let version = fixture.zone.admin("GET", &path, None).await.expect(200).json["items"][0].clone();
        let path = format!("{path}/{}", version["id"].as_str().expect("text"));
        versions.push(fixture.zone.admin("GET", &path, None).await.expect(200).json);
    }
    let states = |version: &&Value| {
        let content = version["content"].as_str().unwrap_or_default();
        content.contains("grants :=") && !content.contains("app_ids :=")
    };
    let grants = versions.iter().find(states).expect("the policy with the grants");
    assert_eq!(used["decision"]["policies"], json!([grants["id"]]), "{used:#}");

    let replayed = replay::every_decision(stack).await;
    let expected = [
        "allow",
        "confinement_violation",
        "delegation_scope_exceeded",
        "no_active_policy_set",
        "restriction_active",
        "role_scope_mismatch",
    ];
    assert_eq!(replayed.keys().collect::<Vec<_>>(), expected, "{events:#?}");
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
