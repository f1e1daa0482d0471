//! What ends with what, and who is told.

use std::{collections::BTreeMap, time::Duration};

use caracal_events::Topic;
use http::Method;
use serde_json::{Value, json};

use crate::stack::{App, OPERATOR, Stack};

type Fields = BTreeMap<String, String>;

fn anchors(events: &[Fields]) -> Vec<(&str, &str)> {
    let named = ["session_id", "agent_session_id", "delegation_edge_id"];
    let mut anchors: Vec<(&str, &str)> = events
        .iter()
        .flat_map(|event| event.iter().map(|(name, value)| (name.as_str(), value.as_str())))
        .filter(|(name, _)| named.contains(name))
        .collect();
    anchors.sort_unstable();
    anchors
}

async fn epoch(stack: &Stack) -> i64 {
    stack.read().await.delegations().epoch().await.unwrap()
}

/// a → b → c by delegation, and an unrelated delegation out of b's session.
struct Chain {
    stack: Stack,
    a: App,
    b: App,
    sessions: [String; 4],
    root: String,
    leaf: String,
    bystander: String,
}

impl Chain {
    async fn new() -> Self {
        let stack = Stack::new().await;
        let (a, b, c) = (stack.app().await, stack.app().await, stack.app().await);
        let sessions = [
            stack.task(&a).await,
            stack.task(&b).await,
            stack.task(&c).await,
            stack.task(&a).await,
        ];
        let [source, middle, last, other] = &sessions;
        let bound =
            |hops: u32| json!({"constraints": {"resources": [stack.resource.identifier], "max_hops": hops}});
        let root = stack
            .delegate((&a, source), (&b, middle), bound(3))
            .await
            .expect(201);
        let root = root.text("delegation_edge_id");
        let bystander = stack
            .delegate((&a, other), (&b, middle), bound(3))
            .await
            .expect(201);
        let bystander = bystander.text("delegation_edge_id");
        let mut narrowed = bound(2);
        narrowed["parent_edge_id"] = json!(root);
        let leaf = stack
            .delegate((&b, middle), (&c, last), narrowed)
            .await
            .expect(201);
        let leaf = leaf.text("delegation_edge_id");
        Self {
            stack,
            a,
            b,
            sessions,
            root,
            leaf,
            bystander,
        }
    }

    async fn status(&self, session: &str) -> String {
        self.stack
            .get(&format!("/agents/{session}"), OPERATOR)
            .await
            .expect(200)
            .text("status")
    }
}

#[tokio::test]
async fn revoking_follows_the_lineage_and_spares_sessions_and_bystanders() {
    let chain = Chain::new().await;
    let stack = &chain.stack;
    let before = epoch(stack).await;
    assert_eq!(before, 0, "handing authority on moves no epoch");
    let path = format!("/delegations/{}/revoke", chain.root);
    let (answer, events) = stack
        .parts
        .published(Topic::SessionsRevoke, stack.patch(&path, &chain.a.token))
        .await;
    let counts = json!({"revoked_edges": 2, "affected_sessions": 2, "terminated_sessions": 0});
    assert_eq!(answer.expect(200).body, counts);
    let mut ended = vec![
        ("delegation_edge_id", chain.root.as_str()),
        ("delegation_edge_id", chain.leaf.as_str()),
    ];
    ended.sort_unstable();
    assert_eq!(anchors(&events), ended, "no session and no record is named");
    assert_eq!(epoch(stack).await, 1);
    for id in [&chain.root, &chain.leaf] {
        assert!(stack.deps.revocations.is_revoked(id), "in force once answered");
    }
    assert!(!stack.deps.revocations.is_revoked(&chain.bystander));
    for session in &chain.sessions {
        assert_eq!(chain.status(session).await, "active");
        assert!(!stack.deps.revocations.is_revoked(session));
    }
    assert_eq!(
        stack.patch(&path, &chain.a.token).await.outcome(),
        (404, "delegation_not_found")
    );
}

#[tokio::test]
async fn revoking_ends_the_receiving_sessions_when_asked_to() {
    for by_query in [true, false] {
        let chain = Chain::new().await;
        let stack = &chain.stack;
        let path = format!("/delegations/{}/revoke", chain.leaf);
        let answer = if by_query {
            stack
                .patch(&format!("{path}?terminate_target=true"), OPERATOR)
                .await
        } else {
            stack
                .call(
                    Method::PATCH,
                    &path,
                    OPERATOR,
                    Some(json!({"terminate_target": true})),
                )
                .await
        };
        let counts = json!({"revoked_edges": 1, "affected_sessions": 1, "terminated_sessions": 1});
        assert_eq!(answer.expect(200).body, counts);
        let [source, middle, last, _] = &chain.sessions;
        assert_eq!(chain.status(last).await, "terminated");
        assert_eq!(
            (chain.status(source).await, chain.status(middle).await),
            ("active".into(), "active".into())
        );
    }
}

