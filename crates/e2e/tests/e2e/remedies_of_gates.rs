//! What would have to be different where a gate beside policy refused: a person's word, a session, a budget, a longer life, a
//! credential, an enforced resource. Made true, the request is allowed; any less, and it is not.

use caracal_e2e::{Agent, Document, Fixture, READ, Reply, Role, Stack, TICKETS, WRITE, on_every_deployment};
use serde_json::{Value, json};

use crate::{
    remedies::{Documents, assert_least, change, explained, gate, read},
    support::assert_passed,
};

on_every_deployment!(
    what_waits_for_a_person_is_approved,
    what_acts_in_no_session_starts_one,
    a_budget_that_is_used_up_and_a_resource_that_is_not_enforced_are_raised_and_enforced,
    a_mandate_that_would_live_too_long_is_delegated_longer,
    a_credential_that_is_not_to_be_had_is_provided,
);

async fn what_waits_for_a_person_is_approved(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let tiers = Document::of(&fixture.application)
        .rule("risk", &json!([{"scope": WRITE, "tier": "money"}]))
        .rule(
            "approval_tiers",
            &json!([{"tier": "money", "approvals": 1, "ttl_seconds": 600}]),
        );
    fixture.zone.activate(&[tiers.into()]).await;
    let agent = fixture.agent().await;
    let ask = async || fixture.mint(&agent, WRITE).await;
    // Asking again is less, and so is naming the approval that nobody has given.
    let denial = gate(&fixture, ask).await;
    assert_eq!(*change(&denial), json!({"change": "approve"}));
    let held = ask().await;
    held.assert_refused(401, "interaction_required", "approval_required");
    let id = held.text_of("approval_id");
    let named = async || fixture.mint_with(&agent, WRITE, &[("approval_id", &id)]).await;
    assert!(named().await.status >= 400);
    let stands = read(&denial, "approval", &id);
    assert_eq!(
        (&stands["approvals_required"], &stands["approvals_given"]),
        (&json!(1), &json!(0))
    );
    let path = format!("/approvals/{id}/approve");
    fixture
        .zone
        .admin("POST", &path, Some(json!({})))
        .await
        .expect(200);
    named().await.expect(200);
    // Used once: what is asked for anew waits for another.
    let anew = ask().await;
    anew.assert_refused(401, "interaction_required", "approval_required");
    assert_ne!(anew.text_of("approval_id"), id);
}

async fn what_acts_in_no_session_starts_one(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let documents = Documents::of(&fixture);
    fixture.zone.activate(&[documents.source()]).await;
    // By policy: authority that nobody handed on, and no session to hold it.
    let bare = [("resource", TICKETS), ("scope", READ)];
    let refused = fixture.zone.exchange(&fixture.application, &bare).await;
    let denial = explained(&fixture, &refused).await;
    let all = ["start_session", "delegate", "add_session_label"];
    assert_least(&fixture, &documents, &denial, &all).await;

    // By the gate before it: a delegation without the session that holds it.
    let agent = fixture.agent().await;
    let fields = [
        ("resource", TICKETS),
        ("scope", READ),
        ("delegation_edge_id", agent.delegation.as_str()),
    ];
    let ask = async || fixture.zone.exchange(&fixture.application, &fields).await;
    let denial = gate(&fixture, ask).await;
    assert_eq!(denial["reason"], "session_required", "{denial:#}");
    assert_eq!(*change(&denial), json!({"change": "start_session"}));
    assert_eq!(read(&denial, "session", "id"), Value::Null);
    fixture.mint(&agent, READ).await.expect(200);
}

