//! A ledger that is filled, searched, verified, copied and verified again.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use caracal_audit::verify_zone;
use caracal_core::{World, ZoneId};
use caracal_crypto::HmacRing;
use caracal_storage::{Access, LedgerEntry, Store};
use caracal_storage_sql::SqliteStore;
use caracal_testkit::database::{self, Database, OWNER, server};

use crate::{
    calls::Calls,
    searches::{self, Took},
};

/// Events of one transaction, as the role reads them.
const BATCH: usize = 1024;

/// What one database came to.
pub(crate) struct Measured {
    pub(crate) zone: ZoneId,
    pub(crate) body_bytes: usize,
    pub(crate) disk_bytes: f64,
    pub(crate) ingested: f64,
    pub(crate) verified: f64,
    pub(crate) searches: Vec<Took>,
    pub(crate) copies: Copies,
}

/// How long a copy of the whole took.
#[derive(Default)]
pub(crate) struct Copies {
    pub(crate) backup: Duration,
    pub(crate) restore: Duration,
    pub(crate) verify: Duration,
}

pub(crate) async fn measure(
    events: usize,
    store: &dyn Store,
    key: &HmacRing,
    bytes: impl Fn() -> u64,
) -> Measured {
    let world = World::for_tests();
    let zone = ZoneId::generate(&world);
    let mut calls = Calls::new(&world, &zone);
    let (mut took, mut body_bytes, mut done) = (Duration::ZERO, 0, 0);
    let empty = bytes();
    let mut waiting = Vec::new();
    while done < events {
        while waiting.len() < BATCH {
            let entry = |event| LedgerEntry::written(&event, Some(String::from("k1"))).unwrap();
            waiting.extend(calls.next_later().map(entry));
        }
        let batch: Vec<LedgerEntry> = waiting.drain(..BATCH).collect();
        body_bytes += batch.iter().map(|entry| entry.received.len()).sum::<usize>();
        done += batch.len();
        let begun = Instant::now();
        let mut work = store.zone(&zone, Access::Write).await.unwrap();
        work.ledger().append(&batch, world.now()).await.unwrap();
        work.commit().await.unwrap();
        took += begun.elapsed();
        if done % (BATCH * 1000) == 0 {
            println!("{done} events: {:.0}/s", done as f64 / took.as_secs_f64());
        }
    }
    let disk_bytes = (bytes() - empty) as f64 / done as f64;
    let ingested = done as f64 / took.as_secs_f64();
    println!("ingest {ingested:.0}/s, {disk_bytes:.0} bytes of disk an event");
    let searches = searches::measure(store, &zone, &calls).await;
    let took = verify(store, &zone, key).await;
    let verified = done as f64 / took.as_secs_f64();
    println!("verify {verified:.0}/s");
    Measured {
        zone,
        body_bytes: body_bytes / done,
        disk_bytes,
        ingested,
        verified,
        searches,
        copies: Copies::default(),
    }
}

async fn verify(store: &dyn Store, zone: &ZoneId, key: &HmacRing) -> Duration {
    let begun = Instant::now();
    let report = verify_zone(store, zone, Some(key)).await.unwrap();
    assert!(report.holds(), "{report:?}");
    begun.elapsed()
}

fn run(program: &str, arguments: &[&str]) -> Duration {
    let begun = Instant::now();
    let status = Command::new(program).args(arguments).status().unwrap();
    assert!(status.success(), "{program}: {status}");
    begun.elapsed()
}

/// With the programs of PostgreSQL, into another database of the server.
pub(crate) async fn dump_and_restore(database: &Database, zone: &ZoneId, key: &HmacRing) -> Copies {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("dump");
    let file = file.to_str().unwrap();
    let from = server().url(&database.name);
    let backup = run(
        "pg_dump",
        &["--format=custom", "--compress=1", "--file", file, &from],
    );
    let other = Database::empty();
    let to = server().url(&other.name);
    let restore = run("pg_restore", &["--no-privileges", "--dbname", &to, file]);
    let store = database::connect(&server().url_as(&other.name, OWNER, OWNER)).await;
    let verify = verify(&store, zone, key).await;
    Copies {
        backup,
        restore,
        verify,
    }
}

/// As a file, into another directory.
pub(crate) async fn copy_and_verify(
    path: &Path,
    zone: &ZoneId,
    key: &HmacRing,
    open: impl AsyncFn(&Path) -> SqliteStore,
) -> Copies {
    let directory = tempfile::tempdir().unwrap();
    let (kept, restored) = (
        directory.path().join("kept.db"),
        directory.path().join("caracal.db"),
    );
    let begun = Instant::now();
    fs::copy(path, &kept).unwrap();
    let backup = begun.elapsed();
    let begun = Instant::now();
    fs::copy(&kept, &restored).unwrap();
    let store = open(&restored).await;
    let restore = begun.elapsed();
    let verify = verify(&store, zone, key).await;
    Copies {
        backup,
        restore,
        verify,
    }
}
