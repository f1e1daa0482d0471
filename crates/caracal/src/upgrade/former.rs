//! What an upgrade keeps for the way back, in `<home>/upgrade`: the former program and a backup of the state.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::archive::{DATABASE, EPOCH};
use crate::backup;
use crate::environment::Environment;
use crate::files;
use crate::home::Home;
use crate::interrupt::Interrupt;
use crate::lock::{Attempt, Lock};
use crate::restore;

const PROGRAM: &str = "caracald";
const BACKUP: &str = "before.tar";
const REPLACED: &str = "replaced";

/// The former program, where one ran, and the state as it was.
pub(super) struct Former {
    directory: PathBuf,
    program: Option<PathBuf>,
    backup: Option<PathBuf>,
}

impl Former {
    /// Copies the program of the process `pid`, also when its file has been replaced or removed. What an earlier upgrade
    /// kept goes.
    ///
    /// # Errors
    /// When it cannot be copied, or the system does not tell which program runs.
    pub(super) fn keep(pid: Option<i32>, home: &Home) -> anyhow::Result<Self> {
        let directory = home.path().join("upgrade");
        files::remove(&directory).with_context(|| format!("cannot remove {}", directory.display()))?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&directory)
            .with_context(|| format!("cannot make the directory {}", directory.display()))?;
        let program = match pid {
            None => None,
            Some(pid) => Some(
                copied(pid, &directory.join(PROGRAM))
                    .context("the running program cannot be kept for the way back")?,
            ),
        };
        Ok(Self {
            directory,
            program,
            backup: None,
        })
    }

    /// Writes and verifies a backup; a home without a database needs none.
    pub(super) fn back_up(
        mut self,
        caracald: &Path,
        environment: &Environment,
        home: &Home,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Self> {
        if home.path().join(DATABASE).exists() {
            // By the program that knows the form of the state best.
            let by = self.program.as_deref().unwrap_or(caracald);
            let target = self.directory.join(BACKUP);
            backup::write(by, environment, home, &target, interrupt).context("no backup could be written")?;
            let staged = files::TemporaryPath(self.directory.join("verify"));
            restore::unpack(&target, &staged.0)?;
            restore::verify(by, environment, &staged.0)?;
            self.backup = Some(target);
        }
        Ok(self)
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn program(&self) -> Option<&Path> {
        self.program.as_deref()
    }

    /// Puts the backup in place of the state; gives where that went.
    pub(super) fn put_back(&self, home: &Home) -> anyhow::Result<PathBuf> {
        let aside = self.directory.join(REPLACED);
        let Some(backup) = &self.backup else {
            return Ok(aside);
        };
        let Attempt::Taken(lock, _) = Lock::attempt(home)? else {
            bail!("the state in {} is in use", home.path().display());
        };
        let staged = files::TemporaryPath(self.directory.join("restore"));
        restore::unpack(backup, &staged.0)?;
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

fn copied(pid: i32, target: &Path) -> io::Result<PathBuf> {
    // The link opens the program itself, whatever has its name by now.
    let mut source = File::open(format!("/proc/{pid}/exe"))?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o700)
        .open(target)?;
    io::copy(&mut source, &mut file)?;
    file.set_permissions(Permissions::from_mode(0o700))?;
    file.sync_all()?;
    Ok(target.to_path_buf())
}
