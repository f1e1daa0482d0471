//! Killed at full load: what was acknowledged is on record, once, and what was spent stays spent.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use caracal_e2e::{Agent, Call, Deployment, Fixture, READ, Reply, Role, Stack, on_every_deployment};
use caracal_testkit::upstream::Answer;
use futures_util::future::join_all;
use serde_json::Value;

use crate::support::assert_call_refused;

on_every_deployment!(
    a_kill_at_full_load_loses_and_doubles_nothing,
    a_mandate_used_before_a_kill_stays_used
);

/// Clients at once.
const WORKERS: u32 = 12;
/// Acknowledged calls before each kill.
const BEFORE_KILL: u32 = 150;

/// What clients know to be done.
#[derive(Debug, Default)]
struct Acknowledged {
    mints: Mutex<Vec<String>>,
    calls: Mutex<Vec<(String, String)>>,
    count: AtomicU32,
    killed: AtomicBool,
}

async fn work(fixture: &Fixture<'_>, agent: &Agent, acknowledged: &Acknowledged, name: &str) {
    for number in 0.. {
        if acknowledged.killed.load(Ordering::SeqCst) {
            return;
        }
        let mint_id = format!("mint-{name}-{number}");
        let request = fixture
            .mint_request(agent, READ, &[])
            .header("X-Request-Id", &mint_id);
        let Some(minted) = Reply::attempt(request).await else {
            continue;
        };
        assert_eq!(minted.status, 200, "{minted:#?}");
        acknowledged
            .mints
            .lock()
            .expect("nobody panics here")
            .push(mint_id);
        let mandate = minted.text_of("access_token");
        let call_id = format!("call-{name}-{number}");
        let call = Call {
            request_id: Some(&call_id),
            ..Call::default()
        };
        let Some(answer) = Reply::attempt(fixture.call_request(&mandate, &call)).await else {
            continue;
        };
        assert_eq!(answer.status, 200, "{answer:#?}");
        acknowledged
            .calls
            .lock()
            .expect("nobody panics here")
            .push((call_id, mandate));
        acknowledged.count.fetch_add(1, Ordering::SeqCst);
    }
}

async fn load_until_killed(
    stack: &Stack,
    fixture: &Fixture<'_>,
    agent: &Agent,
    acknowledged: &Acknowledged,
    round: u32,
) {
    acknowledged.killed.store(false, Ordering::SeqCst);
    let wanted = acknowledged.count.load(Ordering::SeqCst) + BEFORE_KILL;
    let kill = async {
        while acknowledged.count.load(Ordering::SeqCst) < wanted {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        stack.kill(Role::Gateway).await;
        acknowledged.killed.store(true, Ordering::SeqCst);
    };
    let names: Vec<String> = (0..WORKERS).map(|worker| format!("{round}-{worker}")).collect();
    let workers = join_all(names.iter().map(|name| work(fixture, agent, acknowledged, name)));
    tokio::join!(kill, workers);
}

async fn a_kill_at_full_load_loses_and_doubles_nothing(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let acknowledged = Arc::new(Acknowledged::default());
    for round in 0..2 {
        load_until_killed(stack, &fixture, &agent, &acknowledged, round).await;
        stack.revive().await;
    }
    let (mints, calls) = (
        acknowledged.mints.lock().expect("no panic").clone(),
        acknowledged.calls.lock().expect("no panic").clone(),
    );

    // The last acknowledged ones first: they had the least time to get from the spool into the ledger.
    let decided = |events: &[Value]| events.iter().any(|event| event["event_type"] == "token_exchange");
    for (id, _) in calls.iter().rev().take(20) {
        fixture.zone.events_of(id, decided).await;
    }
    for id in mints.iter().rev().take(20) {
        fixture.zone.events_of(id, decided).await;
    }
    let ledger = fixture.zone.ledger().await;
    let mut by_request: HashMap<&str, Vec<&Value>> = HashMap::new();
    for event in &ledger {
        by_request
            .entry(event["request_id"].as_str().expect("a request id"))
            .or_default()
            .push(event);
    }
    let count = |id: &str, event_type: &str| {
        let events = by_request.get(id).map(Vec::as_slice).unwrap_or_default();
        events
            .iter()
            .filter(|event| event["event_type"] == event_type && event["decision"] == "allow")
            .count()
    };
    for id in mints.iter().chain(calls.iter().map(|(id, _)| id)) {
        assert_eq!(count(id, "token_exchange"), 1, "decisions on record for {id}");
        assert!(
            count(id, "gateway_resource_request") <= 1,
            "outcomes on record for {id}"
        );
    }
    let mut ids: Vec<&str> = ledger
        .iter()
        .map(|event| event["id"].as_str().expect("an id"))
        .collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "events are in the ledger twice");

    // What the upstream saw was decided, also where the client was never told.
    for request in fixture.upstream.received() {
        let id = request
            .header("x-request-id")
            .expect("the Gateway names every request")
            .to_owned();
        assert_eq!(
            count(&id, "token_exchange"),
            1,
            "the upstream was reached by {id} without a decision on record"
        );
    }

    // Mandates that passed before a kill are spent, the very last ones too.
    for (_, mandate) in calls.iter().rev().take(20) {
        assert_call_refused(&fixture, mandate, 401, "invalid_token", "token_replay").await;
    }

    let verified = stack.caracald(&["audit", "verify", "--json"]).await;
    let report: Value = serde_json::from_str(&verified.assert_good().stdout).expect("JSON");
    assert_eq!(report["holds"], true, "{report:#}");
}

