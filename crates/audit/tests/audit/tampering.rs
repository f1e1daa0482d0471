//! What somebody with the database, but without the audit key, can do to a log of sealed blocks, and that it is found and
//! located.

use std::borrow::Cow;

use caracal_audit::{KeptHead, verify_zone, verify_zone_against};
use caracal_core::ZoneId;
use caracal_ledger::{
    block::{self, Kept},
    merkle::Frontier,
};
use caracal_storage::{Access, LedgerEntry};
use caracal_wire::audit::ChainReport;

use crate::ledger::{Backends, Ledger};

const TABLES: [&str; 4] = [
    "evidence_logs",
    "evidence_blocks",
    "evidence_terms",
    "evidence_tiles",
];

impl Ledger {
    async fn fill(&self, zone: &ZoneId, count: usize) {
        let entries: Vec<LedgerEntry> = (0..count)
            .map(|n| LedgerEntry::written(&self.event(zone, &format!("req-{n}")), None).unwrap())
            .collect();
        let mut work = self.deps.store.zone(zone, Access::Write).await.unwrap();
        work.ledger()
            .append(&entries, self.deps.world.now())
            .await
            .unwrap();
        work.commit().await.unwrap();
    }

    /// As somebody to whom triggers are no obstacle.
    pub(crate) fn tamper(&self, sql: &str) {
        self.sql(&format!("SET session_replication_role = replica; {sql}"));
    }

    fn keep(&self, name: &str) {
        for table in TABLES {
            self.tamper(&format!("CREATE TABLE {name}_{table} AS SELECT * FROM {table}"));
        }
    }

    fn put_back(&self, name: &str) {
        for table in TABLES {
            self.tamper(&format!(
                "DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {name}_{table}"
            ));
        }
    }

    async fn verify(&self, zone: &ZoneId, kept: Option<&KeptHead>) -> ChainReport {
        let key = self.deps.audit_keys.as_ref();
        verify_zone_against(self.deps.store.as_ref(), zone, key, kept)
            .await
            .unwrap()
    }

