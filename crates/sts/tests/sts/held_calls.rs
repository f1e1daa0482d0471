//! Calls that wait for a person: held for exactly what they carry, released once.

use std::{collections::BTreeSet, time::Duration};

use axum::http::Method;
use caracal_core::{
    ApprovalId, CallBody, CallContent, Operation, Shown,
    claims::MandateClaims,
    entity::{Approval, OperationEnforcement},
};
use caracal_lifecycle::approvals::{EvidenceWriter, withdraw};
use caracal_service::{
    Refusal,
    exchange::{ExchangeGrant, asks_for_content},
};
use caracal_storage::Access;
use serde_json::{Value, json};

use crate::{
    approvals::decided,
    fixture::{Asked, Fixture, told},
};

/// Policy documents under which a search and the tickets need a person.
fn gated(fixture: &Fixture, tier: &str) -> String {
    let resource = &fixture.resource.identifier;
    let entry = |method: &str, path: &str| json!({"resource": resource, "method": method, "path": path, "tier": "calls"});
    let risk = json!([entry("MCP", "tools/call:search"), entry("GET", "/tickets")]);
    fixture.policy(&format!("operation_risk := {risk}\napproval_tiers := [{tier}]"))
}

async fn stage(tier: &str) -> Fixture {
    let fixture = Fixture::new().await;
    fixture.activate(&gated(&fixture, tier)).await;
    fixture
}

const TIER: &str = r#"{"tier": "calls", "ttl_seconds": 600}"#;

pub(crate) fn search() -> Operation {
    Operation::Mcp {
        call: String::from("tools/call:search"),
    }
}

fn tickets() -> Operation {
    Operation::Http {
        method: String::from("GET"),
        path: String::from("/tickets"),
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a call is asked about with what it carries, or without"
)]
pub(crate) fn asking(value: Value) -> Option<CallContent> {
    Some(CallContent {
        query: None,
        media_type: Some(String::from("application/json")),
        body: CallBody::Json(value),
    })
}

/// Asks as a Gateway of the same process does, with a mandate that was never presented.
async fn ask(
    fixture: &Fixture,
    operation: &Operation,
    content: Option<CallContent>,
    approval: Option<&str>,
) -> Result<ExchangeGrant, Refusal> {
    let (token, claims) = fixture.mandate().await;
    ask_with(
        fixture,
        (token, claims),
        &fixture.resource.identifier,
        operation,
        content,
        approval,
    )
    .await
}

async fn ask_with(
    fixture: &Fixture,
    (token, claims): (String, MandateClaims),
    resource: &str,
    operation: &Operation,
    content: Option<CallContent>,
    approval: Option<&str>,
) -> Result<ExchangeGrant, Refusal> {
    let asked = Asked {
        operation,
        arguments: None,
        content,
        approval,
    };
    fixture.call((token, claims), resource, asked).await
}

pub(crate) fn reason(answer: Result<ExchangeGrant, Refusal>) -> (u16, String) {
    told(&answer.expect_err("refused"))
}

/// Asks, is held, and gives the approval's id.
async fn held(fixture: &Fixture, operation: &Operation, content: Option<CallContent>) -> String {
    let refusal = ask(fixture, operation, content, None).await.expect_err("held");
    assert_eq!(
        told(&refusal),
        (401, String::from("approval_required")),
        "{refusal:?}"
    );
    refusal.members["approval_id"].as_str().unwrap().to_owned()
}

pub(crate) async fn approval(fixture: &Fixture, id: &str) -> Approval {
    let mut work = fixture.work(Access::Read).await;
    let id = ApprovalId::parse(id).unwrap();
    work.approvals().get(&id).await.unwrap().unwrap()
}

fn whose(count: u32) -> Value {
    json!({"name": "search", "arguments": {"q": "who is Anna", "count": count}})
}

