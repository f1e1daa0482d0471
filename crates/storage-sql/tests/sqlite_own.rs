//! SQLite: what no other backend has.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{os::unix::fs::PermissionsExt as _, path::Path, sync::Arc};

use caracal_core::{World, ZoneId, audit::AuditEvent};
use caracal_crypto::HmacKey;
use caracal_ledger::{chain as ledger, entry::Entry, merkle::Frontier, terms::Term};
use caracal_storage::{
    Access, AuditFilter, Error, LedgerEntry, PageRequest, Store, conformance::given::Given,
};
use caracal_storage_sql::{MigrationError, SCHEMA_VERSION, SqliteStore};

fn key() -> HmacKey {
    HmacKey::from_bytes(&[7; 32])
}

async fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, Some(key()), World::for_tests().now())
        .await
        .unwrap()
}

fn entry(world: &World, zone: &ZoneId, request: &str) -> LedgerEntry {
    let event = AuditEvent::new(world, zone.clone(), "token_exchange", request, "allow").with_metadata(
        &serde_json::json!({"application_id": "app-1", "agent_labels": ["planner", "nul\u{0}label"], "n": 1.50}),
    );
    LedgerEntry::written(&event, Some("k1".into())).unwrap()
}

/// Runs SQL as somebody with the file in hand.
async fn sql(path: &Path, statement: &str) -> Result<u64, sea_orm::DbErr> {
    use sea_orm::ConnectionTrait as _;
    let db = sea_orm::Database::connect(format!("sqlite://{}", path.display()))
        .await
        .unwrap();
    let result = db
        .execute_unprepared(statement)
        .await
        .map(|done| done.rows_affected());
    db.close().await.unwrap();
    result
}

#[tokio::test]
async fn the_file_is_for_its_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("odd name?#.db");
    let store = open(&path).await;
    store.ping().await.unwrap();
    let mut work = store.global(Access::Write).await.unwrap();
    work.zones()
        .create(&Given::new(&World::for_tests()).zone())
        .await
        .unwrap();
    work.commit().await.unwrap();
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
    }
    assert!(path.exists());
}

#[tokio::test]
async fn a_copy_is_of_one_instant_whole_private_and_never_over_another_file() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory.path().join("caracal.db")).await;
    let world = World::for_tests();
    let (zone, later) = (Given::new(&world).zone(), Given::new(&world).zone());
    let mut work = store.global(Access::Write).await.unwrap();
    work.zones().create(&zone).await.unwrap();
    work.commit().await.unwrap();
    // Somebody else has the file open and is in the middle of a change.
    let other = open(&directory.path().join("caracal.db")).await;
    let mut unfinished = other.global(Access::Write).await.unwrap();
    unfinished.zones().create(&later).await.unwrap();

    let target = directory.path().join("a copy's.db");
    store.copy_to(&target).await.unwrap();
    unfinished.commit().await.unwrap();
    let mode = std::fs::metadata(&target).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let copied = SqliteStore::open_unmigrated(&target, None).await.unwrap();
    copied.ping().await.unwrap();
    let mut work = copied.global(Access::Read).await.unwrap();
    assert!(work.zones().get(&zone.id).await.unwrap().is_some());
    assert!(work.zones().get(&later.id).await.unwrap().is_none());
    assert!(store.copy_to(&target).await.is_err(), "a file is there");
}

#[tokio::test]
async fn migrating_twice_at_once_applies_everything_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("caracal.db");
    let now = World::for_tests().now();
    let mut migrators = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let path = path.clone();
        migrators.spawn(async move { SqliteStore::open(&path, None, now).await.map(|_| ()) });
    }
    for migrated in migrators.join_all().await {
        migrated.unwrap();
    }
    let store = SqliteStore::open_unmigrated(&path, None).await.unwrap();
    store.ping().await.unwrap();
    assert_eq!(store.migrate(now).await.unwrap(), Vec::<i64>::new());
}

