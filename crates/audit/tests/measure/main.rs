//! What the ledger costs: bytes, ingest, searches, verification, backups; and what the evidence of a governed call costs. Ignored by
//! default: it measures, it does not judge. `make measure-ledger` and `make measure-evidence` run it.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a measurement may fail loudly and be a little off"
)]

mod calls;
mod evidence;
mod ledger;
mod searches;
mod table;

use std::{env, fs, path::Path};

use caracal_core::World;
use caracal_crypto::{HmacKey, HmacRing};
use caracal_storage_sql::SqliteStore;
use caracal_testkit::database::{self, server};

fn number(name: &str, otherwise: usize) -> usize {
    env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn ledger() {
    let events = number("EVENTS", 30_000);
    let key = HmacKey::from_bytes(&[7; 32]);
    let ring = HmacRing::new(key.clone(), []);

    let database = database::Database::migrated().await;
    let store = database::connect(&database.owner_url()).await;
    let bytes = || {
        let sql = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relname LIKE 'evidence_%' AND relkind = 'r'";
        server().sql(&database.name, sql).trim().parse().unwrap()
    };
    let mut postgres = ledger::measure(events, &store, &ring, bytes).await;
    postgres.copies = ledger::dump_and_restore(&database, &postgres.zone, &ring).await;
    drop((store, database));

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("caracal.db");
    let open = async |path: &Path| {
        let store = SqliteStore::open(path, Some(key.clone()), World::for_tests().now()).await;
        store.unwrap()
    };
    let store = open(&path).await;
    let size = || fs::metadata(&path).map_or(0, |file| file.len());
    let mut sqlite = ledger::measure(events, &store, &ring, size).await;
    drop(store);
    sqlite.copies = ledger::copy_and_verify(&path, &sqlite.zone, &ring, open).await;

    let table = table::of(events, &postgres, &sqlite);
    println!("{table}");
    if let Ok(page) = env::var("PAGE") {
        table::write(Path::new(&page), &table);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn evidence_of_a_call() {
    evidence::measure(number("CALLS", 10_000), number("RATE", 1_000)).await;
}
