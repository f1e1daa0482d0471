//! Old events go: archived, proved to be those that were signed, vouched for, and only if nobody holds them.

use std::{ops::Deref, path::Path, sync::Arc, time::Duration};

use caracal_audit::{ArchiveDirectory, Pruning, verify_against, verify_log, verify_zone};
use caracal_core::{Timestamp, ZoneId};
use caracal_ledger::{
    checkpoint::SignedCheckpoint,
    entry::Entry,
    log_keys::LogKeys,
    note::NoteKey,
    prune::SignedPrune,
    receipt::Receipt,
    trust::Trust,
    verify::{Fault, Progress, Verifier},
};
use caracal_storage::{Access, LedgerEntry, LogId, RetentionDays, conformance::given::Given};
use caracal_wire::{
    audit::{ChainReport, FaultKind},
    control::retention::Keeping,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    fixture::{Fixture, HOST, keys, trust},
    ledger::Backends,
};

const DAY: Duration = Duration::from_hours(24);

/// A ledger that is pruned, with its archive.
pub(crate) struct PrunedLedger {
    fixture: Fixture,
    directory: TempDir,
}

impl Deref for PrunedLedger {
    type Target = Fixture;

    fn deref(&self) -> &Fixture {
        &self.fixture
    }
}

impl PrunedLedger {
    pub(crate) async fn over(backends: Backends) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let published = directory.path().join("checkpoints");
        Self {
            fixture: Fixture::over(backends, Some(&published), Vec::new()).await,
            directory,
        }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn pruning(&self) -> Arc<Pruning> {
        Arc::new(Pruning {
            checkpoints: self.ledger.deps.checkpoints.clone().unwrap(),
            archive: Some(ArchiveDirectory::open(&self.path("archive")).unwrap()),
            keep: Some(90 * DAY),
            events: true,
            keep_records: None,
        })
    }

    pub(crate) fn days_pass(&self, days: u32) {
        self.ledger.deps.world.manual_clock().advance(days * DAY);
    }

    pub(crate) async fn fill(&self, zone: &ZoneId, count: usize, subject: &str) {
        for some in (0..count).collect::<Vec<_>>().chunks(200) {
            let event = |n: &usize| {
                let event = self.ledger.event(zone, &format!("req-{n}"));
                let event = event.with_metadata(&json!({"subject_id": subject, "application_id": "app"}));
                LedgerEntry::written(&event, Some(String::from("k1"))).unwrap()
            };
            let entries: Vec<_> = some.iter().map(event).collect();
            let mut work = self.ledger.change(zone).await;
            let now = self.ledger.deps.world.now();
            work.ledger().append(&entries, now).await.unwrap();
            work.commit().await.unwrap();
        }
    }

    async fn text(&self, path: &str) -> String {
        self.get(path).await.expect(200).text
    }

    fn trust(&self) -> Trust {
        trust(&self.zone)
    }

    /// Indexes of what is there.
    pub(crate) async fn left(&self, zone: &ZoneId) -> Vec<i64> {
        let mut work = self.ledger.view(zone).await;
        let rows = work.ledger().range(0, 100_000).await.unwrap();
        rows.iter().map(|row| row.chain_seq - 1).collect()
    }

    async fn report(&self, zone: &ZoneId) -> ChainReport {
        let key = self.ledger.deps.audit_keys.as_ref();
        verify_zone(self.ledger.deps.store.as_ref(), zone, key)
            .await
            .unwrap()
    }

    async fn against(&self, known: &[&SignedCheckpoint], keys: &[NoteKey]) -> Result<Progress, Fault> {
        let known: Vec<_> = known.iter().map(|signed| signed.checkpoint().clone()).collect();
        let store = self.ledger.deps.store.as_ref();
        verify_against(
            store,
            &LogId::Ledger(self.zone.clone()),
            &known,
            keys,
            Progress::default(),
            |_| {},
        )
        .await
        .unwrap()
    }

    pub(crate) async fn hold(&self, id: &str, subject: Option<&str>) {
        self.ledger.hold(&self.zone, id, subject).await;
    }

