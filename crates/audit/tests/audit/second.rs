//! The second verifier, which shares no code with ours, and where the two of them disagree.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::Mutex,
};

use caracal_audit::{
    KeptCheckpoints, KeptHead, NotKept, export_entries, export_rows, verify_against, verify_chains,
};
use caracal_ledger::{log_keys::LogKeys, merkle::Frontier, note::NoteKey, verify::Progress};
use caracal_storage::{Access, LogId, PageRequest};
use caracal_testkit::parts::Parts;
use caracal_wire::audit::ChainReport;
use serde_json::json;
use tempfile::TempDir;

use crate::ledger::Ledger;

/// What a stranger finds, who has an export and the checkpoints that were signed at every hundredth entry.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stranger {
    /// What was changed is no part of an export: what serves searches and proofs, or what only the key's owner reads.
    NotExported,
    /// The export ends before this index, and says so: the block there cannot be read.
    Unreadable(u64),
    /// This, in the words of both verifiers.
    Finds(&'static str),
}

use Stranger::{Finds, NotExported, Unreadable};

/// Runs the programs of `docs/ledger` as often as it is asked: an array of a program and its arguments a line, answered by what
/// it ended with and what it printed.
const RUN: &str = "import contextlib, io, json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import verify, verify_rows
for line in sys.stdin:
    program, *sys.argv[1:] = json.loads(line)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = {'verify': verify, 'verify_rows': verify_rows}[program].main()
        except SystemExit as ended:
            code = ended.code
    print(json.dumps([code, said.getvalue()]), flush=True)";

/// An interpreter that has the programs loaded: to begin one for each copy takes longer than to verify it.
struct Python {
    child: Child,
    asked: ChildStdin,
    said: BufReader<ChildStdout>,
}