    /// The block at `first` with one entry of another content.
    async fn forged(&self, zone: &ZoneId, first: u64, at: usize) -> String {
        let mut work = self.deps.store.zone(zone, Access::Read).await.unwrap();
        let stored = work.ledger().blocks(first, 1).await.unwrap().remove(0);
        let (_, mut entries) = block::decode(&stored.block).unwrap();
        entries[at] = Kept {
            body: Cow::Owned(entries[at].body.replace("tickets", "weather")),
            ..entries[at].clone()
        };
        format!("'\\x{}'", hex::encode(block::encode(first, &entries).unwrap()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_done_to_a_sealed_log_is_found_and_located() {
    let ledger = Ledger::over(Backends::Postgres).await;
    let zone = ledger.zone();
    ledger.fill(&zone, 600).await;
    ledger.keep("kept");
    let whole = ledger.verify(&zone, None).await;
    assert!(whole.holds() && whole.entries == 600, "{whole:?}");

    let block =
        |set: &str, first: u64| format!("UPDATE evidence_blocks SET {set} WHERE first_index = {first}");
    let other = |first: u64| format!("(SELECT block FROM evidence_blocks WHERE first_index = {first})");
    let in_block = format!("block = {}", ledger.forged(&zone, 256, 44).await);
    let in_tail = format!("block = {}", ledger.forged(&zone, 512, 5).await);
    let from_first = format!("block = {}", ledger.forged(&zone, 0, 0).await);
    let attacks = [
        (block(&in_block, 256), "content_mismatch", 301),
        // Where no tile is full, the first entry behind them is named.
        (block(&in_tail, 512), "content_mismatch", 513),
        (block(&from_first, 0), "content_mismatch", 1),
        (
            block(&format!("block = {}", other(0)), 256),
            "content_mismatch",
            257,
        ),
        (block("block = ''", 0), "content_mismatch", 1),
        (
            String::from("DELETE FROM evidence_blocks WHERE first_index = 256"),
            "sequence_gap",
            257,
        ),
        (
            String::from("DELETE FROM evidence_blocks WHERE first_index = 0"),
            "sequence_gap",
            1,
        ),
        (
            String::from("DELETE FROM evidence_blocks WHERE first_index = 512"),
            "wrong_head",
            600,
        ),
        (block("first_index = 700", 256), "sequence_gap", 257),
        (
            block(
                "occurred_until = occurred_until - 1, occurred_from = occurred_from - 1",
                0,
            ),
            "copy_mismatch",
            1,
        ),
        (
            // A block and its postings together, so that searches pass them over.
            String::from(
                "UPDATE evidence_blocks SET occurred_from = 1, occurred_until = 1 WHERE first_index = 256; \
                 UPDATE evidence_terms SET occurred_until = 1 WHERE first_index = 256",
            ),
            "copy_mismatch",
            257,
        ),
        (
            String::from(
                "DELETE FROM evidence_terms WHERE first_index = 256 AND term = \
                 (SELECT min(term) FROM evidence_terms WHERE first_index = 256)",
            ),
            "copy_mismatch",
            257,
        ),
        (String::from("DELETE FROM evidence_terms"), "copy_mismatch", 1),
        (
            String::from("INSERT INTO evidence_terms SELECT log, 7, 7, 256 FROM evidence_blocks LIMIT 1"),
            "copy_mismatch",
            257,
        ),
        (
            String::from("UPDATE evidence_logs SET sealed = 600"),
            "copy_mismatch",
            513,
        ),
        (
            String::from("UPDATE evidence_logs SET sealed = 256"),
            "copy_mismatch",
            257,
        ),
        (
            String::from(
                "UPDATE evidence_tiles SET hashes = overlay(hashes PLACING '\\x00' FROM 32 * 7 + 1) WHERE tile = 1",
            ),
            "wrong_tile",
            264,
        ),
        (
            String::from("DELETE FROM evidence_tiles WHERE tile = 1"),
            "wrong_tile",
            257,
        ),
        (
            String::from(
                "UPDATE evidence_tiles SET hashes = (SELECT hashes FROM evidence_tiles WHERE tile = 1) WHERE tile = 0",
            ),
            "wrong_tile",
            1,
        ),
        (
            String::from("UPDATE evidence_logs SET frontier = overlay(frontier PLACING '\\x00' FROM 1)"),
            "wrong_head",
            600,
        ),
        (
            String::from("UPDATE evidence_logs SET size = 512"),
            "wrong_head",
            512,
        ),
        (
            String::from("UPDATE evidence_logs SET root_hmac = repeat('0', 64)"),
            "wrong_head_key",
            600,
        ),
    ];
    for (sql, fault, position) in attacks {
        ledger.tamper(&sql);
        let report = ledger.verify(&zone, None).await;
        let located = report
            .faults
            .iter()
            .any(|found| found.kind.as_str() == fault && found.chain_seq == position);
        assert!(located, "{sql}: no {fault} at {position} in {report:?}");
        ledger.put_back("kept");
    }
    assert!(ledger.verify(&zone, None).await.holds());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_cannot_be_set_back_without_the_key_or_against_a_kept_head() {
    let ledger = Ledger::over(Backends::Postgres).await;
    let zone = ledger.zone();
    ledger.fill(&zone, 300).await;
    ledger.keep("older");
    ledger.fill(&zone, 400).await;
    ledger.keep("newer");
    let newer = ledger.verify(&zone, None).await;
    let kept = KeptHead {
        zone_id: Some(zone.clone()),
        entries: newer.entries,
        head: newer.head.clone(),
    };
    assert!(ledger.verify(&zone, Some(&kept)).await.holds());

    // It once was the whole truth, so nothing inside it can tell.
    ledger.put_back("older");
    assert!(ledger.verify(&zone, None).await.holds());
    let report = ledger.verify(&zone, Some(&kept)).await;
    assert_eq!(report.faults[0].kind.as_str(), "kept_head_missing", "{report:?}");
    ledger.put_back("newer");

    // Cut where a block ends, with everything made to fit that needs no key.
    let mut work = ledger.deps.store.zone(&zone, Access::Read).await.unwrap();
    let leaves = work.ledger().leaves(0..512).await.unwrap();
    drop(work);
    let mut tree = Frontier::default();
    for leaf in leaves {
        tree.append(leaf);
    }
    ledger.tamper(&format!(
        "DELETE FROM evidence_blocks WHERE first_index >= 512; \
         UPDATE evidence_logs SET size = 512, sealed = 512, frontier = '\\x{}', root = '{}'",
        hex::encode(tree.peaks().concat()),
        hex::encode(tree.root()),
    ));
    let report = ledger.verify(&zone, None).await;
    let kinds: Vec<_> = report.faults.iter().map(|fault| fault.kind.as_str()).collect();
    assert_eq!(kinds, ["wrong_head_key"], "{report:?}");
    let without = verify_zone(ledger.deps.store.as_ref(), &zone, None)
        .await
        .unwrap();
    assert!(without.holds(), "all but the tag fits: {without:?}");

    // A log that was changed before a kept head and goes on is another one.
    ledger.put_back("newer");
    let mut forged = kept;
    forged.entries = 400;
    let report = ledger.verify(&zone, Some(&forged)).await;
    assert_eq!(report.faults[0].kind.as_str(), "kept_head_differs", "{report:?}");
    assert_eq!(report.faults[0].chain_seq, 400);
}