    pub(crate) async fn lift(&self, id: &str) {
        let now = self.ledger.deps.world.now();
        let mut work = self.ledger.change(&self.zone).await;
        assert!(work.retention().lift(id, "ops", now).await.unwrap());
        work.commit().await.unwrap();
        let hold_id = id.to_owned();
        let zone = Some(&self.zone);
        self.ledger
            .record_keeping(zone, Keeping::Lifted { hold_id })
            .await;
    }

    /// Says how long events of the zone are kept, or of all.
    pub(crate) async fn keep(&self, zone: Option<&ZoneId>, days: u32) {
        let said = RetentionDays {
            days,
            updated_by: String::from("ops"),
            updated_at: self.ledger.deps.world.now(),
        };
        if let Some(zone) = zone {
            let mut work = self.ledger.change(zone).await;
            work.retention_days().set_days(Some(&said)).await.unwrap();
            work.commit().await.unwrap();
        } else {
            let mut work = self.ledger.deps.store.global(Access::Write).await.unwrap();
            work.retention_days().set_days(Some(&said)).await.unwrap();
            work.commit().await.unwrap();
        }
        let days = Some(days);
        self.ledger
            .record_keeping(zone, Keeping::Retention { days })
            .await;
    }

    /// The entries of the archive.
    fn archived(&self) -> Vec<Value> {
        let text = self.archived_lines();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The files of the archive, one behind the other.
    pub(crate) fn archived_lines(&self) -> String {
        let log = self.path("archive").join(format!("ledger/{}", self.zone));
        let mut files: Vec<_> = std::fs::read_dir(log)
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        files.sort();
        let lines = |path: &std::path::PathBuf| std::fs::read_to_string(path).unwrap();
        files.iter().map(lines).collect()
    }
}

fn text<'v>(line: &'v Value, name: &str) -> &'v str {
    line[name].as_str().unwrap()
}

#[tokio::test]
async fn old_events_are_archived_and_deleted_and_what_was_proved_still_is() {
    for backends in [Backends::Embedded, Backends::Postgres] {
        let fixture = PrunedLedger::over(backends).await;
        let zone = &fixture.zone;
        fixture.fill(zone, 700, "user-1").await;
        let first = fixture.checkpoint().await;
        let receipts = fixture.text("receipts?request_id=req-5").await;
        fixture.days_pass(100);
        fixture.fill(zone, 300, "user-2").await;
        fixture.pruning().round().await.unwrap();
        assert_eq!(fixture.left(zone).await, (700..1000).collect::<Vec<_>>());
        let report = fixture.report(zone).await;
        assert!(report.holds(), "{report:?}");
        assert_eq!(
            (report.entries, report.pruned.map(|pruned| pruned.up_to)),
            (1000, Some(700))
        );

        // What says so is signed, served and published.
        let note = fixture.text("prune").await;
        let signed = SignedPrune::parse(note.as_bytes()).unwrap();
        fixture.trust().check_prune(&signed).unwrap();
        assert_eq!(
            (signed.prune().size(), &*signed.prune().reason),
            (700, "older than 90 days")
        );
        let published = fixture.path("checkpoints").join(format!("ledger/{zone}/prune"));
        assert_eq!(std::fs::read_to_string(published).unwrap(), note);

        // The log is the one that was signed before and after, under our keys alone.
        let newest = fixture.checkpoint().await;
        let trusted: Vec<_> = keys().public().cloned().collect();
        let whole = fixture.against(&[&first, &newest], &trusted).await.unwrap();
        assert_eq!((whole.frontier.size(), whole.proved), (1000, 1000));
        let stranger = LogKeys::derive(HOST, &[9; 32], None).unwrap();
        let stranger: Vec<_> = stranger.public().cloned().collect();
        let refused = fixture.against(&[&first, &newest], &stranger).await;
        assert_eq!(
            refused,
            Err(Fault::Gap {
                expected: 0,
                found: 700
            })
        );

        // A receipt that was given out proves what it proved, and what is left has one.
        let receipt = |text: &str| {
            Receipt::parse(text.as_bytes())
                .unwrap()
                .verify(&fixture.trust())
                .map(|_| ())
        };
        assert!(!receipts.is_empty());
        let mut work = fixture.ledger.view(zone).await;
        let last = work.ledger().range(999, 1).await.unwrap().remove(0).event.id;
        drop(work);
        assert_eq!(receipt(&fixture.text(&format!("receipts/{last}")).await), Ok(()));
        fixture.text("inclusion?index=3").await;

        // Whoever has the archive has the whole log.
        let archived = fixture.archived();
        assert_eq!(archived.len(), 700);
        let known = [first.checkpoint().clone(), newest.checkpoint().clone()];
        let log = format!("ledger/{zone}");
        let mut verifier = Verifier::new(&log, Progress::default(), &known).unwrap();
        for line in &archived {
            let entry = Entry {
                log: text(line, "log"),
                index: line["index"].as_u64().unwrap(),
                body: text(line, "body"),
                taken_at: Timestamp::from_micros(line["taken_at"].as_i64().unwrap()),
                producer_key: text(line, "producer_key"),
            };
            verifier.push(&entry, None).unwrap();
        }
        assert_eq!(verifier.progress().proved, 700);

        // Nothing more is old, and then all of it is, the unsealed end as well.
        fixture.pruning().round().await.unwrap();
        assert_eq!(fixture.text("prune").await, note);
        fixture.days_pass(100);
        fixture.pruning().round().await.unwrap();
        assert_eq!(fixture.left(zone).await, Vec::<i64>::new());
        fixture.fill(zone, 300, "user-3").await;
        let report = fixture.report(zone).await;
        assert!(report.holds(), "{report:?}");
        assert_eq!(report.entries, 1300);
    }
}

