//! What cannot be proven is not done.

use caracal_core::{SessionId, audit::AuditEvent};
use caracal_service::front::Record;
use caracal_storage::Access;
use http::Method;
use serde_json::{Value, json};

use crate::stack::{OPERATOR, Stack, start_body};

/// Fills the spool to its bound.
fn fill(stack: &Stack) {
    for size in [64 * 1024, 1024, 16] {
        let filler = json!({ "filler": "x".repeat(size) });
        let event = || {
            AuditEvent::new(&stack.world, stack.zone.clone(), "filler", "", "allow").with_metadata(&filler)
        };
        while stack.deps.spool.append(&[event()]).is_ok() {}
    }
}

#[tokio::test]
async fn without_room_for_evidence_nothing_changes() {
    let stack = Stack::new().await;
    let (a, b) = (stack.app().await, stack.app().await);
    let (source, target) = (stack.task(&a).await, stack.task(&b).await);
    let edge = stack
        .delegate((&a, &source), (&b, &target), json!({}))
        .await
        .expect(201);
    let edge = edge.text("delegation_edge_id");
    stack.parts.stop_collecting().await;
    fill(&stack);
    let refused = [
        stack.start(&a, json!({})).await,
        stack.delegate((&a, &source), (&b, &target), json!({})).await,
        stack
            .patch(&format!("/delegations/{edge}/revoke"), &a.token)
            .await,
        stack.delete(&format!("/agents/{target}"), &b.token).await,
    ];
    for answer in refused {
        assert_eq!(answer.outcome(), (503, "audit_unavailable"));
        assert!(answer.headers.contains_key("retry-after"));
    }
    let sessions = stack.get("/agents", &a.token).await.expect(200);
    assert_eq!(sessions.body["items"].as_array().unwrap().len(), 1);
    let held = stack
        .get(&format!("/delegations/inbound/{target}"), &b.token)
        .await
        .expect(200);
    assert_eq!(held.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(held.body["items"][0]["status"], "active");
    assert!(!stack.deps.revocations.is_revoked(&target) && !stack.deps.revocations.is_revoked(&edge));
    // Refusals need no room.
    assert_eq!(
        stack.start(&a, json!({"parent_id": "ghost"})).await.outcome(),
        (404, "parent_not_found")
    );
}

#[tokio::test]
async fn of_an_id_that_could_be_none_of_ours_the_evidence_of_a_refusal_keeps_the_length() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let source = stack.task(&app).await;
    let unknown = SessionId::generate(&stack.world).to_string();
    stack.parts.new_events().await;
    let secret = "a-key-of-another-service-0123456789abcde";
    for path in ["/agents", "/delegations"] {
        let (path, method) = match path {
            "/agents" => (format!("{path}/{secret}"), Method::DELETE),
            _ => (format!("{path}/{secret}/revoke"), Method::PATCH),
        };
        let answer = stack.call(method, &path, &app.token, None).await;
        assert_eq!(answer.status, 404, "{}", answer.text);
    }
    stack.start(&app, json!({"parent_id": secret})).await.expect(404);
    let events = stack.parts.new_events().await;
    assert_eq!(events.len(), 3);
    for event in &events {
        let metadata = event.metadata_json.as_ref().unwrap().get();
        assert_eq!(event.decision, "deny");
        assert!(
            metadata.contains("\"invalid_id:40\"") && !metadata.contains(secret),
            "{metadata}"
        );
        assert!(!serde_json::to_string(event).unwrap().contains(secret));
    }
    // What could be one is looked for by it, and what is there is known.
    stack
        .delete(&format!("/agents/{unknown}"), &app.token)
        .await
        .expect(404);
    let refused = stack.delegate((&app, &source), (&app, &unknown), json!({})).await;
    assert!(refused.status.is_client_error(), "{}", refused.text);
    let events = stack.parts.new_events().await;
    let said = |at: usize, id: &str| events[at].metadata_json.as_ref().unwrap().get().contains(id);
    assert!(
        said(0, &unknown) && said(1, &source) && said(1, &unknown),
        "{events:?}"
    );
}

/// Rows of every administrative chain.
async fn administrative_rows(stack: &Stack) -> i64 {
    let mut work = stack.deps.store.global(Access::Read).await.unwrap();
    let set = work.chains().set().await.unwrap();
    let administrative = set.chains.iter().filter(|chain| chain.log.is_administrative());
    administrative.map(|chain| chain.head.chain_seq).sum()
}

