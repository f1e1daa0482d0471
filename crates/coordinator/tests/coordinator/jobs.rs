//! What ends by itself.

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use caracal_coordinator::{CoordinatorConfig, run_jobs};
use caracal_core::{
    SessionId, ZoneId,
    entity::{Application, RegistrationMethod, SessionStatus},
};
use caracal_events::Topic;
use caracal_storage::{Access, AdminAuditFilter, PageRequest, conformance::given::Given};
use caracal_testkit::parts::Backends;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::stack::{OPERATOR, Stack};

fn often() -> CoordinatorConfig {
    CoordinatorConfig {
        ttl_sweep_interval: Duration::from_millis(20),
        lease_sweep_interval: Duration::from_millis(20),
        retention_interval: Duration::from_millis(20),
        sweep_batch: 2,
        ..CoordinatorConfig::default()
    }
}

/// Runs the jobs until `done` holds.
async fn until<F: Future<Output = bool>>(stack: &Stack, done: impl Fn() -> F) {
    let shutdown = CancellationToken::new();
    let jobs = tokio::spawn(run_jobs(stack.deps.clone(), shutdown.clone()));
    let wait = async {
        while !done().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait)
        .await
        .expect("the jobs get there");
    shutdown.cancel();
    jobs.await.unwrap();
}

/// Runs the jobs until they have waited `waits` times, and drops them there.
async fn cut_after(stack: &Stack, waits: u64) {
    let mut jobs = pin!(run_jobs(stack.deps.clone(), CancellationToken::new()));
    let mut left = waits;
    let cut = poll_fn(|context| match jobs.as_mut().poll(context) {
        Poll::Pending if left > 0 => {
            left -= 1;
            Poll::Pending
        }
        _ => Poll::Ready(()),
    });
    // Where nothing is left to wait for there is nothing left to cut either.
    let _ = tokio::time::timeout(Duration::from_secs(1), cut).await;
}

async fn status(stack: &Stack, id: &str) -> String {
    stack
        .get(&format!("/agents/{id}"), OPERATOR)
        .await
        .expect(200)
        .text("status")
}

#[tokio::test]
async fn tasks_past_their_time_end_with_their_tree_and_delegations() {
    let stack = Stack::with(often()).await;
    let (app, other) = (stack.app().await, stack.app().await);
    let mut short = Vec::new();
    for _ in 0..5 {
        short.push(
            stack
                .start(&app, json!({"ttl_seconds": 60}))
                .await
                .expect(201)
                .text("agent_session_id"),
        );
    }
    let child = stack
        .child(&app, &short[0], json!({}))
        .await
        .expect(201)
        .text("agent_session_id");
    stack
        .patch(&format!("/agents/{}/suspend", short[1]), &app.token)
        .await
        .expect(200);
    let long = stack.task(&app).await;
    let target = stack.task(&other).await;
    let edge = stack
        .delegate((&app, &short[2]), (&other, &target), json!({}))
        .await
        .expect(201);
    let edge = edge.text("delegation_edge_id");
    stack.parts.new_events().await;
    stack.advance(Duration::from_secs(60)).await;

    let sweep = until(&stack, || async {
        let mut left = 0;
        for id in &short {
            left += usize::from(status(&stack, id).await != "expired");
        }
        left == 0
    });
    let ((), events) = stack.parts.published(Topic::SessionsRevoke, sweep).await;
    // The child ended with its parent, or at its own end, whichever came first in the round.
    assert_ne!(status(&stack, &child).await, "active");
    assert_eq!(status(&stack, &long).await, "active");
    assert!(
        events
            .iter()
            .any(|event| event.get("agent_session_id") == Some(&short[0]))
    );
    assert!(
        events
            .iter()
            .any(|event| event.get("delegation_edge_id") == Some(&edge))
    );
    assert!(events.iter().all(|event| !event.contains_key("session_id")));
    assert!(stack.deps.revocations.is_revoked(&short[0]));
    let ends = stack.parts.new_events().await;
    assert!(
        ends.iter()
            .filter(|event| event.event_type == "session_end")
            .count()
            >= 5
    );
}

