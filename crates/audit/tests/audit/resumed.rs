//! The verification of a whole database that was interrupted goes on, and finds all that it would have found.

use std::{sync::Arc, time::Duration};

use caracal_audit::{Journal, KeptHead, KeptHeads, Walked, verify_evidence};
use caracal_ledger::verify::Progress;
use caracal_storage::{LedgerEntry, LogId};
use caracal_wire::audit::ChainReport;

use crate::ledger::{Backends, Ledger};

const ENTRIES: u32 = 320;

/// Begins where it was told to, and keeps all that it hears.
#[derive(Default)]
struct Walks {
    begin: Option<Walked>,
    kept: Vec<Option<Walked>>,
    sizes: Vec<u64>,
}

impl Journal for Walks {
    fn earlier(&mut self, _: &LogId) -> Option<Progress> {
        None
    }

    fn reached(&mut self, _: &LogId, _: &Progress) {}

    fn walked(&mut self, _: &LogId) -> Option<Walked> {
        self.begin.clone()
    }

    fn walking(&mut self, _: &LogId, progress: &Progress, walked: &dyn Fn() -> Option<Walked>) {
        self.sizes.push(progress.frontier.size());
        self.kept.push(walked());
    }
}

/// A log of many blocks, each of one entry: there is more between two events than a block may span.
async fn many_blocks(backends: Backends) -> (Ledger, LogId) {
    let ledger = Ledger::over(backends).await;
    let zone = ledger.zone();
    let event = |n| {
        ledger.deps.world.manual_clock().advance(Duration::from_mins(20));
        LedgerEntry::written(&ledger.event(&zone, &format!("req-{n}")), None).unwrap()
    };
    let entries: Vec<_> = (0..ENTRIES).map(event).collect();
    let mut work = ledger.change(&zone).await;
    let now = ledger.deps.world.now();
    work.ledger().append(&entries, now).await.unwrap();
    work.commit().await.unwrap();
    (ledger, LogId::Ledger(zone))
}

async fn verify(ledger: &Ledger, log: &LogId, kept: Option<&KeptHead>, walks: &mut Walks) -> ChainReport {
    let store = Arc::clone(&ledger.deps.store);
    let kept = KeptHeads {
        zones: kept.into_iter().cloned().collect(),
        administrative: Vec::new(),
    };
    let key = ledger.deps.audit_keys.as_ref();
    let report = verify_evidence(store.as_ref(), log.zone(), key, &kept, walks).await;
    report.unwrap().unwrap().zones.remove(0)
}

async fn one_that_was_interrupted_goes_on(backends: Backends) {
    let (ledger, log) = many_blocks(backends).await;
    ledger.keep("kept");
    let mut whole = Walks::default();
    let report = verify(&ledger, &log, None, &mut whole).await;
    assert!(report.holds(), "{report:?}");
    assert_eq!(report.entries, i64::from(ENTRIES));
    assert!(whole.sizes.len() >= 10, "{:?}", whole.sizes);
    let walks: Vec<Walked> = whole.kept.iter().flatten().cloned().collect();
    // The last block is not sealed, and what is behind it may be another one next time.
    assert_eq!(walks.len(), whole.kept.len() - 1);

    for (walked, size) in walks.iter().zip(&whole.sizes) {
        // As it comes back from a file.
        let text = serde_json::to_string(walked).unwrap();
        let begin = Some(serde_json::from_str(&text).unwrap());
        let mut rest = Walks {
            begin,
            ..Walks::default()
        };
        assert_eq!(verify(&ledger, &log, None, &mut rest).await, report);
        assert!(rest.sizes[0] > *size, "{size}: {:?}", rest.sizes);
    }
    let late = || Walks {
        begin: walks.last().cloned(),
        ..Walks::default()
    };

    // What is found, though it lies before where it goes on: postings, which are read at the end, and the log's end.
    let first_posting = "DELETE FROM evidence_terms WHERE first_index = 0 AND term = (SELECT min(term) FROM evidence_terms WHERE first_index = 0)";
    for (sql, fault) in [
        (first_posting, "copy_mismatch"),
        (
            "INSERT INTO evidence_terms SELECT log, 7, 7, 3 FROM evidence_blocks LIMIT 1",
            "copy_mismatch",
        ),
        (
            "UPDATE evidence_logs SET root = 'aa' || substr(root, 3)",
            "wrong_head",
        ),
    ] {
        ledger.tamper(sql);
        let anew = verify(&ledger, &log, None, &mut Walks::default()).await;
        let resumed = verify(&ledger, &log, None, &mut late()).await;
        assert_eq!(resumed, anew, "{sql}");
        assert!(
            resumed.faults.iter().any(|found| found.kind.as_str() == fault),
            "{resumed:?}"
        );
        ledger.put_back("kept");
    }
    // What was looked at and is not again, until one begins anew.
    let gone = "UPDATE evidence_blocks SET taken_at = taken_at + 1 WHERE first_index = 0";
    ledger.tamper(gone);
    assert!(verify(&ledger, &log, None, &mut late()).await.holds());
    let mut anew = Walks::default();
    assert!(!verify(&ledger, &log, None, &mut anew).await.holds());
    // And one that found something is not gone on with: it has to be found again.
    assert!(anew.kept.iter().all(Option::is_none));
    ledger.put_back("kept");

    // With another end to compare with it begins anew.
    let kept = KeptHead {
        zone_id: log.zone().cloned(),
        entries: 5,
        head: "00".repeat(32),
    };
    let compared = verify(&ledger, &log, Some(&kept), &mut late()).await;
    assert_eq!(
        compared.faults[0].kind.as_str(),
        "kept_head_differs",
        "{compared:?}"
    );
    // And so it does over a log that was set back.
    let sealed = walks.len();
    assert!(sealed > 0);
    ledger.tamper("UPDATE evidence_logs SET sealed = 0");
    let mut set_back = late();
    verify(&ledger, &log, None, &mut set_back).await;
    assert!(set_back.sizes[0] <= 32, "{:?}", set_back.sizes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verification_that_was_interrupted_goes_on_and_finds_the_same_on_sqlite() {
    one_that_was_interrupted_goes_on(Backends::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verification_that_was_interrupted_goes_on_and_finds_the_same_on_postgres() {
    one_that_was_interrupted_goes_on(Backends::Postgres).await;
}
