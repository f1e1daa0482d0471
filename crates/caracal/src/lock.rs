//! One daemon per state directory.
//!
//! The lock is an advisory lock on `<home>/.lock` that the daemon itself inherits on start and holds
//! until it ends, however it ends: the kernel releases it. So a lock is stale exactly when it can be
//! taken, and neither a crash nor a reused process id can mislead us. The file's content only says whom
//! to signal. The file is never deleted: unlinking a lock file lets two processes each hold "the" lock.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use serde::{Deserialize, Serialize};

use crate::hint::Hint;
use crate::home::Home;
use crate::output::note;

/// Readers such as `status` hold the lock for an instant; that is not a second copy.
const TIMEOUT: Duration = Duration::from_millis(300);
const PAUSE: Duration = Duration::from_millis(20);

/// Who holds the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holder {
    pub(crate) pid: i32,
    /// Start of the process in clock ticks since boot, where the system tells: with the id it names one
    /// process for ever.
    start_ticks: Option<u64>,
}

impl Holder {
    /// The holder record of a running process.
    pub(crate) fn of(pid: i32) -> Self {
        Self {
            pid,
            start_ticks: start_ticks(pid),
        }
    }

    /// What to tell people when this holder's record outlived it.
    pub(crate) fn how_it_ended(&self) -> String {
        format!(
            "cleaned a stale lock: caracald (pid {}) ended without a clean stop",
            self.pid
        )
    }

    /// Whether the recorded process is the one that has this id now.
    pub(crate) fn is_alive(&self) -> bool {
        let now = start_ticks(self.pid);
        match (self.start_ticks, now) {
            (Some(then), Some(now)) => then == now,
            (Some(_), None) => false,
            // No /proc: an existing process is the best evidence there is.
            (None, _) => nix::sys::signal::kill(nix::unistd::Pid::from_raw(self.pid), None).is_ok(),
        }
    }
}

/// The lock, held.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

/// What an attempt to take the lock found.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// It is ours; a record is what the last holder left when it ended without tidying up.
    Taken(Lock, Option<Holder>),
    /// A live process has it. Without a record it is just starting.
    Held(Option<Holder>),
}

/// How the lock was found.
#[derive(Debug)]
pub(crate) enum State {
    /// Nobody has it; a record is what the last holder left when it ended without tidying up.
    Free(Option<Holder>),
    /// A live process has it. Without a record it is just starting or stopping.
    Held(Option<Holder>),
}

impl Lock {
    /// Takes the lock, or says who has it. The record of an ended holder is wiped at once.
    pub(crate) fn attempt(home: &Home) -> anyhow::Result<Attempt> {
        let path = home.lock_file();
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("cannot open the lock file {}", path.display()))?;
        let deadline = Instant::now() + TIMEOUT;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {
                    let holder = read_holder(&mut file)?;
                    // Whoever is named and lives keeps it for long; only a reader or a start may be over in an instant.
                    if holder.as_ref().is_some_and(Holder::is_alive) || Instant::now() >= deadline {
                        return Ok(Attempt::Held(holder));
                    }
                    std::thread::sleep(PAUSE);
                }
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("cannot lock {}", path.display()));
                }
            }
        }
        // Purged while we waited: the lock is another file now, and this one keeps nobody out.
        if file.metadata()?.nlink() == 0 {
            return Self::attempt(home);
        }
        let left_behind = read_holder(&mut file)?;
        file.set_len(0)?;
        Ok(Attempt::Taken(Self { file }, left_behind))
    }

    /// Who runs here, without disturbing anyone; `None` when nobody does or the directory is absent.
    pub(crate) fn holder(home: &Home) -> anyhow::Result<Option<Holder>> {
        Ok(match Self::state(home)? {
            State::Held(holder) => holder,
            State::Free(_) => None,
        })
    }

    /// How the lock is, without disturbing anyone.
    pub(crate) fn state(home: &Home) -> anyhow::Result<State> {
        let Ok(mut file) = File::open(home.lock_file()) else {
            return Ok(State::Free(None));
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(State::Free(read_holder(&mut file)?)),
            Err(TryLockError::WouldBlock) => Ok(State::Held(read_holder(&mut file)?)),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// Names the process that holds the lock from here on.
    pub(crate) fn record(&mut self, holder: &Holder) -> anyhow::Result<()> {
        self.clear()?;
        self.file.write_all(serde_json::to_string(holder)?.as_bytes())?;
        Ok(())
    }

    /// Forgets the holder.
    pub(crate) fn clear(&mut self) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()
    }

    /// Another handle on the same lock: it is released when the last handle is closed, in whatever
    /// process that handle is.
    pub(crate) fn share(&self) -> std::io::Result<File> {
        self.file.try_clone()
    }
}

