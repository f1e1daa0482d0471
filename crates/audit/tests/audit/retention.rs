//! Old administrative records go, verified, archived and vouched for; what does not verify stays.

use std::{sync::Arc, time::Duration};

use caracal_audit::{ArchiveDirectory, KeptHeads, Pruning, verify_against, verify_evidence};
use caracal_core::ZoneId;
use caracal_ledger::{checkpoint::SignedCheckpoint, note::NoteKey, prune::SignedPrune, verify::Progress};
use caracal_storage::{Access, AdminAuditRecord, LogId};
use caracal_wire::audit::{ChainReport, EvidenceReport};
use http::Method;

use crate::{
    fixture::{keys, signing},
    ledger::{Backends, Ledger, TOKEN},
};

const DAY: Duration = Duration::from_hours(24);

struct Records {
    ledger: Ledger,
    directory: tempfile::TempDir,
}

impl Records {
    async fn over(backends: Backends) -> Self {
        let ledger = signing(backends, None, Vec::new()).await;
        let directory = tempfile::tempdir().unwrap();
        Self { ledger, directory }
    }

    /// Appends `count` records of `days` ago.
    async fn administer(&self, log: &LogId, count: usize, days: u32) {
        let record = |_| AdminAuditRecord {
            occurred_at: self.ledger.deps.world.now().minus(days * DAY),
            ..self.ledger.admin_record(log.zone(), None)
        };
        self.ledger.append_records((0..count).map(record)).await;
    }

    async fn prune(&self) {
        let pruning = Pruning {
            checkpoints: self.ledger.deps.checkpoints.clone().unwrap(),
            archive: Some(ArchiveDirectory::open(self.directory.path()).unwrap()),
            keep: None,
            events: false,
            keep_records: Some(30 * DAY),
        };
        Arc::new(pruning).round().await.unwrap();
    }

    async fn left(&self, log: &LogId) -> Vec<u64> {
        let mut work = self.ledger.deps.store.log(log, Access::Read).await.unwrap();
        let entries = work.log().entries(0, 10_000).await.unwrap();
        entries.iter().map(|entry| entry.index).collect()
    }

    async fn verify(&self, kept: &KeptHeads) -> EvidenceReport {
        let key = self.ledger.deps.audit_keys.as_ref();
        let report = verify_evidence(self.ledger.deps.store.as_ref(), None, key, kept, &mut ()).await;
        report.unwrap().unwrap()
    }

    async fn get(&self, path: &str) -> String {
        let path = format!("/api/audit/{path}");
        let answer = self.ledger.ask(Method::GET, &path, Some(TOKEN)).await;
        answer.expect(200).text
    }
}

/// Where the routes of a log are.
fn path(log: &LogId) -> String {
    match log.zone() {
        Some(zone) => format!("records/{zone}"),
        None => String::from("deployment"),
    }
}

