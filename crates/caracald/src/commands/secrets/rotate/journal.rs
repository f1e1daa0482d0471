//! What a change has come to, kept beside the secrets, so that it goes on after whatever interrupted it.
//!
//! The files that a step writes are in the journal before the first of them is written, each with its whole content.
//! A step that was cut short is done again, and comes to the same.

use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    io::{ErrorKind, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use caracal_service::files::replace_synced;
use serde::{Deserialize, Serialize};

use super::super::value_file;
use crate::secrets::private_directory;

/// Where it is among the secrets. In a directory, so that whatever takes every file for a secret passes it by.
const DIRECTORY: &str = ".rotation";
const NAME: &str = "journal";
/// Largest that is read: every secret there is, several times.
const MAX_BYTES: u64 = 256 * 1024;
/// Its owner's alone.
const PRIVATE: u32 = 0o600;

/// How far a change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    /// The new value is beside the old one, which is still in use.
    Added,
    /// The new value is in use, and the old one beside it.
    Switched,
    /// The old value is taken away.
    Dropped,
}

impl Phase {
    /// What comes behind it.
    pub(super) const fn next(self) -> Option<Self> {
        match self {
            Self::Added => Some(Self::Switched),
            Self::Switched => Some(Self::Dropped),
            Self::Dropped => None,
        }
    }
}

/// The change that is under way.
#[derive(Serialize, Deserialize)]
pub(super) struct Journal {
    /// The files of the secrets that are changed.
    pub(super) secrets: Vec<String>,
    /// How far it is.
    pub(super) phase: Phase,
    /// New values, by file.
    pub(super) fresh: BTreeMap<String, String>,
    /// Old values, by file.
    pub(super) old: BTreeMap<String, String>,
    /// What the files of this step hold once it is done.
    pub(super) writes: BTreeMap<String, String>,
    /// Roles that have to read them.
    pub(super) restart: Vec<String>,
    /// What has to be done before these are started again.
    pub(super) before: Vec<String>,
    /// When each process that was named had read its configuration, just before this step.
    pub(super) seen: BTreeMap<String, f64>,
}

/// The directory of the secrets, for one change at a time.
pub(super) struct Secrets {
    directory: PathBuf,
    _lock: File,
}

impl Secrets {
    /// Takes the directory for this process.
    ///
    /// # Errors
    /// When it is no directory of ours, or another process changes secrets in it.
    pub(super) fn take(directory: &Path) -> anyhow::Result<Self> {
        let shown = directory.display();
        let lock = File::open(directory).with_context(|| format!("cannot open the directory {shown}"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                directory: directory.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => {
                bail!("another `caracald secrets rotate` is at work in {shown}; let it end first")
            }
            Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {shown}")),
        }
    }

    /// The value of a file without its line end; nothing where it is missing or empty.
    pub(super) fn read(&self, name: &str) -> anyhow::Result<Option<String>> {
        value_file::read(&self.directory, name)
    }

    /// The change that is under way.
    pub(super) fn journal(&self) -> anyhow::Result<Option<Journal>> {
        let path = self.path();
        let mut file = match File::open(&path) {
            Ok(file) => file.take(MAX_BYTES),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let mut text = Vec::new();
        file.read_to_end(&mut text)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let journal = serde_json::from_slice(&text);
        journal
            .map(Some)
            .with_context(|| format!("{} is not the journal of a rotation", path.display()))
    }

    /// Keeps the journal, then writes the files that it names.
    pub(super) fn carry_out(&self, journal: &Journal) -> anyhow::Result<()> {
        let text = serde_json::to_vec(journal).context("a journal is JSON")?;
        let path = self.path();
        private_directory(&self.directory.join(DIRECTORY))?;
        replace_synced(&path, &text, PRIVATE).with_context(|| format!("cannot write {}", path.display()))?;
        self.write(journal)
    }

    /// Writes the files of the step, those that are not as it wants them.
    pub(super) fn write(&self, journal: &Journal) -> anyhow::Result<()> {
        for (name, value) in &journal.writes {
            let path = self.directory.join(name);
            if fs::read(&path).is_ok_and(|there| there == value.as_bytes()) {
                continue;
            }
            replace_synced(&path, value.as_bytes(), self.mode(name))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }

    /// The change is over.
    pub(super) fn forget(&self) -> anyhow::Result<()> {
        let path = self.directory.join(DIRECTORY);
        fs::remove_dir_all(&path)
            .and_then(|()| File::open(&self.directory)?.sync_all())
            .with_context(|| format!("cannot remove {}", path.display()))
    }

    fn path(&self) -> PathBuf {
        self.directory.join(DIRECTORY).join(NAME)
    }

    /// Permissions of what takes the place of `name`: as it had, and where it is new those of the secret it is beside.
    /// Never for others to write.
    fn mode(&self, name: &str) -> u32 {
        let of = |name: &str| fs::metadata(self.directory.join(name)).ok();
        of(name)
            .or_else(|| of(name.strip_suffix("Previous")?))
            .map_or(PRIVATE, |found| found.permissions().mode() & 0o644)
    }
}
