//! What an upgrade keeps for the way back, in `<home>/upgrade`: the former program and a backup of the state.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::archive::{DATABASE, EPOCH};
use crate::backup;
use crate::encryption::Opener;
use crate::environment::Environment;
use crate::files::{self, TemporaryPath};
use crate::home::Home;
use crate::interrupt::Interrupt;
use crate::lock::{Attempt, Lock};
use crate::output::note;
use crate::restore;

const PROGRAM: &str = "caracald";
const BACKUP: &str = "before.tar";
const REPLACED: &str = "replaced";

/// The former program, where one ran, and the state as it was.
///
/// Both are made beside what an earlier upgrade kept, which stays until [`Former::settle`]: an upgrade that comes to
/// nothing takes no way back away.
pub(super) struct Former {
    directory: PathBuf,
    /// Removes what is not settled.
    passing: TemporaryPath,
    has_program: bool,
    has_backup: bool,
}

impl Former {
    /// Copies the program of the process `pid`, on Linux also when its file has been replaced or removed. Elsewhere it
    /// must say that it is of `version`.
    ///
    /// # Errors
    /// When it cannot be copied, or the system does not tell which program runs.
    pub(super) fn keep(pid: Option<i32>, version: Option<&str>, home: &Home) -> anyhow::Result<Self> {
        let directory = home.path().join("upgrade.new");
        files::remove(&directory).with_context(|| format!("cannot remove {}", directory.display()))?;
        let kept = Self {
            passing: TemporaryPath(directory.clone()),
            has_program: pid.is_some(),
            has_backup: false,
            directory,
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&kept.directory)
            .with_context(|| format!("cannot make the directory {}", kept.directory.display()))?;
        if let Some(pid) = pid {
            copied(pid, version, &kept.directory.join(PROGRAM))
                .context("the running program cannot be kept for the way back")?;
        }
        Ok(kept)
    }

    /// Writes and verifies a backup; a home without a database needs none.
    ///
    /// # Errors
    /// When it cannot be written or does not hold; also when it was interrupted.
    pub(super) fn back_up(
        mut self,
        caracald: &Path,
        environment: &Environment,
        home: &Home,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Self> {
        if home.path().join(DATABASE).exists() {
            // By the program that knows the form of the state best.
            let former = self.program();
            let by = former.as_deref().unwrap_or(caracald);
            let target = self.directory.join(BACKUP);
            // To nobody: it stays beside the state that it is of.
            let opener = backup::write(by, environment, home, &target, &[], interrupt)
                .context("no backup could be written")?;
            let staged = TemporaryPath(self.directory.join("verify"));
            note("restoring the copy beside it to verify it");
            restore::unpack(&target, &staged.0, &opener, interrupt)?;
            restore::verify(by, environment, &staged.0, interrupt)?;
            self.has_backup = true;
        }
        Ok(self)
    }

    /// Takes the place of what an earlier upgrade kept.
    ///
    /// # Errors
    /// When that cannot be removed, or this not be moved.
    pub(super) fn settle(mut self, home: &Home) -> anyhow::Result<Self> {
        let settled = home.path().join("upgrade");
        let cannot = || format!("cannot put {} in place", settled.display());
        files::remove(&settled).with_context(cannot)?;
        fs::rename(&self.passing.0, &settled).with_context(cannot)?;
        self.directory = settled;
        Ok(self)
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn program(&self) -> Option<PathBuf> {
        self.has_program.then(|| self.directory.join(PROGRAM))
    }

    /// Puts the backup in place of the state; gives where that went.
    pub(super) fn put_back(&self, home: &Home) -> anyhow::Result<PathBuf> {
        let aside = self.directory.join(REPLACED);
        if !self.has_backup {
            return Ok(aside);
        }
        let Attempt::Taken(lock, _) = Lock::attempt(home)? else {
            bail!("the state in {} is in use", home.path().display());
        };
        let staged = TemporaryPath(self.directory.join("restore"));
        // The way back is walked to its end, whoever asks.
        let backup = self.directory.join(BACKUP);
        restore::unpack(&backup, &staged.0, &Opener::Plain, &Interrupt::default())?;
        DirBuilder::new().mode(0o700).create(&aside)?;
        let mut names = Vec::new();
        for entry in fs::read_dir(&staged.0)? {
            names.push(entry?.file_name());
        }
        // What SQLite keeps beside the database belongs to the one that goes; the database comes last.
        for beside in [format!("{DATABASE}-wal"), format!("{DATABASE}-shm")] {
            moved(&home.path().join(&beside), &aside.join(&beside))?;
        }
        names.sort_by_key(|name| name == DATABASE);
        for name in names {
            moved(&home.path().join(&name), &aside.join(&name))?;
            moved(&staged.0.join(&name), &home.path().join(&name))?;
        }
        // Unlike a copy's, the memory of used mandates is the state's own: it lost nothing.
        moved(&aside.join(EPOCH), &home.path().join(EPOCH))?;
        File::open(home.path())?.sync_all()?;
        drop(lock);
        Ok(aside)
    }
}

/// Moves what is there.
fn moved(from: &Path, to: &Path) -> anyhow::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        moved => moved.with_context(|| format!("cannot move {} to {}", from.display(), to.display())),
    }
}

fn copied(pid: i32, version: Option<&str>, target: &Path) -> anyhow::Result<()> {
    let mut source = File::open(program_of(pid)?)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o700)
        .open(target)?;
    io::copy(&mut source, &mut file)?;
    file.set_permissions(Permissions::from_mode(0o700))?;
    file.sync_all()?;
    drop(file);
    if cfg!(not(target_os = "linux")) {
        let said = Command::new(target).arg("--version").output()?;
        let said = String::from_utf8_lossy(&said.stdout);
        if version.is_some_and(|version| said.trim().trim_start_matches("caracald ") != version) {
            bail!(
                "its file has been replaced by {} already; install the former one again, upgrade it by hand (`down`, \
                 then `up` with the new one), or keep the two side by side",
                said.trim()
            );
        }
    }
    Ok(())
}

/// What opens the program of a process: the program itself, whatever has its name by now.
#[cfg(target_os = "linux")]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere the system may not tell")]
fn program_of(pid: i32) -> anyhow::Result<PathBuf> {
    Ok(PathBuf::from(format!("/proc/{pid}/exe")))
}

/// The path that a process was started from; another program may be there by now.
#[cfg(not(target_os = "linux"))]
fn program_of(pid: i32) -> anyhow::Result<PathBuf> {
    let told = Command::new("ps")
        .args(["-o", "comm=", "-p", &pid.to_string()])
        .output()
        .context("ps cannot be run")?;
    let path = PathBuf::from(String::from_utf8_lossy(&told.stdout).trim());
    if !path.is_absolute() {
        bail!("the system does not tell which program runs");
    }
    Ok(path)
}