impl Python {
    fn new() -> Self {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let test = std::env::current_exe().unwrap();
        // target/<profile>/deps/<test>
        let venv = test.ancestors().nth(3).unwrap().join("e2e-venv");
        let made = Command::new(checkout.join("scripts/e2e-venv.sh"))
            .arg(&venv)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut child = Command::new(venv.join("bin/python"))
            .args(["-c", RUN])
            .arg(checkout.join("docs/ledger"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            asked: child.stdin.take().unwrap(),
            said: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    /// What a program ends with, and prints.
    fn run(&mut self, asked: &[String]) -> (i32, String) {
        writeln!(self.asked, "{}", json!(asked)).unwrap();
        let mut said = String::new();
        self.said.read_line(&mut said).unwrap();
        serde_json::from_str(&said).unwrap()
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is found in the rows of a log: entry and fault, in the order found; and what of the set of all logs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct InRows {
    pub(crate) log: Vec<(i64, String)>,
    pub(crate) set: Vec<String>,
}

/// The second verifier.
pub(crate) struct Second {
    python: Mutex<Python>,
    place: TempDir,
    log: LogId,
    keys: LogKeys,
    pub(crate) notes: Vec<PathBuf>,
    pub(crate) known: KeptCheckpoints,
    /// The prune checkpoint that somebody kept.
    pub(crate) pruned: Option<String>,
    /// What there was to export.
    whole: Option<String>,
}

impl Second {
    pub(crate) fn new(log: &LogId) -> Self {
        Self {
            python: Mutex::new(Python::new()),
            place: TempDir::new().unwrap(),
            log: log.clone(),
            keys: LogKeys::derive("audit.example", &[1; 32], None).unwrap(),
            notes: Vec::new(),
            known: KeptCheckpoints::default(),
            pruned: None,
            whole: None,
        }
    }

    /// Keeps a checkpoint.
    pub(crate) fn keep(&mut self, note: &[u8]) -> Result<(), NotKept> {
        let path = self.place.path().join(format!("checkpoint-{}", self.notes.len()));
        std::fs::write(&path, note).unwrap();
        self.notes.push(path);
        self.known.add(note, &self.public(), 0)
    }

    pub(crate) fn sign(&self, size: u64, root: [u8; 32]) -> String {
        self.keys.sign(&self.log.name(), size, root, 0).unwrap().encode()
    }

    /// Keeps checkpoints of every hundredth entry.
    pub(crate) async fn keep_all(&mut self, ledger: &Ledger, size: u64) {
        self.keep_hundredths(ledger, size).await;
        self.whole = self.exported(ledger).await;
        assert_eq!(
            (
                self.ours(ledger).await.unwrap().0,
                self.says(ledger).await.unwrap().0
            ),
            (true, true)
        );
    }

    /// The same, of a log that nothing more is asked of.
    pub(crate) async fn keep_hundredths(&mut self, ledger: &Ledger, size: u64) {
        let mut work = ledger.opened(&self.log).await;
        let mut tree = Frontier::default();
        for leaf in work.log().leaves(0..size).await.unwrap() {
            tree.append(leaf);
            if tree.size().is_multiple_of(100) {
                let note = self.sign(tree.size(), tree.root());
                self.keep(note.as_bytes()).unwrap();
            }
        }
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
    pub(crate) async fn says(&self, ledger: &Ledger) -> Option<(bool, String)> {
        Some(self.says_of(&self.exported(ledger).await?))
    }

    pub(crate) fn public(&self) -> Vec<NoteKey> {
        self.keys.public().cloned().collect()
    }

    fn run(&self, asked: &[String]) -> (i32, String) {
        self.python.lock().unwrap().run(asked)
    }

    /// Writes a file for it, and says where.
    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.place.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// What it says of these lines.
    pub(crate) fn says_of(&self, lines: &str) -> (bool, String) {
        let mut asked = vec![
            String::from("verify"),
            String::from("export"),
            self.write("export.ndjson", lines),
            String::from("--log"),
            self.log.name(),
            String::from("--origin"),
            self.keys.origin(&self.log.name()),
        ];
        for key in self.keys.public() {
            asked.extend([String::from("--key"), key.encode()]);
        }
        for note in &self.notes {
            asked.extend([String::from("--checkpoint"), note.display().to_string()]);
        }
        if let Some(note) = &self.pruned {
            asked.extend([String::from("--pruned"), self.write("pruned", note)]);
        }
        let (code, text) = self.run(&asked);
        assert_ne!(code, 2, "{text}");
        (code == 0, text)
    }

    /// What it finds in all that the database says of the log, row by row.
    pub(crate) async fn finds_in_rows(&self, ledger: &Ledger, kept: Option<&KeptHead>) -> InRows {
        let mut lines = String::new();
        let write = |line: &str| {
            lines.push_str(line);
            lines.push('\n');
            Ok(())
        };
        export_rows(ledger.deps.store.as_ref(), &self.log, write)
            .await
            .unwrap();
        let mut asked = vec![
            String::from("verify_rows"),
            self.write("rows", lines),
            String::from("--audit-key"),
            self.write("audit-key", Parts::audit_key_hex()),
        ];
        if let Some(kept) = kept {
            let head = json!({"zone_id": kept.zone_id, "entries": kept.entries, "head": kept.head});
            let of = if self.log.is_administrative() {
                "administrative"
            } else {
                "zones"
            };
            let heads = self.write("heads", json!({ of: [head] }).to_string());
            asked.extend([String::from("--expect"), heads]);
        }
        let (code, text) = self.run(&asked);
        let mut found = InRows::default();
        for line in text.lines() {
            if let Some(said) = line.strip_prefix("the set of logs: ") {
                found.set.push(said.to_owned());
            } else if let Some((_, said)) = line.split_once(": entry ") {
                let (position, kind) = said.split_once(": ").unwrap();
                found.log.push((position.parse().unwrap(), kind.to_owned()));
            }
        }
        assert_eq!(code, i32::from(found != InRows::default()), "{text}");
        found
    }

    /// Where it finds something else in the rows than ours in the database.
    pub(crate) async fn differs(
        &self,
        ledger: &Ledger,
        kept: Option<&KeptHead>,
        ours: &ChainReport,
    ) -> Option<String> {
        let theirs = self.finds_in_rows(ledger, kept).await;
        let said = ours.faults.iter();
        let ours = InRows {
            log: said
                .map(|fault| (fault.chain_seq, fault.kind.as_str().to_owned()))
                .collect(),
            set: in_set(ledger).await,
        };
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
    pub(crate) async fn disagreement(&self, ledger: &Ledger, expected: Stranger) -> Option<String> {
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

    pub(crate) async fn assert_finds(&self, ledger: &Ledger, expected: Stranger) {
        assert_eq!(self.disagreement(ledger, expected).await, None);
    }
}

/// What ours finds of the set of all logs.
pub(crate) async fn in_set(ledger: &Ledger) -> Vec<String> {
    let mut work = ledger.deps.store.global(Access::Read).await.unwrap();
    let set = work.chains().set().await.unwrap();
    let zones = work.zones().list_with_archived(&PageRequest::first(1)).await;
    let used = !zones.unwrap().items.is_empty();
    let report = verify_chains(&set, used, ledger.deps.audit_keys.as_ref());
    let at = report.at.map_or_else(String::new, |at| format!(" (number {at})"));
    let faults = report.faults.iter();
    faults.map(|fault| format!("{}{at}", fault.as_str())).collect()
}