/// A record that does not parse is no record: the kernel's lock is the truth, this is a hint.
fn read_holder(file: &mut File) -> std::io::Result<Option<Holder>> {
    let mut text = String::new();
    file.rewind()?;
    file.take(1024).read_to_string(&mut text)?;
    Ok(serde_json::from_str(&text).ok())
}

/// Field 22 of `/proc/<pid>/stat`. The second field may hold spaces and parentheses, so count after it.
fn start_ticks(pid: i32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(19)?.parse().ok()
}

/// Takes the lock of the state, and tells of a daemon that ended without letting go of it.
///
/// # Errors
/// One sentence saying who has it.
pub(crate) fn take(home: &Home, hint: &Hint) -> anyhow::Result<Lock> {
    match Lock::attempt(home)? {
        Attempt::Taken(lock, None) => Ok(lock),
        Attempt::Taken(lock, Some(gone)) => {
            note(&gone.how_it_ended());
            Ok(lock)
        }
        Attempt::Held(holder) => Err(in_use(home, hint, holder.as_ref())),
    }
}

/// What to tell whoever wants the state for itself.
pub(crate) fn in_use(home: &Home, hint: &Hint, holder: Option<&Holder>) -> anyhow::Error {
    let shown = home.path().display();
    match holder {
        Some(holder) => anyhow!(
            "caracald is already running (pid {}) with the state in {shown}; see {}, stop it with {}",
            holder.pid,
            hint.command("status"),
            hint.command("down")
        ),
        None => anyhow!("another caracal is just starting or stopping with the state in {shown}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;

    fn temporary_home() -> (tempfile::TempDir, Home) {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::locate(&Environment::default(), Some(directory.path())).unwrap();
        (directory, home)
    }

    fn take(home: &Home) -> (Lock, Option<Holder>) {
        match Lock::attempt(home).unwrap() {
            Attempt::Taken(lock, left_behind) => (lock, left_behind),
            Attempt::Held(holder) => panic!("held by {holder:?}"),
        }
    }

    fn own_pid() -> i32 {
        i32::try_from(std::process::id()).unwrap()
    }

    #[test]
    fn a_held_lock_names_its_holder_and_cannot_be_taken() {
        let (_directory, home) = temporary_home();
        let (mut lock, _) = take(&home);
        let me = Holder::of(own_pid());
        lock.record(&me).unwrap();
        assert!(matches!(Lock::attempt(&home).unwrap(), Attempt::Held(Some(holder)) if holder == me));
        assert_eq!(Lock::holder(&home).unwrap(), Some(me));
    }

    #[test]
    fn a_shared_handle_keeps_the_lock_after_the_first_is_gone() {
        let (_directory, home) = temporary_home();
        let (lock, _) = take(&home);
        let inherited = lock.share().unwrap();
        drop(lock);
        assert!(matches!(Lock::attempt(&home).unwrap(), Attempt::Held(None)));
        drop(inherited);
        take(&home);
    }

    #[test]
    fn a_record_without_a_holder_is_stale_and_reported_once() {
        let (_directory, home) = temporary_home();
        let (mut lock, _) = take(&home);
        lock.record(&Holder::of(own_pid())).unwrap();
        drop(lock);
        assert_eq!(Lock::holder(&home).unwrap(), None);
        let (lock, left_behind) = take(&home);
        assert_eq!(left_behind.map(|holder| holder.pid), Some(own_pid()));
        drop(lock);
        assert_eq!(take(&home).1, None);
    }

    #[test]
    fn a_lock_file_full_of_rubbish_is_no_holder() {
        let (_directory, home) = temporary_home();
        std::fs::write(home.lock_file(), "{not json").unwrap();
        assert_eq!(take(&home).1, None);
    }

    #[test]
    fn a_reused_process_id_is_another_process() {
        let mut holder = Holder::of(own_pid());
        assert!(holder.is_alive());
        if let Some(ticks) = holder.start_ticks.as_mut() {
            *ticks += 1;
            assert!(!holder.is_alive());
        }
    }
}