/// The path of the tickets' resource.
async fn tickets(fixture: &Fixture<'_>) -> String {
    let listed = fixture.zone.admin("GET", "/resources", None).await.expect(200);
    let mut resources = listed.json["items"].as_array().expect("resources").iter();
    let found = resources.find(|resource| resource["identifier"] == TICKETS);
    let id = found.expect("the tickets")["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    format!("/resources/{id}")
}

async fn a_budget_that_is_used_up_and_a_resource_that_is_not_enforced_are_raised_and_enforced(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let limited = async |calls: u32| {
        let budget = json!({
            "resource": TICKETS, "method": "GET", "path": "/tickets", "per": "session", "calls": calls,
        });
        let policy = Document::of(&fixture.application).rule("budgets", &json!([budget]));
        fixture.zone.activate(&[policy.into()]).await;
    };
    limited(1).await;
    let agent = fixture.agent().await;
    let call = async || fixture.call(&fixture.mandate(&agent, READ).await).await;
    assert_passed(&call().await);
    let denial = gate(&fixture, call).await;
    let raise = json!({
        "change": "raise_budget", "resource": TICKETS, "operation": "/tickets", "limit": "calls",
    });
    assert_eq!(*change(&denial), raise);
    let budget = read(&denial, "budget", "/tickets");
    assert_eq!(
        (&budget["most"], &budget["used"]),
        (&json!("1"), &json!("1")),
        "{denial:#}"
    );
    // What is said once more is no more than it was.
    limited(1).await;
    call()
        .await
        .assert_refused(403, "access_denied", "budget_exhausted");
    limited(2).await;
    assert_passed(&call().await);
    call()
        .await
        .assert_refused(403, "access_denied", "budget_exhausted");

    // The same budget on a resource that takes operations beside those that it declares.
    limited(9).await;
    let path = tickets(&fixture).await;
    let enforcement = async |how: &str| {
        let body = json!({"operation_enforcement": how});
        fixture.zone.admin("PATCH", &path, Some(body)).await.expect(200);
    };
    enforcement("transport_uniform").await;
    let denial = gate(&fixture, call).await;
    assert_eq!(
        *change(&denial),
        json!({"change": "enforce_operations", "resource": TICKETS})
    );
    assert_eq!(
        read(&denial, "resource", "operation_enforcement"),
        "transport_uniform"
    );
    enforcement("enforced").await;
    assert_passed(&call().await);
}

async fn a_mandate_that_would_live_too_long_is_delegated_longer(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let delegated = async |seconds: u32| {
        let body = json!({
            "issuer_application_id": fixture.application.id, "receiver_application_id": fixture.application.id,
            "source_session_id": agent.source, "target_session_id": agent.session, "scopes": [READ],
            "constraints": {"resources": [TICKETS], "ttl_seconds": seconds}, "ttl_seconds": 900,
        });
        let made = fixture
            .zone
            .coordinate(&agent.lifecycle, "POST", "/delegations", Some(body))
            .await;
        Agent {
            delegation: made.expect(201).text_of("delegation_edge_id"),
            ..agent.clone()
        }
    };
    let mint = async |agent: &Agent, seconds: &str| {
        fixture.mint_with(agent, READ, &[("ttl_seconds", seconds)]).await
    };
    let short = delegated(60).await;
    let denial = gate(&fixture, async || mint(&short, "120").await).await;
    assert_eq!(
        *change(&denial),
        json!({"change": "raise_delegation_ttl", "seconds": 120})
    );
    let stands = read(&denial, "delegation", &short.delegation);
    assert_eq!(stands["constraints"]["ttl_seconds"], 60, "{denial:#}");
    // One second less is too little.
    let nearly = delegated(119).await;
    let refused = mint(&nearly, "120").await;
    refused.assert_refused(403, "access_denied", "delegation_ttl_exceeded");
    let enough = delegated(120).await;
    mint(&enough, "120").await.expect(200);
}

async fn a_credential_that_is_not_to_be_had_is_provided(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let path = tickets(&fixture).await;
    let provider = async |name: &str, kind: &str, config: Value| {
        let body = json!({"name": name, "kind": kind, "config_json": config});
        let made = fixture.zone.admin("POST", "/providers", Some(body)).await;
        made.expect(201).text_of("id")
    };
    let behind = async |provider: &str| {
        let body = json!({"credential_provider_id": provider});
        fixture.zone.admin("PATCH", &path, Some(body)).await.expect(200);
    };
    let bindings = json!([{"env": "TICKET_KEY", "resource": TICKETS, "scopes": [READ], "optional": false}]);
    let workload = fixture
        .zone
        .admin("POST", "/workloads", Some(json!({"name": "nightly"})));
    let workload = workload.await.expect(201);
    let (id, secret) = (workload.text_of("id"), workload.text_of("secret"));
    let body = json!({"bindings": bindings});
    fixture
        .zone
        .admin("PUT", &format!("/workloads/{id}"), Some(body))
        .await
        .expect(200);
    let launch = async || {
        let form = [("workload_id", &*id), ("secret", &*secret), ("env", "TICKET_KEY")];
        let request = fixture
            .zone
            .stack
            .request(Role::Sts, "POST", "/v1/run/credential");
        Reply::of(request.form(&form)).await
    };
    let provide = json!({"change": "provide_credential", "resource": TICKETS});

    // A provider that has none.
    let none = provider("none", "none", json!({})).await;
    behind(&none).await;
    let denial = gate(&fixture, launch).await;
    assert_eq!(denial["reason"], "credential_not_provisioned", "{denial:#}");
    assert_eq!(*change(&denial), provide);
    assert_eq!(read(&denial, "provider", &none)["kind"], "none", "{denial:#}");
    let config = json!({
        "auth_location": "header", "header_name": "X-Api-Key", "api_key": fixture.key,
        "allow_runtime_injection": true,
    });
    let key = provider("key", "api_key", config.clone()).await;
    behind(&key).await;
    assert_eq!(launch().await.expect(200).json["credential"], json!(fixture.key));

    // One that was put away.
    let away = format!("/providers/{key}");
    fixture.zone.admin("DELETE", &away, None).await.expect(204);
    let denial = gate(&fixture, launch).await;
    assert_eq!(denial["reason"], "provider_unavailable", "{denial:#}");
    assert_eq!(*change(&denial), provide);
    let again = provider("key again", "api_key", config).await;
    behind(&again).await;
    launch().await.expect(200);
}
