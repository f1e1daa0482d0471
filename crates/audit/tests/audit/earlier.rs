//! Ledgers that an earlier build kept row by row.

use std::fmt::Write as _;

use caracal_audit::{KeptHeads, adopt_earlier, verify_evidence};
use caracal_core::{Timestamp, ZoneId};
use caracal_ledger::chain::{
    Chain, TakenEvent, beginning_digest, chain_hmac, chains_hmac, event_hash, head_hmac,
};
use caracal_storage::Access;

use crate::ledger::{Backends, Ledger, parts};

/// Rows of a transaction that moves them.
const BATCH: u64 = 1024;

impl Ledger {
    /// `count` events of `zone`, the how-manieth chain `number`, as an earlier build left them.
    fn leave_rows(&self, zone: &ZoneId, number: i64, count: u64) {
        let key = self.parts.audit_key.current();
        let (mut previous, mut sql) = (String::new(), String::new());
        for seq in 1..=count {
            let event = self.event(zone, &format!("row-{seq}"));
            let received = serde_json::to_string(&event).unwrap();
            // Taken some at a time, and some without a signature.
            let at = Timestamp::from_micros(1_764_331_200_000_000 + i64::try_from(seq / 10).unwrap());
            let signature = (seq % 3 != 0).then_some("ab");
            let taken = TakenEvent {
                received: &received,
                ingested_at: at,
                signature,
            };
            let content = hex::encode(event_hash(zone, seq, &taken));
            let link = chain_hmac(key, &content, &previous);
            let signature = signature.map_or(String::from("NULL"), |signature| format!("'{signature}'"));
            write!(
                sql,
                "INSERT INTO audit_events (zone_id, id, event_type, request_id, decision, event_json, signature, \
                 occurred_at, ingested_at, chain_seq, content_sha256, prev_content_sha256, chain_hmac, hash_version) \
                 VALUES ('{zone}', '{}', '', '', '', '{received}', {signature}, 0, {}, {seq}, '{content}', \
                 '{previous}', '{link}', 3);",
                event.id,
                at.as_micros(),
            )
            .unwrap();
            previous = content;
            // What one command line holds.
            if seq.is_multiple_of(50) {
                self.sql(&std::mem::take(&mut sql));
            }
        }
        let tag = head_hmac(key, Chain::Ledger(zone), count, &previous);
        write!(
            sql,
            "INSERT INTO audit_heads VALUES ('{zone}', {count}, '{previous}', '{tag}', {number}); \
             INSERT INTO evidence_logs VALUES ('{zone}', {number}, 0, '', '', '', 0);"
        )
        .unwrap();
        self.sql(&sql);
    }

    fn count_chains(&self, zones: &[&ZoneId]) {
        let mut digest = String::new();
        for (zone, number) in zones.iter().zip(1..) {
            digest = beginning_digest(&digest, number, Chain::Ledger(zone));
        }
        let count = zones.len() as u64;
        let tag = chains_hmac(self.parts.audit_key.current(), count, &digest);
        self.sql(&format!(
            "INSERT INTO audit_chains VALUES (1, {count}, '{digest}', '{tag}')"
        ));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_an_earlier_build_are_moved_into_logs_in_their_order_and_new_events_follow() {
    let ledger = Ledger::idle(parts(Backends::Postgres)).await;
    // Just as many as a transaction moves, more, and few.
    let (one, two, three) = (ledger.zone(), ledger.zone(), ledger.zone());
    ledger.leave_rows(&one, 1, BATCH);
    ledger.leave_rows(&two, 2, BATCH + 300);
    ledger.leave_rows(&three, 3, 2);
    ledger.count_chains(&[&one, &two, &three]);
    let store = ledger.deps.store.as_ref();
    assert_eq!(adopt_earlier(store).await.unwrap(), 2 * BATCH + 302);
    assert_eq!(adopt_earlier(store).await.unwrap(), 0, "nothing is left");
    assert_eq!(ledger.sql("SELECT count(*) FROM audit_events").trim(), "0");

    ledger.start();
    ledger.append(&[ledger.event(&three, "new")]).await;
    assert_eq!(ledger.requests(&three).await, ["row-1", "row-2", "new"]);
    let mut work = store.zone(&two, Access::Read).await.unwrap();
    let rows = work.ledger().range(0, 2_000).await.unwrap();
    let expected = (1..=BATCH + 300).map(|seq| format!("row-{seq}"));
    assert!(rows.iter().map(|row| row.event.request_id.clone()).eq(expected));
    let (third, eleventh) = (&rows[2], &rows[10]);
    assert_eq!(
        (third.producer_key.as_str(), eleventh.producer_key.as_str()),
        ("", "audit")
    );
    assert_eq!(
        eleventh.ingested_at,
        Timestamp::from_micros(1_764_331_200_000_001)
    );
    drop(work);
    let (key, kept) = (ledger.deps.audit_keys.as_ref(), KeptHeads::default());
    let report = verify_evidence(store, None, key, &kept, &mut ())
        .await
        .unwrap()
        .unwrap();
    assert!(
        report.zones.iter().all(caracal_wire::audit::ChainReport::holds),
        "{report:?}"
    );
    assert_eq!(report.chains.unwrap().faults, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_do_not_verify_stay_and_keep_back_nobody() {
    for (change, left) in [
        (
            "UPDATE audit_events SET event_json = replace(event_json, 'tickets', 'weather') WHERE chain_seq = 3",
            5,
        ),
        ("UPDATE audit_events SET chain_hmac = '' WHERE chain_seq = 3", 5),
        ("UPDATE audit_events SET hash_version = 2 WHERE chain_seq = 3", 5),
        ("DELETE FROM audit_events WHERE chain_seq = 3", 4),
        ("DELETE FROM audit_events WHERE chain_seq = 5", 4),
        ("DELETE FROM audit_events", 0),
        ("UPDATE audit_heads SET head_hmac = '' WHERE chain_number = 1", 5),
    ] {
        let ledger = Ledger::idle(parts(Backends::Postgres)).await;
        let (changed, other) = (ledger.zone(), ledger.zone());
        ledger.leave_rows(&changed, 1, 5);
        ledger.sql(&format!("SET session_replication_role = replica; {change}"));
        ledger.leave_rows(&other, 2, 5);
        let store = ledger.deps.store.as_ref();
        assert_eq!(adopt_earlier(store).await.unwrap(), 5, "{change}: the other's");
        let count = ledger.sql("SELECT count(*) FROM audit_events");
        assert_eq!(count.trim(), left.to_string(), "{change}");
        assert_eq!(ledger.requests(&changed).await, [""; 0], "{change}");
    }
}
