//! Budgets over several calls: shared by everybody below, never passed, and never charged for what is refused.

use caracal_core::{
    Operation,
    entity::{Delegation, HolderId, OperationEnforcement, Session},
};
use caracal_service::{Refusal, exchange::ExchangeGrant};
use caracal_storage::Access;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    approvals::decided,
    fixture::{Asked, Fixture, told},
    held_calls::{approval, asking, reason, search},
};

/// Puts a policy in force with one budget for searches.
async fn limit(fixture: &Fixture, budget: &Value) {
    limit_and(fixture, budget, "").await;
}

async fn limit_and(fixture: &Fixture, budget: &Value, more: &str) {
    let mut entry = json!({
        "resource": fixture.resource.identifier,
        "method": "MCP",
        "path": "tools/call:search",
        "per": "session",
    });
    entry
        .as_object_mut()
        .unwrap()
        .extend(budget.as_object().unwrap().clone());
    let budgets = json!([entry]);
    fixture
        .activate(&fixture.policy(&format!("budgets := {budgets}\n{more}")))
        .await;
}

/// Calls the tool in a session and under a delegation.
async fn call_in(
    fixture: &Fixture,
    (session, delegation): (&Session, &Delegation),
    arguments: Value,
) -> Result<ExchangeGrant, Refusal> {
    let minted = fixture
        .mint(&[
            ("agent_session_id", session.id.as_str()),
            ("delegation_edge_id", delegation.id.as_str()),
        ])
        .await;
    assert_eq!(minted.status, 200, "{}", minted.body);
    let token = minted.text("access_token");
    let claims = fixture.claims(&token).await;
    let asked = Asked {
        operation: &search(),
        arguments: Some(arguments),
        content: None,
        approval: None,
    };
    fixture
        .call((token, claims), &fixture.resource.identifier, asked)
        .await
}

async fn call(fixture: &Fixture, arguments: Value) -> Result<ExchangeGrant, Refusal> {
    call_in(fixture, (&fixture.target, &fixture.delegation), arguments).await
}

fn exhausted() -> (u16, String) {
    (403, String::from("budget_exhausted"))
}

/// Calls and millionths that a session or delegation used of its one budget.
async fn used(fixture: &Fixture, holder: HolderId) -> (i64, i64) {
    let mut work = fixture.work(Access::Read).await;
    let uses = work.budgets().used(&holder).await.unwrap();
    assert!(uses.len() <= 1, "{uses:?}");
    uses.first().map_or((0, 0), |used| (used.calls, used.amount))
}

fn of(session: &Session) -> HolderId {
    HolderId::Session(session.id.clone())
}

fn under(delegation: &Delegation) -> HolderId {
    HolderId::Delegation(delegation.id.clone())
}

#[tokio::test]
async fn calls_are_counted_up_to_their_limit() {
    let fixture = Fixture::new().await;
    limit(&fixture, &json!({ "calls": 2 })).await;
    for calls in 1..=2 {
        call(&fixture, json!({})).await.expect("within the budget");
        for session in [&fixture.source, &fixture.target] {
            assert_eq!(used(&fixture, of(session)).await, (calls, 0));
        }
    }
    let refusal = call(&fixture, json!({})).await.expect_err("used up");
    assert_eq!(told(&refusal), exhausted());
    let details = refusal.details().unwrap();
    assert_eq!(details["resource"], fixture.resource.identifier);
    let told = &details["explanation"];
    assert_eq!(
        (
            &told["operation"],
            &told["per"],
            &told["limit"],
            &told["most"],
            &told["used"]
        ),
        (
            &json!("tools/call:search"),
            &json!("session"),
            &json!("calls"),
            &json!("2"),
            &json!("2")
        )
    );
    let event = fixture.last_event().await;
    assert_eq!(
        (event.decision.as_str(), event.evaluation_status.as_str()),
        ("deny", "budget_exhausted")
    );
    assert_eq!(
        refusal.members["suggestion"]["changes"][0]["change"], "raise_budget",
        "{refusal:?}"
    );
    // A limit that is raised goes on from what was used.
    limit(&fixture, &json!({ "calls": 3 })).await;
    call(&fixture, json!({})).await.expect("one more than before");
    assert_eq!(reason(call(&fixture, json!({})).await), exhausted());
    assert_eq!(used(&fixture, of(&fixture.target)).await, (3, 0));
}

