//! `caracal up`.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde::Serialize;

use crate::Outcome;
use crate::cli::Up;
use crate::compose;
use crate::containers::Containers;
use crate::daemon::{self, Started};
use crate::endpoints::{self, Endpoints};
use crate::environment::Environment;
use crate::hint::Hint;
use crate::home::Home;
use crate::interrupt::Interrupt;
use crate::lock::{self, Attempt, Holder, Lock};
use crate::marker;
use crate::output::{answer, note};
use crate::ports;
use crate::probe::{self, ProbeResult};

/// How long a start may take.
const TIMEOUT_SECONDS: u64 = 60;
/// How often a daemon that starts is looked at: it takes a tenth of a second, and people wait for all of a pause.
const POLL: Duration = Duration::from_millis(25);
/// How long an interrupted start waits for a graceful end before it kills.
const STOP_WITHIN: Duration = Duration::from_secs(20);
const REMIND_EVERY: Duration = Duration::from_secs(10);

pub(crate) fn run(
    mut environment: Environment,
    home: Option<&Path>,
    options: &Up,
    json: bool,
) -> anyhow::Result<Outcome> {
    let home = Home::locate(&environment, home)?;
    environment.fill_from_operator_file(home.path())?;
    let kind = match options.containers() {
        None => Containers::of(&home)?.map(|containers| containers.kind),
        asked => asked,
    };
    if let Some(kind) = kind {
        return compose::up(&environment, &home, kind, options, json);
    }
    let caracald = daemon::find(&environment)?;
    // Registered before there is anything to undo or to stop, so that no Ctrl-C leaves something half.
    let interrupt = Interrupt::watch()?;
    home.prepare(&environment)?;
    let hint = Hint::new(&environment, &home);
    let timeout = Duration::from_secs(options.timeout.unwrap_or(TIMEOUT_SECONDS));
    let mut lock = loop {
        match Lock::attempt(&home)? {
            Attempt::Taken(lock, left_behind) => {
                if let Some(gone) = left_behind {
                    note(&gone.how_it_ended());
                }
                break lock;
            }
            // A supervisor must not take another's daemon for its own.
            Attempt::Held(holder) if options.foreground => {
                return Err(lock::in_use(&home, &hint, holder.as_ref()));
            }
            Attempt::Held(_) => {
                if let Some(running) = wait_for_another(&home, timeout, &interrupt)? {
                    return ended(&home, &hint, running, "is running already", timeout, json);
                }
            }
        }
    };
    marker::check(&home)?;
    ports::check_free(&environment)?;
    if interrupt.is_asked() {
        return Ok(Outcome::Interrupted);
    }
    marker::write(&home)?;
    // What a dead daemon said about itself must not be taken for the new one's word.
    Endpoints::forget(&home).context("cannot remove the endpoints of an earlier run")?;

    if options.foreground {
        note(&format!(
            "running {} in the foreground; stop it with Ctrl-C",
            caracald.display()
        ));
        lock.record(&Holder::of(i32::try_from(std::process::id())?))?;
        return Err(daemon::replace_this_process(
            &caracald,
            &environment,
            &home,
            &lock,
        ));
    }
    let started = start(&environment, &home, &caracald, lock, timeout, &interrupt)?;
    ended(&home, &hint, started, "is ready", timeout, json)
}

/// Tells how a wait for a daemon ended.
fn ended(
    home: &Home,
    hint: &Hint,
    waited: Result<Ready, Unready>,
    how: &str,
    timeout: Duration,
    json: bool,
) -> anyhow::Result<Outcome> {
    match waited {
        Ok((pid, endpoints)) => {
            report(home, hint, how, pid, &endpoints, json)?;
            Ok(Outcome::Good)
        }
        Err(Unready::Dead(sentence)) => {
            bail!("{sentence}; see {}", hint.command("logs"))
        }
        Err(Unready::Late(why)) => bail!(
            "not ready after {} s: {why}; it keeps running, see {} and {}",
            timeout.as_secs(),
            hint.command("logs"),
            hint.command("status --ready")
        ),
        Err(Unready::Interrupted) => Ok(Outcome::Interrupted),
    }
}

/// Waits for the daemon that another `up` started, or is just starting. It is that one's: nothing here stops it. Nothing
/// comes back where whoever had the lock let go of it without a daemon.
fn wait_for_another(
    home: &Home,
    timeout: Duration,
    interrupt: &Interrupt,
) -> anyhow::Result<Option<Result<Ready, Unready>>> {
    let begin = Instant::now();
    let mut pid = None;
    let mut pending = String::from("another caracal is just starting or stopping with this state");
    loop {
        if interrupt.is_asked() {
            return Ok(Some(Err(Unready::Interrupted)));
        }
        match Lock::state(home)? {
            lock::State::Held(Some(holder)) => {
                pid = Some(holder.pid);
                // Of this daemon, and not what an earlier one left.
                let endpoints = Endpoints::read(home).filter(|said| said.pid == pid);
                let endpoints = endpoints.map(|said| said.served()).unwrap_or_default();
                let answers = probe::ask_all(&endpoints, "/ready");
                let missing: Vec<&ProbeResult> = answers.iter().filter(|answer| !answer.ok).collect();
                if missing.is_empty() && !answers.is_empty() {
                    return Ok(Some(Ok((holder.pid, endpoints))));
                }
                pending = pending_of(&answers, &missing);
            }
            lock::State::Held(None) => {}
            lock::State::Free(_) => {
                return Ok(pid.map(|pid| {
                    Err(Unready::Dead(format!(
                        "the caracald (pid {pid}) that another caracal started has ended"
                    )))
                }));
            }
        }
        if begin.elapsed() >= timeout {
            return Ok(Some(Err(Unready::Late(pending))));
        }
        std::thread::sleep(POLL);
    }
}

