//! What somebody with the database, but without the audit key, can do to a log of sealed blocks, and that it is found and
//! located.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
    process::Command,
};

use caracal_audit::{
    KeptCheckpoints, KeptHead, NotKept, export_entries, export_rows, verify_against, verify_log,
};
use caracal_core::ZoneId;
use caracal_ledger::{
    block::{self, Kept},
    log_keys::LogKeys,
    merkle::Frontier,
    verify::Progress,
};
use caracal_storage::{Access, AdminAuditRecord, LedgerEntry, LogId, LogWork};
use caracal_testkit::parts::Parts;
use caracal_wire::audit::ChainReport;
use http::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::ledger::{Backends, Ledger, TOKEN};

const TABLES: [&str; 4] = [
    "evidence_logs",
    "evidence_blocks",
    "evidence_terms",
    "evidence_tiles",
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

    async fn opened(&self, log: &LogId) -> Box<dyn LogWork> {
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

    fn keep(&self, name: &str) {
        let copies = TABLES.map(|table| format!("CREATE TABLE {name}_{table} AS SELECT * FROM {table}"));
        self.tamper(&copies.join(";"));
    }

    fn put_back(&self, name: &str) {
        let copies = TABLES
            .map(|table| format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {name}_{table}"));
        self.tamper(&copies.join(";"));
    }

    async fn verify(&self, log: &LogId, kept: Option<&KeptHead>) -> ChainReport {
        let key = self.deps.audit_keys.as_ref();
        verify_log(self.deps.store.as_ref(), log, key, kept)
            .await
            .unwrap()
    }

    /// The block at `first` after somebody changed its entries.
    async fn forged(&self, log: &LogId, first: u64, change: impl FnOnce(&mut Vec<Kept<'_>>)) -> String {
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
fn reword(at: usize) -> impl FnOnce(&mut Vec<Kept<'_>>) {
    move |entries| {
        entries[at].body = Cow::Owned(entries[at].body.replace("tickets", "weather"));
    }
}

/// What a stranger finds, who has an export and the checkpoints that were signed at every hundredth entry.
#[derive(Debug, Clone, Copy)]
enum Stranger {
    /// What was changed is no part of an export: what serves searches and proofs, or what only the key's owner reads.
    NotExported,
    /// The export ends before this index, and says so: the block there cannot be read.
    Unreadable(u64),
    /// This, in the words of both verifiers.
    Finds(&'static str),
}

use Stranger::{Finds, NotExported, Unreadable};

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

/// The second verifier, which shares no code with ours.
pub(crate) struct Second {
    python: PathBuf,
    checkout: PathBuf,
    place: TempDir,
    log: LogId,
    keys: LogKeys,
    notes: Vec<PathBuf>,
    pub(crate) known: KeptCheckpoints,
    /// What there was to export.
    whole: Option<String>,
}

impl Second {
    pub(crate) fn new(log: &LogId) -> Self {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let test = std::env::current_exe().unwrap();
        // target/<profile>/deps/<test>
        let venv = test.ancestors().nth(3).unwrap().join("e2e-venv");
        let made = Command::new(checkout.join("scripts/e2e-venv.sh"))
            .arg(&venv)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self {
            python: venv.join("bin/python"),
            checkout,
            place: TempDir::new().unwrap(),
            log: log.clone(),
            keys: LogKeys::derive("audit.example", &[1; 32], None).unwrap(),
            notes: Vec::new(),
            known: KeptCheckpoints::default(),
            whole: None,
        }
    }

    /// Keeps a checkpoint.
    fn keep(&mut self, note: &[u8]) -> Result<(), NotKept> {
        let path = self.place.path().join(format!("checkpoint-{}", self.notes.len()));
        std::fs::write(&path, note).unwrap();
        self.notes.push(path);
        let keys: Vec<_> = self.keys.public().cloned().collect();
        self.known.add(note, &keys, 0)
    }

    fn sign(&self, size: u64, root: [u8; 32]) -> String {
        self.keys.sign(&self.log.name(), size, root, 0).unwrap().encode()
    }

    /// Keeps checkpoints of every hundredth entry.
    pub(crate) async fn keep_all(&mut self, ledger: &Ledger, size: u64) {
        let mut work = ledger.opened(&self.log).await;
        let mut tree = Frontier::default();
        for leaf in work.log().leaves(0..size).await.unwrap() {
            tree.append(leaf);
            if tree.size().is_multiple_of(100) {
                let note = self.sign(tree.size(), tree.root());
                self.keep(note.as_bytes()).unwrap();
            }
        }
        drop(work);
        self.whole = self.exported(ledger).await;
        assert_eq!(
            (
                self.ours(ledger).await.unwrap().0,
                self.says(ledger).await.unwrap().0
            ),
            (true, true)
        );
    }

    /// What can be exported now, and why it ended early.
    async fn export(&self, ledger: &Ledger) -> (String, Option<String>) {
        let (store, mut lines) = (ledger.deps.store.as_ref(), String::new());
        let write = |line: &str| {
            lines.push_str(line);
            lines.push('\n');
            Ok(())
        };
        let ended = export_entries(store, &self.log, 0, write).await;
        (lines, ended.err().map(|error| error.to_string()))
    }

    /// The whole log; `None` when not all of it can be exported.
    pub(crate) async fn exported(&self, ledger: &Ledger) -> Option<String> {
        let (lines, ended) = self.export(ledger).await;
        ended.is_none().then_some(lines)
    }

    /// Whether the export has all entries before `index`, and says where it goes on.
    async fn ends_before(&self, ledger: &Ledger, index: u64) -> bool {
        let (lines, ended) = self.export(ledger).await;
        let whole = self.whole.as_ref().unwrap();
        whole.starts_with(&lines)
            && lines.lines().count() as u64 == index
            && ended.is_some_and(|said| said.starts_with(&format!("entries {} to ", index + 1)))
    }

    /// What it says of what can be exported now; `None` when nothing can be.
    async fn says(&self, ledger: &Ledger) -> Option<(bool, String)> {
        Some(self.says_of(&self.exported(ledger).await?))
    }

    /// What it says of these lines.
    pub(crate) fn says_of(&self, lines: &str) -> (bool, String) {
        let file = self.place.path().join("export.ndjson");
        std::fs::write(&file, lines).unwrap();
        let mut verify = Command::new(&self.python);
        verify
            .arg(self.checkout.join("docs/ledger/verify.py"))
            .arg("export")
            .arg(file);
        verify.args(["--log", &self.log.name()]);
        verify.args(["--origin", &format!("audit.example/{}", self.log)]);
        for key in self.keys.public() {
            verify.args(["--key", &key.encode()]);
        }
        for note in &self.notes {
            verify.arg("--checkpoint").arg(note);
        }
        let said = verify.output().unwrap();
        let text =
            String::from_utf8_lossy(&said.stderr).into_owned() + &String::from_utf8_lossy(&said.stdout);
        assert_ne!(said.status.code(), Some(2), "{text}");
        (said.status.success(), text)
    }

    /// What it finds in all that the database says of the log, row by row: entry and fault, in the order found.
    async fn finds_in_rows(&self, ledger: &Ledger, kept: Option<&KeptHead>) -> Vec<(i64, String)> {
        let mut lines = String::new();
        let write = |line: &str| {
            lines.push_str(line);
            lines.push('\n');
            Ok(())
        };
        export_rows(ledger.deps.store.as_ref(), &self.log, write)
            .await
            .unwrap();
        let path = |name: &str| self.place.path().join(name);
        std::fs::write(path("rows"), lines).unwrap();
        std::fs::write(path("audit-key"), Parts::audit_key_hex()).unwrap();
        let mut verify = Command::new(&self.python);
        verify
            .arg("-B")
            .arg(self.checkout.join("docs/ledger/verify_rows.py"))
            .arg(path("rows"))
            .arg("--audit-key")
            .arg(path("audit-key"));
        if let Some(kept) = kept {
            let head = json!({"zone_id": kept.zone_id, "entries": kept.entries, "head": kept.head});
            let of = if self.log.is_administrative() {
                "administrative"
            } else {
                "zones"
            };
            std::fs::write(path("heads"), json!({ of: [head] }).to_string()).unwrap();
            verify.arg("--expect").arg(path("heads"));
        }
        let said = verify.output().unwrap();
        let text = String::from_utf8(said.stdout).unwrap();
        assert_ne!(
            said.status.code(),
            Some(2),
            "{}",
            String::from_utf8_lossy(&said.stderr)
        );
        let found: Vec<_> = text.lines().filter_map(|line| self.fault_of(line)).collect();
        assert_eq!(said.status.success(), found.is_empty(), "{text}");
        found
    }

    fn fault_of(&self, line: &str) -> Option<(i64, String)> {
        let said = line.strip_prefix(&format!("{}: entry ", self.log))?;
        let (position, kind) = said.split_once(": ")?;
        Some((position.parse().ok()?, kind.to_owned()))
    }

    /// Where it finds something else in the rows than ours in the database.
    async fn differs(&self, ledger: &Ledger, kept: Option<&KeptHead>, ours: &ChainReport) -> Option<String> {
        let theirs = self.finds_in_rows(ledger, kept).await;
        let said = ours.faults.iter();
        let ours: Vec<_> = said
            .map(|fault| (fault.chain_seq, fault.kind.as_str().to_owned()))
            .collect();
        (ours != theirs).then(|| format!("ours {ours:?}, theirs {theirs:?}"))
    }

    /// What ours says, of the same checkpoints.
    async fn ours(&self, ledger: &Ledger) -> Option<(bool, String)> {
        let known = &self.known.0[&self.log];
        let store = ledger.deps.store.as_ref();
        let found = verify_against(store, &self.log, known, &[], Progress::default(), |_| {}).await;
        Some(match found.ok()? {
            Ok(_) => (true, String::new()),
            Err(fault) => (false, fault.to_string()),
        })
    }

    /// Where one of the two verifiers says something else.
    async fn disagreement(&self, ledger: &Ledger, expected: Stranger) -> Option<String> {
        if matches!(expected, NotExported) && self.exported(ledger).await == self.whole {
            return None;
        }
        let both = [self.ours(ledger).await, self.says(ledger).await];
        if let Unreadable(index) = expected {
            let located = both[0].as_ref().is_some_and(|(_, said)| {
                *said == format!("entry {index} cannot be read: its block is damaged")
            });
            let as_expected = located && both[1].is_none() && self.ends_before(ledger, index).await;
            return (!as_expected).then(|| format!("{expected:?} was expected: {both:?}"));
        }
        let as_expected = |found: &Option<(bool, String)>| match (expected, found) {
            (Finds(words), Some((holds, said))) => !holds && said.contains(words),
            _ => false,
        };
        let agree = both.iter().all(as_expected);
        (!agree).then(|| format!("{expected:?} was expected: {both:?}"))
    }

    async fn assert_finds(&self, ledger: &Ledger, expected: Stranger) {
        assert_eq!(self.disagreement(ledger, expected).await, None);
    }
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
    assert_eq!(second.finds_in_rows(&ledger, None).await, []);

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