#[tokio::test]
async fn an_unmigrated_a_newer_and_a_changed_schema_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("caracal.db");
    let now = World::for_tests().now();
    let store = SqliteStore::open_unmigrated(&path, None).await.unwrap();
    let Err(Error::Corrupt(text)) = store.ping().await else {
        panic!("an empty file is no schema")
    };
    assert!(text.contains("caracald migrate"), "{text}");
    assert_eq!(store.migrate(now).await.unwrap().first(), Some(&1));
    store.ping().await.unwrap();

    sql(
        &path,
        "INSERT INTO schema_migrations VALUES (9999, 'future', 'x', 0, 9999)",
    )
    .await
    .unwrap();
    let Err(Error::Corrupt(text)) = store.ping().await else {
        panic!("a newer schema passed")
    };
    assert!(text.contains("newer"), "{text}");
    let refused = SqliteStore::open(&path, None, now).await;
    assert!(
        matches!(refused, Err(MigrationError::SchemaNewer { found: 9999, .. })),
        "{refused:?}"
    );

    sql(&path, "DELETE FROM schema_migrations WHERE version = 9999")
        .await
        .unwrap();
    sql(
        &path,
        "UPDATE schema_migrations SET checksum = 'x' WHERE version = 1",
    )
    .await
    .unwrap();
    let refused = SqliteStore::open(&path, None, now).await;
    assert!(
        matches!(refused, Err(MigrationError::Changed { version: 1 })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn evidence_and_policy_versions_cannot_be_changed_or_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("caracal.db");
    let (store, world) = (open(&path).await, World::for_tests());
    let given = Given::new(&world);
    let mut work = store.global(Access::Write).await.unwrap();
    work.zones().create(&given.zone()).await.unwrap();
    work.commit().await.unwrap();
    let mut work = store.zone(&given.zone_id, Access::Write).await.unwrap();
    let (policy, version) = given.policy();
    work.policies().create(&policy, &version).await.unwrap();
    let entries: Vec<_> = (0..300).map(|_| entry(&world, &given.zone_id, "r")).collect();
    work.ledger().append(&entries, world.now()).await.unwrap();
    for _ in 0..3 {
        work.admin_audit()
            .append(&given.admin_audit_record())
            .await
            .unwrap();
    }
    work.commit().await.unwrap();
    for (forbidden, why) in [
        ("UPDATE evidence_logs SET size = 1", "append-only"),
        ("UPDATE evidence_logs SET sealed = 0", "append-only"),
        ("UPDATE evidence_logs SET number = 9", "append-only"),
        ("DELETE FROM evidence_logs", "append-only"),
        ("UPDATE evidence_blocks SET entries = 1", "append-only"),
        ("DELETE FROM evidence_blocks", "append-only"),
        ("UPDATE evidence_terms SET term = 1", "append-only"),
        ("DELETE FROM evidence_terms", "append-only"),
        ("UPDATE evidence_tiles SET tile = 1", "append-only"),
        ("DELETE FROM evidence_tiles", "append-only"),
        (
            "INSERT INTO admin_audit_events VALUES ('z', 'r', NULL, NULL, NULL, 'PUT', 'q', '{}', 0, 1, '', '', '', 3)",
            "kept in logs",
        ),
        ("UPDATE policy_versions SET content = 'x'", "immutable"),
        ("DELETE FROM policy_versions", "immutable"),
    ] {
        let refused = sql(&path, forbidden).await;
        assert!(
            refused.is_err_and(|error| error.to_string().contains(why)),
            "{forbidden}"
        );
    }
}

#[tokio::test]
async fn the_log_verifies_from_what_is_stored() {
    let directory = tempfile::tempdir().unwrap();
    let (store, world) = (
        open(&directory.path().join("caracal.db")).await,
        World::for_tests(),
    );
    let id = ZoneId::generate(&world);
    let entries: Vec<_> = (0..70).map(|n| entry(&world, &id, &format!("r{n}"))).collect();
    for batch in entries.chunks(67) {
        let mut work = store.zone(&id, Access::Write).await.unwrap();
        assert_eq!(
            work.ledger().append(batch, world.now()).await.unwrap().inserted,
            batch.len() as u64
        );
        work.commit().await.unwrap();
    }
    let mut work = store.zone(&id, Access::Write).await.unwrap();
    let mut altered: AuditEvent = serde_json::from_str(&entries[3].received).unwrap();
    altered.decision = "deny".into();
    let altered = LedgerEntry::written(&altered, None).unwrap();
    let again = [entries[0].clone(), altered, entry(&world, &id, "new")];
    let outcome = work.ledger().append(&again, world.now()).await.unwrap();
    assert_eq!((outcome.inserted, outcome.duplicates), (1, 1));
    assert_eq!(outcome.mismatches, [entries[3].event.id.clone()]);
    work.commit().await.unwrap();

    let mut work = store.zone(&id, Access::Read).await.unwrap();
    let rows = work.ledger().range(0, 1000).await.unwrap();
    assert_eq!(rows.len(), 71);
    let name = format!("ledger/{id}");
    let mut tree = Frontier::default();
    for (row, index) in rows.iter().zip(0_u64..) {
        assert_eq!(u64::try_from(row.chain_seq).unwrap(), index + 1);
        let entry = Entry {
            log: &name,
            index,
            body: &row.received,
            taken_at: row.ingested_at,
            producer_key: "k1",
        };
        assert_eq!(row.content_sha256, hex::encode(entry.content_hash()));
        tree.append(entry.leaf());
    }
    for label in ["planner", "nullabel"] {
        let filter = AuditFilter {
            label: Some(label.into()),
            ..AuditFilter::default()
        };
        let found = work
            .ledger()
            .search(&filter, &PageRequest::first(10))
            .await
            .unwrap();
        assert_eq!(found.items.len(), 10, "{label}");
    }
    let head = work.ledger().head().await.unwrap();
    assert_eq!((head.size, &head.root), (71, &hex::encode(tree.root())));
    let chain = ledger::Chain::Ledger(&id);
    assert!(ledger::verify_head(
        &key(),
        chain,
        71,
        &head.root,
        &head.root_hmac
    ));
}

/// Eight bytes of a hash may be those of another value, and whoever has the file may add a posting.
#[tokio::test]
async fn a_block_that_is_listed_under_what_none_of_its_events_says_is_looked_at_in_vain() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("caracal.db");
    let (store, world) = (open(&path).await, World::for_tests());
    let id = ZoneId::generate(&world);
    let entries: Vec<_> = (0..300).map(|_| entry(&world, &id, "r")).collect();
    let mut work = store.zone(&id, Access::Write).await.unwrap();
    work.ledger().append(&entries, world.now()).await.unwrap();
    work.commit().await.unwrap();
    let term = Term::Label("never").hash();
    let listed = format!(
        "INSERT INTO evidence_terms SELECT log, {term}, occurred_until, first_index FROM evidence_blocks"
    );
    sql(&path, &listed).await.unwrap();
    let filter = AuditFilter {
        label: Some("never".into()),
        ..AuditFilter::default()
    };
    let mut work = store.zone(&id, Access::Read).await.unwrap();
    let page = work
        .ledger()
        .search(&filter, &PageRequest::first(10))
        .await
        .unwrap();
    assert!(page.items.is_empty() && page.next.is_none());
}

