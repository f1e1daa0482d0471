//! What the ledger costs: bytes, ingest, searches, verification. Ignored by default: it measures, it does not judge. Run with
//! `EVENTS=1000000 cargo test --release -p caracal-audit --test measure -- --ignored --nocapture --test-threads 1`.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a measurement may fail loudly and be a little off"
)]

use std::{
    env, fs,
    path::Path,
    time::{Duration, Instant},
};

use caracal_audit::verify_zone;
use caracal_core::{World, ZoneId, audit::AuditEvent};
use caracal_crypto::{HmacKey, HmacRing};
use caracal_storage::{Access, AuditFilter, LedgerEntry, PageRequest, Store};
use caracal_storage_sql::SqliteStore;
use caracal_testkit::database::{self, server};

/// Events of one transaction, as the role reads them.
const BATCH: usize = 1024;
/// Calls of one session.
const CALLS: usize = 20;
/// Searches of each kind.
const SEARCHES: usize = 200;

/// The three events of a governed call as they were in a ledger, and what of them each call has of its own.
const CALL: &str = include_str!("measure/call.ndjson");
const OWN: [&str; 9] = [
    "01a222bf-4ede-755b-85e5-df8380d3e6e9",
    "01a222bf-4ede-74c2-a445-dabae0353ef8",
    "01a222bf-4ede-7b80-9ca5-bb9a78685faa",
    "8aa968b6-6ed8-429e-af0b-e931c60c23b2",
    "d69134b9-c9a0-49cf-b8b8-d642e2a2b30a",
    "01a222bf-4edd-73f4-8508-1a4af5620548",
    "01a222bf-4edd-70b1-8614-4f7b08e17b29",
    "01a222bf-4ede-7322-9f9d-8422e0c21285",
    "01a222bf-4ede-7606-ac99-d5dbee9764e6",
];
const TRACE: &str = "8517668d3123e7d5030524ef3ff0d8d3";
const SESSION: &str = "01a222bf-4925-71ad-a1d8-70230b628cf4";
const APPLICATION: &str = "01a222bf-48ba-7747-a5c1-d007a8f1e8ba";

/// Calls of a zone, one after another.
struct Calls {
    world: World,
    zone: ZoneId,
    applications: Vec<String>,
    session: String,
    number: usize,
    /// Some of what was made, to search for.
    requests: Vec<String>,
    sessions: Vec<String>,
    records: Vec<String>,
}

impl Calls {
    fn new(world: &World, zone: &ZoneId) -> Self {
        Self {
            world: world.clone(),
            zone: zone.clone(),
            applications: (0..20).map(|_| world.uuid_v7().to_string()).collect(),
            session: String::new(),
            number: 0,
            requests: Vec::new(),
            sessions: Vec::new(),
            records: Vec::new(),
        }
    }

