//! Running what has to be done to its end, whoever presses Ctrl-C meanwhile.

use std::io::Read;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;

use crate::interrupt::Interrupt;
use crate::output::note;

/// How often is looked whether somebody asked to end it, and whether it ended.
const EVERY: Duration = Duration::from_millis(50);

/// Runs `command` to its end. A terminal sends Ctrl-C to its whole foreground process group, so the command gets a group of
/// its own; whoever asks for an end meanwhile is told `unheeded` instead.
///
/// What the command says goes through this process: one in the background that writes to a terminal itself is stopped where
/// `stty tostop` is set, and would be waited for without end.
///
/// # Errors
/// When it cannot be run.
pub(super) fn finish(
    mut command: Command,
    interrupt: &Interrupt,
    unheeded: &str,
) -> anyhow::Result<ExitStatus> {
    let (said, to_say) = std::io::pipe().context("there is no pipe for what docker says")?;
    let mut child = command
        .process_group(0)
        .stdout(to_say.try_clone()?)
        .stderr(to_say)
        .spawn()
        .context("docker cannot be run")?;
    // It holds the writing ends too, and the reading below ends with the last of them.
    drop(command);
    thread::scope(|scope| {
        scope.spawn(|| pass_on(said));
        loop {
            if interrupt.take() {
                note(unheeded);
            }
            if let Some(status) = child.try_wait().context("docker cannot be waited for")? {
                return Ok(status);
            }
            thread::sleep(EVERY);
        }
    })
}

/// Copies to stderr. Where nobody reads that any more it is still read, or the command could not go on.
fn pass_on(mut said: impl Read) {
    let passed = std::io::copy(&mut said, &mut std::io::stderr());
    if passed.is_err() {
        let _ = std::io::copy(&mut said, &mut std::io::sink());
    }
}