/// Process id and endpoints of a daemon that got ready.
pub(crate) type Ready = (i32, Vec<(String, String)>);

/// Starts `caracald` in the background and waits until every role is ready. One that is late runs on; one that is
/// interrupted is stopped.
///
/// # Errors
/// When no process can be started or watched.
pub(crate) fn start(
    environment: &Environment,
    home: &Home,
    caracald: &Path,
    mut lock: Lock,
    timeout: Duration,
    interrupt: &Interrupt,
) -> anyhow::Result<Result<Ready, Unready>> {
    let mut started = daemon::start_in_background(caracald, environment, home, &lock)?;
    lock.record(&Holder::of(started.pid()?))?;
    let pid = started.pid()?;
    let waited = wait_until_ready(home, &mut started, timeout, interrupt);
    match &waited {
        Ok(_) | Err(Unready::Late(_)) => {}
        Err(Unready::Dead(_)) => {
            lock.clear()?;
            Endpoints::forget(home)?;
        }
        Err(Unready::Interrupted) => {
            note("interrupted while starting; stopping caracald");
            started.stop(STOP_WITHIN)?;
            lock.clear()?;
            Endpoints::forget(home)?;
        }
    }
    Ok(waited.map(|endpoints| (pid, endpoints)))
}

/// Why the stack is not ready.
pub(crate) enum Unready {
    /// The daemon ended.
    Dead(String),
    /// It lives, but time is up; why it is not ready.
    Late(String),
    /// A signal asks us to end.
    Interrupted,
}

fn wait_until_ready(
    home: &Home,
    started: &mut Started,
    timeout: Duration,
    interrupt: &Interrupt,
) -> Result<Vec<(String, String)>, Unready> {
    let begin = Instant::now();
    let mut last_note = begin;
    let mut last_pending: Vec<String> = Vec::new();
    loop {
        if interrupt.is_asked() {
            return Err(Unready::Interrupted);
        }
        if let Ok(Some(status)) = started.child.try_wait() {
            let words = started
                .last_words()
                .unwrap_or_else(|| format!("it said nothing ({status})"));
            return Err(Unready::Dead(format!("caracald stopped while starting: {words}")));
        }
        let endpoints = Endpoints::read(home)
            .map(|endpoints| endpoints.served())
            .unwrap_or_default();
        let answers = probe::ask_all(&endpoints, "/ready");
        let pending: Vec<&ProbeResult> = answers.iter().filter(|answer| !answer.ok).collect();
        if pending.is_empty() && !answers.is_empty() {
            return Ok(endpoints);
        }
        if begin.elapsed() >= timeout {
            return Err(Unready::Late(pending_of(&answers, &pending)));
        }
        let names: Vec<&str> = pending.iter().map(|answer| answer.name.as_str()).collect();
        if (names != last_pending && !names.is_empty()) || last_note.elapsed() >= REMIND_EVERY {
            note(&if names.is_empty() {
                "waiting for caracald".to_owned()
            } else {
                format!("waiting for {}", names.join(", "))
            });
            last_note = Instant::now();
            last_pending = names.iter().map(|name| (*name).to_owned()).collect();
        }
        std::thread::sleep(POLL);
    }
}

/// What keeps a stack from being ready: `pending` of all `answers`.
fn pending_of(answers: &[ProbeResult], pending: &[&ProbeResult]) -> String {
    if answers.is_empty() {
        return "caracald has not opened its ports".to_owned();
    }
    pending
        .iter()
        .map(|answer| format!("{} ({})", answer.name, answer.detail))
        .collect::<Vec<_>>()
        .join(", ")
}

/// What runs, for programs.
#[derive(Serialize)]
struct Running<'a> {
    home: &'a Path,
    pid: i32,
    endpoints: serde_json::Map<String, serde_json::Value>,
    admin_token_file: &'a Path,
    log: &'a Path,
}

/// Says where the roles of a daemon are; `how` it is, in a word or two.
pub(crate) fn report(
    home: &Home,
    hint: &Hint,
    how: &str,
    pid: i32,
    endpoints: &[(String, String)],
    json: bool,
) -> anyhow::Result<()> {
    let token = home.admin_token_file();
    if json {
        let running = Running {
            home: home.path(),
            pid,
            endpoints: endpoints::document(endpoints),
            admin_token_file: &token,
            log: &home.log_file(),
        };
        return Ok(answer(&serde_json::to_string(&running)?)?);
    }
    let mut lines = vec![format!("caracald {how} (pid {pid})"), String::new()];
    lines.extend(endpoints::lines(endpoints));
    lines.push(String::new());
    lines.push(format!("  {:<12} {}", "admin token", token.display()));
    lines.push(format!("  {:<12} {}", "log", home.log_file().display()));
    if let Some((_, web)) = endpoints.iter().find(|(role, _)| role == "web") {
        lines.push(format!("  {:<12} {web}", "console"));
        if let Ok(link) = std::fs::read_to_string(home.setup_link_file()) {
            lines.push(format!(
                "\nMake the first account of the console, once, within a day:\n\n  {web}/link#{}",
                link.trim()
            ));
        }
    }
    if let Some((_, api)) = endpoints.iter().find(|(role, _)| role == "api") {
        lines.push(
            "\nA first question; the token goes over standard input, never into an argument list:\n"
                .to_owned(),
        );
        // `printf` is part of the shell, so its arguments are in no process list either.
        lines.push(format!(
            "  printf 'header = \"Authorization: Bearer %s\"\\n' \"$(cat '{}')\" | curl -sS -K - {api}/v1/zones",
            token.display()
        ));
    }
    lines.push(format!("\nStop it with {}.", hint.command("down")));
    Ok(answer(&lines.join("\n"))?)
}
