//! The process between the launcher and the program.
//!
//! Everything the program starts stays below it, also what daemonises itself. When the program ends, the rest is ended;
//! when the launcher dies, all of it is. It holds no secret but what the program was given.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{Pid, getppid};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR2};
use signal_hook::iterator::Signals;

use super::tree;
use crate::Outcome;
use crate::cli::Watch;
use crate::interrupt;

/// Exit codes of a program that cannot be run and of one that is not there, as shells have them.
const CANNOT_RUN: u8 = 126;
const NOT_FOUND: u8 = 127;

pub(crate) fn run(options: &Watch) -> anyhow::Result<Outcome> {
    tree::adopt_orphans();
    // Registered before there is anything that could end.
    let heeded = interrupt::heeded([SIGTERM, SIGINT, SIGHUP, SIGQUIT]);
    let mut signals = Signals::new(heeded.chain([SIGCHLD, SIGUSR2]))?;
    tell_of_the_end_of(Pid::from_raw(options.parent))?;
    let grace = Duration::from_secs(options.grace);
    if getppid() != Pid::from_raw(options.parent) {
        // It died before we could ask to be told.
        return Ok(Outcome::Code(super::NOT_STARTED));
    }
    let child = match start(&options.command) {
        Ok(child) => child,
        Err((code, why)) => {
            crate::complain(&why);
            return Ok(Outcome::Code(code));
        }
    };
    for signal in signals.forever() {
        match signal {
            SIGCHLD => {
                while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                    if status.pid().is_none() {
                        break;
                    }
                    if let Some(code) = tree::ended(Ok(status), child) {
                        tree::end(grace);
                        return Ok(Outcome::Code(code));
                    }
                }
            }
            SIGUSR2 => {
                tree::end(grace);
                return Ok(Outcome::Code(super::NOT_STARTED));
            }
            // A group of our own gets signals as a group. In the terminal's, only this one comes to us alone.
            SIGTERM if !options.own_group => tree::send(child, Signal::SIGTERM),
            _ => {}
        }
    }
    Ok(Outcome::Bad)
}

/// Has SIGUSR2 sent to this process once the launcher has ended, however it ended.
#[cfg(target_os = "linux")]
fn tell_of_the_end_of(_: Pid) -> anyhow::Result<()> {
    Ok(nix::sys::prctl::set_pdeathsig(Signal::SIGUSR2)?)
}

/// Has SIGUSR2 sent to this process once the launcher has ended. Where the system does not do it, an orphan is known by its
/// new parent.
#[cfg(not(target_os = "linux"))]
fn tell_of_the_end_of(launcher: Pid) -> anyhow::Result<()> {
    const LOOK: Duration = Duration::from_millis(100);
    std::thread::Builder::new().spawn(move || {
        while getppid() == launcher {
            std::thread::sleep(LOOK);
        }
        tree::send(Pid::this(), Signal::SIGUSR2);
    })?;
    Ok(())
}

fn start(command: &[OsString]) -> Result<Pid, (u8, String)> {
    let Some((program, arguments)) = command.split_first() else {
        return Err((NOT_FOUND, "there is no program to run".to_owned()));
    };
    let shown = program.display();
    match Command::new(program).args(arguments).spawn() {
        Ok(child) => Ok(Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX))),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err((NOT_FOUND, format!("{shown} was not found")))
        }
        Err(error) => Err((CANNOT_RUN, format!("{shown} cannot be run: {error}"))),
    }
}
