//! What somebody with the database, but without the audit key, can do to what says that evidence is gone, what is held, and
//! which logs there are; and that both verifiers find it at the same places.

use std::{borrow::Cow, collections::BTreeMap};

use caracal_core::ZoneId;
use caracal_ledger::{block::BlockEntry, log_keys::LogKeys, prune::SignedPrune};
use caracal_storage::LogId;

use crate::{
    fixture::keys,
    ledger::{Backends, Ledger},
    lines,
    pruning::PrunedLedger,
    second::{Second, in_set},
};

/// What is changed, how, and which fault is found at which position.
type Attack = (&'static str, String, &'static str, i64);

/// Two logs of which the beginning is gone but for what is held, and which went on.
struct Pruned {
    fixture: PrunedLedger,
    other: ZoneId,
    /// Sizes of the two prune checkpoints.
    sizes: [i64; 2],
    /// Index of the first entry that is held.
    held: i64,
    note: String,
}

impl Pruned {
    async fn over(backends: Backends) -> Self {
        let fixture = PrunedLedger::over(backends).await;
        let zones = [fixture.zone.clone(), fixture.ledger.zone()];
        let fill = async |count, subject| {
            for zone in &zones {
                fixture.fill(zone, count, subject).await;
            }
        };
        let newest = async || {
            let log = LogId::Ledger(fixture.zone.clone());
            let mut work = fixture.ledger.opened(&log).await;
            work.retention().newest_prune().await.unwrap().unwrap()
        };
        fill(300, "user-1").await;
        fixture.days_pass(1);
        fill(300, "user-2").await;
        fixture.hold("subject", Some("user-2")).await;
        fixture.days_pass(100);
        fixture.pruning().round().await.unwrap();
        let first = newest().await.size;
        fill(300, "user-3").await;
        fixture.days_pass(100);
        fixture.pruning().round().await.unwrap();
        fill(100, "user-4").await;
        let last = newest().await;
        let held = fixture.left(&fixture.zone).await[0];
        assert_eq!((first, last.size, held), (600, 900, 300));
        let [_, other] = zones;
        Self {
            fixture,
            other,
            sizes: [first, last.size].map(|size| i64::try_from(size).unwrap()),
            held,
            note: last.note,
        }
    }

    /// What was put away and what is exported of the rest, as one log.
    fn with_archive(&self, exported: &str) -> String {
        let archived = self.fixture.archived_lines();
        let index = |line: &str| {
            let entry: serde_json::Value = serde_json::from_str(line).unwrap();
            entry["index"].as_u64().unwrap()
        };
        let lines = archived.lines().chain(exported.lines());
        let all: BTreeMap<u64, &str> = lines.map(|line| (index(line), line)).collect();
        all.into_values().collect::<Vec<_>>().join("\n")
    }

