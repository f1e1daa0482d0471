//! One daemon per state directory.

use std::{
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use anyhow::{Context as _, bail};

use crate::secrets;

/// The lock on a state directory. The kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct HomeLock {
    _file: File,
}

impl HomeLock {
    /// Takes the directory for this process, making it where it is missing.
    ///
    /// # Errors
    /// One sentence when another process has it, or it cannot be written.
    pub(super) fn take(home: &Path) -> anyhow::Result<Self> {
        secrets::private_directory(home)?;
        let path = home.join("caracald.lock");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => bail!(
                "another caracald serves the state in {}; stop it, or choose another CARACAL_HOME",
                home.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }
}
