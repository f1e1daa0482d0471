//! Starting sessions.

use std::time::Duration;

use caracal_core::{SessionId, entity::RegistrationMethod};
use serde_json::json;

use crate::stack::{OPERATOR, Stack, start_body};

#[tokio::test]
async fn only_the_owner_or_who_may_spawn_for_it_starts_a_session() {
    let stack = Stack::new().await;
    let (app, other) = (stack.app().await, stack.app().await);
    let answer = stack
        .post("/agents", &other.token, start_body(&app, json!({})))
        .await;
    assert_eq!(answer.outcome(), (403, "application_ownership_required"));
    let spawner = stack.with_scopes(&other, &format!("coordinator.spawn_for:{}", app.id));
    stack
        .post("/agents", &spawner, start_body(&app, json!({})))
        .await
        .expect(201);
    let answer = stack.post("/agents", OPERATOR, start_body(&app, json!({}))).await;
    assert_eq!(answer.outcome(), (401, "invalid_token"));
}

#[tokio::test]
async fn malformed_requests_name_the_field() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    for (extra, path) in [
        (json!({"application_id": ""}), "application_id"),
        (json!({"application_id": null}), "application_id"),
        (json!({"parent_id": "a b"}), "parent_id"),
        (json!({"lifecycle": "daemon"}), "lifecycle"),
        (json!({"ttl_seconds": "60"}), "ttl_seconds"),
        (json!({"ttl_seconds": 86_401}), "ttl_seconds"),
        (json!({"lifecycle": "service", "ttl_seconds": 60}), "ttl_seconds"),
        (json!({"labels": "x"}), "labels"),
        (json!({"metadata": [1]}), "metadata"),
        (json!({"parent_authority": "all"}), "parent_authority"),
    ] {
        let answer = stack.start(&app, extra.clone()).await;
        assert_eq!(answer.outcome(), (400, "invalid_body"), "{extra}");
        assert_eq!(answer.body["details"]["issues"][0]["path"][0], path, "{extra}");
    }
}

#[tokio::test]
async fn a_task_and_a_service_start_as_documented() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let task = stack
        .start(
            &app,
            json!({"labels": [" planner ", "tier:1"], "ttl_seconds": 60, "metadata": {"a": 1}, "extra": 1}),
        )
        .await
        .expect(201);
    let id = task.text("agent_session_id");
    assert!(SessionId::parse(&id).is_ok());
    let expected = json!({
        "agent_session_id": id, "zone_id": stack.zone, "application_id": app.id, "parent_id": null,
        "subject_authority_record_id": app.record.id, "lifecycle": "task", "labels": ["planner", "tier:1"],
        "status": "active", "depth": 0, "ttl_seconds": 60, "started_at": "2026-05-21T12:00:00.000Z",
        "last_heartbeat_at": null, "heartbeat_deadline_at": null, "lease_generation": 0,
        "delegation_edge_id": null, "warnings": [],
    });
    assert_eq!(task.body, expected);

    let service = stack
        .start(&app, json!({"lifecycle": "service"}))
        .await
        .expect(201);
    assert_eq!(service.body["lease_generation"], 1);
    assert_eq!(service.body["heartbeat_deadline_at"], "2026-05-21T12:02:00.000Z");
    assert_eq!(
        (&service.body["ttl_seconds"], &service.body["labels"]),
        (&json!(null), &json!([]))
    );

    let read = stack.get(&format!("/agents/{id}"), &app.token).await.expect(200);
    assert_eq!(read.body["metadata"], json!({"a": 1}));
    assert_eq!(read.body["lease_generation"], 0);

    let events = stack.parts.new_events().await;
    assert_eq!(events.len(), 2);
    assert_eq!(
        (events[0].event_type.as_str(), events[0].decision.as_str()),
        ("session_start", "allow")
    );
    let metadata: serde_json::Value =
        serde_json::from_str(events[0].metadata_json.as_ref().unwrap().get()).unwrap();
    assert_eq!(metadata["agent_session_id"], id.as_str());
    assert_eq!(metadata["application_id"], app.id.as_str());
    assert_eq!(metadata["agent_labels"], json!(["planner", "tier:1"]));
}