    async fn attacks(&self) -> Vec<Attack> {
        let number = |zone: &ZoneId| format!("(SELECT number FROM evidence_logs WHERE zone_id = '{zone}')");
        let (ours, theirs) = (number(&self.fixture.zone), number(&self.other));
        let newest = format!("number = 2 AND log = {ours}");
        let prune = |set: &str| format!("UPDATE evidence_prunes SET {set} WHERE {newest}");
        let tile = |set: &str| {
            format!("UPDATE evidence_tiles SET {set} WHERE level = 0 AND tile = 1 AND log = {ours}")
        };
        let held = self.held;
        let log = LogId::Ledger(self.fixture.zone.clone());
        let first = u64::try_from(held).unwrap();
        let reword = |entries: &mut Vec<BlockEntry<'_>>| {
            entries[7].body = Cow::Owned(entries[7].body.replace("user-2", "user-9"));
        };
        let changed = self.fixture.ledger.forged(&log, first, reword).await;
        let stranger = LogKeys::derive("audit.example", &[9; 32], None).unwrap();
        let mut nothing_kept = SignedPrune::parse(self.note.as_bytes()).unwrap().prune().clone();
        nothing_kept.kept.clear();
        let forged = stranger.sign_prune(nothing_kept.clone()).unwrap().encode();
        // Whoever has the key of checkpoints alone.
        let signed = keys().sign_prune(nothing_kept.clone()).unwrap().encode();
        nothing_kept.frontier.append([7; 32]);
        let longer = keys().sign_prune(nothing_kept).unwrap().encode();
        let drop_held = format!("DELETE FROM evidence_blocks WHERE first_index = {held} AND log = {ours}");
        let [before, end] = self.sizes;
        vec![
            (
                "a prune checkpoint reworded",
                prune("note = replace(note, 'older', 'younger')"),
                "wrong_prune_key",
                end,
            ),
            (
                "a prune checkpoint cut",
                prune("note = substr(note, 1, 90)"),
                "sequence_gap",
                1,
            ),
            (
                "its tag changed",
                prune("tag = 'aa' || substr(tag, 3)"),
                "wrong_prune_key",
                end,
            ),
            (
                "its time changed",
                prune("pruned_at = pruned_at - 1"),
                "wrong_prune_key",
                end,
            ),
            (
                "its size changed",
                prune("size = size - 1"),
                "wrong_prune_key",
                end,
            ),
            (
                "the newest deleted",
                format!("DELETE FROM evidence_prunes WHERE {newest}"),
                "sequence_gap",
                before + 1,
            ),
            (
                "all deleted",
                format!("DELETE FROM evidence_prunes WHERE log = {ours}"),
                "sequence_gap",
                1,
            ),
            (
                "the older one made the newest",
                format!("UPDATE evidence_prunes SET number = 7 WHERE number = 1 AND log = {ours}"),
                "sequence_gap",
                before + 1,
            ),
            (
                "taken from another log",
                format!(
                    "DELETE FROM evidence_prunes WHERE {newest}; INSERT INTO evidence_prunes \
                     SELECT {ours}, number, size, pruned_at, note, tag, holds, leaves FROM evidence_prunes \
                     WHERE number = 2 AND log = {theirs}"
                ),
                "wrong_prune_key",
                end,
            ),
            (
                "forged by a stranger, with what was held",
                format!("{}; {drop_held}", prune(&format!("note = '{forged}'"))),
                "wrong_prune_key",
                end,
            ),
            (
                "signed without the audit key, with what was held",
                format!("{}; {drop_held}", prune(&format!("note = '{signed}'"))),
                "wrong_prune_key",
                end,
            ),
            (
                "of another tree",
                prune(&format!("note = '{longer}'")),
                "prune_differs",
                end + 1,
            ),
            (
                "its last leaves changed",
                prune("leaves = flipped(leaves, 1)"),
                "prune_differs",
                end,
            ),
            (
                "its last leaves gone",
                prune("leaves = bytes('')"),
                "sequence_gap",
                769,
            ),
            (
                "a tile of what is gone changed",
                tile("hashes = flipped(hashes, 40)"),
                "prune_differs",
                end,
            ),
            (
                "a tile of what is gone deleted",
                format!("DELETE FROM evidence_tiles WHERE level = 0 AND tile = 0 AND log = {ours}"),
                "sequence_gap",
                1,
            ),
            (
                "what is held deleted",
                drop_held.clone(),
                "sequence_gap",
                held + 1,
            ),
            ("what is held changed", changed, "prune_differs", end),
        ]
    }
}

/// Numbers that a sentence has.
fn numbers(said: &str) -> Vec<u64> {
    let digits = said.split(|char: char| !char.is_ascii_digit());
    digits.filter_map(|digits| digits.parse().ok()).collect()
}