#[tokio::test]
async fn only_a_party_or_the_operator_revokes() {
    let chain = Chain::new().await;
    let stack = &chain.stack;
    let stranger = stack.app().await;
    let path = format!("/delegations/{}/revoke", chain.leaf);
    assert_eq!(
        stack.patch(&path, &stranger.token).await.outcome(),
        (403, "issuer_ownership_required")
    );
    assert_eq!(
        stack.patch(&path, &chain.a.token).await.outcome(),
        (403, "issuer_ownership_required")
    );
    assert_eq!(
        stack
            .patch("/delegations/ghost/revoke", &chain.a.token)
            .await
            .outcome(),
        (404, "delegation_not_found")
    );
    let declined = format!("/delegations/{}/revoke", chain.root);
    stack.patch(&declined, &chain.b.token).await.expect(200);
    let denied: Vec<_> = stack
        .parts
        .new_events()
        .await
        .into_iter()
        .filter(|event| event.decision == "deny")
        .collect();
    assert_eq!(denied.len(), 3);
    assert!(denied.iter().all(|event| event.event_type == "delegation_revoke"));
}

#[tokio::test]
async fn a_null_body_and_no_body_are_the_same() {
    let chain = Chain::new().await;
    let stack = &chain.stack;
    let path = format!("/delegations/{}/revoke", chain.leaf);
    stack
        .call(Method::PATCH, &path, &chain.b.token, Some(Value::Null))
        .await
        .expect(200);
    let session = stack.task(&chain.a).await;
    let path = format!("/agents/{session}");
    stack
        .call(Method::DELETE, &path, &chain.a.token, Some(Value::Null))
        .await
        .expect(204);
}

#[tokio::test]
async fn ending_a_session_takes_its_tree_and_its_delegations_along_and_tells_everyone() {
    let chain = Chain::new().await;
    let stack = &chain.stack;
    let middle = &chain.sessions[1];
    let without = json!({"parent_authority": "none"});
    let child = stack
        .child(&chain.b, middle, without)
        .await
        .expect(201)
        .text("agent_session_id");
    let path = format!("/agents/{middle}?reason=drill");
    let (answer, events) = stack
        .parts
        .published(Topic::SessionsRevoke, stack.delete(&path, &chain.b.token))
        .await;
    answer.expect(204);
    let mut ended = vec![
        ("agent_session_id", middle.as_str()),
        ("agent_session_id", child.as_str()),
        ("delegation_edge_id", chain.root.as_str()),
        ("delegation_edge_id", chain.leaf.as_str()),
        ("delegation_edge_id", chain.bystander.as_str()),
    ];
    ended.sort_unstable();
    assert_eq!(anchors(&events), ended, "the application's own record goes on");
    assert_eq!(epoch(stack).await, 1, "one step for all of them");
    for (_, id) in ended {
        assert!(stack.deps.revocations.is_revoked(id), "in force once answered");
    }
    let session = stack
        .get(&format!("/agents/{middle}"), OPERATOR)
        .await
        .expect(200);
    assert_eq!(
        (session.text("status"), session.text("termination_reason")),
        ("terminated".into(), "drill".into())
    );
    let child = stack.get(&format!("/agents/{child}"), OPERATOR).await.expect(200);
    assert_eq!(child.text("termination_reason"), "parent_terminated");
    stack.get("/agents", &chain.b.token).await.expect(200);
    let again = stack.delete(&format!("/agents/{middle}"), &chain.b.token).await;
    assert_eq!(again.outcome(), (404, "session_not_found"));
}

#[tokio::test]
async fn ending_a_session_without_delegations_moves_no_epoch() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let id = stack.task(&app).await;
    let path = format!("/agents/{id}");
    let (answer, events) = stack
        .parts
        .published(Topic::DelegationsInvalidate, stack.delete(&path, &app.token))
        .await;
    answer.expect(204);
    assert_eq!((events.len(), epoch(&stack).await), (0, 0));
}