#[tokio::test]
async fn an_end_that_is_cut_leaves_both_its_evidence_and_its_change_or_neither() {
    let seldom = CoordinatorConfig {
        lease_sweep_interval: Duration::from_hours(1),
        ..often()
    };
    let stack = Stack::with(seldom).await;
    let app = stack.app().await;
    let short = stack.start(&app, json!({"ttl_seconds": 60})).await;
    let id = short.expect(201).text("agent_session_id");
    stack.advance(Duration::from_secs(60)).await;
    let ends = async || {
        let events = stack.parts.events().await;
        let of_it = |metadata: &serde_json::value::RawValue| metadata.get().contains(&id);
        let ends = events.iter().filter(|event| {
            event.event_type == "session_end" && event.metadata_json.as_deref().is_some_and(of_it)
        });
        ends.count()
    };
    for waits in 0.. {
        assert!(waits < 800, "the session ends at last");
        cut_after(&stack, waits).await;
        // What was cut in the midst of its commit holds the zone until that has ended.
        drop(stack.write().await);
        assert!(stack.deps.outbox.flush(Duration::from_secs(10)).await);
        if status(&stack, &id).await == "expired" {
            break;
        }
        assert_eq!(ends().await, 0, "cut after {waits} waits, and nothing has ended");
    }
    let told = async {
        while ends().await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(30), told).await;
    assert!(told.is_ok(), "what ended is told of");
    assert_eq!(ends().await, 1, "once");
}

#[tokio::test]
async fn services_without_a_lease_are_paused_and_renewed_ones_are_not() {
    let stack = Stack::with(often()).await;
    let app = stack.app().await;
    let (lapsed, renewed) = (stack.service(&app).await, stack.service(&app).await);
    stack.advance(Duration::from_secs(60)).await;
    let body = json!({"lease_generation": 1});
    stack
        .post(&format!("/agents/{renewed}/heartbeat"), &app.token, body)
        .await
        .expect(200);
    stack.advance(Duration::from_secs(60)).await;
    until(&stack, || async { status(&stack, &lapsed).await == "suspended" }).await;
    assert_eq!(status(&stack, &renewed).await, "active");
    assert!(stack.deps.outbox.flush(Duration::from_secs(10)).await);
    assert!(stack.deps.revocations.is_revoked(&lapsed) && !stack.deps.revocations.is_revoked(&renewed));
}

#[tokio::test]
async fn delegations_past_their_end_expire_in_one_step_of_the_epoch() {
    let stack = Stack::with(CoordinatorConfig {
        sweep_batch: 100,
        ..often()
    })
    .await;
    let (a, b) = (stack.app().await, stack.app().await);
    let (source, target) = (stack.task(&a).await, stack.task(&b).await);
    let mut edges = Vec::new();
    for ttl in [60, 60, 600] {
        let edge = stack
            .delegate((&a, &source), (&b, &target), json!({"ttl_seconds": ttl}))
            .await
            .expect(201);
        edges.push(edge.text("delegation_edge_id"));
    }
    stack.advance(Duration::from_secs(60)).await;
    let listed = || async {
        let answer = stack
            .get(&format!("/delegations/inbound/{target}"), OPERATOR)
            .await
            .expect(200);
        let expired = answer.body["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|item| item["status"] == "expired");
        expired.count()
    };
    let sweep = until(&stack, || async { listed().await == 2 });
    let ((), events) = stack.parts.published(Topic::DelegationsInvalidate, sweep).await;
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0]["event"].as_str(), events[0]["epoch"].as_str()),
        ("edge_expire", "1")
    );
    let mut ids: Vec<String> = serde_json::from_str(&events[0]["edge_ids"]).unwrap();
    ids.sort();
    edges.truncate(2);
    edges.sort();
    assert_eq!(ids, edges);
}

