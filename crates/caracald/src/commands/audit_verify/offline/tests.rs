use std::fs;

use caracal_audit::{ExportFormat, ExportSpan, export, export_entries};
use caracal_core::{ZoneId, audit::AuditEvent};
use caracal_crypto::system_world;
use caracal_ledger::{
    chain::LogId, entry::Entry, log_keys::LogKeys, merkle::Frontier, note::NoteKey, prune::Prune,
};
use caracal_storage::{Access, LedgerEntry, Store as _};
use caracal_storage_sql::SqliteStore;
use tempfile::TempDir;

use super::*;

/// A log of some entries in all that it leaves the house in.
struct Given {
    directory: TempDir,
    log: LogId,
    keys: LogKeys,
    /// Lines of an archive, one an entry.
    lines: Vec<String>,
    leaves: Vec<[u8; 32]>,
}

impl Given {
    async fn new(entries: usize) -> Self {
        let (directory, world) = (TempDir::new().unwrap(), system_world());
        let zone = ZoneId::generate(&world);
        let store = SqliteStore::open(&directory.path().join("caracal.db"), None, world.now())
            .await
            .unwrap();
        let event = || AuditEvent::new(&world, zone.clone(), "token_exchange", "r", "allow");
        let entries: Vec<_> = (0..entries)
            .map(|_| LedgerEntry::written(&event(), None).unwrap())
            .collect();
        let mut work = store.zone(&zone, Access::Write).await.unwrap();
        work.ledger().append(&entries, world.now()).await.unwrap();
        work.commit().await.unwrap();
        let log = LogId::Ledger(zone.clone());
        let mut lines = Vec::new();
        export_entries(&store, &log, 0, |line| {
            lines.push(line.to_owned());
            Ok(())
        })
        .await
        .unwrap();
        let name = log.name();
        let mut work = store.log(&log, Access::Read).await.unwrap();
        let rows = work.log().entries(0, 1000).await.unwrap();
        let leaves = rows
            .iter()
            .map(|row| row.entry(&name))
            .map(|entry: Entry<'_>| entry.leaf());
        let leaves = leaves.collect();
        drop(work);
        let given = Self {
            log,
            keys: LogKeys::derive("audit.example", &[1; 32], None).unwrap(),
            lines,
            leaves,
            directory,
        };
        for format in [ExportFormat::Ndjson, ExportFormat::Ocsf] {
            let mut text = String::new();
            let add = |line: &str| {
                text = format!("{text}{line}\n");
                Ok(())
            };
            export(&store, &zone, ExportSpan::default(), format, add)
                .await
                .unwrap();
            given.write(&format!("{format:?}"), &text);
        }
        #[cfg(feature = "export")]
        caracal_export::write_table(
            &store,
            &zone,
            ExportSpan::default(),
            File::create(given.path("table")).unwrap(),
        )
        .await
        .unwrap();
        let public: Vec<String> = given.keys.public().map(NoteKey::encode).collect();
        given.write("trust", &public.join("\n"));
        for size in [40, 100] {
            let signed = given.keys.sign(&name, size, given.tree(size).root(), 1).unwrap();
            given.write(&format!("checkpoint-{size}"), &signed.encode());
        }
        given
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn tree(&self, size: u64) -> Frontier {
        let mut tree = Frontier::default();
        let size = usize::try_from(size).unwrap();
        self.leaves[..size].iter().for_each(|leaf| tree.append(*leaf));
        tree
    }

    /// A prune checkpoint of the first `size` entries.
    fn prune(&self, size: u64, kept: Vec<Range<u64>>) {
        let origin = format!("audit.example/{}", self.log);
        let prune = Prune {
            origin,
            frontier: self.tree(size),
            time: 1,
            reason: String::from("old"),
            kept,
        };
        self.write("pruned", &self.keys.sign_prune(prune).unwrap().encode());
    }

    /// A file of the archive.
    fn put_away(&self, entries: Range<usize>) -> String {
        let name = format!(
            "archive/ledger/z/{:020}-{:020}.ndjson",
            entries.start, entries.end
        );
        self.write(&name, &format!("{}\n", self.lines[entries].join("\n")));
        name
    }

    fn against(&self, checkpoints: &[u64], pruned: bool) -> Against {
        let checkpoints = checkpoints
            .iter()
            .map(|size| self.path(&format!("checkpoint-{size}")));
        let pruned = pruned.then(|| self.path("pruned"));
        Against {
            checkpoint: checkpoints.collect(),
            pruned: pruned.into_iter().collect(),
            trust: Some(self.path("trust")),
            ..Against::default()
        }
    }

    fn archive(&self, against: &Against) -> Compared {
        let mut compared = compare_archive(&self.path("archive"), None, against).unwrap();
        assert_eq!(compared.len(), 1);
        compared.remove(0)
    }
}

#[tokio::test]
async fn a_file_of_any_form_is_compared_with_what_was_signed() {
    let given = Given::new(100).await;
    given.write("Entries", &format!("{}\n", given.lines.join("\n")));
    let against = given.against(&[40, 100], false);
    let tables: &[&str] = if cfg!(feature = "export") { &["table"] } else { &[] };
    for form in ["Ndjson", "Ocsf", "Entries"].iter().chain(tables) {
        let compared = compare_file(&given.path(form), &against).unwrap();
        assert_eq!(
            (compared.fault, compared.entries, compared.proved),
            (None, 100, 100),
            "{form}"
        );
    }
    let text = fs::read_to_string(given.path("Ndjson")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let moved = [&lines[..50], &lines[51..52], &lines[50..51], &lines[52..]].concat();
    let doubled = [&lines[..51], &lines[50..]].concat();
    let fork = given.lines[60].replace("allow", "deny!");
    let forked = [&given.lines[..60], &[fork], &given.lines[61..]].concat();
    let one_changed = text
        .replacen("\"allow\"", "\"deny\"", 71)
        .replacen("\"deny\"", "\"allow\"", 70);
    let first_changed = text.replacen("\"allow\"", "\"deny\"", 1);
    for (what, text, fault) in [
        (
            "first changed",
            first_changed,
            "line 1, where entry 0 is expected",
        ),
        ("changed", one_changed, "line 71, where entry 70 is expected"),
        ("cut", lines[..90].join("\n"), "10 entries at the end are missing"),
        (
            "beginning cut",
            lines[1..].join("\n"),
            "entry 1 stands where 0 is expected",
        ),
        ("moved", moved.join("\n"), "entry 51 stands where 50 is expected"),
        (
            "doubled",
            doubled.join("\n"),
            "entry 50 stands where 51 is expected",
        ),
        (
            "no line",
            format!("{}x", lines[..99].join("\n")),
            "line 99, where entry 98 is expected",
        ),
        (
            "forked",
            forked.join("\n"),
            "signed at 100 entries; it was up to 40",
        ),
    ] {
        given.write("copy", &text);
        let found = compare_file(&given.path("copy"), &against)
            .unwrap()
            .fault
            .unwrap();
        assert!(found.contains(fault), "{what}: {found}");
    }
    // With nothing that was signed nothing was verified.
    given.write("empty", "");
    compare_file(&given.path("empty"), &against)
        .map(|_| ())
        .unwrap_err();
    given.write(
        "copy",
        &given
            .lines
            .join("\n")
            .replace(given.log.zone().unwrap().as_str(), "other"),
    );
    let error = compare_file(&given.path("copy"), &against)
        .map(|_| ())
        .unwrap_err();
    assert!(
        format!("{error:#}").contains("no checkpoint of ledger/other"),
        "{error:#}"
    );
    #[cfg(feature = "export")]
    {
        let mut table = fs::read(given.path("table")).unwrap();
        let middle = table.len() / 2;
        table[middle] ^= 1;
        fs::write(given.path("copy"), table).unwrap();
        let found = compare_file(&given.path("copy"), &against);
        assert!(found.map_or(true, |compared| compared.fault.is_some()));
    }
}

#[tokio::test]
async fn what_was_put_away_is_compared_with_its_prune_checkpoint_and_with_what_is_left() {
    let given = Given::new(100).await;
    given.prune(60, Vec::new());
    let alone = given.against(&[], true);
    given.put_away(0..30);
    given.put_away(30..60);
    let whole = given.archive(&alone);
    assert_eq!((whole.fault, whole.entries, whole.proved), (None, 60, 60));
    // A step that was killed put away what a later one put away again, and more.
    let twice = given.put_away(30..45);
    assert_eq!(given.archive(&alone).fault, None);
    let text = fs::read_to_string(given.path(&twice)).unwrap();
    given.write(&twice, &text.replacen("token_exchange", "token_exchanged", 1));
    let other = given.archive(&alone).fault.unwrap();
    assert!(
        other.contains("entry 30 is not the one that was taken in"),
        "{other}"
    );
    given.put_away(30..45);

    // Larger checkpoints need what is left.
    let all = given.against(&[40, 100], true);
    assert!(
        given
            .archive(&all)
            .fault
            .unwrap()
            .contains("40 entries at the end are missing")
    );
    given.write("rest", &given.lines[60..].join("\n"));
    let compare = |rest: &str| {
        let (archive, rest) = (given.path("archive"), given.path(rest));
        compare_archive(&archive, Some(&rest), &all).unwrap().remove(0)
    };
    let both = compare("rest");
    assert_eq!((both.fault, both.entries, both.proved), (None, 100, 100));
    // The rest alone begins behind what was pruned, on the word of the prune checkpoint and a later one.
    let rest = compare_file(&given.path("rest"), &given.against(&[100], true)).unwrap();
    assert_eq!((rest.fault, rest.proved), (None, 100));
    let rest = compare_file(&given.path("rest"), &given.against(&[40, 100], true)).unwrap();
    assert!(rest.fault.unwrap().contains("lies in the pruned part"));

    // What was held is in the ledger still, between what was put away.
    given.prune(60, std::iter::once(30..40).collect());
    fs::remove_dir_all(given.path("archive")).unwrap();
    given.put_away(0..30);
    given.put_away(40..60);
    let held = [&given.lines[30..40], &given.lines[60..]].concat();
    given.write("rest", &held.join("\n"));
    assert_eq!(compare("rest").fault, None);
    let file = given.put_away(40..60);
    let text = fs::read_to_string(given.path(&file)).unwrap();
    given.write(&file, &text.replacen("token_exchange", "token_exchanged", 1));
    let changed = compare("rest").fault.unwrap();
    assert!(
        changed.contains("not the one that was signed at 60 entries; it was up to 40"),
        "{changed}"
    );
    fs::remove_file(given.path(&file)).unwrap();
    let gone = compare("rest").fault.unwrap();
    assert!(gone.contains("entry 60 stands where 40 is expected"), "{gone}");
}

#[tokio::test]
async fn a_file_goes_on_where_an_earlier_one_ended() {
    let given = Given::new(100).await;
    given.write("first", &given.lines[..50].join("\n"));
    given.write("second", &given.lines[50..].join("\n"));
    let mut against = given.against(&[40], false);
    against.resume = Some(given.path("state"));
    let first = compare_file(&given.path("first"), &against).unwrap();
    assert_eq!((first.fault, first.entries, first.proved), (None, 50, 40));
    let mut against = given.against(&[40, 100], false);
    against.resume = Some(given.path("state"));
    let second = compare_file(&given.path("second"), &against).unwrap();
    assert_eq!((second.fault, second.entries, second.proved), (None, 100, 100));
    // What was compared is passed over, as long as it is there.
    let again = compare_file(&given.path("second"), &against).unwrap();
    assert_eq!((again.fault, again.proved), (None, 100));
    given.write(
        "state",
        "{\"ledger/z\":{\"entries\":3,\"peaks\":[],\"proved\":0}}",
    );
    let refused = compare_file(&given.path("second"), &against)
        .map(|_| ())
        .unwrap_err();
    assert!(format!("{refused:#}").contains("--resume"), "{refused:#}");
}