#[tokio::test]
async fn a_persons_login_ends_with_the_last_session_that_hung_on_it() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let (person, proof) = stack.person(&app, "ada").await;
    let start = || async {
        let body = json!({"subject_token": proof});
        stack.start(&app, body).await.expect(201).text("agent_session_id")
    };
    let (first, second) = (start().await, start().await);
    let end = |id: String| {
        let stack = &stack;
        let token = app.token.clone();
        async move { stack.delete(&format!("/agents/{id}"), &token).await.expect(204) }
    };
    let (_, events) = stack.parts.published(Topic::SessionsRevoke, end(first)).await;
    assert!(
        events.iter().all(|event| !event.contains_key("session_id")),
        "another session still hangs on it"
    );
    assert!(!stack.deps.revocations.is_revoked(person.id.as_str()));
    let (_, events) = stack.parts.published(Topic::SessionsRevoke, end(second)).await;
    assert_eq!(events[0]["session_id"], person.id.as_str());
    assert!(stack.deps.revocations.is_revoked(person.id.as_str()));
    let record = stack
        .read()
        .await
        .authority_records()
        .get(&person.id)
        .await
        .unwrap()
        .unwrap();
    assert!(!record.is_live(stack.world.now()), "memory and storage agree");
}

#[tokio::test]
async fn a_pause_travels_as_a_pause_and_never_as_a_revocation() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let id = stack.task(&app).await;
    let pause = async {
        stack
            .patch(&format!("/agents/{id}/suspend"), &app.token)
            .await
            .expect(200);
        stack
            .patch(&format!("/agents/{id}/resume"), &app.token)
            .await
            .expect(200);
    };
    let ((), revoked) = stack.parts.published(Topic::SessionsRevoke, pause).await;
    assert!(revoked.is_empty());
    stack.advance(Duration::from_secs(1)).await;
    let path = format!("/agents/{id}/suspend");
    let pause = stack.patch(&path, &app.token);
    let (_, events) = stack.parts.published(Topic::AgentsLifecycle, pause).await;
    assert_eq!(
        (events[0]["event"].as_str(), events[0]["reason"].as_str()),
        ("suspend", "requested")
    );
}

#[tokio::test]
async fn only_the_owner_or_the_operator_ends_a_session() {
    let stack = Stack::new().await;
    let (app, other) = (stack.app().await, stack.app().await);
    let id = stack.task(&app).await;
    let path = format!("/agents/{id}");
    assert_eq!(
        stack.delete(&path, &other.token).await.outcome(),
        (403, "application_ownership_required")
    );
    for reason in ["", "%0Azone_id%3Dother", &"x".repeat(257)] {
        let answer = stack.delete(&format!("{path}?reason={reason}"), &app.token).await;
        assert_eq!(answer.outcome(), (400, "invalid_query"));
    }
    let answer = stack
        .call(
            Method::DELETE,
            &path,
            &app.token,
            Some(json!({"lease_generation": 0})),
        )
        .await;
    assert_eq!(answer.outcome(), (400, "invalid_body"));
    stack.delete(&path, OPERATOR).await.expect(204);
    let ends: Vec<_> = stack
        .parts
        .new_events()
        .await
        .into_iter()
        .filter(|event| event.event_type == "session_end")
        .collect();
    assert_eq!(
        ends.iter()
            .map(|event| event.decision.as_str())
            .collect::<Vec<_>>()
            .last(),
        Some(&"allow")
    );
    assert_eq!(ends.len(), 6, "every decision leaves one event");
}

#[tokio::test]
async fn a_change_leaves_its_administrative_record() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let id = stack.task(&app).await;
    stack.delete(&format!("/agents/{id}"), OPERATOR).await.expect(204);
    let mut work = stack.read().await;
    let page = caracal_storage::PageRequest::first(10);
    let rows = work
        .admin_audit()
        .list(&stack.zone, &Default::default(), &page)
        .await
        .unwrap()
        .items;
    let shapes: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.record.action.clone(),
                row.record.actor_name.clone().unwrap(),
                row.record.status_code,
            )
        })
        .collect();
    let zone = &stack.zone;
    assert!(shapes.contains(&(format!("POST /zones/{zone}/agents"), app.id.to_string(), 201)));
    assert!(shapes.contains(&(
        format!("DELETE /zones/{zone}/agents/{id}"),
        "caracal-operator".into(),
        204
    )));
    assert!(
        rows.iter()
            .all(|row| row.record.entity_id.as_deref() == Some(id.as_str()))
    );
}
