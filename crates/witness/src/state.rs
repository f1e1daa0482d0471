//! What the witness saw last of each log: a file for each, replaced as a whole and synced before anybody is told.

use std::{
    collections::HashMap,
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use caracal_crypto::sha256_hex;
use caracal_ledger::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    witness::{AddCheckpoint, Declined, continues},
};
use caracal_service::files::replace_synced;
use parking_lot::Mutex;

/// Most logs. Only those who hold a key of a known log make new ones.
const MAX_LOGS: usize = 100_000;
/// Ends the names of the files.
const ENDING: &str = "checkpoint";

/// What is known of one log; whoever holds it decides alone.
type Slot = Arc<Mutex<Option<Checkpoint>>>;

/// The state of the witness. One process has it at a time.
#[derive(Debug)]
pub struct State {
    directory: PathBuf,
    logs: Mutex<HashMap<String, Slot>>,
    /// The kernel lets go of it when the process ends, however it ends.
    _lock: File,
}

/// Why a witness cannot use a directory.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It cannot be read or written.
    #[error("{what} {path}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// Where.
        path: String,
        /// Why it failed.
        #[source]
        error: io::Error,
    },
    /// Two witnesses of one name would each cosign what the other did not see.
    #[error("another witness serves the state in {0}; each needs a directory, a name and a key of its own")]
    Taken(String),
    /// A file is not what was written. Signing on without it would be forgetting.
    #[error(
        "{0} is not a checkpoint that this witness kept; bring back the file, or retire the witness's key"
    )]
    Unreadable(String),
}

/// Why nothing was cosigned.
#[derive(Debug)]
pub(crate) enum NotAdvanced {
    Declined(Declined),
    /// It could not be written down.
    Io(io::Error),
    /// There are [`MAX_LOGS`].
    Full,
}

impl State {
    /// Takes the directory for this process, making it where it is missing, and reads what is in it.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn open(directory: &Path) -> Result<Self, StateError> {
        let failed = |what, path: &Path| {
            let path = path.display().to_string();
            move |error| StateError::Io { what, path, error }
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(failed("cannot make the directory", directory))?;
        let path = directory.join("witness.lock");
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed("cannot open", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StateError::Taken(directory.display().to_string())),
            Err(TryLockError::Error(error)) => return Err(failed("cannot lock", &path)(error)),
        }
        let mut logs = HashMap::new();
        let entries = directory.read_dir().map_err(failed("cannot list", directory))?;
        for entry in entries {
            let path = entry.map_err(failed("cannot list", directory))?.path();
            if path.extension().is_none_or(|ending| ending != ENDING) {
                continue;
            }
            let kept = std::fs::read(&path).map_err(failed("cannot read", &path))?;
            let unreadable = || StateError::Unreadable(path.display().to_string());
            let kept = SignedCheckpoint::parse(&kept).map_err(|_| unreadable())?;
            let kept = kept.checkpoint().clone();
            if path != file(directory, &kept.origin) {
                return Err(unreadable());
            }
            logs.insert(kept.origin.clone(), Arc::new(Mutex::new(Some(kept))));
        }
        Ok(Self {
            directory: directory.to_owned(),
            logs: Mutex::new(logs),
            _lock: lock,
        })
    }

    /// How many logs were seen.
    pub fn logs(&self) -> usize {
        self.logs.lock().len()
    }

    /// Whether `asked` continues what was seen last of its log. If so, it is what was seen last from now on, also after
    /// the end of this process. Comparing and keeping is one step, or of two at once the smaller could be kept last.
    /// Blocks on the disk.
    pub(crate) fn advance(&self, asked: &AddCheckpoint) -> Result<(), NotAdvanced> {
        let new = asked.checkpoint.checkpoint();
        let slot = self.slot(&new.origin).ok_or(NotAdvanced::Full)?;
        let mut last = slot.lock();
        continues(last.as_ref(), asked).map_err(NotAdvanced::Declined)?;
        if last.as_ref() != Some(new) {
            self.keep(&asked.checkpoint).map_err(NotAdvanced::Io)?;
            *last = Some(new.clone());
        }
        Ok(())
    }

    fn slot(&self, origin: &str) -> Option<Slot> {
        let mut logs = self.logs.lock();
        if let Some(slot) = logs.get(origin) {
            return Some(slot.clone());
        }
        if logs.len() >= MAX_LOGS {
            return None;
        }
        Some(logs.entry(origin.to_owned()).or_default().clone())
    }

    fn keep(&self, signed: &SignedCheckpoint) -> io::Result<()> {
        let path = file(&self.directory, &signed.checkpoint().origin);
        replace_synced(&path, signed.encode().as_bytes(), 0o600)
    }
}

/// Origins have characters that file names have not.
fn file(directory: &Path, origin: &str) -> PathBuf {
    let name = sha256_hex(origin.as_bytes());
    directory.join(name).with_extension(ENDING)
}

#[cfg(test)]
mod tests;
