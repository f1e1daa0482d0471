//! What can be typed.

mod allowlist;
mod purge;
mod run;

use std::ffi::OsString;
use std::path::PathBuf;

use caracal_crypto::AgeRecipient;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub(crate) use self::allowlist::Allowlist;
pub(crate) use self::purge::{Purge, Target};
pub(crate) use self::run::{Run, Watch};
use crate::containers::Kind;
use crate::roles::Role;

/// Examples first: most readers look for the line to copy.
const HELP: &str = "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";

const EXAMPLES: &str = "\
Examples:
  caracal up                       start, and wait until everything takes traffic
  caracal status --watch           who is up, what it keeps, until Ctrl-C
  caracal logs gateway -f          what one role says, as it says it
  caracal doctor                   what is wrong, and how to mend it
  caracal config --json            every setting in force and where it comes from
  caracal down                     stop; the state stays";

const AFTER_HELP: &str = "\
Answers go to stdout, everything else to stderr.

Exit codes:
  0    done; for `status`: every service and store of this home is up
  1    failed, with one sentence on stderr; for `status`: something is down
  2    the command line was not understood
  130  interrupted; what had been begun was undone

Environment:
  CARACAL_HOME           state directory; default $XDG_DATA_HOME/caracal, else
                         ~/.local/share/caracal
  CARACAL_CARACALD       the caracald to start; default beside caracal, then PATH
  CARACAL_ENV_FILE       settings to add where the environment has none;
                         default <home>/caracal.env
  CARACAL_<ROLE>_LISTEN  address:port of api, sts, gateway, audit, coordinator;
                         port 0 takes a free one
  CARACAL_MODE           dev (default here), rc or stable
  CARACAL_MIN_FREE_MIB   free disk space a start needs; default 64
  NO_COLOR               never colour the output

Secrets are files in <home>/secrets and are never taken as arguments.";

/// Start, stop and watch a local Caracal.
#[derive(Debug, Parser)]
#[command(name = "caracal", before_help = EXAMPLES, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Cli {
    /// Print the version.
    #[arg(short = 'v', long, visible_short_alias = 'V')]
    pub(crate) version: bool,
    /// State directory.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// Answer in JSON, one line each.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say nothing but the answer and errors.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// One thing to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start caracald in the background, or a stack of containers, unless it runs, and wait until it is ready.
    Up(Up),
    /// Stop what `up` started.
    Down(Down),
    /// Ask every service and store how it is.
    Status(Status),
    /// Show what caracald wrote.
    Logs(Logs),
    /// Show every setting in force and where it comes from; secrets are hidden.
    #[command(before_help = "\
Examples:
  caracal config                   what `up` would start caracald with here
  caracal config --json            the same for programs")]
    Config,
    /// Look at everything that can keep a stack from working, and say how to mend it.
    Doctor(Doctor),
    /// Run a program with the credentials of a workload.
    Run(Run),
    /// Serve the console from its sources, for developing it.
    Web(Web),
    /// Write the whole state to one file, also while it is in use, and verify the copy.
    Backup(Backup),
    /// Put a backup into an empty state directory.
    Restore(Restore),
    /// Put what is installed in place of what runs, and go back if it does not get ready.
    Upgrade(Upgrade),
    /// Remove what a stack left.
    Purge(Purge),
    /// Say who may sign in to the console.
    #[command(before_help = "\
Examples:
  caracal allowlist add ada@example.com --role auditor
  caracal allowlist lock ada@example.com   out at once, the account stays
  caracal allowlist list")]
    Allowlist {
        #[command(subcommand)]
        command: Allowlist,
    },
    /// Print the version.
    #[command(before_help = "\
Examples:
  caracal version
  caracal version --json           for programs")]
    Version,
    /// Print a completion script for a shell.
    #[command(before_help = "\