#[tokio::test]
async fn nothing_goes_that_cannot_be_archived_first() {
    let fixture = PrunedLedger::over(Backends::Embedded).await;
    let zone = &fixture.zone;
    fixture.fill(zone, 300, "user-1").await;
    fixture.days_pass(100);
    let pruning = fixture.pruning();
    // A file is where the directory of the log would be.
    let path = fixture.path("archive").join("ledger");
    std::fs::write(&path, b"").unwrap();
    pruning.round().await.unwrap();
    assert_eq!(fixture.left(zone).await.len(), 300);
    std::fs::remove_file(&path).unwrap();
    pruning.round().await.unwrap();
    assert_eq!(fixture.left(zone).await.len(), 0);
    assert_eq!(fixture.archived().len(), 300);
}

#[tokio::test]
async fn a_held_subject_keeps_its_blocks_and_a_held_zone_everything() {
    for backends in [Backends::Embedded, Backends::Postgres] {
        let fixture = PrunedLedger::over(backends).await;
        let zone = &fixture.zone;
        fixture.fill(zone, 300, "user-1").await;
        fixture.days_pass(1);
        fixture.fill(zone, 300, "user-2").await;
        fixture.days_pass(1);
        fixture.fill(zone, 300, "user-3").await;
        fixture.days_pass(100);
        fixture.hold("zone", None).await;
        fixture.pruning().round().await.unwrap();
        assert_eq!(fixture.left(zone).await.len(), 900);
        fixture.hold("subject", Some("user-2")).await;
        fixture.lift("zone").await;
        fixture.pruning().round().await.unwrap();
        let left = fixture.left(zone).await;
        assert!((300..600).all(|index| left.contains(&index)), "{left:?}");
        assert!(left.len() < 600, "whole blocks stay, and no others: {left:?}");
        let report = fixture.report(zone).await;
        assert!(report.holds(), "{report:?}");
        let newest = fixture.checkpoint().await;
        let trusted: Vec<_> = keys().public().cloned().collect();
        assert!(fixture.against(&[&newest], &trusted).await.is_ok());
        // Another hold comes too late for what is gone, and the first one is lifted.
        fixture.hold("late", Some("user-1")).await;
        fixture.pruning().round().await.unwrap();
        assert_eq!(fixture.left(zone).await, left);
        fixture.lift("subject").await;
        fixture.pruning().round().await.unwrap();
        let rest = fixture.left(zone).await;
        assert!(rest.len() < left.len(), "{rest:?}");
        fixture.lift("late").await;
        fixture.pruning().round().await.unwrap();
        assert_eq!(fixture.left(zone).await, Vec::<i64>::new());
        assert_eq!(fixture.archived().len(), 900);
        let report = fixture.report(zone).await;
        assert!(report.holds(), "{report:?}");
    }
}