async fn a_mandate_used_before_a_kill_stays_used(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let (used, unused) = (
        fixture.mandate(&agent, READ).await,
        fixture.mandate(&agent, READ).await,
    );
    fixture.call(&used).await.expect(200);
    stack.kill(Role::Gateway).await;
    stack.revive().await;
    assert_call_refused(&fixture, &used, 401, "invalid_token", "token_replay").await;
    fixture.call(&unused).await.expect(200);
    assert_call_refused(&fixture, &unused, 401, "invalid_token", "token_replay").await;
}

/// A call is in the hands of the upstream when its Gateway dies, so that nobody records how it ended.
async fn dies_during_a_call(deployment: Deployment) {
    let stack = Stack::with(deployment, &[("AUDIT_OUTCOME_UNKNOWN_AFTER", "1s")]).await;
    let fixture = Fixture::set_up(&stack).await;
    let agent = fixture.agent().await;
    let mandate = fixture.mandate(&agent, READ).await;
    fixture.upstream.next(Answer::Hang);
    let before = fixture.upstream.requests();
    let call = Call {
        request_id: Some("cut-off"),
        ..Call::default()
    };
    let kill = async {
        let reached = |received: &[_]| received.len() > before;
        fixture
            .upstream
            .until("the call", Duration::from_secs(30), reached)
            .await;
        stack.kill(Role::Gateway).await;
    };
    let (answer, ()) = tokio::join!(Reply::attempt(fixture.call_request(&mandate, &call)), kill);
    assert!(answer.is_none(), "{answer:#?}");
    stack.revive().await;

    let unknown = |events: &[Value]| events.iter().any(|event| event["outcome"] == "unknown");
    let events = fixture.zone.events_of("cut-off", unknown).await;
    assert_eq!(events.len(), 1, "{events:#?}");
    assert_eq!(events[0]["decision"], "allow");
    let explained = "/audit/by-request/cut-off/explain";
    let explained = fixture.zone.admin("GET", explained, None).await.expect(200).json;
    assert_eq!(explained["outcome"], "unknown", "{explained:#}");
    let listed = fixture.zone.ledger().await;
    let listed = listed.iter().find(|event| event["request_id"] == "cut-off");
    assert_eq!(listed.expect("listed")["outcome"], "unknown");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_whose_gateway_died_has_an_unknown_outcome_in_production() {
    dies_during_a_call(Deployment::Production).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_whose_gateway_died_has_an_unknown_outcome_in_one_process() {
    dies_during_a_call(Deployment::Embedded).await;
}
