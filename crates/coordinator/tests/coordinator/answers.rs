//! Answers, read by the types that clients share.

use caracal_wire::{
    ErrorCode, Listing, Problem,
    coordinator::{
        Warning,
        delegations::{
            ActiveDelegation, DelegationCreated, DelegationItem, DelegationNode, DelegationRevoked,
            RevocationImpact,
        },
        sessions::{
            EffectiveAuthority, HeartbeatNoted, LeaseTaken, Resumed, SessionItem, SessionStarted, Suspended,
        },
    },
};
use http::Method;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use caracal_testkit::client::Answer;

use crate::stack::{OPERATOR, Stack};

/// The answer as a client's type, which holds all of it.
fn read<T: Serialize + DeserializeOwned>(answer: Answer, status: u16) -> T {
    let answer = answer.expect(status);
    let read: T = serde_json::from_value(answer.body.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), answer.body);
    read
}

#[tokio::test]
async fn answers_about_sessions_read_back_as_their_types() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let parent: SessionStarted = read(stack.start(&app, json!({"ttl_seconds": 60})).await, 201);
    let parent = parent.session.agent_session_id;
    let extra = json!({"ttl_seconds": 600, "labels": ["a"], "metadata": {"k": [1]}});
    let child: SessionStarted = read(stack.child(&app, parent.as_str(), extra).await, 201);
    assert_eq!(child.warnings, [Warning::TtlClampedToParent]);
    let child = child.session.agent_session_id;
    let one: SessionItem = read(stack.get(&format!("/agents/{child}"), &app.token).await, 200);
    let children = stack.get(&format!("/agents/{parent}/children"), &app.token).await;
    let children: Listing<SessionItem> = read(children, 200);
    assert_eq!(children.items, [one]);
    let all: Listing<SessionItem> = read(stack.get("/agents?limit=1", &app.token).await, 200);
    assert!(all.next_cursor.is_some());

    let paused: Suspended = read(
        stack
            .patch(&format!("/agents/{parent}/suspend"), &app.token)
            .await,
        200,
    );
    let resumed: Resumed = read(
        stack.patch(&format!("/agents/{parent}/resume"), &app.token).await,
        200,
    );
    assert_eq!((paused.suspended, resumed.resumed), (2, 2));

    let service = stack.service(&app).await;
    let lease = stack
        .call(
            Method::POST,
            &format!("/agents/{service}/lease"),
            &app.token,
            None,
        )
        .await;
    let LeaseTaken { lease_generation, .. } = read(lease, 200);
    let body = json!({"lease_generation": lease_generation});
    let noted: HeartbeatNoted = read(
        stack
            .post(&format!("/agents/{service}/heartbeat"), &app.token, body)
            .await,
        200,
    );
    assert_eq!(noted.agent.lease_generation, lease_generation);
}

#[tokio::test]
async fn answers_about_delegations_read_back_as_their_types() {
    let stack = Stack::new().await;
    let (a, b) = (stack.app().await, stack.app().await);
    let (source, target) = (stack.task(&a).await, stack.task(&b).await);
    let made = stack
        .delegate((&a, &source), (&b, &target), json!({"scopes": []}))
        .await;
    let made: DelegationCreated = read(made, 201);
    assert_eq!(made.warnings, [Warning::EmptyScopesCarryNoAuthority]);
    let id = made.delegation_edge_id;
    let one = format!("/delegations/inbound/{target}/{id}");
    let one: DelegationItem = read(stack.get(&one, &b.token).await, 200);
    let inbound = stack
        .get(&format!("/delegations/inbound/{target}"), &b.token)
        .await;
    let inbound: Listing<DelegationItem> = read(inbound, 200);
    assert_eq!(inbound.items, [one]);
    let active: Listing<ActiveDelegation> = read(stack.get("/delegations/active", &a.token).await, 200);
    assert_eq!(active.items.len(), 1);
    let held = stack
        .get(&format!("/agents/{target}/effective-authority"), &b.token)
        .await;
    let held: EffectiveAuthority = read(held, 200);
    assert_eq!(held.inbound_edges, inbound.items);

    let below = stack.get(&format!("/delegations/{id}/traverse"), OPERATOR).await;
    let below: Vec<DelegationNode> = read(below, 200);
    let impact = stack.get(&format!("/delegations/{id}/impact"), OPERATOR).await;
    let impact: RevocationImpact = read(impact, 200);
    assert_eq!(impact.affected_edges, below);
    let revoked = stack.patch(&format!("/delegations/{id}/revoke"), &a.token).await;
    let revoked: DelegationRevoked = read(revoked, 200);
    assert_eq!((revoked.revoked_edges, revoked.affected_sessions), (1, 1));
}

#[tokio::test]
async fn refusals_read_back_as_the_envelope() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let refused = stack.start(&app, json!({"ttl_seconds": 0})).await;
    let problem: Problem = read(refused, 400);
    assert_eq!(problem.error.parse(), Ok(ErrorCode::InvalidBody));
    assert_eq!(problem.request_id, problem.request_id_camel);
    assert!(problem.details.is_some() && problem.more.is_empty());
}
