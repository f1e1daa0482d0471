//! The same over PostgreSQL and Redis.

use caracal_coordinator::CoordinatorConfig;
use caracal_testkit::parts::Backends;
use serde_json::json;

use crate::stack::Stack;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authority_is_lent_and_ends_with_its_session_over_postgresql_and_redis() {
    let stack = Stack::over(Backends::Production, CoordinatorConfig::default()).await;
    let app = stack.app().await;
    let (source, target) = (stack.task(&app).await, stack.service(&app).await);
    let lent = stack.delegate((&app, &source), (&app, &target), json!({})).await;
    let lent = lent.expect(201).text("delegation_edge_id");
    let ended = stack.delete(&format!("/agents/{source}"), &app.token).await;
    assert!(ended.status.is_success(), "{ended}");
    for gone in [&source, &lent] {
        assert!(stack.deps.revocations.is_revoked(gone), "in force once answered");
    }
    assert!(!stack.deps.revocations.is_revoked(&target));
    stack.parts.wait_in_sync().await;
    assert!(!stack.parts.events().await.is_empty(), "and on record");
}