#[tokio::test]
async fn events_of_a_held_subject_stay_though_they_name_only_its_records_and_sessions() {
    for backends in [Backends::Embedded, Backends::Postgres] {
        let mut fixture = PrunedLedger::over(backends).await;
        let store = &fixture.ledger.deps.store;
        let given = Given::new(&fixture.ledger.deps.world);
        let zone = &given.zone_id;
        let application = given.application();
        let mut record = given.authority_record(&application);
        record.subject_id = String::from("ada");
        let mut work = store.global(Access::Write).await.unwrap();
        work.zones().create(&given.zone()).await.unwrap();
        work.commit().await.unwrap();
        let mut work = store.zone(zone, Access::Write).await.unwrap();
        work.applications().create(&application).await.unwrap();
        work.authority_records().create(&record).await.unwrap();
        work.commit().await.unwrap();
        let (record, later) = (record.id.as_str(), Duration::from_hours(24));
        // Blocks of a day each: of others, of the record and a session, of the session alone, of others.
        for metadata in [
            json!({"session_id": "other"}),
            json!({"session_id": record, "agent_session_id": "session-1"}),
            json!({"agent_session_id": "session-1"}),
            json!({"agent_session_id": "session-2"}),
        ] {
            let event = fixture.ledger.event(zone, "req").with_metadata(&metadata);
            let entry = LedgerEntry::written(&event, None).unwrap();
            let mut work = store.zone(zone, Access::Write).await.unwrap();
            let now = fixture.ledger.deps.world.now();
            work.ledger().append(&[entry], now).await.unwrap();
            work.commit().await.unwrap();
            fixture.ledger.deps.world.manual_clock().advance(later);
        }
        fixture.fixture.zone = zone.clone();
        fixture.hold("subject", Some("ada")).await;
        fixture.days_pass(100);
        // What the ledger's record points to is not forgotten either.
        let now = fixture.ledger.deps.world.now();
        let mut work = fixture.ledger.change(&fixture.zone).await;
        work.authority_records().reap(now, now, 10).await.unwrap();
        work.authority_records().reap(now, now, 10).await.unwrap();
        work.commit().await.unwrap();
        fixture.pruning().round().await.unwrap();
        assert_eq!(fixture.left(&fixture.zone).await, [1, 2]);
        fixture.lift("subject").await;
        fixture.pruning().round().await.unwrap();
        assert_eq!(fixture.left(&fixture.zone).await, Vec::<i64>::new());
    }
}

#[tokio::test]
async fn retention_is_the_shortest_that_is_said_of_the_zone_or_of_all() {
    let fixture = PrunedLedger::over(Backends::Embedded).await;
    let (own, other) = (fixture.zone.clone(), fixture.ledger.zone());
    for zone in [&own, &other] {
        fixture.fill(zone, 10, "user-1").await;
    }
    let pruning = Arc::new(Pruning {
        keep: None,
        ..Arc::into_inner(fixture.pruning()).unwrap()
    });
    fixture.days_pass(40);
    pruning.round().await.unwrap();
    assert_eq!(fixture.left(&own).await.len(), 10, "for ever");
    fixture.keep(Some(&own), 30).await;
    pruning.round().await.unwrap();
    assert_eq!(
        (fixture.left(&own).await.len(), fixture.left(&other).await.len()),
        (0, 10)
    );
    fixture.keep(None, 60).await;
    fixture.fill(&own, 10, "user-1").await;
    fixture.days_pass(50);
    pruning.round().await.unwrap();
    assert_eq!(
        (fixture.left(&own).await.len(), fixture.left(&other).await.len()),
        (0, 0)
    );
    // The operator's limit is the longest.
    fixture.fill(&own, 10, "user-1").await;
    let limited = Arc::new(Pruning {
        keep: Some(5 * DAY),
        ..Arc::into_inner(fixture.pruning()).unwrap()
    });
    fixture.days_pass(6);
    limited.round().await.unwrap();
    assert_eq!(fixture.left(&own).await.len(), 0);
}

