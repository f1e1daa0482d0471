//! Services live by their lease.

use std::time::Duration;

use http::Method;
use serde_json::json;

use caracal_testkit::client::Answer;

use crate::stack::{App, OPERATOR, Stack};

async fn beat(stack: &Stack, app: &App, id: &str, generation: i64) -> Answer {
    let body = json!({"status": "healthy", "lease_generation": generation});
    stack
        .post(&format!("/agents/{id}/heartbeat"), &app.token, body)
        .await
}

async fn lease(stack: &Stack, app: &App, id: &str) -> Answer {
    stack
        .call(Method::POST, &format!("/agents/{id}/lease"), &app.token, None)
        .await
}

#[tokio::test]
async fn a_heartbeat_renews_the_lease_it_holds() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let id = stack.service(&app).await;
    stack.advance(Duration::from_secs(60)).await;
    let answer = beat(&stack, &app, &id, 1).await.expect(200);
    assert_eq!(
        answer.body,
        json!({
            "agent": {
                "id": id, "zone_id": stack.zone, "application_id": app.id, "status": "active",
                "last_active_at": "2026-05-21T12:01:00.000Z", "last_heartbeat_at": "2026-05-21T12:01:00.000Z",
                "heartbeat_deadline_at": "2026-05-21T12:03:00.000Z", "lease_generation": 1,
            },
            "service": null, "active_invocations": 0,
        })
    );
    stack.advance(Duration::from_secs(119)).await;
    beat(&stack, &app, &id, 1).await.expect(200);
}

#[tokio::test]
async fn heartbeats_are_refused_for_every_documented_reason() {
    let stack = Stack::new().await;
    let (app, other) = (stack.app().await, stack.app().await);
    let (service, task) = (stack.service(&app).await, stack.task(&app).await);
    for generation in [json!(0), json!(-1), json!("1"), json!(null)] {
        let path = format!("/agents/{service}/heartbeat");
        let answer = stack
            .post(&path, &app.token, json!({"lease_generation": generation}))
            .await;
        assert_eq!(answer.outcome(), (400, "invalid_body"));
    }
    assert_eq!(
        beat(&stack, &app, "ghost", 1).await.outcome(),
        (404, "session_not_found")
    );
    assert_eq!(
        beat(&stack, &other, &service, 1).await.outcome(),
        (403, "application_ownership_required")
    );
    assert_eq!(
        beat(&stack, &app, &task, 1).await.outcome(),
        (409, "session_not_service")
    );
    assert_eq!(
        beat(&stack, &app, &service, 2).await.outcome(),
        (409, "session_lease_fenced")
    );
    let path = format!("/agents/{service}/heartbeat");
    let answer = stack
        .post(
            &path,
            &app.token,
            json!({"lease_generation": 1, "service_id": "x"}),
        )
        .await;
    assert_eq!(answer.outcome(), (404, "agent_service_not_found"));
    let spawner = stack.with_scopes(&other, &format!("coordinator.spawn_for:{}", app.id));
    let answer = stack.post(&path, &spawner, json!({"lease_generation": 1})).await;
    assert_eq!(
        answer.outcome(),
        (401, "identity_revoked"),
        "a lease is held by the application itself"
    );
    assert_eq!(
        stack
            .post(&path, OPERATOR, json!({"lease_generation": 1}))
            .await
            .outcome(),
        (401, "invalid_token")
    );

    stack
        .patch(&format!("/agents/{service}/suspend"), &app.token)
        .await
        .expect(200);
    let paused = beat(&stack, &app, &service, 1).await.expect(200);
    assert_eq!(paused.body["agent"]["status"], "suspended");
    stack
        .delete(&format!("/agents/{service}"), OPERATOR)
        .await
        .expect(204);
    assert_eq!(
        beat(&stack, &app, &service, 1).await.outcome(),
        (409, "session_not_live")
    );
}

