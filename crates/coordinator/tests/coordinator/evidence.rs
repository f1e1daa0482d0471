//! What cannot be proven is not done.

use caracal_core::audit::AuditEvent;
use serde_json::json;

use crate::stack::Stack;

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