#[tokio::test]
async fn a_log_that_was_changed_loses_nothing_and_delays_no_other() {
    let fixture = PrunedLedger::over(Backends::Postgres).await;
    let (zone, other) = (fixture.zone.clone(), fixture.ledger.zone());
    fixture.fill(&zone, 600, "user-1").await;
    fixture.fill(&other, 600, "user-1").await;
    fixture.checkpoint().await;
    fixture.days_pass(100);
    // A tile, which is all that would be left of what goes.
    fixture.ledger.tamper(&format!(
        "UPDATE evidence_tiles SET hashes = overlay(hashes placing '\\x00'::bytea from 7) WHERE level = 0 AND tile = 0 \
         AND log = (SELECT number FROM evidence_logs WHERE zone_id = '{zone}')"
    ));
    fixture.pruning().round().await.unwrap();
    assert_eq!(fixture.left(&zone).await.len(), 600);
    assert_eq!(fixture.left(&other).await.len(), 0);
    // A block that holds what another does, and one that is not there.
    for (set, first) in [
        (
            "block = (SELECT b.block FROM evidence_blocks b WHERE b.log = t.log AND b.first_index = 256)",
            0,
        ),
        ("first_index = 100000", 0),
    ] {
        let zone = fixture.ledger.zone();
        fixture.fill(&zone, 600, "user-1").await;
        fixture.days_pass(100);
        fixture.ledger.tamper(&format!(
            "UPDATE evidence_blocks t SET {set} WHERE first_index = {first} \
             AND log = (SELECT number FROM evidence_logs WHERE zone_id = '{zone}')"
        ));
        let count = || fixture.ledger.sql("SELECT SUM(entries) FROM evidence_blocks");
        let before = count();
        fixture.pruning().round().await.unwrap();
        assert_eq!(count(), before, "{set}");
    }
}