#[tokio::test]
async fn receipts_and_records_past_keeping_are_forgotten() {
    let stack = Stack::with(often()).await;
    let app = stack.app().await;
    let (unused, _) = stack.person(&app, "ada").await;
    let headers = [("idempotency-key", "a")];
    let body = json!({"application_id": app.id});
    stack
        .send(http::Method::POST, "/agents", &app.token, &headers, Some(body))
        .await
        .expect(201);
    stack.advance(Duration::from_hours(24 * 200)).await;
    until(&stack, || async {
        let mut work = stack.read().await;
        let record = work.authority_records().get(&unused.id).await.unwrap();
        let receipts = work
            .receipts()
            .count("session.start.v2", app.id.as_str(), Default::default())
            .await
            .unwrap();
        record.is_none() && receipts == 0
    })
    .await;
}

#[tokio::test]
async fn a_registered_application_past_its_end_takes_everything_below_along() {
    let stack = Stack::with(often()).await;
    let (first, last) = (stack.app().await, stack.app().await);
    let mut short = stack.given.application();
    short.expires_at = Some(stack.world.now().plus(Duration::from_secs(60)));
    let short = stack.register(short).await;
    let (source, middle, target) = (
        stack.task(&first).await,
        stack.task(&short).await,
        stack.task(&last).await,
    );
    let bound =
        |hops: u32| json!({"constraints": {"resources": [stack.resource.identifier], "max_hops": hops}});
    let above = stack
        .delegate((&first, &source), (&short, &middle), bound(3))
        .await
        .expect(201)
        .text("delegation_edge_id");
    let mut narrowed = bound(2);
    narrowed["parent_edge_id"] = json!(above);
    let below = stack
        .delegate((&short, &middle), (&last, &target), narrowed)
        .await
        .expect(201)
        .text("delegation_edge_id");
    stack.advance(Duration::from_secs(60)).await;
    let revoked = |id: &String| stack.deps.revocations.is_revoked(id);
    until(&stack, || async { revoked(&below) }).await;
    assert!(revoked(&middle) && revoked(&above) && revoked(&short.record.id.to_string()));
    assert_eq!(status(&stack, &middle).await, "terminated");
    for bystander in [&source, &target] {
        assert!(!revoked(bystander));
        assert_eq!(status(&stack, bystander).await, "active");
    }
}

#[tokio::test]
async fn a_registered_application_long_past_its_end_is_archived_on_record_and_at_last_forgotten() {
    let stack = Stack::with(often()).await;
    let end = stack.world.now().plus(Duration::from_secs(60));
    let mut short = Vec::new();
    for _ in 0..5 {
        let application = Application {
            registration_method: RegistrationMethod::Dcr,
            expires_at: Some(end),
            ..stack.given.application()
        };
        short.push(stack.register(application).await);
    }
    let managed = stack.app().await;
    let session = stack.task(&short[0]).await;
    let rows = async || {
        let mut work = stack.read().await;
        let mut rows = Vec::new();
        for app in &short {
            rows.extend(work.applications().get(&app.id).await.unwrap());
        }
        rows
    };
    stack.advance(Duration::from_secs(60)).await;
    until(&stack, || async { stack.deps.revocations.is_revoked(&session) }).await;
    assert!(
        rows().await.iter().all(|row| row.archived_at.is_none()),
        "whoever looks for it within a day finds it expired"
    );
    let zone = stack.deps.zones.reload(&stack.zone).await.unwrap();
    let known: Vec<_> = zone.applications().map(|known| known.id.clone()).collect();
    assert_eq!(
        known,
        std::slice::from_ref(&managed.id),
        "nothing that ended stays in memory"
    );

    stack.advance(Duration::from_hours(24)).await;
    let sweep = until(&stack, || async {
        rows().await.iter().all(|row| row.archived_at.is_some())
    });
    let ((), events) = stack.parts.published(Topic::DirectoryInvalidate, sweep).await;
    // Two at a time: a round says once that the zone changed.
    assert_eq!(events.len(), 3);
    assert!(events.iter().all(|event| event["kind"] == "zone"));
    assert!(stack.deps.revocations.is_revoked(short[0].record.id.as_str()));
    assert!(!stack.deps.revocations.is_revoked(managed.record.id.as_str()));
    let mut work = stack.read().await;
    let page = PageRequest::first(10);
    let all = AdminAuditFilter::default();
    let records = work.admin_audit().list(&stack.zone, &all, &page);
    let records = records.await.unwrap().items;
    drop(work);
    let mut recorded: Vec<String> = records
        .iter()
        .filter(|row| row.record.action == "expired applications archived")
        .flat_map(|row| {
            row.record.payload_json.as_ref().unwrap()["application_ids"]
                .as_array()
                .unwrap()
        })
        .map(|id| id.as_str().unwrap().to_owned())
        .collect();
    recorded.sort();
    let mut ids: Vec<String> = short.iter().map(|app| app.id.to_string()).collect();
    ids.sort();
    assert_eq!(recorded, ids);

    stack.advance(Duration::from_hours(24 * 91)).await;
    until(&stack, || async { rows().await.is_empty() }).await;
    let mut work = stack.read().await;
    assert!(work.applications().get(&managed.id).await.unwrap().is_some());
}

