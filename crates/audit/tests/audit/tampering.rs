//! What somebody with the database, but without the audit key, can do to a log of sealed blocks, and that it is found and
//! located.

use std::{borrow::Cow, process::Command};

use caracal_audit::{KeptHead, verify_log};
use caracal_core::ZoneId;
use caracal_ledger::{
    block::{self, BlockEntry},
    log_keys::LogKeys,
    merkle::Frontier,
};
use caracal_storage::{Access, AdminAuditRecord, LedgerEntry, LogId, LogWork};
use caracal_wire::audit::ChainReport;
use http::Method;

use crate::{
    ledger::{Backends, Ledger, TOKEN},
    second::{
        InRows, Second,
        Stranger::{self, Finds, NotExported, Unreadable},
    },
};

/// What is evidence, and what says what may be deleted of it.
const TABLES: [&str; 8] = [
    "evidence_logs",
    "evidence_blocks",
    "evidence_terms",
    "evidence_tiles",
    "evidence_prunes",
    "evidence_holds",
    "evidence_retention",
    "audit_chains",
];

impl Ledger {
    pub(crate) async fn fill(&self, log: &LogId, count: usize) {
        let LogId::Ledger(zone) = log else {
            return self.administer(log, count).await;
        };
        let entries: Vec<LedgerEntry> = (0..count)
            .map(|n| LedgerEntry::written(&self.event(zone, &format!("req-{n}")), None).unwrap())
            .collect();
        let mut work = self.change(zone).await;
        work.ledger()
            .append(&entries, self.deps.world.now())
            .await
            .unwrap();
        work.commit().await.unwrap();
    }

    /// Records of changes, each of its own.
    async fn administer(&self, log: &LogId, count: usize) {
        let record = |n| AdminAuditRecord {
            request_id: format!("req-{n}"),
            actor_id: Some(String::from("tok-1")),
            action: String::from("PATCH /v1/tickets"),
            path: String::from("/v1/tickets"),
            entity_type: Some(String::from("tickets")),
            entity_id: Some(format!("t-{}", n % 7)),
            ..self.admin_record(log.zone(), None)
        };
        self.append_records((0..count).map(record)).await;
    }

    pub(crate) async fn opened(&self, log: &LogId) -> Box<dyn LogWork> {
        self.deps.store.log(log, Access::Read).await.unwrap()
    }