#[tokio::test]
async fn an_argument_adds_up_to_its_limit_exactly() {
    let fixture = Fixture::new().await;
    limit(&fixture, &json!({ "argument": "amount", "sum": 10 })).await;
    for amount in [json!(4), json!(5.9)] {
        call(&fixture, json!({ "amount": amount }))
            .await
            .expect("within the budget");
    }
    let refusal = call(&fixture, json!({ "amount": 0.100_001 }))
        .await
        .expect_err("too much");
    assert_eq!(told(&refusal), exhausted());
    let told = &refusal.details().unwrap()["explanation"];
    assert_eq!(
        (&told["limit"], &told["argument"], &told["most"], &told["used"]),
        (&json!("sum"), &json!("amount"), &json!("10"), &json!("9.9"))
    );
    for (arguments, why) in [
        (json!({}), "argument_out_of_bounds"),
        (json!({ "amount": -5 }), "argument_out_of_bounds"),
        (json!({ "amount": "0" }), "argument_out_of_bounds"),
        (json!({ "amount": 1e-9 }), "argument_out_of_bounds"),
        (
            json!({ "amount": 0.01, "Amount": 1000 }),
            "argument_out_of_bounds",
        ),
        (json!({ "amount": 1000 }), "budget_exhausted"),
    ] {
        assert_eq!(
            reason(call(&fixture, arguments.clone()).await).1,
            why,
            "{arguments}"
        );
    }
    assert_eq!(
        used(&fixture, of(&fixture.target)).await,
        (2, 9_900_000),
        "nothing is charged for a refusal"
    );
    call(&fixture, json!({ "amount": 0.1 }))
        .await
        .expect("what is left");
    call(&fixture, json!({ "amount": 0 }))
        .await
        .expect("nothing asks for nothing");
    assert_eq!(
        reason(call(&fixture, json!({ "amount": 0.000_001 })).await),
        exhausted()
    );
}

/// Another session of the application; its parent is the source.
async fn another(fixture: &Fixture, parent: Option<&Session>) -> Session {
    let mut session = fixture.given.session(&fixture.application, &fixture.record);
    session.labels = fixture.target.labels.clone();
    session.ttl_seconds = fixture.target.ttl_seconds;
    if let Some(parent) = parent {
        session.parent_id = Some(parent.id.clone());
        session.depth = parent.depth + 1;
    }
    fixture
        .store(async |work| work.sessions().create(&session).await.unwrap())
        .await;
    session
}

async fn delegated(fixture: &Fixture, delegation: Delegation) -> Delegation {
    fixture
        .store(async |work| {
            work.delegations().create(&delegation).await.unwrap();
            work.delegations().advance_epoch(fixture.now()).await.unwrap();
        })
        .await;
    delegation
}

#[tokio::test]
async fn nobody_below_has_what_somebody_above_used_up() {
    let fixture = Fixture::new().await;
    // Two that have from one; one of them hands on; and a child without a word from its parent's delegation.
    let sibling = another(&fixture, None).await;
    let to_sibling = fixture.given.delegation(&fixture.source, &sibling);
    let mut edge = fixture.given.narrowed(&fixture.delegation, &sibling);
    edge.id = to_sibling.id;
    edge.source_session_id = fixture.source.id.clone();
    edge.parent_edge_id = None;
    let to_sibling = delegated(&fixture, edge).await;
    let child = another(&fixture, Some(&sibling)).await;
    let mut to_child = fixture.given.narrowed(&fixture.delegation, &child);
    to_child.source_session_id = fixture.source.id.clone();
    to_child.parent_edge_id = None;
    let to_child = delegated(&fixture, to_child).await;

    limit(&fixture, &json!({ "calls": 3 })).await;
    call(&fixture, json!({})).await.expect("the first");
    call_in(&fixture, (&sibling, &to_sibling), json!({}))
        .await
        .expect("the second");
    call_in(&fixture, (&child, &to_child), json!({}))
        .await
        .expect("the third");
    assert_eq!(used(&fixture, of(&fixture.source)).await, (3, 0));
    assert_eq!(used(&fixture, of(&fixture.target)).await, (1, 0));
    assert_eq!(
        used(&fixture, of(&sibling)).await,
        (2, 0),
        "what its child does is its work as well"
    );
    assert_eq!(used(&fixture, of(&child)).await, (1, 0));
    for (session, edge) in [
        (&fixture.target, &fixture.delegation),
        (&sibling, &to_sibling),
        (&child, &to_child),
    ] {
        assert_eq!(
            reason(call_in(&fixture, (session, edge), json!({})).await),
            exhausted()
        );
    }
    assert_eq!(
        used(&fixture, of(&child)).await,
        (1, 0),
        "of several budgets none is charged where one is used up"
    );

    limit(&fixture, &json!({ "calls": 1, "per": "delegation" })).await;
    call(&fixture, json!({})).await.expect("one");
    assert_eq!(reason(call(&fixture, json!({})).await), exhausted());
    call_in(&fixture, (&sibling, &to_sibling), json!({}))
        .await
        .expect("a delegation of its own");
    assert_eq!(used(&fixture, under(&fixture.delegation)).await, (1, 0));
    assert_eq!(used(&fixture, under(&to_sibling)).await, (1, 0));
}

