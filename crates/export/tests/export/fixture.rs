//! A ledger with a clock of the test's, and where it is exported to.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use caracal_audit::{Checkpoints, Directory, KeptCheckpoints};
use caracal_core::{Timestamp, World, ZoneId, audit::AuditEvent};
use caracal_export::{Export, ExportTarget, PartFormat, PartLimits, Verified, verify_export};
use caracal_ledger::{log_keys::LogKeys, note::NoteKey};
use caracal_storage::{Access, LedgerEntry, Store};
use caracal_testkit::parts::{Backends, Parts, PartsOptions};
use serde_json::json;

use crate::s3::python;

pub(crate) const HOST: &str = "audit.example";
/// 2026-05-21T12:00:00Z, when the clock of tests begins.
const NOON: i64 = 1_779_364_800;

pub(crate) fn keys() -> LogKeys {
    LogKeys::derive(HOST, &[1; 32], None).unwrap()
}

pub(crate) fn public() -> Vec<NoteKey> {
    keys().public().cloned().collect()
}

pub(crate) struct Fixture {
    parts: Parts,
    directory: tempfile::TempDir,
    pub(crate) form: PartFormat,
}

/// So many minutes after noon.
pub(crate) fn at(minutes: i64) -> Timestamp {
    Timestamp::from_unix_seconds(NOON + minutes * 60)
}

impl Fixture {
    pub(crate) async fn over(backends: Backends, form: PartFormat) -> Self {
        let parts = Parts::with(PartsOptions {
            backends,
            follow: false,
            collect: false,
            ..PartsOptions::default()
        })
        .await;
        Self {
            parts,
            directory: tempfile::tempdir().unwrap(),
            form,
        }
    }

    pub(crate) fn directory(&self) -> PathBuf {
        self.directory.path().join("export")
    }

    pub(crate) fn zone(&self) -> ZoneId {
        ZoneId::generate(&self.parts.world)
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        self.parts.store.clone()
    }

    pub(crate) fn target(&self) -> ExportTarget {
        ExportTarget::open(&format!("file://{}", self.directory().display()), None, &[]).unwrap()
    }

    /// Events that the ledger takes at `taken`.
    pub(crate) async fn append(&self, zone: &ZoneId, count: usize, taken: Timestamp) {
        let event = |number: usize| {
            let mut event =
                AuditEvent::new(&self.parts.world, zone.clone(), "token_exchange", "req", "allow")
                    .with_metadata(&json!({
                        "application_id": "app", "agent_session_id": "ses", "session_id": "rec",
                        "agent_labels": if number.is_multiple_of(2) { vec![] } else { vec!["one", "two"] },
                    }));
            event.occurred_at = taken;
            LedgerEntry::written(&event, Some(String::from("key-1"))).unwrap()
        };
        let entries: Vec<_> = (0..count).map(event).collect();
        let mut work = self.parts.store.zone(zone, Access::Write).await.unwrap();
        work.ledger().append(&entries, taken).await.unwrap();
        work.commit().await.unwrap();
    }

    /// An exporter of a process that knows nothing yet, at this time.
    pub(crate) fn exporter(&self, now: Timestamp, target: ExportTarget) -> Arc<Export> {
        let world = World::for_tests();
        world.manual_clock().advance(now.since(world.now()));
        let limits = PartLimits {
            entries: 16,
            ..PartLimits::default()
        };
        let (store, signing) = (self.store(), Arc::new(self.checkpoints()));
        Arc::new(Export::new(signing, store, world, target, self.form, limits))
    }

    pub(crate) fn checkpoints(&self) -> Checkpoints {
        self.checkpoints_in(None, World::for_tests())
    }

    /// The same of a process with this clock that publishes into a directory too.
    pub(crate) fn checkpoints_in(&self, directory: Option<Directory>, world: World) -> Checkpoints {
        let audit = Some(self.parts.audit_key.clone());
        Checkpoints::new(self.store(), world, audit, keys(), directory, Vec::new())
    }

    pub(crate) async fn export(&self, now: Timestamp) {
        self.exporter(now, self.target()).round().await;
    }

    /// Files of the export with their content, by their names from its directory on.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.directory(), &self.directory(), &mut files);
        files
    }

    pub(crate) async fn verify(&self) -> Vec<Verified> {
        self.verify_with(&KeptCheckpoints::default()).await
    }

    pub(crate) async fn verify_with(&self, kept: &KeptCheckpoints) -> Vec<Verified> {
        verify_export(&self.target(), &public(), kept, &mut ())
            .await
            .unwrap()
    }
}

impl Fixture {
    /// What the second verifier, which shares no code with ours, says of each zone: nothing where it holds.
    pub(crate) fn second(&self, keys: &[NoteKey], kept: &[&str]) -> BTreeMap<String, Option<String>> {
        self.second_with(keys, kept, &[])
    }

    /// The same, with prune checkpoints.
    pub(crate) fn second_with(
        &self,
        keys: &[NoteKey],
        kept: &[&str],
        pruned: &[&str],
    ) -> BTreeMap<String, Option<String>> {
        let mut verify = Command::new(python());
        verify
            .arg("-B")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/ledger/verify_parts.py"))
            .arg(self.directory());
        for key in keys {
            verify.args(["--key", &key.encode()]);
        }
        for (option, notes) in [("--checkpoint", kept), ("--pruned", pruned)] {
            for (number, note) in notes.iter().enumerate() {
                let path = self.directory.path().join(format!("note{option}-{number}"));
                fs::write(&path, note).unwrap();
                verify.arg(option).arg(path);
            }
        }
        let said = verify.output().unwrap();
        assert_ne!(
            said.status.code(),
            Some(2),
            "{}",
            String::from_utf8_lossy(&said.stderr)
        );
        let text = String::from_utf8(said.stdout).unwrap();
        let found: BTreeMap<_, _> = text
            .lines()
            .map(|line| {
                let (zone, said) = line.split_once(": ").unwrap();
                let fault = said.strip_prefix("does not hold: ");
                (zone.to_owned(), fault.map(str::to_owned))
            })
            .collect();
        assert_eq!(
            said.status.success(),
            found.values().all(Option::is_none),
            "{text}"
        );
        found
    }
}

fn collect(root: &Path, directory: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            files.insert(name, fs::read(&path).unwrap());
        }
    }
}
