//! Finding `caracald` and putting it into the background.
//!
//! A process must leave the session of its terminal before it can outlive it, and the usual way
//! (`fork`, `setsid`, `exec`) needs unsafe code between fork and exec. We get the same without: `up`
//! starts *itself* as `caracal __launch`, which is not a group leader, calls `setsid` (no controlling
//! terminal, no SIGHUP when the terminal goes) and then replaces itself by `caracald`. The process id
//! stays the same all along, so the parent can watch it and record it.
//!
//! The lock travels as standard input: an inherited handle keeps the lock until the daemon ends.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::{Mode, umask};
use nix::unistd::Pid;

use crate::environment::Environment;
use crate::home::Home;
use crate::interrupt::Interrupt;
use crate::lock::Lock;
use crate::roles::Role;

/// A log larger than this starts anew; one old log is kept.
const ROTATE_ABOVE_BYTES: u64 = 10 * 1024 * 1024;
/// How often a task that takes long is looked at.
const TASK_POLL: Duration = Duration::from_millis(20);
/// The end of the log in which the reason of an early death is looked for.
const LAST_WORDS_BYTES: u64 = 64 * 1024;

/// The `caracald` to run.
///
/// # Errors
/// One sentence saying where it was looked for.
pub(crate) fn find(environment: &Environment) -> anyhow::Result<PathBuf> {
    if let Some(path) = environment.get("CARACAL_CARACALD") {
        let path = PathBuf::from(path);
        return match std::fs::metadata(&path) {
            Err(error) => Err(anyhow!(
                "CARACAL_CARACALD names {}, which cannot be used: {error}",
                path.display()
            )),
            Ok(_) if !is_executable(&path) => Err(anyhow!(
                "CARACAL_CARACALD names {}, which is not an executable file",
                path.display()
            )),
            Ok(_) => Ok(std::path::absolute(path)?),
        };
    }
    let own = std::env::current_exe().context("cannot tell where this program is")?;
    let beside = own.parent().map(|directory| directory.join("caracald"));
    let on_path = environment
        .get("PATH")
        .unwrap_or_default()
        .split(':')
        .map(|directory| Path::new(directory).join("caracald"));
    beside.into_iter().chain(on_path).find(|candidate| candidate.is_absolute() && is_executable(candidate)).ok_or_else(|| {
        anyhow!(
            "caracald was not found beside {} or on PATH; install it there or set CARACAL_CARACALD to its path",
            own.display()
        )
    })
}

fn is_executable(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// `caracald` with the settings that `up` would start it with; the arguments are the caller's.
///
/// # Errors
/// When a setting of ours makes no sense.
pub(crate) fn command(caracald: &Path, environment: &Environment, home: &Home) -> anyhow::Result<Command> {
    let mut command = Command::new(caracald);
    configure(&mut command, environment, home)?;
    Ok(command)
}

/// Runs one short task of `caracald` on a state directory.
///
/// # Errors
/// The sentence that it ended with, if it failed.
pub(crate) fn ask(
    caracald: &Path,
    environment: &Environment,
    home: &Home,
    arguments: &[&OsStr],
) -> anyhow::Result<Vec<u8>> {
    let ended = command(caracald, environment, home)?
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| could_not_run(caracald, &error))?;
    answered(caracald, ended)
}

/// The same for a task that may take long: `meanwhile` is called again and again, and an interrupt ends it.
///
/// # Errors
/// The sentence that it ended with, if it failed; also when it was interrupted.
pub(crate) fn ask_at_length(
    caracald: &Path,
    environment: &Environment,
    home: &Home,
    arguments: &[&OsStr],
    interrupt: &Interrupt,
    meanwhile: impl Fn(),
) -> anyhow::Result<Vec<u8>> {
    let mut child = command(caracald, environment, home)?
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| could_not_run(caracald, &error))?;
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    let ended = std::thread::scope(|scope| {
        // Read while it runs: a full pipe would hold it up.
        let stdout = scope.spawn(move || drained(stdout.as_mut()));
        let stderr = scope.spawn(move || drained(stderr.as_mut()));
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if interrupt.is_asked() {
                // The keys of a terminal have told it already; whoever signalled us has not. Nothing is lost by its end,
                // and it is not waited for again.
                child.kill()?;
                break child.wait()?;
            }
            meanwhile();
            std::thread::sleep(TASK_POLL);
        };
        anyhow::Ok(Output {
            status,
            stdout: stdout.join().unwrap_or_default(),
            stderr: stderr.join().unwrap_or_default(),
        })
    })
    .with_context(|| format!("cannot watch {}", caracald.display()))?;
    answered(caracald, ended)
}

