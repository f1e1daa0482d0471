//! The command line for people.
//!
//! It starts, stops and watches one local stack: the `caracald` daemon with all its roles, its state in
//! one directory. It never manages what Caracal decides about (zones, policies, applications): that is
//! the Control API's, the Admin SDK's and the console's.
//!
//! It depends on no other crate of this workspace, so that it starts in milliseconds and stays useful
//! when the daemon does not start at all. A new command is one file with a `run` function, one variant
//! in [`cli::Command`] and one arm below.

#![warn(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "they panic where nobody reads; use `output::answer`"
)]

mod allowlist;
mod archive;
mod backup;
mod checkout;
mod cli;
mod clock;
mod compose;
mod config;
mod containers;
mod daemon;
mod doctor;
mod down;
mod due;
mod encryption;
mod endpoints;
mod environment;
mod files;
mod hint;
mod home;
mod http;
mod interrupt;
mod journal;
mod lock;
mod logs;
mod manual;
mod marker;
mod output;
mod ports;
mod probe;
mod progress;
mod purge;
mod restore;
mod roles;
mod run;
mod scrub;
mod status;
mod stores;
mod up;
mod upgrade;
mod version;
mod web;

use std::io::Write as _;
use std::process::ExitCode;

use nix::sys::stat::{Mode, umask};

use crate::cli::{Cli, Command};
use crate::environment::Environment;

/// What a command that did its work hands back; everything else is an error with one sentence.
pub(crate) enum Outcome {
    /// The work is done and the answer is good.
    Good,
    /// The work is done and the answer is bad: something is down.
    Bad,
    /// A signal ended the work; what it had begun was undone.
    Interrupted,
    /// The work was another program's, and this is how it ended.
    Code(u8),
}

fn main() -> ExitCode {
    // State, lock and log are private, whatever umask was inherited.
    umask(Mode::from_bits_truncate(0o077));
    // A crash is one scrubbed line too: a backtrace of ours helps nobody at a prompt.
    std::panic::set_hook(Box::new(|panic| {
        complain(&panic.to_string());
        std::process::exit(1);
    }));

    match dispatch(cli::parse()) {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Bad) => ExitCode::from(1),
        // What a shell reports for a program that Ctrl-C ended.
        Ok(Outcome::Interrupted) => ExitCode::from(130),
        Ok(Outcome::Code(code)) => ExitCode::from(code),
        // A reader that went away (`caracal logs | head`) is no failure of ours.
        Err(error) if output::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::from(1)
        }
    }
}

fn dispatch(cli: Cli) -> anyhow::Result<Outcome> {
    let environment = Environment::from_process();
    if cli.quiet {
        output::be_quiet();
    }
    let json = cli.json;
    if cli.version {
        return version::run(&environment, json);
    }
    let Some(command) = cli.command else {
        cli::definition().print_help()?;
        return Ok(Outcome::Good);
    };
    let home = cli.home.as_deref();
    match command {
        Command::Up(options) => up::run(environment, home, &options, json),
        Command::Down(options) => down::run(&environment, home, &options, json),
        Command::Status(options) => status::run(environment, home, &options, json),
        Command::Logs(options) => logs::run(&environment, home, &options, json),
        Command::Upgrade(options) => upgrade::run(environment, home, &options, json),
        Command::Doctor(options) => doctor::run(environment, home, &options, json),
        Command::Backup(options) => backup::run(environment, home, &options, json),
        Command::Restore(options) => restore::run(environment, home, &options, json),
        Command::Purge(options) => purge::run(&environment, home, &options, json),
        Command::Allowlist { command } => allowlist::run(&environment, home, &command, json),
        Command::Run(options) => match run::run(environment, home, &options, json) {
            Err(error) => {
                complain(&format!("{error:#}"));
                Ok(Outcome::Code(run::NOT_STARTED))
            }
            outcome => outcome,
        },
        Command::Web(options) => web::run(environment, home, &options),
        Command::Watch(options) => run::watcher::run(&options),
        Command::Config => config::run(environment, home, json),
        Command::Version => version::run(&environment, json),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut cli::definition(), "caracal", &mut script);
            output::raw(&script)?;
            Ok(Outcome::Good)
        }
        Command::Man { dir } => manual::run(dir.as_deref()),
        Command::Launch { caracald } => Err(daemon::become_daemon(&caracald)),
    }
}

/// The one place where an error reaches a person: one line, without anything that looks like a token.
pub(crate) fn complain(sentence: &str) {
    let line = sentence.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    // If stderr is gone there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "caracal: {}", scrub::scrub(&line));
}