fn of<'r>(report: &'r EvidenceReport, log: &LogId) -> &'r ChainReport {
    let mut logs = report.administrative.iter();
    logs.find(|report| report.zone_id.as_ref() == log.zone()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_past_their_time_go_and_all_that_was_kept_before_still_proves_them() {
    let records = Records::over(Backends::Embedded).await;
    let (busy, archived) = (
        LogId::Admin(records.ledger.zone()),
        LogId::Admin(records.ledger.zone()),
    );
    records.administer(&busy, 600, 31).await;
    records.administer(&busy, 3, 0).await;
    records.administer(&archived, 5, 400).await;
    records.administer(&LogId::Deployment, 2, 31).await;
    let whole = records.verify(&KeptHeads::default()).await;
    assert!(whole.holds, "{whole:#?}");
    let heads: KeptHeads = serde_json::from_value(serde_json::to_value(&whole).unwrap()).unwrap();
    let kept = records.get(&format!("{}/checkpoint", path(&busy))).await;
    let kept = SignedCheckpoint::parse(kept.as_bytes()).unwrap();

    records.prune().await;
    assert_eq!(records.left(&busy).await, [600, 601, 602]);
    for log in [&archived, &LogId::Deployment] {
        assert_eq!(records.left(log).await, [0_u64; 0], "{log}");
    }
    let report = records.verify(&heads).await;
    assert!(report.holds, "{report:#?}");
    for (log, entries, up_to) in [(&busy, 603, 600), (&archived, 5, 5), (&LogId::Deployment, 2, 2)] {
        let found = of(&report, log);
        assert_eq!(
            (found.entries, found.pruned.as_ref().unwrap().up_to),
            (entries, up_to)
        );
        assert_eq!(found.head, of(&whole, log).head);
    }
    // What was signed before holds, and what is gone is vouched for over HTTP too.
    let trusted: Vec<NoteKey> = keys().public().cloned().collect();
    let known = [kept.checkpoint().clone()];
    let store = records.ledger.deps.store.as_ref();
    let found = verify_against(store, &busy, &known, &trusted, Progress::default(), |_| {}).await;
    assert_eq!(found.unwrap().unwrap().proved, 603);
    for (of, size) in [(path(&busy), 600), (path(&LogId::Deployment), 2)] {
        let note = records.get(&format!("{of}/prune")).await;
        assert_eq!(SignedPrune::parse(note.as_bytes()).unwrap().prune().size(), size);
    }
    // The archive has them.
    let directory = records.directory.path().join(busy.name());
    let mut lines = 0;
    for file in std::fs::read_dir(directory).unwrap() {
        lines += std::fs::read_to_string(file.unwrap().path())
            .unwrap()
            .lines()
            .count();
    }
    assert_eq!(lines, 600);
    // And logs that were pruned to their end go on.
    records.administer(&LogId::Deployment, 1, 0).await;
    assert_eq!(records.left(&LogId::Deployment).await, [2]);
    assert!(records.verify(&heads).await.holds);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_do_not_verify_or_are_held_stay() {
    let records = Records::over(Backends::Postgres).await;
    let log = || LogId::Admin(records.ledger.zone());
    let (changed, cut, held, named) = (log(), log(), log(), log());
    for log in [&held, &named, &LogId::Deployment] {
        records.administer(log, 6, 60).await;
    }
    for log in [&changed, &cut] {
        records.administer(log, 300, 60).await;
    }
    let of_log = |log: &LogId| format!("log = (SELECT number FROM evidence_logs WHERE zone_id = '{log}')");
    records.ledger.tamper(&format!(
        "DELETE FROM evidence_blocks WHERE first_index = 0 AND {}; \
         UPDATE evidence_blocks SET block = flipped(block, 40) WHERE first_index = 0 AND {}",
        of_log(&cut),
        of_log(&changed),
    ));
    for (log, subject) in [(&held, None), (&named, Some("user-7"))] {
        let zone: &ZoneId = log.zone().unwrap();
        records.ledger.hold(zone, "h-1", subject).await;
    }
    records.prune().await;
    assert_eq!(records.left(&LogId::Deployment).await, [0_u64; 0]);
    for log in [&held, &named] {
        assert_eq!(records.left(log).await, [0, 1, 2, 3, 4, 5, 6], "{log}");
    }
    let report = records.verify(&KeptHeads::default()).await;
    for log in [&changed, &cut] {
        assert!(
            !of(&report, log).holds() && of(&report, log).pruned.is_none(),
            "{log}"
        );
    }
    for log in [&held, &named, &LogId::Deployment] {
        assert!(of(&report, log).holds(), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_are_proved_as_events_are() {
    let records = Records::over(Backends::Embedded).await;
    let logs = [LogId::Admin(records.ledger.zone()), LogId::Deployment];
    for log in &logs {
        let of = path(log);
        let path = format!("/api/audit/{of}/checkpoint");
        let empty = records.ledger.ask(Method::GET, &path, Some(TOKEN)).await;
        assert_eq!(empty.outcome(), (404, "log_unknown"));
        records.administer(log, 300, 0).await;
        let checkpoint = records.get(&format!("{of}/checkpoint")).await;
        let checkpoint = SignedCheckpoint::parse(checkpoint.as_bytes()).unwrap();
        assert_eq!(checkpoint.checkpoint().size, 300);
        let trust =
            caracal_ledger::trust::Trust::of_keys(&keys().origin(&log.name()), keys().public().cloned(), 0);
        let receipt = records.get(&format!("{of}/receipts/257")).await;
        let receipt = caracal_ledger::receipt::Receipt::parse(receipt.as_bytes()).unwrap();
        let proved = receipt.verify(&trust.unwrap()).unwrap();
        assert_eq!(proved.index, 256);
        assert!(proved.body.contains("PATCH /v1/zones/x"));
        records.get(&format!("{of}/inclusion?index=299")).await;
        records.get(&format!("{of}/consistency?from=256")).await;
        for (path, outcome) in [
            (format!("{of}/receipts/301"), (404, "entry_not_found")),
            (format!("{of}/receipts/0"), (404, "entry_not_found")),
            (format!("{of}/prune"), (404, "log_unknown")),
            (format!("{of}/tile/0/009"), (404, "entry_not_found")),
            (format!("{of}/tile/x"), (400, "invalid_params")),
            (String::from("records/a%20b/checkpoint"), (400, "invalid_params")),
        ] {
            let path = format!("/api/audit/{path}");
            let answer = records.ledger.ask(Method::GET, &path, Some(TOKEN)).await;
            assert_eq!(answer.outcome(), outcome, "{path}");
            let stranger = records.ledger.ask(Method::GET, &path, None).await;
            assert_eq!(stranger.status, 401, "{path}");
        }
    }
}