#[tokio::test]
async fn a_call_is_held_for_what_it_carries_and_released_once() {
    let fixture = stage(TIER).await;
    let before = fixture.parts.events().await.len();
    // First the Gateway is asked what is in it, which is no decision.
    let unread = ask(&fixture, &search(), None, None).await.expect_err("not read");
    assert!(asks_for_content(&unread), "{unread:?}");
    let refusal = ask(&fixture, &search(), asking(whose(5)), None)
        .await
        .expect_err("held");
    assert!(!asks_for_content(&refusal));
    let id = refusal.members["approval_id"].as_str().unwrap().to_owned();
    let wait = refusal.members["approval_wait_url"].as_str().unwrap();
    assert!(wait.ends_with(&format!("/approvals/{id}?wait=25")), "{wait}");
    assert_eq!(refusal.members["tier"], "calls");
    // Two mints and the one decision.
    let mut events = fixture.parts.events().await;
    events.retain(|event| event.event_type.as_str() == "token_exchange");
    assert_eq!(events.len(), before + 3);
    let last = events.last().unwrap();
    assert_eq!(
        (last.decision.as_str(), last.evaluation_status.as_str()),
        ("deny", "approval_pending")
    );
    // Asking again, with or without naming it, is the same question.
    assert_eq!(held(&fixture, &search(), asking(whose(5))).await, id);
    let named = ask(&fixture, &search(), asking(whose(5)), Some(&id)).await;
    assert_eq!(reason(named), (401, String::from("approval_required")));

    let call = approval(&fixture, &id).await.call.unwrap();
    assert_eq!(
        (call.call.as_deref(), call.shown),
        (Some("tools/call:search"), Shown::Whole)
    );
    assert_eq!(call.arguments, Some(whose(5)));

    decided(&fixture, &id, true).await;
    // Another argument is another call, whoever names which approval.
    let changed = ask(&fixture, &search(), asking(whose(6)), Some(&id)).await;
    assert_eq!(
        reason(changed),
        (401, String::from("approval_of_other_arguments"))
    );
    assert_ne!(held(&fixture, &search(), asking(whose(6))).await, id);
    assert_eq!(approval(&fixture, &id).await.consumed_at, None);
    // However it is written, the same is the same.
    let same =
        serde_json::from_str(r#"{"arguments": {"count": 5.0, "q": "who is \u0041nna"}, "name": "search"}"#);
    ask(&fixture, &search(), asking(same.unwrap()), None)
        .await
        .expect("released");
    let event = fixture.last_exchange().await;
    let metadata: Value = serde_json::from_str(event.metadata_json.as_ref().unwrap().get()).unwrap();
    assert_eq!(
        (event.decision.as_str(), &metadata["challenge_id"]),
        ("allow", &json!(id))
    );
    let policy = fixture.state().await.policy_in_force().clone();
    assert!(caracal_authz::record::replay(&event, &policy).unwrap().is_some());
    let again = ask(&fixture, &search(), asking(whose(5)), Some(&id)).await;
    assert_eq!(reason(again), (409, String::from("approval_already_consumed")));
    assert_ne!(
        held(&fixture, &search(), asking(whose(5))).await,
        id,
        "the next one is asked anew"
    );

    // What it carried is nowhere in evidence; by which mandate it was used is.
    fixture.parts.wait_in_sync().await;
    let events = fixture.parts.events().await;
    let texts: Vec<String> = events
        .iter()
        .map(|event| serde_json::to_string(event).unwrap())
        .collect();
    assert!(texts.iter().all(|text| !text.contains("Anna")), "{texts:#?}");
    let used = events
        .iter()
        .find(|event| event.event_type.as_str() == "step_up_consumed")
        .unwrap();
    let used: Value = serde_json::from_str(used.metadata_json.as_ref().unwrap().get()).unwrap();
    assert!(
        used["jti"].is_string() && used["call"] == "tools/call:search",
        "{used}"
    );
}

#[tokio::test]
async fn what_an_approval_is_not_for_is_said() {
    let fixture = stage(TIER).await;
    let id = held(&fixture, &search(), asking(whose(5))).await;
    decided(&fixture, &id, true).await;
    let presented =
        async |operation: &Operation, content| reason(ask(&fixture, operation, content, Some(&id)).await);
    let empty = || CallContent {
        query: None,
        media_type: None,
        body: CallBody::Empty,
    };
    assert_eq!(
        presented(&tickets(), Some(empty())).await.1,
        "approval_of_other_operation"
    );
    for changed in [json!({"name": "search"}), json!({"Name": "search"}), json!(null)] {
        assert_eq!(
            presented(&search(), asking(changed)).await.1,
            "approval_of_other_arguments"
        );
    }
    let queried = CallContent {
        query: Some(String::from("x=1")),
        ..asking(whose(5)).unwrap()
    };
    assert_eq!(
        presented(&search(), Some(queried)).await.1,
        "approval_of_other_arguments"
    );

    // Another resource that is the same but for its name.
    let mut other = fixture.resource.clone();
    other.id = fixture.given.resource(&fixture.provider).id;
    other.identifier = String::from("resource://other");
    let mut elsewhere = fixture.given.session(&fixture.application, &fixture.record);
    elsewhere.labels = vec!["reader".into()];
    elsewhere.ttl_seconds = Some(3600);
    let mut delegation = fixture.given.delegation(&fixture.source, &elsewhere);
    delegation.scopes = fixture.delegation.scopes.clone();
    delegation.resource_id = Some(fixture.resource.id.clone());
    delegation.constraints = fixture.delegation.constraints.clone();
    delegation.expires_at = fixture.delegation.expires_at;
    fixture
        .store(async |work| {
            work.resources().create(&other).await.unwrap();
            work.sessions().create(&elsewhere).await.unwrap();
            work.delegations().create(&delegation).await.unwrap();
        })
        .await;
    let minted = fixture
        .mint(&[
            ("agent_session_id", elsewhere.id.as_str()),
            ("delegation_edge_id", delegation.id.as_str()),
        ])
        .await
        .expect(200);
    let token = minted["access_token"].as_str().unwrap().to_owned();
    let claims = fixture.claims(&token).await;
    let resource = &fixture.resource.identifier;
    let answer = ask_with(
        &fixture,
        (token, claims),
        resource,
        &search(),
        asking(whose(5)),
        Some(&id),
    )
    .await;
    assert_eq!(reason(answer), (401, String::from("approval_of_other_session")));

    // None of it used it up.
    ask(&fixture, &search(), asking(whose(5)), Some(&id))
        .await
        .expect("released");
    // What is for something else altogether tells nothing.
    let unknown = "01890a5d-ac96-474b-8cce-b302099a8057";
    let answer = ask(&fixture, &search(), asking(whose(5)), Some(unknown)).await;
    assert_eq!(reason(answer).1, "approval_invalid");
    // Nor does a policy that changed release what was asked under the one before.
    let id = held(&fixture, &search(), asking(whose(7))).await;
    decided(&fixture, &id, true).await;
    fixture
        .activate(&gated(&fixture, r#"{"tier": "calls", "ttl_seconds": 601}"#))
        .await;
    let answer = ask(&fixture, &search(), asking(whose(7)), Some(&id)).await;
    assert_eq!(reason(answer), (401, String::from("approval_of_other_policy")));
    // What needs nobody any more is not asked about.
    fixture.activate(&fixture.policy("")).await;
    ask(&fixture, &search(), None, Some(&id)).await.expect("allowed");
    fixture
        .activate(&fixture.policy("restrict := [\"incident\"]"))
        .await;
    assert_eq!(fixture.mint(&[]).await.body["reason"], "restriction_active");
}

#[tokio::test]
async fn a_no_a_yes_taken_back_and_an_end_release_nothing() {
    let fixture = stage(TIER).await;
    let rejected = held(&fixture, &search(), asking(whose(1))).await;
    decided(&fixture, &rejected, false).await;
    let answer = ask(&fixture, &search(), asking(whose(1)), None).await;
    assert_eq!(reason(answer), (403, String::from("approval_rejected")));

    let withdrawn = held(&fixture, &search(), asking(whose(2))).await;
    decided(&fixture, &withdrawn, true).await;
    let witness = EvidenceWriter {
        world: &fixture.parts.world,
        keys: Some(&fixture.parts.audit_key),
        request_id: "req-withdraw",
    };
    let mut work = fixture.work(Access::Write).await;
    let id = ApprovalId::parse(&withdrawn).unwrap();
    withdraw(work.as_mut(), &witness, &id, "admin:2", Some("thought again"))
        .await
        .unwrap();
    work.commit().await.unwrap();
    for named in [None, Some(withdrawn.as_str())] {
        let answer = ask(&fixture, &search(), asking(whose(2)), named).await;
        assert_eq!(reason(answer), (403, String::from("approval_withdrawn")));
    }
    let status = fixture
        .client
        .call(Method::GET, &format!("/approvals/{withdrawn}"))
        .send()
        .await;
    assert_eq!(status.expect(200)["state"], "rejected");

    let late = held(&fixture, &search(), asking(whose(3))).await;
    decided(&fixture, &late, true).await;
    fixture.parts.pass(Duration::from_secs(601)).await;
    let answer = ask(&fixture, &search(), asking(whose(3)), Some(&late)).await;
    assert_eq!(reason(answer), (401, String::from("approval_expired")));
    assert_ne!(held(&fixture, &search(), asking(whose(3))).await, late);
}

#[tokio::test]
async fn of_64_rivals_for_one_release_exactly_one_goes_on() {
    let fixture = stage(TIER).await;
    let id = held(&fixture, &search(), asking(whose(5))).await;
    decided(&fixture, &id, true).await;
    let mut mandates = Vec::new();
    for _ in 0..64 {
        mandates.push(fixture.mandate().await);
    }
    let (operation, resource) = (search(), fixture.resource.identifier.clone());
    let rivals = mandates.into_iter().map(|mandate| {
        ask_with(
            &fixture,
            mandate,
            &resource,
            &operation,
            asking(whose(5)),
            Some(&id),
        )
    });
    let answers = futures_util::future::join_all(rivals).await;
    let passed = answers.iter().filter(|answer| answer.is_ok()).count();
    let reasons: BTreeSet<_> = answers
        .iter()
        .filter_map(|answer| answer.as_ref().err())
        .map(told)
        .collect();
    assert_eq!(passed, 1, "{reasons:?}");
    let used = (409, String::from("approval_already_consumed"));
    assert!(reasons.contains(&used), "{reasons:?}");
}

#[tokio::test]
async fn whoever_decides_sees_no_more_than_the_tier_lets_be_seen() {
    for (privacy, shown, arguments) in [
        ("identified", Shown::Whole, Some(whose(5))),
        (
            "pseudonymous",
            Shown::Names,
            Some(json!({"name": "text", "arguments": {"q": "text", "count": "number"}})),
        ),
        ("anonymous", Shown::Nothing, None),
    ] {
        let fixture = stage(&format!(r#"{{"tier": "calls", "privacy": "{privacy}"}}"#)).await;
        let id = held(&fixture, &search(), asking(whose(5))).await;
        let call = approval(&fixture, &id).await.call.unwrap();
        assert_eq!(
            (call.shown, call.arguments.clone()),
            (shown, arguments),
            "{privacy}"
        );
        assert_eq!(call.digest.len(), 64);
        let rest = serde_json::to_string(&approval(&fixture, &id).await.metadata).unwrap();
        assert!(!rest.contains("Anna"), "{rest}");
        // It is held to all of it nevertheless.
        decided(&fixture, &id, true).await;
        let changed = ask(&fixture, &search(), asking(whose(6)), Some(&id)).await;
        assert_eq!(reason(changed).1, "approval_of_other_arguments");
        ask(&fixture, &search(), asking(whose(5)), Some(&id))
            .await
            .expect("released");
    }
}

#[tokio::test]
async fn what_may_be_called_by_another_name_is_not_called_at_all() {
    let fixture = stage(TIER).await;
    let mut uniform = fixture.resource.clone();
    uniform.operation_enforcement = OperationEnforcement::TransportUniform;
    fixture
        .store(async |work| {
            work.resources().update(&uniform).await.unwrap();
        })
        .await;
    let other = Operation::Http {
        method: String::from("GET"),
        path: String::from("/other"),
    };
    for operation in [search(), tickets(), other] {
        let answer = ask(&fixture, &operation, None, None).await;
        assert_eq!(reason(answer), (403, String::from("operations_not_enforced")));
        assert_eq!(
            fixture.last_exchange().await.evaluation_status,
            "operations_not_enforced"
        );
    }
}
