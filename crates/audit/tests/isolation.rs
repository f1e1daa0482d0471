//! No zone and no event holds back the evidence of others, and what callers choose arrives as they sent it.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use caracal_audit::{AuditDeps, IngestHealth, verify_zone};
use caracal_core::{Secret, Timestamp, World, ZoneId, audit::AuditEvent};
use caracal_crypto::{HmacKey, audit_frame};
use caracal_events::{Bus as _, EmbeddedBus, Fields, StreamSigner, Topic};
use caracal_storage::{Access, Store};
use caracal_storage_sql::{PostgresOptions, PostgresStore, SqliteStore};
use caracal_testkit::postgres::Postgres;
use caracal_wire::health::NotReady;
use http_body_util::BodyExt as _;
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any, prop_oneof},
    strategy::ValueTree,
    test_runner::TestRunner,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

const TOKEN: &str = "operator-token-of-this-test-0000";

static SERVER: LazyLock<Postgres> = LazyLock::new(Postgres::start);

/// What [`Ledger::cannot_store_old_events`] takes away.
const PARTITION: &str = "CREATE TABLE audit_events_before PARTITION OF audit_events \
     FOR VALUES FROM (MINVALUE) TO (1577836800000000)";

fn key() -> HmacKey {
    HmacKey::from_hex(&"11a2b3c4d5e6f708".repeat(4)).unwrap()
}

struct Ledger {
    deps: AuditDeps,
    bus: EmbeddedBus,
    stop: CancellationToken,
    /// Name on the server, where there is one.
    database: String,
    _directory: tempfile::TempDir,
}