#[tokio::test]
async fn taking_over_fences_the_holder_before() {
    let stack = Stack::new().await;
    let (app, other) = (stack.app().await, stack.app().await);
    let (id, task) = (stack.service(&app).await, stack.task(&app).await);
    assert_eq!(
        lease(&stack, &app, "ghost").await.outcome(),
        (404, "session_not_found")
    );
    assert_eq!(
        lease(&stack, &other, &id).await.outcome(),
        (403, "application_ownership_required")
    );
    assert_eq!(
        lease(&stack, &app, &task).await.outcome(),
        (409, "session_not_service")
    );

    let taken = lease(&stack, &app, &id).await.expect(200);
    assert_eq!(
        taken.body,
        json!({"status": "active", "heartbeat_deadline_at": "2026-05-21T12:02:00.000Z", "lease_generation": 2})
    );
    assert_eq!(
        beat(&stack, &app, &id, 1).await.outcome(),
        (409, "session_lease_fenced")
    );
    beat(&stack, &app, &id, 2).await.expect(200);

    let path = format!("/agents/{id}");
    assert_eq!(
        stack.delete(&path, &app.token).await.outcome(),
        (400, "lease_generation_required")
    );
    let old = stack
        .call(
            Method::DELETE,
            &path,
            &app.token,
            Some(json!({"lease_generation": 1})),
        )
        .await;
    assert_eq!(old.outcome(), (409, "session_lease_fenced"));
    stack
        .patch(&format!("{path}/suspend"), &app.token)
        .await
        .expect(200);
    assert_eq!(
        lease(&stack, &app, &id).await.outcome(),
        (409, "session_suspended")
    );
    stack
        .call(
            Method::DELETE,
            &path,
            &app.token,
            Some(json!({"lease_generation": 2})),
        )
        .await
        .expect(204);
    assert_eq!(
        lease(&stack, &app, &id).await.outcome(),
        (409, "session_not_live")
    );
}

#[tokio::test]
async fn a_lapsed_lease_pauses_the_service_and_resuming_gives_a_new_one() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let (id, other) = (stack.service(&app).await, stack.service(&app).await);
    stack.advance(Duration::from_secs(120)).await;
    assert_eq!(
        beat(&stack, &app, &id, 1).await.outcome(),
        (409, "session_lease_expired")
    );
    assert_eq!(
        lease(&stack, &app, &other).await.outcome(),
        (409, "session_lease_expired")
    );
    for id in [&id, &other] {
        let session = stack.get(&format!("/agents/{id}"), &app.token).await.expect(200);
        assert_eq!(session.body["status"], "suspended");
        assert!(stack.deps.revocations.is_revoked(id));
    }
    stack
        .patch(&format!("/agents/{id}/resume"), &app.token)
        .await
        .expect(200);
    let renewed = beat(&stack, &app, &id, 1).await.expect(200);
    assert_eq!(renewed.body["agent"]["status"], "active");
}

#[tokio::test]
async fn a_service_of_a_person_ends_with_the_persons_login() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    for by_lease in [true, false] {
        let (person, proof) = stack.person(&app, "ada").await;
        let body = json!({"lifecycle": "service", "subject_token": proof});
        let id = stack.start(&app, body).await.expect(201).text("agent_session_id");
        beat(&stack, &app, &id, 1).await.expect(200);
        let mut work = stack.write().await;
        work.authority_records()
            .revoke_tree(&person.id, "test", stack.world.now())
            .await
            .unwrap();
        work.commit().await.unwrap();
        let answer = if by_lease {
            lease(&stack, &app, &id).await
        } else {
            beat(&stack, &app, &id, 1).await
        };
        assert_eq!(answer.outcome(), (409, "session_subject_inactive"));
        let session = stack.get(&format!("/agents/{id}"), &app.token).await.expect(200);
        assert_eq!(session.body["status"], "terminated");
        assert_eq!(session.body["termination_reason"], "subject_authority_inactive");
    }
}

#[tokio::test]
async fn of_two_processes_that_take_over_at_once_one_is_told() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let id = stack.service(&app).await;
    let (left, right) = tokio::join!(lease(&stack, &app, &id), lease(&stack, &app, &id));
    let mut generations: Vec<i64> = [&left, &right]
        .iter()
        .filter_map(|answer| answer.body["lease_generation"].as_i64())
        .collect();
    generations.sort_unstable();
    generations.dedup();
    let granted = [&left, &right]
        .iter()
        .filter(|answer| answer.status == 200)
        .count();
    assert_eq!(generations.len(), granted, "no generation is held twice");
    assert!(granted >= 1);
}