#[tokio::test]
async fn what_is_missing_without_a_prune_checkpoint_of_ours_is_found_where_it_is() {
    let fixture = PrunedLedger::over(Backends::Postgres).await;
    let zone = &fixture.zone;
    fixture.fill(zone, 300, "user-1").await;
    fixture.days_pass(1);
    fixture.fill(zone, 300, "user-2").await;
    fixture.days_pass(100);
    fixture.fill(zone, 600, "user-3").await;
    fixture.hold("subject", Some("user-2")).await;
    fixture.pruning().round().await.unwrap();
    let good = fixture.report(zone).await;
    assert!(good.holds(), "{good:?}");
    let newest = fixture.checkpoint().await;
    let trusted: Vec<_> = keys().public().cloned().collect();
    let first = fixture.left(zone).await[0];
    let kinds = |report: &ChainReport| -> Vec<(i64, FaultKind)> {
        report
            .faults
            .iter()
            .map(|fault| (fault.chain_seq, fault.kind))
            .collect()
    };
    let tables = ["evidence_blocks", "evidence_terms", "evidence_prunes"];
    for table in tables {
        fixture
            .ledger
            .tamper(&format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}"));
    }
    let put_back = || {
        for table in tables {
            let sql = format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept_{table}");
            fixture.ledger.tamper(&sql);
        }
    };
    let delete = |first: i64| {
        fixture.ledger.tamper(&format!(
            "DELETE FROM evidence_blocks WHERE first_index = {first}; DELETE FROM evidence_terms WHERE first_index = {first}"
        ));
    };
    // A block that is held.
    delete(first);
    let found = fixture.report(zone).await;
    assert_eq!(kinds(&found), [(first + 1, FaultKind::SequenceGap)]);
    let missing = Fault::Missing {
        index: u64::try_from(first).unwrap(),
    };
    assert_eq!(fixture.against(&[&newest], &trusted).await, Err(missing));
    put_back();
    // One that is younger.
    let mut work = fixture.ledger.view(zone).await;
    let pruned = work.retention().newest_prune().await.unwrap().unwrap().size;
    let young = work.ledger().blocks(pruned + 1, 1).await.unwrap().remove(0).first;
    drop(work);
    delete(i64::try_from(young).unwrap());
    let found = fixture.report(zone).await;
    let gap = (i64::try_from(young).unwrap() + 1, FaultKind::SequenceGap);
    assert!(kinds(&found).contains(&gap), "{found:?}");
    assert!(fixture.against(&[&newest], &trusted).await.is_err());
    put_back();
    // No word of what is gone.
    fixture.ledger.tamper("DELETE FROM evidence_prunes");
    let found = fixture.report(zone).await;
    assert!(kinds(&found).contains(&(1, FaultKind::SequenceGap)), "{found:?}");
    let gap = Fault::Gap {
        expected: 0,
        found: u64::try_from(first).unwrap(),
    };
    assert_eq!(fixture.against(&[&newest], &trusted).await, Err(gap));
    put_back();
    // The word of somebody else, with the right tree.
    let mut work = fixture.ledger.view(zone).await;
    let said = work.retention().newest_prune().await.unwrap().unwrap();
    drop(work);
    let stranger = LogKeys::derive(HOST, &[9; 32], None).unwrap();
    let mut prune = SignedPrune::parse(said.note.as_bytes()).unwrap().prune().clone();
    prune.kept.clear();
    let forged = stranger.sign_prune(prune.clone()).unwrap().encode();
    fixture
        .ledger
        .tamper(&format!("UPDATE evidence_prunes SET note = '{forged}'"));
    delete(first);
    let found = fixture.report(zone).await;
    let key = (i64::try_from(pruned).unwrap(), FaultKind::WrongPruneKey);
    assert_eq!(kinds(&found)[0], key);
    assert!(fixture.against(&[&newest], &trusted).await.is_err());
    put_back();
    // Another tree: it contradicts what was signed.
    prune.frontier.append([7; 32]);
    let forged = keys().sign_prune(prune).unwrap().encode();
    fixture
        .ledger
        .tamper(&format!("UPDATE evidence_prunes SET note = '{forged}'"));
    let found = fixture.report(zone).await;
    assert!(
        kinds(&found)
            .iter()
            .any(|(_, kind)| *kind == FaultKind::PruneDiffers),
        "{found:?}"
    );
    assert!(fixture.against(&[&newest], &trusted).await.is_err());
    put_back();
    assert!(fixture.report(zone).await.holds());
    assert!(fixture.against(&[&newest], &trusted).await.is_ok());
}

#[tokio::test]
async fn cut_short_anywhere_and_by_several_at_once_it_ends_as_if_undisturbed() {
    for backends in [Backends::Embedded, Backends::Postgres] {
        let fixture = PrunedLedger::over(backends).await;
        let zone = &fixture.zone;
        fixture.fill(zone, 3_000, "user-1").await;
        fixture.checkpoint().await;
        fixture.days_pass(100);
        for millis in 0..25 {
            // Dropped at whatever it waits for then, as a process that is killed.
            let rounds = [fixture.pruning(), fixture.pruning()];
            let both = async { tokio::join!(rounds[0].round(), rounds[1].round()) };
            let _ = tokio::time::timeout(Duration::from_millis(millis), both).await;
            let report = fixture.report(zone).await;
            assert!(report.holds(), "{report:?}");
        }
        let rounds = [fixture.pruning(), fixture.pruning()];
        let (one, other) = tokio::join!(rounds[0].round(), rounds[1].round());
        one.and(other).unwrap();
        fixture.pruning().round().await.unwrap();
        assert_eq!(fixture.left(zone).await, Vec::<i64>::new());
        let report = fixture.report(zone).await;
        assert!(report.holds(), "{report:?}");
        let mut indexes: Vec<u64> = fixture
            .archived()
            .iter()
            .map(|line| line["index"].as_u64().unwrap())
            .collect();
        indexes.dedup();
        indexes.sort_unstable();
        indexes.dedup();
        assert_eq!(indexes, (0..3_000).collect::<Vec<_>>());
    }
}