fn drained(pipe: Option<&mut impl std::io::Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // What was read before a fault is all there is to show.
        let _ = pipe.read_to_end(&mut bytes);
    }
    bytes
}

fn answered(caracald: &Path, ended: Output) -> anyhow::Result<Vec<u8>> {
    if !ended.status.success() {
        let said = String::from_utf8_lossy(&ended.stderr);
        let last = said.lines().map(str::trim).rfind(|line| !line.is_empty());
        let words = last.map(|line| line.trim_start_matches("caracald: ").to_owned());
        bail!(
            "{}",
            words.unwrap_or_else(|| format!("{} ended with {}", caracald.display(), ended.status))
        );
    }
    Ok(ended.stdout)
}

/// What the daemon is started with on top of the inherited environment.
fn configure(command: &mut Command, environment: &Environment, home: &Home) -> anyhow::Result<()> {
    let mode = environment.get("CARACAL_MODE").unwrap_or("dev");
    if !["dev", "rc", "stable"].contains(&mode) {
        bail!("CARACAL_MODE must be dev, rc or stable, not {mode:?}");
    }
    command
        .envs(environment.added())
        .env("CARACAL_HOME", home.path())
        .env("CARACAL_MODE", mode);
    for role in Role::ALL {
        command.env(role.listen_variable(), role.listen(environment)?.to_string());
    }
    Ok(())
}

/// Runs `caracald` in place of this process, still attached to the terminal. Returns only on failure.
pub(crate) fn replace_this_process(
    caracald: &Path,
    environment: &Environment,
    home: &Home,
    lock: &Lock,
) -> anyhow::Error {
    let mut command = match command(caracald, environment, home) {
        Ok(command) => command,
        Err(error) => return error,
    };
    match lock.share() {
        Err(error) => error.into(),
        Ok(handle) => could_not_run(caracald, &command.args(["serve", "all"]).stdin(handle).exec()),
    }
}

/// A daemon that was just started in the background.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) child: Child,
    log: PathBuf,
    /// Where this run's output begins in the log.
    log_start: u64,
}

/// Starts `caracald` in a session of its own, writing to the log file.
pub(crate) fn start_in_background(
    caracald: &Path,
    environment: &Environment,
    home: &Home,
    lock: &Lock,
) -> anyhow::Result<Started> {
    let log = open_log(home)?;
    let log_start = log.metadata()?.len();
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("__launch").arg(caracald);
    configure(&mut command, environment, home)?;
    let child = command
        .stdin(lock.share()?)
        .stdout(Stdio::from(log.try_clone()?))
        .stderr(Stdio::from(log))
        .spawn()
        .context("cannot start a process")?;
    Ok(Started {
        child,
        log: home.log_file(),
        log_start,
    })
}

/// The launcher's whole life: leave the terminal's session, keep new files private, become the daemon.
/// Returns only on failure.
pub(crate) fn become_daemon(caracald: &Path) -> anyhow::Error {
    if let Err(error) = nix::unistd::setsid() {
        return anyhow!("cannot leave the terminal's session: {error}");
    }
    umask(Mode::from_bits_truncate(0o077));
    could_not_run(
        caracald,
        &Command::new(caracald)
            .args([OsStr::new("serve"), OsStr::new("all")])
            .exec(),
    )
}

fn could_not_run(caracald: &Path, error: &std::io::Error) -> anyhow::Error {
    anyhow!("cannot run {}: {error}", caracald.display())
}

