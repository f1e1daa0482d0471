//! Administrative records that an earlier build kept row by row, on SQLite.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fmt::Write as _, path::Path, sync::Arc, time::Duration};

use caracal_core::World;
use caracal_crypto::{HmacKey, canonical_json};
use caracal_ledger::chain::{LogId, chain_hmac, head_hmac, record_hash};
use caracal_storage::{
    Access, AdminAuditFilter, AdminAuditRecord, Error, PageRequest, Store as _, conformance::given::Given,
};
use caracal_storage_sql::SqliteStore;

fn key() -> HmacKey {
    HmacKey::from_bytes(&[7; 32])
}

/// Runs SQL as somebody with the file in hand.
async fn sql(path: &Path, statements: &str) {
    use sea_orm::ConnectionTrait as _;
    let db = sea_orm::Database::connect(format!("sqlite://{}", path.display()));
    let db = db.await.unwrap();
    db.execute_unprepared(statements).await.unwrap();
    db.close().await.unwrap();
}

/// A store with records of `log` as an earlier build left them, of which the first `pruned` are gone.
struct Earlier {
    _directory: tempfile::TempDir,
    path: std::path::PathBuf,
    store: Arc<SqliteStore>,
    given: Given,
    log: LogId,
    left: Vec<AdminAuditRecord>,
}

impl Earlier {
    async fn new(deployment: bool, count: u64, pruned: u64) -> Self {
        let (directory, world) = (tempfile::tempdir().unwrap(), World::for_tests());
        let path = directory.path().join("caracal.db");
        let store = SqliteStore::open(&path, Some(key()), world.now()).await.unwrap();
        let given = Given::new(&world);
        let zone = (!deployment).then(|| given.zone_id.clone());
        let log = LogId::records(zone.as_ref());
        let chain = zone.as_ref().map_or("*", |zone| zone.as_str());
        let mut statements = String::from("DROP TRIGGER admin_audit_events_no_insert;");
        let (mut previous, mut left) = (String::new(), Vec::new());
        for seq in 1..=count {
            let record = AdminAuditRecord {
                zone_id: zone.clone(),
                occurred_at: world.now().plus(Duration::from_millis(seq)),
                ..given.admin_audit_record()
            };
            let body = canonical_json(&serde_json::to_value(&record).unwrap());
            let body = String::from_utf8(body).unwrap();
            let content = hex::encode(record_hash(log.chain(), seq, &body));
            let link = chain_hmac(&key(), &content, &previous);
            if seq > pruned {
                let at = record.occurred_at.as_micros();
                write!(
                    statements,
                    "INSERT INTO admin_audit_events VALUES ('{chain}', '{}', NULL, NULL, NULL, 'PATCH', 'r', '{body}', \
                     {at}, {seq}, '{content}', '{previous}', '{link}', 3);",
                    record.id
                )
                .unwrap();
                left.push(record);
            } else if seq == pruned {
                write!(
                    statements,
                    "INSERT INTO admin_audit_pruned VALUES ('{chain}', {seq}, '{content}', 0, '');"
                )
                .unwrap();
            }
            previous = content;
        }
        let tag = head_hmac(&key(), log.chain(), count, &previous);
        write!(
            statements,
            "INSERT INTO admin_audit_heads VALUES ('{chain}', {count}, '{previous}', '{tag}', 1); \
             INSERT INTO evidence_logs VALUES ('{log}', 1, 0, X'', '', '', 0);"
        )
        .unwrap();
        sql(&path, &statements).await;
        Self {
            _directory: directory,
            path,
            store: Arc::new(store),
            given,
            log,
            left,
        }
    }

    async fn append(&self) -> Result<AdminAuditRecord, Error> {
        let record = AdminAuditRecord {
            zone_id: self.log.zone().cloned(),
            occurred_at: World::for_tests().now().plus(Duration::from_mins(1)),
            ..self.given.admin_audit_record()
        };
        let mut work = self.store.global(Access::Write).await.unwrap();
        work.admin_audit().append(&record).await?;
        work.commit().await.unwrap();
        Ok(record)
    }

    async fn records(&self) -> Vec<AdminAuditRecord> {
        let mut work = self.store.log(&self.log, Access::Read).await.unwrap();
        let entries = work.log().entries(0, 10_000).await.unwrap();
        let read = entries
            .iter()
            .map(|entry| serde_json::from_str(&entry.body).unwrap());
        read.collect()
    }
}

#[tokio::test]
async fn they_come_first_in_the_log_in_their_order_and_the_next_record_follows() {
    for (deployment, count, pruned) in [(false, 1500, 0), (true, 3, 0), (false, 12, 5), (true, 4, 4)] {
        let mut earlier = Earlier::new(deployment, count, pruned).await;
        let next = earlier.append().await.unwrap();
        earlier.left.push(next);
        assert_eq!(
            earlier.records().await,
            earlier.left,
            "{deployment} {count} {pruned}"
        );
        let mut work = earlier.store.global(Access::Write).await.unwrap();
        assert_eq!(work.chains().earlier().await.unwrap(), []);
        assert_eq!(work.chains().adopt_records(&earlier.log).await.unwrap(), 0);
        drop(work);
        if let Some(zone) = earlier.log.zone() {
            let mut work = earlier.store.zone(zone, Access::Read).await.unwrap();
            let page = PageRequest::first(1000);
            let listed = work
                .admin_audit()
                .list(zone, &AdminAuditFilter::default(), &page)
                .await;
            let newest = listed.unwrap().items.remove(0);
            assert_eq!(Some(&newest.record), earlier.left.last());
            assert_eq!(newest.chain_seq, i64::try_from(earlier.left.len()).unwrap());
        }
    }
}

#[tokio::test]
async fn what_does_not_verify_is_not_moved_and_nothing_follows_it() {
    for change in [
        "DROP TRIGGER admin_audit_events_no_update; \
         UPDATE admin_audit_events SET record_json = replace(record_json, 'PATCH', 'PUT') WHERE chain_seq = 3",
        "DROP TRIGGER admin_audit_events_no_update; UPDATE admin_audit_events SET chain_hmac = '' WHERE chain_seq = 3",
        "DELETE FROM admin_audit_events WHERE chain_seq = 1",
        "DELETE FROM admin_audit_events WHERE chain_seq = 3",
        "DELETE FROM admin_audit_events WHERE chain_seq = 5",
        "DELETE FROM admin_audit_events",
        "UPDATE admin_audit_heads SET head_hmac = ''",
        "UPDATE admin_audit_heads SET chain_seq = 4",
    ] {
        let earlier = Earlier::new(false, 5, 0).await;
        sql(&earlier.path, change).await;
        let refused = earlier.append().await;
        assert!(matches!(refused, Err(Error::Corrupt(_))), "{change}: {refused:?}");
        let mut work = earlier.store.global(Access::Write).await.unwrap();
        let refused = work.chains().adopt_records(&earlier.log).await;
        assert!(matches!(refused, Err(Error::Corrupt(_))), "{change}: {refused:?}");
        drop(work);
        assert_eq!(earlier.records().await, []);
    }
}