Examples:
  caracal completions bash > ~/.local/share/bash-completion/completions/caracal
  caracal completions zsh  > ~/.zfunc/_caracal")]
    Completions {
        /// The shell to complete for.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write those of all commands to a directory.
    #[command(before_help = "\
Examples:
  caracal man | man -l -
  caracal man --dir ~/.local/share/man/man1")]
    Man {
        /// Write one page for each command there.
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Watch over a program that was launched (internal).
    #[command(name = "__watch", hide = true)]
    Watch(Watch),
    /// Become caracald in a session of its own (internal).
    #[command(name = "__launch", hide = true)]
    Launch {
        /// The binary to become.
        caracald: PathBuf,
    },
}

/// Options of `up`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  caracal up
  caracal --home ./second up       a second stack; give it ports of its own
  caracal up --foreground          for systemd and other supervisors
  caracal up --runtime             containers of this release, with Docker Compose
  caracal up --compose             containers built from the checkout this is typed in")]
pub(crate) struct Up {
    /// Seconds to wait for every service to be ready [default: 60; 1800 with containers].
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: Option<u64>,
    /// Containers of a release, PostgreSQL and Redis beside them: a host of your own.
    #[arg(long, conflicts_with_all = ["compose", "foreground"])]
    pub(crate) runtime: bool,
    /// Containers built from a checkout, for developing.
    #[arg(long, conflicts_with = "foreground")]
    pub(crate) compose: bool,
    /// Stay attached to this terminal instead of going to the background.
    #[arg(long, conflicts_with = "json")]
    pub(crate) foreground: bool,
}

impl Up {
    /// Which stack of containers is asked for, if one is.
    pub(crate) fn containers(&self) -> Option<Kind> {
        match (self.runtime, self.compose) {
            (true, _) => Some(Kind::Runtime),
            (_, true) => Some(Kind::Development),
            _ => None,
        }
    }
}

/// Options of `down`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  caracal down                     asks it to stop, and waits for what it is doing
  caracal down --timeout 0         kills it at once")]
pub(crate) struct Down {
    /// Seconds to wait for a graceful stop before killing.
    #[arg(long, default_value_t = 20, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub(crate) timeout: u64,
}

/// Options of `status`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  caracal status                   is everything alive?
  caracal status --ready --json    does everything take traffic? for programs
  caracal status --watch           again and again, until Ctrl-C")]
pub(crate) struct Status {
    /// Ask whether the services take traffic, not only whether they live.
    #[arg(long)]
    pub(crate) ready: bool,
    /// Ask again every few seconds until Ctrl-C.
    #[arg(short, long)]
    pub(crate) watch: bool,
    /// Seconds between two looks of `--watch`.
    #[arg(long, default_value_t = 2, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) interval: u64,
}

/// Options of `logs`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  caracal logs -n 20               the last twenty lines
  caracal logs gateway -f          those of one role, as they come")]
pub(crate) struct Logs {
    /// Only lines of one role.
    #[arg(value_enum, value_name = "ROLE", conflicts_with = "role")]
    pub(crate) of: Option<Role>,
    /// Keep printing what comes.
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// How many of the last lines to print.
    #[arg(short = 'n', long = "lines", default_value_t = 100, value_name = "N")]
    pub(crate) lines: usize,
    /// The same as naming the role.
    #[arg(long, value_enum, hide = true)]
    pub(crate) role: Option<Role>,
}

/// Options of `doctor`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  caracal doctor                   why does it not start, or not answer?
  caracal doctor --preflight       could it start here?
  caracal doctor --strict --json   for programs; a warning fails too")]
pub(crate) struct Doctor {
    /// Only what a start needs; services that should run are not asked.
    #[arg(long)]
    pub(crate) preflight: bool,
    /// Fail on warnings too.
    #[arg(long)]
    pub(crate) strict: bool,
}

/// Options of `web`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  caracal up && caracal web        http://localhost:5173 reloads as console/ changes")]
pub(crate) struct Web {
    /// Where to serve it on this machine.
    #[arg(long, alias = "web-port", default_value_t = 5173, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: u16,
}

/// Options of `backup`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  caracal backup                   to caracal-backup-<time>.tar in this directory
  caracal backup /mnt/safe/today.tar.age --recipient age1...")]
pub(crate) struct Backup {
    /// The new file; it will hold keys and be for its owner alone.
    pub(crate) file: Option<PathBuf>,
    /// Encrypt it to this public key of age; may be given again (or `BACKUP_RECIPIENT`, with commas).
    #[arg(long = "recipient", value_name = "KEY")]
    pub(crate) recipients: Vec<AgeRecipient>,
    /// Do not restore and verify the copy.
    #[arg(long)]
    pub(crate) no_verify: bool,
}

/// Options of `restore`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  caracal --home ./again restore today.tar
  caracal --home ./again restore today.tar.age --identity backup.key --dry-run")]
pub(crate) struct Restore {
    /// What `backup` wrote.
    pub(crate) file: PathBuf,
    /// The file with the secret key of age that opens it.
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,
    /// Unpack and verify it, then leave the directory as it was.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Options of `upgrade`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  caracal upgrade --check          is another version installed than runs?
  caracal upgrade")]
pub(crate) struct Upgrade {
    /// Say whether there is something to do (exit code 1 then), and do nothing.
    #[arg(long)]
    pub(crate) check: bool,
    /// Seconds to wait for every service to be ready before going back [default: 60; 300 with containers].
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: Option<u64>,
}

/// The whole command line, as help, completions and manual pages show it.
pub(crate) fn definition() -> clap::Command {
    Cli::command()
        .help_template(HELP)
        .mut_subcommands(|command| command.help_template(HELP))
}

/// Understands the process arguments; ends the process with help, or with what is wrong.
pub(crate) fn parse() -> Cli {
    let matches = definition().get_matches_from(arguments(std::env::args_os()));
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// The process arguments without one leading `--`, which some launchers insert.
fn arguments(given: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = given.collect();
    if arguments.get(1).is_some_and(|first| first == "--") {
        arguments.remove(1);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds_together() {
        definition().debug_assert();
    }

    #[test]
    fn a_leading_double_dash_is_ignored() {
        let given = ["caracal", "--", "status"].map(OsString::from);
        assert_eq!(arguments(given.into_iter()), ["caracal", "status"]);
    }
}
