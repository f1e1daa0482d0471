//! No zone and no event holds back the evidence of others, and what callers choose arrives as they sent it.

use std::time::Duration;

use axum::http::StatusCode;
use caracal_audit::verify_zone;
use caracal_core::{Timestamp, ZoneId, audit::AuditEvent};
use caracal_events::{Fields, Topic};
use caracal_storage::Access;
use caracal_testkit::{client::Answer, database::server};
use caracal_wire::health::NotReady;
use http::Method;
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any, prop_oneof},
    strategy::ValueTree,
    test_runner::TestRunner,
};
use serde_json::{Value, json};

use crate::ledger::{Backends, Ledger, TOKEN};

/// What [`Ledger::cannot_store_old_events`] puts in the way.
const IN_THE_WAY: &str = "ALTER TABLE evidence_blocks ADD CONSTRAINT nothing_old CHECK (occurred_from > 0)";

impl Ledger {
    fn cannot_store_old_events(&self) {
        self.sql(IN_THE_WAY);
    }

    fn old_event(&self, zone: &ZoneId) -> AuditEvent {
        let mut event = self.event(zone, "dated");
        event.occurred_at = Timestamp::from_unix_seconds(0);
        event
    }

    /// Asks for the dead letters to be stored after all.
    async fn replay(&self) -> Answer {
        self.ask(Method::POST, "/api/audit/dlq/replay", Some(TOKEN)).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_event_that_can_never_be_stored_is_put_aside_once_and_stops_nobody() {
    let ledger = Ledger::over(Backends::Postgres).await;
    let (zone, other) = (ledger.zone(), ledger.zone());
    ledger.cannot_store_old_events();
    let dated = ledger.old_event(&zone);
    let mut forged = ledger.frame(&ledger.event(&other, "forged"));
    forged.insert("sig", "00".repeat(32));
    let mut frames: Vec<Fields> = [
        ledger.event(&zone, "first"),
        dated,
        ledger.event(&zone, "second"),
        ledger.event(&other, "elsewhere"),
        ledger.event(&zone, "third"),
    ]
    .iter()
    .map(|event| ledger.frame(event))
    .collect();
    frames.push(forged);
    ledger.append_frames(frames).await;

    assert_eq!(ledger.requests(&zone).await, ["first", "second", "third"]);
    assert_eq!(ledger.requests(&other).await, ["elsewhere"]);
    let mut reasons = ledger.reasons().await;
    reasons.sort();
    assert_eq!(reasons.len(), 2, "each once: {reasons:?}");
    assert!(reasons[0].starts_with("cannot_be_stored:"), "{reasons:?}");
    assert!(reasons[0].contains("nothing_old"), "with its reason: {reasons:?}");
    assert_eq!(reasons[1], "hmac_verify_failed");
    assert_eq!(ledger.deps.health.reason(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_zone_that_cannot_be_stored_now_waits_alone_and_loses_nothing() {
    let ledger = Ledger::over(Backends::Postgres).await;
    let (stuck, free) = (ledger.zone(), ledger.zone());
    ledger.append(&[ledger.event(&stuck, "before")]).await;
    // Somebody holds its log.
    let (url, zone) = (server().url(&ledger.parts.database().name), stuck.clone());
    let holder = std::thread::spawn(move || {
        let sql = format!(
            "BEGIN; SELECT 1 FROM evidence_logs WHERE zone_id = '{zone}' FOR UPDATE; SELECT pg_sleep(600), 'held'"
        );
        server().try_sql(&url, &sql)
    });
    let holds = "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
         WHERE a.query LIKE '%held%' AND a.pid <> pg_backend_pid() AND l.mode = 'RowShareLock'";
    while ledger.sql(holds).trim() == "0" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let frame = ledger.frame(&ledger.event(&stuck, "held back"));
    let bus = ledger.deps.bus.clone();
    let waits = tokio::spawn(async move { bus.append(Topic::AuditEvents, vec![frame]).await });
    for round in 0..3 {
        // This bus answers for everything before as well, so the ledger is asked instead.
        let frame = ledger.frame(&ledger.event(&free, &format!("free-{round}")));
        let bus = ledger.deps.bus.clone();
        tokio::spawn(async move { bus.append(Topic::AuditEvents, vec![frame]).await });
        while ledger.requests(&free).await.len() <= round {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    assert!(!waits.is_finished());
    assert_eq!(ledger.deps.health.reason(), None, "the others get on");
    ledger.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%held%' AND pid <> pg_backend_pid()",
    );
    waits.await.unwrap().unwrap();
    assert!(holder.join().unwrap().is_err());
    assert_eq!(ledger.requests(&stuck).await, ["before", "held back"]);
    assert_eq!(ledger.reasons().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_alone_in_its_zone_that_can_never_be_stored_is_put_aside_at_once() {
    let ledger = Ledger::over(Backends::Postgres).await;
    let zone = ledger.zone();
    ledger.cannot_store_old_events();
    // Nothing comes before it, and nothing after it is waited for.
    ledger.append(&[ledger.old_event(&zone)]).await;
    let reasons = ledger.reasons().await;
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    assert!(
        reasons[0].starts_with("cannot_be_stored:") && reasons[0].contains("nothing_old"),
        "{reasons:?}"
    );
    assert_eq!(
        ledger.requests(&zone).await,
        [""; 0],
        "nothing is kept of the comparison"
    );
    ledger.append(&[ledger.event(&zone, "later")]).await;
    assert_eq!(ledger.requests(&zone).await, ["later"]);
    assert_eq!(ledger.deps.health.reason(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_alone_waits_while_its_ledger_takes_nothing_at_all() {
    let ledger = Ledger::over(Backends::Postgres).await;
    let zone = ledger.zone();
    ledger.append(&[ledger.event(&zone, "before")]).await;
    // An error that says that trying again is of no use, and that means the ledger and not the event.
    ledger.sql("ALTER TABLE evidence_logs RENAME TO away");
    let frame = ledger.frame(&ledger.event(&zone, "alone"));
    let bus = ledger.deps.bus.clone();
    let waits = tokio::spawn(async move { bus.append(Topic::AuditEvents, vec![frame]).await });
    while ledger.deps.health.reason() != Some(NotReady::StorageUnreachable) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    ledger.sql("ALTER TABLE away RENAME TO evidence_logs");
    waits.await.unwrap().unwrap();
    assert_eq!(ledger.requests(&zone).await, ["before", "alone"]);
    assert_eq!(ledger.reasons().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_goes_only_once_the_ledger_has_its_event() {
    let ledger = Ledger::over(Backends::Postgres).await;
    let zone = ledger.zone();
    ledger.cannot_store_old_events();
    let mut forged = ledger.frame(&ledger.event(&zone, "forged"));
    forged.insert("sig", "00".repeat(32));
    ledger.append_frames(vec![forged]).await;
    ledger.append(&[ledger.old_event(&zone)]).await;
    // Nobody reads the bus from here on: what is only on it does not arrive.
    ledger.stop.cancel();
    assert_eq!(ledger.reasons().await.len(), 2);

    let answer =
        |replayed, skipped| json!({"scanned": replayed + skipped, "replayed": replayed, "skipped": skipped});
    assert_eq!(
        ledger.replay().await.expect(200),
        answer(0, 2),
        "still in its way"
    );
    let read_only = |on: &str| {
        let database = &ledger.parts.database().name;
        ledger.sql(&format!(
            "BEGIN READ WRITE; ALTER DATABASE \"{database}\" SET default_transaction_read_only = {on}; \
                 SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = '{database}' AND pid <> pg_backend_pid(); COMMIT"
        ));
    };
    read_only("on");
    ledger.replay().await.expect(503);
    assert_eq!(ledger.reasons().await.len(), 2);
    read_only("off");
    ledger.sql("ALTER TABLE evidence_blocks DROP CONSTRAINT nothing_old");
    while ledger.deps.store.ping().await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut answered = ledger.replay().await;
    while answered.status == StatusCode::SERVICE_UNAVAILABLE {
        // A connection of before.
        answered = ledger.replay().await;
    }
    assert_eq!(answered.expect(200), answer(1, 1));
    assert_eq!(ledger.requests(&zone).await, ["dated"]);
    assert_eq!(
        ledger.reasons().await,
        ["hmac_verify_failed"],
        "a forged one stays where it is"
    );
    assert_eq!(ledger.replay().await.expect(200), answer(0, 1));
    assert_eq!(ledger.requests(&zone).await, ["dated"]);
}

/// Text that a caller may choose: anything, and what has been trouble before.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(String::from("\\u0000")),
        Just(String::from("\\\\u0000")),
        Just(String::from("\0")),
        Just(String::from("\u{2028}\u{feff}\u{7f}\r\n\t\"'\\")),
        Just(String::from("\\ud800")),
        Just(String::from("\u{10ffff}\u{ffff}")),
        any::<String>(),
    ];
    vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

async fn anything_arrives_as_sent(ledger: &Ledger) {
    let zone = ledger.zone();
    let mut runner = TestRunner::deterministic();
    let mut draw = || text().new_tree(&mut runner).unwrap().current();
    let mut sent: Vec<AuditEvent> = Vec::new();
    for _ in 0..200 {
        let mut event = ledger.event(&zone, &draw());
        event.event_type = draw().into();
        event.evaluation_status = draw();
        let metadata = json!({
            "agent_labels": [draw(), draw()],
            "application_id": draw(),
            "agent_session_id": draw(),
            "session_id": draw(),
            "path": draw(),
            "headers": {draw(): draw()},
            "requested_scopes": [draw(), draw()],
        });
        sent.push(event.with_metadata(&metadata));
    }
    ledger.append(&sent).await;

    assert_eq!(
        ledger.reasons().await,
        [""; 0],
        "a valid signature is never put aside"
    );
    let mut work = ledger.deps.store.zone(&zone, Access::Read).await.unwrap();
    let rows = work.ledger().range(0, 1_000).await.unwrap();
    assert_eq!(rows.len(), sent.len());
    for (row, event) in rows.iter().zip(&sent) {
        let as_value = |event: &AuditEvent| -> Value { serde_json::to_value(event).unwrap() };
        assert_eq!(as_value(&row.event), as_value(event));
    }
    drop(work);
    let report = verify_zone(ledger.deps.store.as_ref(), &zone, Some(&ledger.parts.audit_key))
        .await
        .unwrap();
    assert!(report.holds(), "{report:?}");
}

#[tokio::test]
async fn whatever_a_caller_chooses_ends_up_in_the_ledger_as_sent_on_sqlite() {
    anything_arrives_as_sent(&Ledger::over(Backends::Embedded).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_caller_chooses_ends_up_in_the_ledger_as_sent_on_postgres() {
    anything_arrives_as_sent(&Ledger::over(Backends::Postgres).await).await;
}