#[tokio::test]
async fn a_parent_must_be_there_live_and_the_callers() {
    let stack = Stack::new().await;
    let (app, other) = (stack.app().await, stack.app().await);
    let unknown = SessionId::generate(&stack.world);
    assert_eq!(
        stack.child(&app, unknown.as_str(), json!({})).await.outcome(),
        (404, "parent_not_found")
    );

    let foreign = stack.task(&other).await;
    assert_eq!(
        stack.child(&app, &foreign, json!({})).await.outcome(),
        (403, "parent_ownership_required")
    );
    let under = stack.with_scopes(&app, &format!("coordinator.spawn_under:{}", other.id));
    stack
        .post("/agents", &under, start_body(&app, json!({"parent_id": foreign})))
        .await
        .expect(201);

    let suspended = stack.task(&app).await;
    stack
        .patch(&format!("/agents/{suspended}/suspend"), &app.token)
        .await
        .expect(200);
    assert_eq!(
        stack.child(&app, &suspended, json!({})).await.outcome(),
        (404, "parent_not_found")
    );

    let ended = stack.task(&app).await;
    stack
        .delete(&format!("/agents/{ended}"), &app.token)
        .await
        .expect(204);
    assert_eq!(
        stack.child(&app, &ended, json!({})).await.outcome(),
        (404, "parent_not_found")
    );

    let short = stack
        .start(&app, json!({"ttl_seconds": 5}))
        .await
        .expect(201)
        .text("agent_session_id");
    stack.advance(Duration::from_secs(5)).await;
    assert_eq!(
        stack.child(&app, &short, json!({})).await.outcome(),
        (404, "parent_not_found")
    );
}

#[tokio::test]
async fn a_task_never_outlives_its_parent() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let parent = stack
        .start(&app, json!({"ttl_seconds": 100}))
        .await
        .expect(201)
        .text("agent_session_id");
    stack.advance(Duration::from_millis(30_500)).await;
    let child = stack
        .child(&app, &parent, json!({"ttl_seconds": 3600}))
        .await
        .expect(201);
    assert_eq!(child.body["ttl_seconds"], 69);
    assert_eq!(child.body["depth"], 1);
    assert_eq!(child.body["warnings"], json!(["ttl_clamped_to_parent"]));
    let short = stack
        .child(&app, &parent, json!({"ttl_seconds": 10}))
        .await
        .expect(201);
    assert_eq!(
        (&short.body["ttl_seconds"], &short.body["warnings"]),
        (&json!(10), &json!([]))
    );
    assert_eq!(
        stack
            .child(&app, &parent, json!({"lifecycle": "service"}))
            .await
            .outcome(),
        (409, "task_session_cannot_start_service")
    );
    stack.advance(Duration::from_millis(69_000)).await;
    let late = stack.child(&app, &parent, json!({})).await;
    assert_eq!(late.outcome(), (404, "parent_not_found"));
}

#[tokio::test]
async fn depth_is_bounded() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let mut parent = stack.task(&app).await;
    for depth in 1..=10 {
        let child = stack.child(&app, &parent, json!({})).await.expect(201);
        assert_eq!(child.body["depth"], depth);
        parent = child.text("agent_session_id");
    }
    let answer = stack.child(&app, &parent, json!({})).await;
    assert_eq!(answer.outcome(), (429, "session_depth_limit_exceeded"));
    assert!(answer.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn a_short_lived_application_is_one_task() {
    let stack = Stack::new().await;
    let managed = stack.app().await;
    let dcr = stack
        .register(caracal_core::entity::Application {
            registration_method: RegistrationMethod::Dcr,
            expires_at: Some(stack.world.now().plus(Duration::from_hours(1))),
            ..stack.given.application()
        })
        .await;
    let service = stack.start(&dcr, json!({"lifecycle": "service"})).await;
    assert_eq!(service.outcome(), (409, "dcr_application_cannot_host_service"));
    let parent = stack.task(&managed).await;
    assert_eq!(
        stack.child(&dcr, &parent, json!({})).await.outcome(),
        (409, "dcr_application_cannot_be_child")
    );
    let only = stack.task(&dcr).await;
    assert_eq!(
        stack.start(&dcr, json!({})).await.outcome(),
        (409, "dcr_application_already_bound")
    );
    let body = start_body(&managed, json!({"parent_id": only}));
    let under = stack.with_scopes(&managed, &format!("coordinator.spawn_under:{}", dcr.id));
    assert_eq!(
        stack.post("/agents", &under, body).await.outcome(),
        (409, "dcr_application_cannot_start_child")
    );
}

#[tokio::test]
async fn an_application_that_is_unknown_cannot_be_started_for() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let spawner = stack.with_scopes(&app, "coordinator.spawn_for:ghost");
    let answer = stack
        .post("/agents", &spawner, json!({"application_id": "ghost"}))
        .await;
    assert_eq!(answer.outcome(), (404, "application_not_found"));
}