#[tokio::test]
async fn of_16_calls_at_a_time_as_many_pass_as_there_is_room_for() {
    let fixture = Fixture::new().await;
    limit(&fixture, &json!({ "calls": 5, "argument": "amount", "sum": 100 })).await;
    let mut mandates = Vec::new();
    for _ in 0..16 {
        mandates.push(fixture.mandate().await);
    }
    let fixture = std::sync::Arc::new(fixture);
    let mut calls = JoinSet::new();
    for mandate in mandates {
        let fixture = fixture.clone();
        calls.spawn(async move {
            let asked = Asked {
                operation: &search(),
                arguments: Some(json!({ "amount": 2 })),
                content: None,
                approval: None,
            };
            fixture
                .call(mandate, &fixture.resource.identifier, asked)
                .await
                .map(|_| ())
        });
    }
    let outcomes = calls.join_all().await;
    let refused: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| outcome.as_ref().err())
        .map(told)
        .collect();
    assert_eq!(refused, vec![exhausted(); 11]);
    assert_eq!(used(&fixture, of(&fixture.source)).await, (5, 10_000_000));
}

#[tokio::test]
async fn a_call_that_a_person_approved_needs_its_budget_too() {
    let fixture = Fixture::new().await;
    let risk = json!([{
        "resource": fixture.resource.identifier, "method": "MCP", "path": "tools/call:search", "tier": "calls",
    }]);
    let gated = format!("operation_risk := {risk}\napproval_tiers := [{{\"tier\": \"calls\"}}]");
    limit_and(&fixture, &json!({ "calls": 1 }), &gated).await;
    let ask = async |question: &str, approval: Option<&str>| {
        let arguments = json!({ "q": question });
        let body = json!({ "name": "search", "arguments": arguments });
        let asked = Asked {
            operation: &search(),
            arguments: Some(arguments),
            content: asking(body),
            approval,
        };
        let mandate = fixture.mandate().await;
        fixture.call(mandate, &fixture.resource.identifier, asked).await
    };
    let held = async |question: &str| {
        let refusal = ask(question, None).await.expect_err("held");
        assert_eq!(told(&refusal), (401, String::from("approval_required")));
        refusal.members["approval_id"].as_str().unwrap().to_owned()
    };
    let (one, two) = (held("one").await, held("two").await);
    assert_eq!(
        used(&fixture, of(&fixture.target)).await,
        (0, 0),
        "what waits uses nothing"
    );
    for id in [&one, &two] {
        decided(&fixture, id, true).await;
    }
    ask("one", Some(&one)).await.expect("released");
    assert_eq!(reason(ask("two", Some(&two)).await), exhausted());
    assert_eq!(
        reason(ask("three", None).await),
        exhausted(),
        "nobody is asked in vain"
    );
    assert_eq!(
        approval(&fixture, &two).await.consumed_at,
        None,
        "an approval is not used up by a call that was refused"
    );
    assert_eq!(used(&fixture, of(&fixture.target)).await, (1, 0));
}

#[tokio::test]
async fn where_calls_are_counted_what_could_be_one_by_another_name_is_none() {
    let fixture = Fixture::new().await;
    limit(&fixture, &json!({ "calls": 5 })).await;
    let ask = async |operation: Operation, arguments: Option<Value>| {
        let asked = Asked {
            operation: &operation,
            arguments,
            content: None,
            approval: None,
        };
        let mandate = fixture.mandate().await;
        fixture.call(mandate, &fixture.resource.identifier, asked).await
    };
    let tickets = |method: &str| Operation::Http {
        method: method.to_owned(),
        path: String::from("/tickets"),
    };
    ask(tickets("GET"), None).await.expect("nothing that is counted");
    assert_eq!(used(&fixture, of(&fixture.target)).await, (0, 0));
    ask(search(), None).await.expect("no argument is asked for");

    let mut resource = fixture.resource.clone();
    resource.operation_enforcement = OperationEnforcement::TransportUniform;
    fixture
        .store(async |work| {
            assert!(work.resources().update(&resource).await.unwrap());
        })
        .await;
    fixture.parts.zones.reload(&fixture.zone.id).await.unwrap();
    for operation in [search(), tickets("POST"), tickets("GET")] {
        assert_eq!(reason(ask(operation, None).await).1, "operations_not_enforced");
    }
}