async fn whatever_is_done_to_what_is_gone(backends: Backends) {
    let pruned = Pruned::over(backends).await;
    let ledger = &pruned.fixture.ledger;
    let log = LogId::Ledger(pruned.fixture.zone.clone());
    ledger.keep("kept");
    let whole = ledger.verify(&log, None).await;
    assert!(whole.holds() && whole.entries == 1000, "{whole:?}");
    let mut second = Second::new(&log);
    second.keep_hundredths(ledger, 1000).await;
    second.pruned = Some(pruned.note.clone());
    let exported = pruned.with_archive(&second.exported(ledger).await.unwrap());
    let both = [lines::ours(&second, &exported), second.says_of(&exported)];
    assert!(both.iter().all(|(holds, _)| *holds), "{both:?}");
    assert_eq!(second.differs(ledger, None, &whole).await, None);

    let mut wrong = Vec::new();
    for (what, sql, fault, position) in pruned.attacks().await {
        ledger.tamper(&sql);
        let report = ledger.verify(&log, None).await;
        let mut faults = report.faults.iter();
        if !faults.any(|found| found.kind.as_str() == fault && found.chain_seq == position) {
            wrong.push(format!("{what}: no {fault} at {position} in {:?}", report.faults));
        }
        let in_rows = second.differs(ledger, None, &report).await;
        wrong.extend(in_rows.map(|said| format!("{what}: {said}")));
        // Whoever has the archive, an export of the rest, and the checkpoints that somebody kept.
        if let Some(lines) = second.exported(ledger).await {
            let lines = pruned.with_archive(&lines);
            let (ours, theirs) = (lines::ours(&second, &lines), second.says_of(&lines));
            let expected = lines == exported;
            let agree = expected || numbers(&ours.1) == numbers(&theirs.1);
            if (ours.0, theirs.0) != (expected, expected) || !agree {
                wrong.push(format!("{what}, exported: ours {ours:?}, theirs {theirs:?}"));
            }
        }
        ledger.put_back("kept");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ledger.verify(&log, None).await.holds());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_done_to_what_is_gone_is_found_and_located_by_both_verifiers_on_sqlite() {
    whatever_is_done_to_what_is_gone(Backends::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_done_to_what_is_gone_is_found_and_located_by_both_verifiers_on_postgres() {
    whatever_is_done_to_what_is_gone(Backends::Postgres).await;
}

/// What is done to holds and retention, and the position of the record of the zone, or else of the deployment, that says
/// otherwise.
const KEEPING: [(&str, &str, Option<i64>, Option<i64>); 8] = [
    (
        "a hold removed",
        "DELETE FROM evidence_holds WHERE id = 'h-2'",
        Some(2),
        None,
    ),
    (
        "a hold lifted",
        "UPDATE evidence_holds SET lifted_at = placed_at, lifted_by = 'ops' WHERE id = 'h-1'",
        Some(1),
        None,
    ),
    (
        "a hold in force again",
        "UPDATE evidence_holds SET lifted_at = NULL, lifted_by = NULL WHERE id = 'h-3'",
        Some(1),
        None,
    ),
    (
        "a hold narrowed",
        "UPDATE evidence_holds SET subject = 'nobody' WHERE id = 'h-1'",
        Some(1),
        None,
    ),
    (
        "a hold widened",
        "UPDATE evidence_holds SET subject = NULL WHERE id = 'h-2'",
        Some(2),
        None,
    ),
    (
        "shortened",
        "UPDATE evidence_retention SET days = 1 WHERE zone_id <> '*'",
        Some(5),
        None,
    ),
    (
        "taken away",
        "DELETE FROM evidence_retention WHERE zone_id <> '*'",
        Some(5),
        None,
    ),
    (
        "shortened for all",
        "UPDATE evidence_retention SET days = 1 WHERE zone_id = '*'",
        None,
        Some(1),
    ),
];

async fn whatever_is_done_to_holds(backends: Backends) {
    let fixture = PrunedLedger::over(backends).await;
    let (zone, ledger) = (&fixture.zone, &fixture.ledger);
    fixture.hold("h-1", None).await;
    fixture.hold("h-2", Some("user-7")).await;
    fixture.hold("h-3", Some("user-8")).await;
    fixture.lift("h-3").await;
    fixture.keep(Some(zone), 80).await;
    fixture.keep(None, 20).await;
    ledger.keep("kept");
    let logs = [LogId::Admin(zone.clone()), LogId::Deployment];
    let seconds = logs.each_ref().map(Second::new);
    let mut wrong = Vec::new();
    for (what, sql, of_zone, of_all) in [("nothing", "SELECT 1", None, None)].into_iter().chain(KEEPING) {
        ledger.tamper(sql);
        for ((log, second), position) in logs.iter().zip(&seconds).zip([of_zone, of_all]) {
            let report = ledger.verify(log, None).await;
            let found: Vec<_> = report
                .faults
                .iter()
                .map(|fault| (fault.kind.as_str(), fault.chain_seq))
                .collect();
            let expected: Vec<_> = position.map(|at| ("keeping_differs", at)).into_iter().collect();
            if found != expected {
                wrong.push(format!("{what}, {log}: {found:?}"));
            }
            let in_rows = second.differs(ledger, None, &report).await;
            wrong.extend(in_rows.map(|said| format!("{what}, {log}: {said}")));
        }
        ledger.put_back("kept");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_done_to_holds_and_retention_is_found_and_located_by_both_verifiers_on_sqlite() {
    whatever_is_done_to_holds(Backends::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_done_to_holds_and_retention_is_found_and_located_by_both_verifiers_on_postgres() {
    whatever_is_done_to_holds(Backends::Postgres).await;
}

/// What is done to the set of four logs, and what is found of it.
const SET: [(&str, &str, &[&str]); 10] = [
    (
        "one more counted",
        "UPDATE audit_chains SET chains = 5",
        &["chains_differ (number 5)", "wrong_chains_key (number 5)"],
    ),
    (
        "one less counted",
        "UPDATE audit_chains SET chains = 3",
        &["chains_differ (number 4)", "wrong_chains_key (number 4)"],
    ),
    (
        "another digest",
        "UPDATE audit_chains SET digest = 'aa' || substr(digest, 3)",
        &["chains_differ", "wrong_chains_key"],
    ),
    (
        "another tag",
        "UPDATE audit_chains SET digest_hmac = 'aa' || substr(digest_hmac, 3)",
        &["wrong_chains_key"],
    ),
    ("not counted", "DELETE FROM audit_chains", &["chains_uncounted"]),
    (
        "a log erased",
        "DELETE FROM evidence_blocks WHERE log = 3; DELETE FROM evidence_logs WHERE number = 3",
        &["chains_differ (number 3)"],
    ),
    (
        "the last log erased",
        "DELETE FROM evidence_blocks WHERE log = 4; DELETE FROM evidence_logs WHERE number = 4",
        &["chains_differ (number 4)"],
    ),
    (
        "the last log erased and not counted",
        "DELETE FROM evidence_logs WHERE number = 4; UPDATE audit_chains SET chains = 3",
        &["chains_differ", "wrong_chains_key"],
    ),
    (
        "a log renamed",
        "UPDATE evidence_logs SET zone_id = 'admin/other' WHERE number = 3",
        &["chains_differ"],
    ),
    (
        "a log added",
        "INSERT INTO evidence_logs SELECT 'other', 5, size, frontier, root, root_hmac, sealed FROM evidence_logs WHERE number = 3",
        &["chains_differ (number 5)"],
    ),
];

async fn whatever_is_done_to_the_set_of_logs(backends: Backends) {
    let ledger = Ledger::over(backends).await;
    let (zone, other) = (ledger.zone(), ledger.zone());
    let log = LogId::Ledger(zone.clone());
    for log in [
        log.clone(),
        LogId::Deployment,
        LogId::Admin(other),
        LogId::Admin(zone),
    ] {
        ledger.fill(&log, 3).await;
    }
    ledger.keep("kept");
    let second = Second::new(&log);
    let mut wrong = Vec::new();
    for (what, sql, expected) in [("nothing", "SELECT 1", &[][..])].into_iter().chain(SET) {
        ledger.tamper(sql);
        let found = in_set(&ledger).await;
        if found != expected {
            wrong.push(format!("{what}: {found:?}"));
        }
        let report = ledger.verify(&log, None).await;
        let in_rows = second.differs(&ledger, None, &report).await;
        wrong.extend(in_rows.map(|said| format!("{what}: {said}")));
        ledger.put_back("kept");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_done_to_the_set_of_logs_is_found_and_located_by_both_verifiers_on_sqlite() {
    whatever_is_done_to_the_set_of_logs(Backends::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_done_to_the_set_of_logs_is_found_and_located_by_both_verifiers_on_postgres() {
    whatever_is_done_to_the_set_of_logs(Backends::Postgres).await;
}