#[test]
fn an_archive_is_made_where_it_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a/b");
    ArchiveDirectory::open(&path).unwrap();
    assert!(Path::new(&path).is_dir());
}

/// Whoever can write into the database lets nothing go by it: rows are believed as far as signed records say the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_or_a_retention_that_was_changed_in_the_database_lets_nothing_go_and_is_found() {
    let attacks: [(&str, &str); 6] = [
        ("removed", "DELETE FROM evidence_holds"),
        (
            "lifted",
            "UPDATE evidence_holds SET lifted_at = placed_at, lifted_by = 'ops'",
        ),
        ("narrowed", "UPDATE evidence_holds SET subject = 'nobody'"),
        (
            "shortened",
            "UPDATE evidence_retention SET days = 1 WHERE zone_id <> '*'",
        ),
        (
            "taken away",
            "DELETE FROM evidence_retention WHERE zone_id <> '*'",
        ),
        (
            "shortened for all",
            "UPDATE evidence_retention SET days = 1 WHERE zone_id = '*'",
        ),
    ];
    for (what, statement) in attacks {
        let fixture = PrunedLedger::over(Backends::Postgres).await;
        let zone = fixture.zone.clone();
        fixture.fill(&zone, 300, "user-1").await;
        fixture.hold("h-1", None).await;
        fixture.keep(None, 20).await;
        if what != "shortened for all" {
            fixture.keep(Some(&zone), 80).await;
        }
        if what.contains("shortened") || what == "taken away" {
            // Not the hold is what stands in the way.
            fixture.lift("h-1").await;
        }
        fixture.days_pass(40);
        fixture.ledger.tamper(statement);
        let pruning = Arc::new(Pruning {
            keep: Some(30 * DAY).filter(|_| !what.contains("shortened") && what != "taken away"),
            keep_records: Some(30 * DAY),
            ..Arc::into_inner(fixture.pruning()).unwrap()
        });
        pruning.round().await.unwrap();
        assert_eq!(fixture.left(&zone).await.len(), 300, "{what}");
        let store = fixture.ledger.deps.store.as_ref();
        let key = fixture.ledger.deps.audit_keys.as_ref();
        let log = if what == "shortened for all" {
            LogId::Deployment
        } else {
            LogId::Admin(zone)
        };
        let report = verify_log(store, &log, key, None).await.unwrap();
        let kinds: Vec<FaultKind> = report.faults.iter().map(|fault| fault.kind).collect();
        assert_eq!(kinds, [FaultKind::KeepingDiffers], "{what}");
        assert!(!report.faults[0].event_id.is_empty(), "{what}");
    }
}

/// A record that is gone must not take away what it said.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_records_of_what_is_kept_stay_as_long_as_it_is() {
    let fixture = PrunedLedger::over(Backends::Embedded).await;
    let (zone, log) = (fixture.zone.clone(), LogId::Admin(fixture.zone.clone()));
    fixture.hold("h-1", Some("user-7")).await;
    fixture.keep(Some(&zone), 50).await;
    fixture.fill(&zone, 10, "user-1").await;
    let records = Arc::new(Pruning {
        keep_records: Some(30 * DAY),
        ..Arc::into_inner(fixture.pruning()).unwrap()
    });
    let left = async || {
        let mut work = fixture.ledger.deps.store.log(&log, Access::Read).await.unwrap();
        work.log().entries(0, 10).await.unwrap().len()
    };
    fixture.days_pass(40);
    records.round().await.unwrap();
    assert_eq!((left().await, fixture.left(&zone).await.len()), (2, 10));
    fixture.days_pass(20);
    records.round().await.unwrap();
    assert_eq!(
        (left().await, fixture.left(&zone).await.len()),
        (2, 0),
        "50 days are over"
    );
    let key = fixture.ledger.deps.audit_keys.as_ref();
    let report = verify_log(fixture.ledger.deps.store.as_ref(), &log, key, None).await;
    assert!(report.unwrap().holds());
}