#[tokio::test]
async fn pausing_and_resuming_reaches_the_tree_and_checks_what_a_start_would() {
    let stack = Stack::new().await;
    let (app, other) = (stack.app().await, stack.app().await);
    let root = stack.task(&app).await;
    let child = stack
        .child(&app, &root, json!({}))
        .await
        .expect(201)
        .text("agent_session_id");
    let path = |id: &str, verb: &str| format!("/agents/{id}/{verb}");

    assert_eq!(
        stack.patch(&path("ghost", "suspend"), &app.token).await.outcome(),
        (404, "session_not_found")
    );
    let stranger = stack.patch(&path(&root, "suspend"), &other.token).await;
    assert_eq!(stranger.outcome(), (403, "application_ownership_required"));
    let active = stack.patch(&path(&root, "resume"), &app.token).await;
    assert_eq!(active.outcome(), (409, "session_not_found_or_not_suspended"));

    let suspended = stack.patch(&path(&root, "suspend"), OPERATOR).await.expect(200);
    assert_eq!(suspended.body, json!({"suspended": 2}));
    assert!(stack.deps.revocations.is_revoked(&root) && stack.deps.revocations.is_revoked(&child));
    assert!(
        !stack.deps.revocations.is_revoked(app.record.id.as_str()),
        "a pause ends no record"
    );
    let again = stack.patch(&path(&root, "suspend"), &app.token).await;
    assert_eq!(again.outcome(), (409, "session_not_found_or_not_active"));

    let orphan = stack.patch(&path(&child, "resume"), &app.token).await;
    assert_eq!(orphan.outcome(), (409, "session_parent_not_active"));
    let resumed = stack.patch(&path(&root, "resume"), &app.token).await.expect(200);
    assert_eq!(resumed.body, json!({"resumed": 2}));
    assert!(!stack.deps.revocations.is_revoked(&root) && !stack.deps.revocations.is_revoked(&child));

    stack.patch(&path(&root, "suspend"), &app.token).await.expect(200);
    stack.advance(Duration::from_secs(3600)).await;
    let late = stack.patch(&path(&root, "resume"), OPERATOR).await;
    assert_eq!(late.outcome(), (409, "session_not_live"));
}

#[tokio::test]
async fn a_session_of_a_person_whose_login_ended_cannot_be_resumed() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let (person, proof) = stack.person(&app, "ada").await;
    let id = stack
        .start(&app, json!({"subject_token": proof}))
        .await
        .expect(201)
        .text("agent_session_id");
    stack
        .patch(&format!("/agents/{id}/suspend"), &app.token)
        .await
        .expect(200);
    assert!(
        !stack.deps.revocations.is_revoked(person.id.as_str()),
        "a pause ends no record"
    );
    let mut work = stack.write().await;
    work.authority_records()
        .revoke_tree(&person.id, "test", stack.world.now())
        .await
        .unwrap();
    work.commit().await.unwrap();
    let answer = stack.patch(&format!("/agents/{id}/resume"), &app.token).await;
    assert_eq!(answer.outcome(), (409, "session_subject_inactive"));
}