/// A request of the route that is allowed: path below the zone, bearer, body.
async fn allowed(stack: &Stack, name: &str) -> (String, String, Option<Value>) {
    let (a, b) = (stack.app().await, stack.app().await);
    let (source, target) = (stack.task(&a).await, stack.task(&b).await);
    let service = stack.service(&a).await;
    let edge = stack.delegate((&a, &source), (&b, &target), json!({})).await;
    let edge = edge.expect(201).text("delegation_edge_id");
    let (mut token, mut body) = (a.token.clone(), None);
    let path = match name {
        "session.start" => {
            body = Some(start_body(&a, json!({})));
            String::from("/agents")
        }
        "session.list" => String::from("/agents"),
        "session.get" | "session.end" => format!("/agents/{source}"),
        "session.children" => format!("/agents/{source}/children"),
        "session.effective_authority" => format!("/agents/{source}/effective-authority"),
        "session.suspend" => format!("/agents/{source}/suspend"),
        "session.resume" => {
            stack
                .patch(&format!("/agents/{source}/suspend"), &a.token)
                .await
                .expect(200);
            format!("/agents/{source}/resume")
        }
        "session.lease" => format!("/agents/{service}/lease"),
        "session.heartbeat" => {
            body = Some(json!({"lease_generation": 1}));
            format!("/agents/{service}/heartbeat")
        }
        "delegation.create" => {
            body = Some(json!({
                "source_session_id": source, "target_session_id": target,
                "issuer_application_id": a.id, "receiver_application_id": b.id,
                "scopes": ["weather:read"], "constraints": {"resources": [stack.resource.identifier]},
                "ttl_seconds": 600,
            }));
            String::from("/delegations")
        }
        "delegation.active" => String::from("/delegations/active"),
        "delegation.inbound" => {
            token = b.token;
            format!("/delegations/inbound/{target}")
        }
        "delegation.inbound_one" => format!("/delegations/inbound/{target}/{edge}"),
        "delegation.outbound" => format!("/delegations/outbound/{source}"),
        "delegation.traverse" | "delegation.impact" => {
            OPERATOR.clone_into(&mut token);
            let (_, verb) = name.split_once('.').unwrap();
            format!("/delegations/{edge}/{verb}")
        }
        "delegation.revoke" => format!("/delegations/{edge}/revoke"),
        other => panic!("the walk knows no request of {other}"),
    };
    (path, token, body)
}

#[tokio::test]
async fn every_route_leaves_the_evidence_that_it_declares_allowed_and_refused() {
    let stack = Stack::new().await;
    // Proved, and not admitted to anything.
    let app = stack.app().await;
    let mut claims = stack.claims(&app.record);
    claims.scope = Some(String::from("nothing:here"));
    let stranger = stack.sign(&claims);
    for route in caracal_coordinator::table() {
        let (path, token, body) = allowed(&stack, route.capability).await;
        let method: Method = route.method.parse().unwrap();
        for (token, decision, record) in [
            (&stranger, "deny", route.evidence.refused),
            (&token, "allow", route.evidence.allowed),
        ] {
            let what = format!("{} {decision}", route.capability);
            stack.parts.new_events().await;
            let before = administrative_rows(&stack).await;
            let answer = stack.call(method.clone(), &path, token, body.clone()).await;
            assert_eq!(
                answer.status.is_success(),
                decision == "allow",
                "{what}: {answer:?}"
            );
            let events = match record {
                Record::Ledger(_) => stack.parts.next_events(1).await,
                Record::Nowhere | Record::Administration => stack.parts.new_events().await,
            };
            let told: Vec<_> = events
                .iter()
                .map(|event| (event.event_type.as_str(), event.decision.as_str()))
                .collect();
            let rows = administrative_rows(&stack).await - before;
            match record {
                Record::Nowhere => assert_eq!((told.len(), rows), (0, 0), "{what}: {told:?}"),
                Record::Administration => assert_eq!((told.len(), rows), (0, 1), "{what}: {told:?}"),
                // What was changed by a decision is in the administrative audit as well.
                Record::Ledger(event_type) => {
                    assert_eq!(told, [(event_type.as_str(), decision)], "{what}");
                    assert_eq!(rows, i64::from(decision == "allow"), "{what}");
                }
            }
        }
    }
}