    /// As somebody to whom triggers are no obstacle. `flipped(bytes, at)` changes a byte, counted from 1, and
    /// `bytes('00ff')` is them.
    pub(crate) fn tamper(&self, sql: &str) {
        if self.parts.sqlite.is_none() {
            self.sql(&format!(
                "CREATE OR REPLACE FUNCTION flipped(bytea, integer) RETURNS bytea LANGUAGE sql AS \
                 'SELECT set_byte($1, $2 - 1, get_byte($1, $2 - 1) # 1)'; \
                 CREATE OR REPLACE FUNCTION bytes(text) RETURNS bytea LANGUAGE sql AS 'SELECT decode($1, ''hex'')'; \
                 SET session_replication_role = replica; {sql}"
            ));
            return;
        }
        let database = self.parts.directory().join("caracal.db");
        let done = Command::new("python3")
            .args(["-c", TAMPER])
            .arg(database)
            .arg(sql)
            .output();
        let done = done.unwrap();
        assert!(
            done.status.success(),
            "{sql}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
    }

    pub(crate) fn keep(&self, name: &str) {
        let copies = TABLES.map(|table| format!("CREATE TABLE {name}_{table} AS SELECT * FROM {table}"));
        self.tamper(&copies.join(";"));
    }

    pub(crate) fn put_back(&self, name: &str) {
        let copies = TABLES
            .map(|table| format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {name}_{table}"));
        self.tamper(&copies.join(";"));
    }

    pub(crate) async fn verify(&self, log: &LogId, kept: Option<&KeptHead>) -> ChainReport {
        let key = self.deps.audit_keys.as_ref();
        verify_log(self.deps.store.as_ref(), log, key, kept)
            .await
            .unwrap()
    }

    /// The block at `first` after somebody changed its entries.
    pub(crate) async fn forged(
        &self,
        log: &LogId,
        first: u64,
        change: impl FnOnce(&mut Vec<BlockEntry<'_>>),
    ) -> String {
        let mut work = self.opened(log).await;
        let stored = work.log().blocks(first, 1).await.unwrap().remove(0);
        let (_, mut entries) = block::decode(&stored.block).unwrap();
        change(&mut entries);
        let block = hex::encode(block::encode(first, &entries).unwrap());
        format!("UPDATE evidence_blocks SET block = bytes('{block}') WHERE first_index = {first}")
    }
}

/// Runs SQL on a file of SQLite.
const TAMPER: &str = "import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=60)
database.create_function('flipped', 2, lambda old, at: old[:at - 1] + bytes([old[at - 1] ^ 1]) + old[at:])
database.create_function('bytes', 1, bytes.fromhex)
triggers = database.execute(\"select name, sql from sqlite_master where type = 'trigger'\").fetchall()
for name, _ in triggers:
    database.execute(f'drop trigger {name}')
for sql in sys.argv[2].split(';'):
    database.execute(sql)
for _, sql in triggers:
    database.execute(sql)
database.commit()";

/// Changes what an entry says.
fn reword(at: usize) -> impl FnOnce(&mut Vec<BlockEntry<'_>>) {
    move |entries| {
        entries[at].body = Cow::Owned(entries[at].body.replace("tickets", "weather"));
    }
}

/// What is changed, how, which fault is found by the deployment at which position, and what by a stranger.
type Attack = (&'static str, &'static str, String, &'static str, i64, Stranger);

async fn attacks(ledger: &Ledger, of: &LogId) -> Vec<Attack> {
    let set =
        |what: &str, first: u64| format!("UPDATE evidence_blocks SET {what} WHERE first_index = {first}");
    let remove = |first: u64| format!("DELETE FROM evidence_blocks WHERE first_index = {first}");
    let log = |what: &str| format!("UPDATE evidence_logs SET {what}");
    let tile = |what: &str, index: u64| format!("UPDATE evidence_tiles SET {what} WHERE tile = {index}");
    let first_missing = Finds("entry 256 stands where 0 is expected");
    let middle_missing = Finds("entry 512 stands where 256 is expected");
    let end_missing = Finds("88 entries at the end are missing");
    vec![
        // What is said.
        (
            "entry",
            "changed",
            ledger.forged(of, 256, reword(44)).await,
            "content_mismatch",
            301,
            Finds("signed at 400 entries; it was up to 300"),
        ),
        // Where no tile is full, the first entry behind them is named.
        (
            "entry of the tail",
            "changed",
            ledger.forged(of, 512, reword(0)).await,
            "content_mismatch",
            513,
            Finds("signed at 600 entries; it was up to 500"),
        ),
        (
            "first entry",
            "changed",
            ledger.forged(of, 0, reword(0)).await,
            "content_mismatch",
            1,
            Finds("signed at 100 entries; it was up to 0"),
        ),
        (
            "entry",
            "deleted",
            ledger.forged(of, 256, |entries| drop(entries.remove(9))).await,
            "copy_mismatch",
            257,
            Finds("signed at 300 entries; it was up to 200"),
        ),
        (
            "entry",
            "inserted",
            ledger
                .forged(of, 256, |entries| entries.insert(9, entries[8].clone()))
                .await,
            "copy_mismatch",
            257,
            Finds("signed at 300 entries; it was up to 200"),
        ),
        (
            "entries",
            "exchanged",
            ledger.forged(of, 256, |entries| entries.swap(8, 9)).await,
            "content_mismatch",
            265,
            Finds("signed at 300 entries; it was up to 200"),
        ),
        // Blocks.
        (
            "block",
            "exchanged for another",
            set(
                "block = (SELECT block FROM evidence_blocks WHERE first_index = 0)",
                256,
            ),
            "content_mismatch",
            257,
            Unreadable(256),
        ),
        (
            "block",
            "emptied",
            set("block = bytes('')", 0),
            "content_mismatch",
            1,
            Unreadable(0),
        ),
        (
            "block",
            "deleted",
            remove(256),
            "sequence_gap",
            257,
            middle_missing,
        ),
        (
            "first block",
            "deleted",
            remove(0),
            "sequence_gap",
            1,
            first_missing,
        ),
        (
            "tail",
            "deleted",
            String::from("DELETE FROM evidence_blocks WHERE first_index >= 512"),
            "wrong_head",
            600,
            end_missing,
        ),
        (
            "block",
            "moved",
            set("first_index = 300", 256),
            "sequence_gap",
            257,
            Unreadable(256),
        ),
        (
            "block",
            "dated otherwise",
            set(
                "occurred_until = occurred_until - 1, occurred_from = occurred_from - 1",
                0,
            ),
            "copy_mismatch",
            1,
            NotExported,
        ),
        // Postings.
        (
            "block and postings",
            "dated otherwise",
            format!(
                "{}; UPDATE evidence_terms SET occurred_until = 1 WHERE first_index = 256",
                set("occurred_from = 1, occurred_until = 1", 256)
            ),
            "copy_mismatch",
            257,
            NotExported,
        ),
        (
            "posting",
            "deleted",
            String::from(
                "DELETE FROM evidence_terms WHERE first_index = 256 AND term = (SELECT min(term) FROM evidence_terms WHERE first_index = 256)",
            ),
            "copy_mismatch",
            257,
            NotExported,
        ),
        (
            "postings",
            "deleted",
            String::from("DELETE FROM evidence_terms"),
            "copy_mismatch",
            1,
            NotExported,
        ),
        (
            "posting",
            "inserted",
            String::from("INSERT INTO evidence_terms SELECT log, 7, 7, 256 FROM evidence_blocks LIMIT 1"),
            "copy_mismatch",
            257,
            NotExported,
        ),
        // Tiles.
        (
            "tile",
            "changed",
            tile("hashes = flipped(hashes, 32 * 7 + 1)", 1),
            "wrong_tile",
            264,
            NotExported,
        ),
        (
            "tile",
            "deleted",
            String::from("DELETE FROM evidence_tiles WHERE tile = 1"),
            "wrong_tile",
            257,
            NotExported,
        ),
        (
            "tile",
            "exchanged for another",
            tile("hashes = (SELECT hashes FROM evidence_tiles WHERE tile = 1)", 0),
            "wrong_tile",
            1,
            NotExported,
        ),
        (
            "tiles",
            "exchanged",
            String::from(
                "UPDATE evidence_tiles SET tile = tile + 10; UPDATE evidence_tiles SET tile = 11 - tile",
            ),
            "wrong_tile",
            1,
            NotExported,
        ),
        (
            "tile",
            "inserted",
            String::from(
                "INSERT INTO evidence_tiles SELECT log, level, tile + 7, hashes FROM evidence_tiles WHERE tile = 1",
            ),
            "wrong_tile",
            2049,
            NotExported,
        ),
        (
            "tile of a level above",
            "inserted",
            String::from(
                "INSERT INTO evidence_tiles SELECT log, level + 1, tile, hashes FROM evidence_tiles WHERE tile = 0",
            ),
            "wrong_tile",
            1,
            NotExported,
        ),
        (
            "block",
            "inserted",
            String::from(
                "INSERT INTO evidence_blocks SELECT log, 900, entries, occurred_from, occurred_until, min_id, max_id, taken_at, \
                 block FROM evidence_blocks WHERE first_index = 0",
            ),
            "sequence_gap",
            601,
            NotExported,
        ),
        (
            "blocks",
            "exchanged",
            String::from(
                "UPDATE evidence_blocks SET first_index = 9000 WHERE first_index = 0; \
                 UPDATE evidence_blocks SET first_index = 0 WHERE first_index = 256; \
                 UPDATE evidence_blocks SET first_index = 256 WHERE first_index = 9000",
            ),
            "content_mismatch",
            1,
            Unreadable(0),
        ),
        // The head.
        (
            "head",
            "sealed more",
            log("sealed = 600"),
            "copy_mismatch",
            513,
            NotExported,
        ),
        (
            "head",
            "sealed less",
            log("sealed = 256"),
            "copy_mismatch",
            257,
            NotExported,
        ),
        (
            "head",
            "another edge of the tree",
            log("frontier = flipped(frontier, 1)"),
            "wrong_head",
            600,
            NotExported,
        ),
        (
            "head",
            "another root",
            log("root = 'aa' || substr(root, 3)"),
            "wrong_head",
            600,
            NotExported,
        ),
        ("head", "cut", log("size = 512"), "wrong_head", 512, NotExported),
        (
            "head",
            "another tag",
            log(&format!("root_hmac = '{}'", "0".repeat(64))),
            "wrong_head_key",
            600,
            NotExported,
        ),
    ]
}

async fn whatever_is_done(backends: Backends, log: fn(ZoneId) -> LogId) {
    let ledger = Ledger::over(backends).await;
    let log = log(ledger.zone());
    ledger.fill(&log, 600).await;
    ledger.keep("kept");
    let whole = ledger.verify(&log, None).await;
    assert!(whole.holds() && whole.entries == 600, "{whole:?}");
    let mut second = Second::new(&log);
    second.keep_all(&ledger, 600).await;

    let mut wrong = Vec::new();
    for (what, how, sql, fault, position, stranger) in attacks(&ledger, &log).await {
        ledger.tamper(&sql);
        let report = ledger.verify(&log, None).await;
        let located = report
            .faults
            .iter()
            .any(|found| found.kind.as_str() == fault && found.chain_seq == position);
        if !located {
            wrong.push(format!(
                "{what} {how}: no {fault} at {position} in {:?}",
                report.faults
            ));
        }
        let disagreement = second.disagreement(&ledger, stranger).await;
        let in_rows = second.differs(&ledger, None, &report).await;
        let said = disagreement.into_iter().chain(in_rows);
        wrong.extend(said.map(|said| format!("{what} {how}: {said}")));
        ledger.put_back("kept");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ledger.verify(&log, None).await.holds());
    assert_eq!(second.finds_in_rows(&ledger, None).await, InRows::default());

    // Checkpoints: changed, of a stranger, and two views of one size.
    let good = second.sign(600, [7; 32]);
    let other_size = good.replacen("600", "601", 1);
    assert!(second.keep(other_size.as_bytes()).is_err());
    assert!(!second.says(&ledger).await.unwrap().0, "a changed checkpoint");
    second.notes.pop();
    let stranger = LogKeys::derive("audit.example", &[2; 32], None).unwrap();
    let forged = stranger.sign(&log.name(), 600, [7; 32], 0).unwrap();
    assert!(second.keep(forged.encode().as_bytes()).is_err());
    assert!(!second.says(&ledger).await.unwrap().0, "a stranger's checkpoint");
    second.notes.pop();
    second.keep(good.as_bytes()).unwrap();
    second.assert_finds(&ledger, Finds("signed at 600 entries")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_done_to_a_sealed_log_is_found_and_located_by_both_verifiers_on_sqlite() {
    whatever_is_done(Backends::Embedded, LogId::Ledger).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_done_to_records_of_the_deployment_is_found_and_located_by_both_verifiers() {
    whatever_is_done(Backends::Embedded, |_| LogId::Deployment).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_done_to_records_of_a_zone_is_found_and_located_by_both_verifiers() {
    whatever_is_done(Backends::Postgres, LogId::Admin).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_done_to_a_sealed_log_is_found_and_located_by_both_verifiers_on_postgres() {
    whatever_is_done(Backends::Postgres, LogId::Ledger).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_cannot_be_set_back_without_the_key_or_against_what_was_kept_on_sqlite() {
    a_log_cannot_be_set_back(Backends::Embedded, LogId::Ledger).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_cannot_be_set_back_without_the_key_or_against_what_was_kept_on_postgres() {
    a_log_cannot_be_set_back(Backends::Postgres, LogId::Ledger).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_cannot_be_set_back_without_the_key_or_against_what_was_kept() {
    a_log_cannot_be_set_back(Backends::Postgres, LogId::Admin).await;
}

async fn a_log_cannot_be_set_back(backends: Backends, log: fn(ZoneId) -> LogId) {
    let ledger = Ledger::over(backends).await;
    let log = log(ledger.zone());
    ledger.fill(&log, 300).await;
    ledger.keep("older");
    ledger.fill(&log, 400).await;
    ledger.keep("newer");
    let mut second = Second::new(&log);
    second.keep_all(&ledger, 700).await;
    let newer = ledger.verify(&log, None).await;
    let kept = KeptHead {
        zone_id: log.zone().cloned(),
        entries: newer.entries,
        head: newer.head.clone(),
    };
    assert!(ledger.verify(&log, Some(&kept)).await.holds());

    // It once was the whole truth, so nothing inside it can tell.
    ledger.put_back("older");
    assert!(ledger.verify(&log, None).await.holds());
    let report = ledger.verify(&log, Some(&kept)).await;
    assert_eq!(report.faults[0].kind.as_str(), "kept_head_missing", "{report:?}");
    assert_eq!(second.differs(&ledger, Some(&kept), &report).await, None);
    let missing = Finds("400 entries at the end are missing");
    second.assert_finds(&ledger, missing).await;
    ledger.put_back("newer");

    // Cut where a block ends, with everything made to fit that needs no key.
    let mut work = ledger.opened(&log).await;
    let leaves = work.log().leaves(0..512).await.unwrap();
    drop(work);
    let mut tree = Frontier::default();
    for leaf in leaves {
        tree.append(leaf);
    }
    ledger.tamper(&format!(
        "DELETE FROM evidence_blocks WHERE first_index >= 512; \
         UPDATE evidence_logs SET size = 512, sealed = 512, frontier = bytes('{}'), root = '{}'",
        hex::encode(tree.peaks().concat()),
        hex::encode(tree.root()),
    ));
    let report = ledger.verify(&log, None).await;
    let kinds: Vec<_> = report.faults.iter().map(|fault| fault.kind.as_str()).collect();
    assert_eq!(kinds, ["wrong_head_key"], "{report:?}");
    assert_eq!(second.differs(&ledger, None, &report).await, None);
    let without = verify_log(ledger.deps.store.as_ref(), &log, None, None)
        .await
        .unwrap();
    assert!(without.holds(), "all but the tag fits: {without:?}");

    // A log that was changed before a kept head and goes on is another one.
    ledger.put_back("newer");
    let mut forged = kept;
    forged.entries = 400;
    let report = ledger.verify(&log, Some(&forged)).await;
    assert_eq!(report.faults[0].kind.as_str(), "kept_head_differs", "{report:?}");
    assert_eq!(report.faults[0].chain_seq, 400);
    assert_eq!(second.differs(&ledger, Some(&forged), &report).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_zone_whose_ledger_was_erased_is_told_from_one_that_has_not_decided_yet() {
    let ledger = Ledger::over(Backends::Embedded).await;
    let (zone, young) = (ledger.zone(), ledger.zone());
    ledger.fill(&LogId::Ledger(zone.clone()), 3).await;
    for of in [&zone, &young] {
        ledger.fill(&LogId::Admin(of.clone()), 1).await;
    }
    let verify = async |zone: &ZoneId| {
        let path = format!("/api/audit/verify/{zone}");
        ledger.ask(Method::GET, &path, Some(TOKEN)).await.expect(200)
    };
    for of in [&zone, &young] {
        assert_eq!(verify(of).await["fault_count"], 0);
    }
    ledger.tamper(&format!(
        "DELETE FROM evidence_blocks; DELETE FROM evidence_logs WHERE zone_id = '{zone}'"
    ));
    let report = verify(&zone).await;
    assert_eq!(report["faults"][0]["kind"], "wrong_head", "{report}");
}