impl Ledger {
    async fn on_sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let world = World::for_tests();
        let path = directory.path().join("ledger.db");
        let store = SqliteStore::open(&path, Some(key()), world.now()).await.unwrap();
        Self::new(Arc::new(store), world, directory, String::new())
    }

    async fn on_postgres() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let world = World::for_tests();
        let database = SERVER.create_database();
        let options = PostgresOptions::new(Secret::new(SERVER.url(&database)));
        let store = PostgresStore::connect(options, Some(key())).await.unwrap();
        store.migrate(world.now()).await.unwrap();
        Self::new(Arc::new(store), world, directory, database)
    }

    fn new(store: Arc<dyn Store>, world: World, directory: tempfile::TempDir, database: String) -> Self {
        let bus = EmbeddedBus::in_memory(world.clone(), StreamSigner::without_key(false));
        let deps = AuditDeps {
            world,
            store,
            bus: Arc::new(bus.clone()),
            audit_key: Some(key()),
            admin_token: Some(Secret::new(TOKEN)),
            consumer: String::from("test"),
            health: Arc::new(IngestHealth::default()),
        };
        let stop = CancellationToken::new();
        tokio::spawn(caracal_audit::run(deps.clone(), stop.clone()));
        Self {
            deps,
            bus,
            stop,
            database,
            _directory: directory,
        }
    }

    fn zone(&self) -> ZoneId {
        ZoneId::generate(&self.deps.world)
    }

    fn event(&self, zone: &ZoneId, request: &str) -> AuditEvent {
        AuditEvent::new(&self.deps.world, zone.clone(), "token_exchange", request, "deny")
    }

    /// Events of before all months are outside the partitions.
    fn cannot_store_old_events(&self) {
        SERVER.sql(&self.database, "DROP TABLE audit_events_before");
    }

    fn old_event(&self, zone: &ZoneId) -> AuditEvent {
        let mut event = self.event(zone, "dated");
        event.occurred_at = Timestamp::from_unix_seconds(0);
        event
    }

    /// Asks for the dead letters to be stored after all.
    async fn replay(&self) -> (StatusCode, Value) {
        let request =
            Request::post("/api/audit/dlq/replay").header("authorization", format!("Bearer {TOKEN}"));
        let router = caracal_audit::router(self.deps.clone());
        let response = router
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Appends; on this bus that resolves once the ledger or the dead letters have every event.
    async fn append(&self, events: &[AuditEvent]) {
        let frames = events.iter().map(frame).collect();
        self.bus.append(Topic::AuditEvents, frames).await.unwrap();
    }

    async fn requests(&self, zone: &ZoneId) -> Vec<String> {
        let mut work = self.deps.store.zone(zone, Access::Read).await.unwrap();
        let rows = work.ledger().range(0, 1_000).await.unwrap();
        rows.into_iter().map(|row| row.event.request_id).collect()
    }

    async fn reasons(&self) -> Vec<String> {
        let letters = self
            .bus
            .dead_letters(Topic::AuditEvents, None, 100)
            .await
            .unwrap();
        let reason = |letter: &caracal_events::Delivery| letter.fields.get("reason").map(str::to_owned);
        letters.iter().filter_map(reason).collect()
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn frame(event: &AuditEvent) -> Fields {
    let data = serde_json::to_string(event).unwrap();
    let signature = audit_frame::sign(&key(), data.as_bytes());
    Fields::new()
        .with("id", event.id.clone())
        .with("data", data)
        .with("sig", signature)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_event_that_can_never_be_stored_is_put_aside_once_and_stops_nobody() {
    let ledger = Ledger::on_postgres().await;
    let (zone, other) = (ledger.zone(), ledger.zone());
    ledger.cannot_store_old_events();
    let dated = ledger.old_event(&zone);
    let mut forged = frame(&ledger.event(&other, "forged"));
    forged.insert("sig", "00".repeat(32));
    let mut frames: Vec<Fields> = [
        ledger.event(&zone, "first"),
        dated,
        ledger.event(&zone, "second"),
        ledger.event(&other, "elsewhere"),
        ledger.event(&zone, "third"),
    ]
    .iter()
    .map(frame)
    .collect();
    frames.push(forged);
    ledger.bus.append(Topic::AuditEvents, frames).await.unwrap();

    assert_eq!(ledger.requests(&zone).await, ["first", "second", "third"]);
    assert_eq!(ledger.requests(&other).await, ["elsewhere"]);
    let mut reasons = ledger.reasons().await;
    reasons.sort();
    assert_eq!(reasons.len(), 2, "each once: {reasons:?}");
    assert!(reasons[0].starts_with("cannot_be_stored:"), "{reasons:?}");
    assert!(reasons[0].contains("partition"), "with its reason: {reasons:?}");
    assert_eq!(reasons[1], "hmac_verify_failed");
    assert_eq!(ledger.deps.health.reason(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_zone_that_cannot_be_stored_now_waits_alone_and_loses_nothing() {
    let ledger = Ledger::on_postgres().await;
    let (stuck, free) = (ledger.zone(), ledger.zone());
    ledger.append(&[ledger.event(&stuck, "before")]).await;
    // Somebody holds the head of its chain.
    let (url, zone) = (SERVER.url(&ledger.database), stuck.clone());
    let holder = std::thread::spawn(move || {
        let sql = format!(
            "BEGIN; SELECT 1 FROM audit_heads WHERE zone_id = '{zone}' FOR UPDATE; SELECT pg_sleep(600), 'held'"
        );
        SERVER.try_sql(&url, &sql)
    });
    let holds = "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
         WHERE a.query LIKE '%held%' AND a.pid <> pg_backend_pid() AND l.mode = 'RowShareLock'";
    while SERVER.sql(&ledger.database, holds).trim() == "0" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let event = ledger.event(&stuck, "held back");
    let bus = ledger.bus.clone();
    let waits = tokio::spawn(async move { bus.append(Topic::AuditEvents, vec![frame(&event)]).await });
    for round in 0..3 {
        // This bus answers for everything before as well, so the ledger is asked instead.
        let event = ledger.event(&free, &format!("free-{round}"));
        let bus = ledger.bus.clone();
        tokio::spawn(async move { bus.append(Topic::AuditEvents, vec![frame(&event)]).await });
        while ledger.requests(&free).await.len() <= round {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    assert!(!waits.is_finished());
    assert_eq!(ledger.deps.health.reason(), None, "the others get on");
    SERVER.sql(
        &ledger.database,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%held%' AND pid <> pg_backend_pid()",
    );
    waits.await.unwrap().unwrap();
    assert!(holder.join().unwrap().is_err());
    assert_eq!(ledger.requests(&stuck).await, ["before", "held back"]);
    assert_eq!(ledger.reasons().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_alone_in_its_zone_that_can_never_be_stored_is_put_aside_at_once() {
    let ledger = Ledger::on_postgres().await;
    let zone = ledger.zone();
    ledger.cannot_store_old_events();
    // Nothing comes before it, and nothing after it is waited for.
    ledger.append(&[ledger.old_event(&zone)]).await;
    let reasons = ledger.reasons().await;
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    assert!(
        reasons[0].starts_with("cannot_be_stored:") && reasons[0].contains("partition"),
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
    let ledger = Ledger::on_postgres().await;
    let zone = ledger.zone();
    ledger.append(&[ledger.event(&zone, "before")]).await;
    // An error that says that trying again is of no use, and that means the ledger and not the event.
    SERVER.sql(&ledger.database, "ALTER TABLE audit_heads RENAME TO away");
    let event = ledger.event(&zone, "alone");
    let bus = ledger.bus.clone();
    let waits = tokio::spawn(async move { bus.append(Topic::AuditEvents, vec![frame(&event)]).await });
    while ledger.deps.health.reason() != Some(NotReady::StorageUnreachable) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    SERVER.sql(&ledger.database, "ALTER TABLE away RENAME TO audit_heads");
    waits.await.unwrap().unwrap();
    assert_eq!(ledger.requests(&zone).await, ["before", "alone"]);
    assert_eq!(ledger.reasons().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_goes_only_once_the_ledger_has_its_event() {
    let ledger = Ledger::on_postgres().await;
    let zone = ledger.zone();
    ledger.cannot_store_old_events();
    let mut forged = frame(&ledger.event(&zone, "forged"));
    forged.insert("sig", "00".repeat(32));
    ledger.bus.append(Topic::AuditEvents, vec![forged]).await.unwrap();
    ledger.append(&[ledger.old_event(&zone)]).await;
    // Nobody reads the bus from here on: what is only on it does not arrive.
    ledger.stop.cancel();
    assert_eq!(ledger.reasons().await.len(), 2);

    let answer =
        |replayed, skipped| json!({"scanned": replayed + skipped, "replayed": replayed, "skipped": skipped});
    assert_eq!(
        ledger.replay().await,
        (StatusCode::OK, answer(0, 2)),
        "still in its way"
    );
    let read_only = |on: &str| {
        let database = &ledger.database;
        SERVER.sql(
            database,
            &format!(
                "BEGIN READ WRITE; ALTER DATABASE \"{database}\" SET default_transaction_read_only = {on}; \
                 SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = '{database}' AND pid <> pg_backend_pid(); COMMIT"
            ),
        );
    };
    read_only("on");
    let (status, refused) = ledger.replay().await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{refused}");
    assert_eq!(ledger.reasons().await.len(), 2);
    read_only("off");
    SERVER.sql(&ledger.database, PARTITION);
    while ledger.deps.store.ping().await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut answered = ledger.replay().await;
    while answered.0 == StatusCode::SERVICE_UNAVAILABLE {
        // A connection of before.
        answered = ledger.replay().await;
    }
    assert_eq!(answered, (StatusCode::OK, answer(1, 1)));
    assert_eq!(ledger.requests(&zone).await, ["dated"]);
    assert_eq!(
        ledger.reasons().await,
        ["hmac_verify_failed"],
        "a forged one stays where it is"
    );
    assert_eq!(ledger.replay().await, (StatusCode::OK, answer(0, 1)));
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
        event.event_type = draw();
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
        assert!(row.copies_agree, "{event:?}");
    }
    drop(work);
    let report = verify_zone(ledger.deps.store.as_ref(), &zone, Some(&key()))
        .await
        .unwrap();
    assert!(report.holds(), "{report:?}");
}

#[tokio::test]
async fn whatever_a_caller_chooses_ends_up_in_the_ledger_as_sent_on_sqlite() {
    anything_arrives_as_sent(&Ledger::on_sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_caller_chooses_ends_up_in_the_ledger_as_sent_on_postgres() {
    anything_arrives_as_sent(&Ledger::on_postgres().await).await;
}