#[tokio::test]
async fn two_processes_on_one_file_take_turns_to_write() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("caracal.db");
    let stores = [Arc::new(open(&path).await), Arc::new(open(&path).await)];
    let world = World::for_tests();
    let id = ZoneId::generate(&world);
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..20_usize {
        let entries: Vec<_> = (0..40).map(|_| entry(&world, &id, "r")).collect();
        let (store, id) = (stores[writer % 2].clone(), id.clone());
        writers.spawn(async move {
            let mut work = store.zone(&id, Access::Write).await.unwrap();
            work.ledger()
                .append(&entries, World::for_tests().now())
                .await
                .unwrap();
            work.commit().await.unwrap();
        });
    }
    writers.join_all().await;
    let mut work = stores[0].zone(&id, Access::Read).await.unwrap();
    assert_eq!(work.ledger().head().await.unwrap().size, 800);
    assert_eq!(work.ledger().range(0, 1000).await.unwrap().len(), 800);
}

#[tokio::test]
async fn a_newer_schema_that_says_it_is_compatible_keeps_this_build_at_work() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("caracal.db");
    open(&path).await.close().await.unwrap();
    let next = SCHEMA_VERSION + 1;
    let newer = format!("INSERT INTO schema_migrations VALUES ({next}, 'next', 'x', 0, 1)");
    sql(&path, &newer).await.unwrap();
    let store = open(&path).await;
    store.ping().await.unwrap();
    store.close().await.unwrap();
    let alone = format!("UPDATE schema_migrations SET compatible_from = {next} WHERE version = {next}");
    sql(&path, &alone).await.unwrap();
    let refused = SqliteStore::open(&path, Some(key()), World::for_tests().now()).await;
    assert!(
        matches!(refused, Err(MigrationError::SchemaNewer { found, .. }) if found == next),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_file_that_somebody_else_is_making_is_waited_for() {
    use sea_orm::ConnectionTrait as _;
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("made.db");
    std::fs::write(&path, b"").unwrap();
    let mut options = sea_orm::ConnectOptions::new(format!("sqlite://{}", path.display()));
    options.max_connections(1);
    let maker = sea_orm::Database::connect(options).await.unwrap();
    maker
        .execute_unprepared("BEGIN EXCLUSIVE; CREATE TABLE one (n)")
        .await
        .unwrap();
    let opening = {
        let path = path.clone();
        tokio::spawn(async move { open(&path).await })
    };
    // Longer than SQLite itself waits for a lock.
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    assert!(!opening.is_finished(), "it gave up or did not need the lock");
    maker.execute_unprepared("COMMIT").await.unwrap();
    maker.close().await.unwrap();
    let store = opening.await.unwrap();
    store.ping().await.unwrap();
    store.close().await.unwrap();
}
