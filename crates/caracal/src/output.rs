//! Writing for people: answers on stdout, what happens meanwhile on stderr.

use std::io::{ErrorKind, IsTerminal as _, Write as _};

use std::sync::atomic::{AtomicBool, Ordering};

use crate::environment::Environment;
use crate::scrub::scrub;

/// Whether notes are unwanted. Set once, before anything is said.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Says nothing but answers and errors from here on.
pub(crate) fn be_quiet() {
    QUIET.store(true, Ordering::Relaxed);
}

/// Whether notes are unwanted.
pub(crate) fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Prints a note about what is going on.
pub(crate) fn note(sentence: &str) {
    if is_quiet() {
        return;
    }
    // Losing a note must not stop the work it is about.
    let _ = writeln!(std::io::stderr(), "{}", scrub(sentence));
}

/// Prints what programs read on stderr, whoever wants quiet.
pub(crate) fn notice(line: &str) {
    let _ = writeln!(std::io::stderr(), "{}", scrub(line));
}

/// Prints the answer a command was asked for. A reader that went away (`caracal status | head -0`) is no failure: the
/// work is done, and the exit code still says how it came out.
pub(crate) fn answer(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

/// Prints bytes as they are, with the same forbearance.
pub(crate) fn raw(bytes: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

/// Whether the failure is only that nobody reads any more.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == ErrorKind::BrokenPipe)
}

/// What was stopped, for programs: a process, or a kind of containers; null where nothing ran.
#[derive(serde::Serialize)]
pub(crate) struct Stopped<T> {
    pub(crate) stopped: T,
}

/// Green or red where the reader can see it (<https://no-color.org>).
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    pub(crate) fn for_stdout(environment: &Environment) -> Self {
        let truthy = |name| {
            environment
                .get(name)
                .is_some_and(|value| value != "0" && value != "false")
        };
        let off = environment.get("NO_COLOR").is_some() || truthy("CARACAL_NO_COLOR");
        let forced = truthy("FORCE_COLOR") || truthy("CARACAL_COLOR");
        Self {
            on: !off && (forced || std::io::stdout().is_terminal()),
        }
    }

    pub(crate) fn verdict(&self, good: bool, text: &str) -> String {
        match (self.on, good) {
            (false, _) => text.to_owned(),
            (true, true) => format!("\x1b[32m{text}\x1b[0m"),
            (true, false) => format!("\x1b[31m{text}\x1b[0m"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_beats_everything_else() {
        let environment = Environment::from_pairs([("NO_COLOR", "1"), ("FORCE_COLOR", "1")]);
        assert_eq!(Paint::for_stdout(&environment).verdict(true, "ok"), "ok");
        let forced = Environment::from_pairs([("FORCE_COLOR", "1")]);
        assert_eq!(
            Paint::for_stdout(&forced).verdict(true, "ok"),
            "\x1b[32mok\x1b[0m"
        );
    }
}