fn open_log(home: &Home) -> anyhow::Result<File> {
    let path = home.log_file();
    if std::fs::metadata(&path).is_ok_and(|log| log.len() > ROTATE_ABOVE_BYTES) {
        std::fs::rename(&path, home.rotated_log_file())
            .with_context(|| format!("cannot rotate the log {}", path.display()))?;
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("cannot write the log {}", path.display()))
}

impl Started {
    /// The daemon's process id.
    pub(crate) fn pid(&self) -> anyhow::Result<i32> {
        Ok(i32::try_from(self.child.id())?)
    }

    /// Ends the daemon: asks, waits for `limit`, kills.
    pub(crate) fn stop(&mut self, limit: Duration) -> anyhow::Result<()> {
        let pid = Pid::from_raw(self.pid()?);
        // The process is our child and not waited for yet, so the id is still its own.
        kill(pid, Signal::SIGTERM).context("cannot stop caracald")?;
        let deadline = Instant::now() + limit;
        while self.child.try_wait()?.is_none() {
            if Instant::now() >= deadline {
                self.child.kill().context("cannot kill caracald")?;
                self.child.wait()?;
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// The last thing this run said that explains its end, as one line.
    pub(crate) fn last_words(&self) -> Option<String> {
        let mut log = File::open(&self.log).ok()?;
        let end = log.metadata().ok()?.len();
        log.seek(SeekFrom::Start(
            self.log_start.max(end.saturating_sub(LAST_WORDS_BYTES)),
        ))
        .ok()?;
        let mut bytes = Vec::new();
        log.read_to_end(&mut bytes).ok()?;
        last_error(&String::from_utf8_lossy(&bytes))
    }
}

/// The message of the last error in `text`, else the last line; JSON lines are reduced to their message.
fn last_error(text: &str) -> Option<String> {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let is_error = |line: &&&str| match serde_json::from_str::<serde_json::Value>(line) {
        Ok(json) => json
            .get("level")
            .and_then(|level| level.as_str())
            .is_some_and(|l| l.eq_ignore_ascii_case("error")),
        // Not a log record: the one plain line a failing start ends with.
        Err(_) => true,
    };
    let line = lines.iter().rev().find(is_error).or(lines.last())?;
    Some(
        message(line)
            .trim_start_matches("caracald: ")
            .trim_start_matches("caracal: ")
            .to_owned(),
    )
}

fn message(line: &str) -> String {
    let Ok(json) = serde_json::from_str::<serde_json::Value>(line) else {
        return line.to_owned();
    };
    let fields = json.get("fields").unwrap_or(&json);
    let text = |key: &str| {
        fields
            .get(key)
            .or_else(|| json.get(key))
            .and_then(|value| value.as_str())
    };
    match (text("message"), text("error")) {
        (Some(message), Some(error)) => format!("{message}: {error}"),
        (Some(only), None) | (None, Some(only)) => only.to_owned(),
        (None, None) => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_error_wins_over_later_chatter() {
        let text = "{\"level\":\"INFO\",\"fields\":{\"message\":\"starting\"}}\n\
            {\"level\":\"ERROR\",\"fields\":{\"message\":\"cannot open the store\",\"error\":\"disk I/O error\"}}\n\
            {\"level\":\"INFO\",\"fields\":{\"message\":\"stopped\"}}\n";
        assert_eq!(
            last_error(text).as_deref(),
            Some("cannot open the store: disk I/O error")
        );
    }

    #[test]
    fn a_plain_line_is_taken_as_it_is() {
        assert_eq!(
            last_error("{\"level\":\"ERROR\",\"message\":\"a\"}\ncaracald: port 1 in use\n\n").as_deref(),
            Some("port 1 in use")
        );
        assert_eq!(
            last_error("{\"level\":\"info\",\"message\":\"only this\"}").as_deref(),
            Some("only this")
        );
        assert_eq!(last_error(" \n"), None);
    }

    #[test]
    fn an_invalid_mode_is_refused() {
        let home = Home::locate(&Environment::default(), Some(Path::new("/h"))).unwrap();
        let environment = Environment::from_pairs([("CARACAL_MODE", "prod")]);
        assert!(configure(&mut Command::new("true"), &environment, &home).is_err());
    }
}