    fn next(&mut self) -> Vec<LedgerEntry> {
        self.world.manual_clock().advance(Duration::from_micros(150));
        if self.number.is_multiple_of(CALLS) {
            self.session = self.world.uuid_v7().to_string();
        }
        let application = &self.applications[self.number / CALLS % self.applications.len()];
        let own: Vec<String> = OWN.iter().map(|_| self.world.uuid_v7().to_string()).collect();
        if self.number.is_multiple_of(997) {
            self.requests.push(own[3].clone());
            self.sessions.push(self.session.clone());
            self.records.push(own[6].clone());
        }
        self.number += 1;
        let denied = self.number.is_multiple_of(100);
        let mut entries = Vec::new();
        for line in CALL.lines() {
            let mut body = line
                .replace(SESSION, &self.session)
                .replace(APPLICATION, application);
            body = body.replace(TRACE, &self.world.uuid_v7().simple().to_string());
            for (old, new) in OWN.iter().zip(&own) {
                body = body.replace(old, new);
            }
            if denied {
                body = body.replace(r#""decision":"allow""#, r#""decision":"deny""#);
            }
            let mut event: AuditEvent = serde_json::from_str(&body).unwrap();
            event.zone_id = self.zone.clone();
            event.occurred_at = self.world.now();
            entries.push(LedgerEntry::written(event, Some(String::from("k1"))).unwrap());
        }
        entries
    }
}

fn percentile(times: &mut [Duration], of: usize) -> f64 {
    times.sort_unstable();
    times[(times.len() * of / 100).min(times.len() - 1)].as_secs_f64() * 1000.0
}

/// Makes the filter of the how-manieth search.
type Make<'a> = Box<dyn Fn(usize) -> AuditFilter + 'a>;

async fn measure(name: &str, store: &dyn Store, key: &HmacRing, bytes: impl Fn() -> u64) {
    let events: usize = env::var("EVENTS").map_or(30_000, |text| text.parse().unwrap());
    let world = World::for_tests();
    let zone = ZoneId::generate(&world);
    let mut calls = Calls::new(&world, &zone);
    let (mut took, mut body, mut done) = (Duration::ZERO, 0, 0);
    let empty = bytes();
    let mut waiting = Vec::new();
    while done < events {
        while waiting.len() < BATCH {
            waiting.extend(calls.next());
        }
        let batch: Vec<LedgerEntry> = waiting.drain(..BATCH).collect();
        body += batch.iter().map(|entry| entry.received.len()).sum::<usize>();
        done += batch.len();
        let begun = Instant::now();
        let mut work = store.zone(&zone, Access::Write).await.unwrap();
        work.ledger().append(&batch, world.now()).await.unwrap();
        work.commit().await.unwrap();
        took += begun.elapsed();
    }
    println!("{name}: {done} events of {} bytes", body / done);
    println!("{name}: ingest {:.0}/s", done as f64 / took.as_secs_f64());
    println!(
        "{name}: {:.0} bytes of disk an event",
        (bytes() - empty) as f64 / done as f64
    );
    let none = AuditFilter::default;
    let some = |of: &[String], n: usize| Some(of[n * 31 % of.len()].clone());
    let deny = || Some(String::from("deny"));
    let kind = || vec![String::from("gateway_resource_request")];
    let kinds: Vec<(&str, Make<'_>)> = vec![
        ("nothing", Box::new(|_| none())),
        (
            "request",
            Box::new(|n| AuditFilter {
                request_id: some(&calls.requests, n),
                ..none()
            }),
        ),
        (
            "session",
            Box::new(|n| AuditFilter {
                session_id: some(&calls.sessions, n),
                ..none()
            }),
        ),
        (
            "authority record",
            Box::new(|n| AuditFilter {
                authority_record_id: some(&calls.records, n),
                ..none()
            }),
        ),
        (
            "application",
            Box::new(|n| AuditFilter {
                application_id: some(&calls.applications, n),
                ..none()
            }),
        ),
        (
            "label",
            Box::new(|_| AuditFilter {
                label: Some(String::from("bench")),
                ..none()
            }),
        ),
        (
            "type",
            Box::new(|_| AuditFilter {
                event_types: kind(),
                ..none()
            }),
        ),
        (
            "decision",
            Box::new(|_| AuditFilter {
                decision: deny(),
                ..none()
            }),
        ),
        (
            "application and decision",
            Box::new(|n| AuditFilter {
                application_id: some(&calls.applications, n),
                decision: deny(),
                ..none()
            }),
        ),
        (
            "application and type",
            Box::new(|n| AuditFilter {
                application_id: some(&calls.applications, n),
                event_types: kind(),
                ..none()
            }),
        ),
        (
            "type and decision",
            Box::new(|_| AuditFilter {
                event_types: kind(),
                decision: deny(),
                ..none()
            }),
        ),
        (
            "session and decision",
            Box::new(|n| AuditFilter {
                session_id: some(&calls.sessions, n),
                decision: deny(),
                ..none()
            }),
        ),
    ];
    for (what, filter) in &kinds {
        let mut times = Vec::new();
        let mut found = 0;
        for n in 0..SEARCHES {
            let begun = Instant::now();
            let mut work = store.zone(&zone, Access::Read).await.unwrap();
            let page = work
                .ledger()
                .search(&filter(n), &PageRequest::first(50))
                .await
                .unwrap();
            times.push(begun.elapsed());
            found += page.items.len();
        }
        let (half, most) = (percentile(&mut times, 50), percentile(&mut times, 95));
        println!(
            "{name}: search by {what}: p50 {half:.1} ms, p95 {most:.1} ms, {} found",
            found / SEARCHES
        );
    }
    let begun = Instant::now();
    let report = verify_zone(store, &zone, Some(key)).await.unwrap();
    assert!(report.holds(), "{report:?}");
    println!(
        "{name}: verify {:.0}/s",
        done as f64 / begun.elapsed().as_secs_f64()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("caracal.db");
    let key = HmacKey::from_bytes(&[7; 32]);
    let store = SqliteStore::open(&path, Some(key.clone()), World::for_tests().now())
        .await
        .unwrap();
    let size = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
    measure("sqlite", &store, &HmacRing::new(key, []), || size(&path)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn postgres() {
    let database = database::Database::migrated().await;
    let store = database::connect(&database.owner_url()).await;
    let key = HmacKey::from_bytes(&[7; 32]);
    let bytes = || {
        let sql = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relname LIKE 'evidence_%' AND relkind = 'r'";
        server().sql(&database.name, sql).trim().parse().unwrap()
    };
    measure("postgres", &store, &HmacRing::new(key, []), bytes).await;
}
