//! A server that goes away: health stays, readiness tells which one, answers are 503 at once, and nobody has to help.

use std::time::{Duration, Instant};

use caracal_e2e::{Deployment, Fixture, READ, Reply, Role, Stack, run};
use caracal_testkit::{
    fault::{Fault, Faults as _},
    process::Process,
};
use serde_json::json;

use crate::support::{assert_call_refused, assert_passed};

/// Longest wait for a process to notice or to recover. Generous: a busy machine must not fail a test.
pub(crate) const SOON: Duration = Duration::from_mins(1);

/// `/health` and `/ready` of a role, with the reason of the latter.
async fn probes(stack: &Stack, role: Role) -> (u16, u16, String) {
    let health = Reply::of(stack.request(role, "GET", "/health")).await;
    let ready = Reply::of(stack.request(role, "GET", "/ready")).await;
    let reason = ready.json["reason"].as_str().unwrap_or_default().to_owned();
    (health.status, ready.status, reason)
}

/// Waits until every one of `roles` is not ready for one of `reasons`, healthy all the while.
pub(crate) async fn until_unready(stack: &Stack, roles: &[Role], reasons: &[&str]) {
    let deadline = Instant::now() + SOON;
    for role in roles {
        loop {
            let (health, ready, reason) = probes(stack, *role).await;
            assert_eq!(health, 200, "{}", role.name());
            if ready == 503 && reasons.contains(&reason.as_str()) {
                break;
            }
            assert!(Instant::now() < deadline, "{}: {ready} {reason:?}", role.name());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

pub(crate) async fn until_ready(stack: &Stack) {
    let deadline = Instant::now() + SOON;
    for role in Role::ALL {
        loop {
            let (health, ready, reason) = probes(stack, role).await;
            assert_eq!(health, 200, "{}", role.name());
            if ready == 200 {
                break;
            }
            assert!(Instant::now() < deadline, "{}: {ready} {reason:?}", role.name());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// 503 with `Retry-After`.
#[track_caller]
pub(crate) fn assert_away(reply: &Reply) {
    assert_eq!(reply.status, 503, "{reply:#?}");
    assert!(reply.headers.contains_key("retry-after"), "{reply:#?}");
}

/// Every process is the one it was.
pub(crate) async fn assert_same_processes(stack: &Stack, before: &[u32]) {
    assert_eq!(stack.pids().await, before, "a process was replaced");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_away_is_told_and_survived() {
    run(Deployment::Production, async |stack: &Stack| {
        let fixture = Fixture::set_up(stack).await;
        let agent = fixture.agent().await;
        let held = fixture.mandate(&agent, READ).await;
        let processes = stack.pids().await;
        stack.production().redis().await.fail(Fault::Gone);
        until_unready(stack, &Role::ALL, &["redis_unreachable", "consumer_unhealthy"]).await;
        let before = fixture.upstream.requests();
        for _ in 0..10 {
            assert_away(&fixture.call(&held).await);
            assert_away(&fixture.mint(&agent, READ).await);
        }
        assert_eq!(fixture.upstream.requests(), before);
        stack.production().redis().await.mend();
        until_ready(stack).await;
        assert_same_processes(stack, &processes).await;
        // What was minted before may have been used in the moments that the server did not keep.
        assert_call_refused(&fixture, &held, 401, "invalid_token", "replay_state_lost").await;
        assert_passed(&fixture.call(&fixture.mandate(&agent, READ).await).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flushed_redis_forgets_no_use() {
    run(Deployment::Production, async |stack: &Stack| {
        let fixture = Fixture::set_up(stack).await;
        let agent = fixture.agent().await;
        let (used, unused) = (
            fixture.mandate(&agent, READ).await,
            fixture.mandate(&agent, READ).await,
        );
        assert_passed(&fixture.call(&used).await);
        stack.production().redis().await.flush();
        let before = fixture.upstream.requests();
        for mandate in [&used, &unused] {
            // The first to notice cannot tell yet.
            let first = fixture.call(mandate).await;
            assert!(matches!(first.status, 401 | 503), "{first:#?}");
            assert_call_refused(&fixture, mandate, 401, "invalid_token", "replay_state_lost").await;
        }
        assert_eq!(fixture.upstream.requests(), before);
        let fresh = fixture.mandate(&agent, READ).await;
        assert_passed(&fixture.call(&fresh).await);
        assert_call_refused(&fixture, &fresh, 401, "invalid_token", "token_replay").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_away_is_told_and_survived() {
    run(Deployment::ProductionAlone, async |stack: &Stack| {
        let fixture = Fixture::set_up(stack).await;
        let agent = fixture.agent().await;
        assert_passed(&fixture.call(&fixture.mandate(&agent, READ).await).await);
        let processes = stack.pids().await;
        stack.production().postgres().fail(Fault::Gone);
        // The Gateway asks no SQL, so it stays ready for as long as its snapshot is recent.
        let asking = [Role::Api, Role::Sts, Role::Coordinator, Role::Audit];
        until_unready(stack, &asking, &["postgres_unreachable", "storage_unreachable"]).await;
        // What is in memory goes on deciding; what needs the database says that it is away.
        assert_passed(&fixture.call(&fixture.mandate(&agent, READ).await).await);
        for _ in 0..3 {
            assert_away(&fixture.zone.admin("GET", "/applications", None).await);
            assert_away(&fixture.about_session(&agent, "DELETE", "").await);
        }
        stack.production().postgres().mend();
        until_ready(stack).await;
        assert_same_processes(stack, &processes).await;
        fixture.about_session(&agent, "DELETE", "").await.expect(204);
        assert_eq!(fixture.mint(&agent, READ).await.status, 403);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_start_while_their_servers_are_away_and_use_them_when_they_come() {
    run(Deployment::ProductionAlone, async |stack: &Stack| {
        let fixture = Fixture::set_up(stack).await;
        let agent = fixture.agent().await;
        stack.stop().await;
        stack.production().postgres().fail(Fault::Gone);
        stack.production().redis().await.fail(Fault::Gone);
        let mut processes: Vec<(Role, Process)> = Vec::new();
        for role in Role::ALL {
            processes.push((role, stack.start_unready(role).await));
        }
        let reasons = ["postgres_unreachable", "redis_unreachable"];
        until_unready(stack, &Role::ALL, &reasons).await;
        stack.production().redis().await.mend();
        stack.production().postgres().mend();
        until_ready(stack).await;
        for (role, process) in &mut processes {
            assert!(
                process.status().is_none(),
                "{} ended: {}",
                role.name(),
                process.stderr()
            );
        }
        assert_passed(&fixture.call(&fixture.mandate(&agent, READ).await).await);
        drop(processes);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flushed_redis_loses_no_evidence_of_the_control_api() {
    run(Deployment::Production, async |stack: &Stack| {
        let fixture = Fixture::set_up(stack).await;
        stack.kill(Role::Audit).await;
        let path = format!(
            "/v1/zones/{}/applications/{}/client-secret",
            fixture.zone.id, fixture.application.id
        );
        let revealed = stack
            .request(Role::Api, "GET", &path)
            .bearer_auth(stack.admin_token())
            .header("X-Request-Id", "revealed-unread");
        Reply::of(revealed).await.expect(200);
        // Until the outbox has let go of it: from then on only what took it over can bring it to the ledger.
        let waiting =
            "SELECT count(*) FROM event_outbox WHERE topic = 'caracal.audit.events' AND state = 'pending'";
        let deadline = Instant::now() + SOON;
        while stack.production().sql(waiting).trim() != "0" {
            assert!(Instant::now() < deadline, "the outbox keeps it");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stack.production().redis().await.flush();
        stack.revive().await;
        let events = fixture
            .zone
            .events_of("revealed-unread", |events| !events.is_empty())
            .await;
        assert_eq!(events.len(), 1, "{events:#?}");
        assert_eq!(events[0]["event_type"], "credential_revealed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_key_that_was_started_while_postgresql_was_away_writes_nothing_when_it_comes() {
    run(Deployment::ProductionAlone, async |stack: &Stack| {
        let fixture = Fixture::set_up(stack).await;
        let sealed = async || -> Vec<(String, Vec<u8>)> {
            let tables = [
                "key_checks",
                "signing_keys",
                "secret_store",
                "admin_tokens",
                "providers",
            ];
            let kept = stack.at_rest().await.into_iter();
            kept.filter(|(place, _)| tables.iter().any(|table| place.ends_with(&format!(" {table}"))))
                .collect()
        };
        stack.stop().await;
        let before = sealed().await;
        assert_eq!(before.len(), 5);
        stack.production().postgres().fail(Fault::Gone);
        let mut processes = Vec::new();
        for role in [Role::Api, Role::Sts] {
            let daemon = stack.environment_of(role).without("SECRET_STORE_KEK_FILE").with(
                "SECRET_STORE_KEK",
                "8f3a1c0de5b7429688f10fd2cc4be6a17b9d20354e6f8a1b3c5d7e9f01122334",
            );
            let url = format!("http://{}", daemon.get(&role.listen_variable()));
            let mut process = daemon.serve(&[role.name()]);
            process
                .until("it answers", SOON, async |_| {
                    reqwest::get(format!("{url}/health")).await.is_ok()
                })
                .await;
            stack.point(role, &url);
            processes.push(process);
        }
        until_unready(stack, &[Role::Api, Role::Sts], &["postgres_unreachable"]).await;
        stack.production().postgres().mend();
        until_unready(stack, &[Role::Api, Role::Sts], &["misconfigured"]).await;
        assert_away(&fixture.zone.admin("GET", "/providers", None).await);
        let config = json!({"auth_location": "header", "header_name": "x-key", "api_key": "k"});
        let body = json!({"name": "Sealed wrongly", "kind": "api_key", "config_json": config});
        assert_away(&fixture.zone.admin("POST", "/providers", Some(body)).await);
        assert_eq!(sealed().await, before);
        assert!(processes[0].stderr().contains("this store was sealed under key "));
    })
    .await;
}
