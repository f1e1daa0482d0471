//! `caracal up`.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
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
use crate::lock::{self, Holder, Lock};
use crate::marker;
use crate::output::{answer, note};
use crate::ports;
use crate::probe::{self, ProbeResult};

/// How long a start may take.
const TIMEOUT_SECONDS: u64 = 60;
const POLL: Duration = Duration::from_millis(100);
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
    home.prepare(&environment)?;
    let hint = Hint::new(&environment, &home);
    let mut lock = lock::take(&home, &hint)?;
    marker::check(&home)?;
    ports::check_free(&environment)?;
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

    // Registered before there is anything to stop, so that no Ctrl-C leaves a daemon behind.
    let interrupt = Interrupt::watch()?;
    let seconds = options.timeout.unwrap_or(TIMEOUT_SECONDS);
    let timeout = Duration::from_secs(seconds);
    match start(&environment, &home, &caracald, lock, timeout, &interrupt)? {
        Ok((pid, endpoints)) => {
            report(&home, &hint, pid, &endpoints, json)?;
            Ok(Outcome::Good)
        }
        Err(Unready::Dead(sentence)) => Err(anyhow!(sentence)),
        Err(Unready::Late(why)) => bail!(
            "not ready after {} s: {why}; it keeps running, see {} and {}",
            seconds,
            hint.command("logs"),
            hint.command("status --ready")
        ),
        Err(Unready::Interrupted) => Ok(Outcome::Interrupted),
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
            let why = if answers.is_empty() {
                "caracald has not opened its ports".to_owned()
            } else {
                detail(&pending)
            };
            return Err(Unready::Late(why));
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

fn detail(pending: &[&ProbeResult]) -> String {
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

pub(crate) fn report(
    home: &Home,
    hint: &Hint,
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
    let mut lines = vec![format!("caracald is ready (pid {pid})"), String::new()];
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