#[tokio::test]
async fn ended_sessions_and_delegations_past_keeping_are_forgotten_and_live_ones_stay() {
    let stack = Stack::with(often()).await;
    let (app, other) = (stack.app().await, stack.app().await);
    let root = stack.task(&app).await;
    let child = stack
        .child(&app, &root, json!({}))
        .await
        .expect(201)
        .text("agent_session_id");
    let target = stack.task(&other).await;
    let edge = stack
        .delegate((&app, &root), (&other, &target), json!({}))
        .await
        .expect(201)
        .text("delegation_edge_id");
    for session in [&root, &target] {
        stack
            .delete(&format!("/agents/{session}"), OPERATOR)
            .await
            .expect(204);
    }
    stack.advance(Duration::from_hours(24 * 89)).await;
    let young = stack.task(&stack.app().await).await;
    let left = async || {
        let mut work = stack.read().await;
        let mut left = Vec::new();
        for id in [&root, &child, &target, &young] {
            if work.sessions().get(&id.parse().unwrap()).await.unwrap().is_some() {
                left.push(id.clone());
            }
        }
        if work
            .delegations()
            .get(&edge.parse().unwrap())
            .await
            .unwrap()
            .is_some()
        {
            left.push(edge.clone());
        }
        left
    };
    assert_eq!(left().await.len(), 5);
    stack.advance(Duration::from_hours(24 * 2)).await;
    until(&stack, || async { left().await.len() < 2 }).await;
}

#[tokio::test]
async fn a_zone_whose_rows_somebody_holds_delays_no_other() {
    let config = CoordinatorConfig {
        sweep_batch: 100,
        ..often()
    };
    let stack = Stack::over(Backends::Postgres, config).await;
    // Which of them has its turn first is nobody's to say: each is held once, and the other has to end meanwhile.
    for held in [0, 1] {
        let mut zones = Vec::new();
        for _ in 0..2 {
            let given = Given::new(&stack.world);
            stack.parts.create_zone(&given.zone()).await;
            let application = given.application();
            let record = given.authority_record(&application);
            let session = given.session(&application, &record);
            stack
                .parts
                .change(&given.zone_id, async |work| {
                    work.applications().create(&application).await.unwrap();
                    work.authority_records().create(&record).await.unwrap();
                    work.sessions().create(&session).await.unwrap();
                })
                .await;
            zones.push((given.zone_id.clone(), session.id));
        }
        zones.sort();
        stack.advance(Duration::from_hours(2)).await;
        let status = async |(zone, id): &(ZoneId, SessionId)| {
            let mut work = stack.parts.store.zone(zone, Access::Read).await.unwrap();
            work.sessions().get(id).await.unwrap().unwrap().status
        };
        let (slow, other) = (&zones[held], &zones[1 - held]);
        let mut holder = stack.parts.store.zone(&slow.0, Access::Write).await.unwrap();
        holder.sessions().get_locked(&slow.1).await.unwrap().unwrap();
        // Shorter than what a statement may wait for, after which even those who wait in line would have their turn.
        let meanwhile = until(&stack, || async { status(other).await == SessionStatus::Expired });
        let ended = tokio::time::timeout(Duration::from_secs(10), meanwhile).await;
        assert!(ended.is_ok(), "the other zone waited for the held one");
        assert_eq!(status(slow).await, SessionStatus::Active);
        drop(holder);
        until(&stack, || async { status(slow).await == SessionStatus::Expired }).await;
    }
}
