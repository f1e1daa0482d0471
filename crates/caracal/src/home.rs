//! The state directory: where it is, whether it can be used, what lies in it.

use std::fs::{DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use nix::sys::statvfs::statvfs;

use crate::environment::Environment;

/// A start with less free space than this would fail later and worse.
const MIN_FREE_MIB: u64 = 64;

/// What to do about a directory that this account may not use.
const USABLE: &str = "choose another --home, or let this account write there";

/// One state directory, always absolute.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    path: PathBuf,
}

impl Home {
    /// `--home`, else `CARACAL_HOME`, else the user's data directory (XDG base directories).
    pub(crate) fn locate(environment: &Environment, flag: Option<&Path>) -> anyhow::Result<Self> {
        let path = if let Some(path) = flag {
            path.to_path_buf()
        } else if let Some(path) = environment.get("CARACAL_HOME") {
            path.into()
        } else if let Some(data) = environment.get("XDG_DATA_HOME") {
            Path::new(data).join("caracal")
        } else if let Some(user) = environment.get("HOME") {
            Path::new(user).join(".local/share/caracal")
        } else {
            bail!("there is nowhere to keep state: pass --home or set CARACAL_HOME, XDG_DATA_HOME or HOME");
        };
        let path = std::path::absolute(&path)
            .with_context(|| format!("the state directory {} is not a usable path", path.display()))?;
        Ok(Self { path })
    }

    /// An absolute directory, used as one.
    pub(crate) fn at(path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a command typed without `--home` and without `CARACAL_HOME` would use this directory.
    pub(crate) fn is_default(&self, environment: &Environment) -> bool {
        Self::locate(&environment.without("CARACAL_HOME"), None)
            .is_ok_and(|default| default.path == self.path)
    }

    pub(crate) fn lock_file(&self) -> PathBuf {
        self.path.join(".lock")
    }

    pub(crate) fn log_file(&self) -> PathBuf {
        self.path.join("caracald.log")
    }

    pub(crate) fn rotated_log_file(&self) -> PathBuf {
        self.path.join("caracald.log.1")
    }

    /// The database and the log that SQLite keeps beside it.
    pub(crate) fn database_files(&self) -> [PathBuf; 2] {
        ["caracal.db", "caracal.db-wal"].map(|name| self.path.join(name))
    }

    /// Which version used the state last.
    pub(crate) fn marker_file(&self) -> PathBuf {
        self.path.join("runtime.json")
    }

    /// Evidence that is on its way to the ledger.
    pub(crate) fn spool_directory(&self) -> PathBuf {
        self.path.join("audit-spool")
    }

    /// Written by the daemon once every role is bound.
    pub(crate) fn endpoints_file(&self) -> PathBuf {
        self.path.join("endpoints.json")
    }

    /// The link that makes the first account of the console, while there is none.
    pub(crate) fn setup_link_file(&self) -> PathBuf {
        self.path.join("setup-link")
    }

    pub(crate) fn admin_token_file(&self) -> PathBuf {
        self.path.join("secrets/caracalAdminToken")
    }

    /// Makes sure that the directory exists, is ours to read and write, and has room.
    ///
    /// # Errors
    /// One sentence naming the directory and what is wrong with it.
    pub(crate) fn prepare(&self, environment: &Environment) -> anyhow::Result<()> {
        let shown = self.path.display();
        // Keys and the database live below, so a directory we create is for its owner alone.
        DirBuilder::new().recursive(true).mode(0o700).create(&self.path).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
                anyhow!("the state directory {shown} cannot be used because it, or a part of its path, is not a directory")
            }
            _ => anyhow!("the state directory {shown} cannot be created: {error}; {USABLE}"),
        })?;
        std::fs::read_dir(&self.path)
            .map_err(|error| anyhow!("the state directory {shown} cannot be read: {error}; {USABLE}"))?;
        // Before the write probe: on a full disk the probe would fail with a less helpful word.
        self.require_free_space(environment)?;
        self.require_writable()
    }

    fn require_free_space(&self, environment: &Environment) -> anyhow::Result<()> {
        let (free, wanted) = self.free_space(environment)?;
        if free < wanted {
            bail!(
                "the disk under {} is full: {free} MiB are free and {wanted} MiB are needed, so make room or choose another --home",
                self.path.display()
            );
        }
        Ok(())
    }

    /// How many MiB are free under the directory, which must be there, and how many a start needs.
    ///
    /// # Errors
    /// One sentence when the system does not tell, or the setting is no number.
    pub(crate) fn free_space(&self, environment: &Environment) -> anyhow::Result<(u64, u64)> {
        let wanted = match environment.get("CARACAL_MIN_FREE_MIB") {
            None => MIN_FREE_MIB,
            Some(value) => value
                .parse()
                .map_err(|_| anyhow!("CARACAL_MIN_FREE_MIB must be a whole number of MiB, not {value:?}"))?,
        };
        let shown = self.path.display();
        let disk = statvfs(&self.path)
            .map_err(|error| anyhow!("the free space under {shown} cannot be determined: {error}"))?;
        // The field types differ between systems, the product needs 64 bits on all of them.
        #[allow(clippy::useless_conversion, reason = "u32 on some systems, u64 on others")]
        let free = u64::from(disk.blocks_available()).saturating_mul(u64::from(disk.fragment_size())) >> 20;
        Ok((free, wanted))
    }

    fn require_writable(&self) -> anyhow::Result<()> {
        let probe = self.path.join(format!(".write-probe-{}", std::process::id()));
        let written = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&probe);
        let removed = written.and_then(|_| std::fs::remove_file(&probe));
        removed.map_err(|error| {
            anyhow!(
                "the state directory {} cannot be written to: {error}; {USABLE}",
                self.path.display()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(environment: &Environment, flag: Option<&str>) -> PathBuf {
        Home::locate(environment, flag.map(Path::new)).unwrap().path
    }

    #[test]
    fn the_flag_wins_then_the_variables_in_order() {
        let all = Environment::from_pairs([("CARACAL_HOME", "/c"), ("XDG_DATA_HOME", "/x"), ("HOME", "/h")]);
        assert_eq!(located(&all, Some("/flag")), Path::new("/flag"));
        assert_eq!(located(&all, None), Path::new("/c"));
        let xdg = Environment::from_pairs([("XDG_DATA_HOME", "/x"), ("HOME", "/h")]);
        assert_eq!(located(&xdg, None), Path::new("/x/caracal"));
        let bare = Environment::from_pairs([("XDG_DATA_HOME", ""), ("HOME", "/h")]);
        assert_eq!(located(&bare, None), Path::new("/h/.local/share/caracal"));
    }

    #[test]
    fn nowhere_to_keep_state_is_one_sentence() {
        assert!(Home::locate(&Environment::default(), None).is_err());
    }

    #[test]
    fn only_the_directory_of_an_unset_environment_is_the_default() {
        let environment = Environment::from_pairs([("CARACAL_HOME", "/c"), ("HOME", "/h")]);
        let default = |flag: &str| {
            Home::locate(&environment, Some(Path::new(flag)))
                .unwrap()
                .is_default(&environment)
        };
        assert!(default("/h/.local/share/caracal"));
        assert!(!default("/c"));
    }

    #[test]
    fn a_relative_directory_becomes_absolute() {
        assert!(located(&Environment::default(), Some("state")).is_absolute());
    }
}
