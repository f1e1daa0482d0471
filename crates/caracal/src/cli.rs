//! What can be typed.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::roles::Role;

const AFTER_HELP: &str = "\
Exit codes:
  0    done; for `status`: every service of this home is up
  1    failed, with one sentence on stderr; for `status`: something is down
  2    the command line was not understood
  130  `up` was interrupted and stopped what it had started

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
#[command(name = "caracal", after_help = AFTER_HELP, disable_help_subcommand = false, max_term_width = 100)]
pub(crate) struct Cli {
    /// Print the version.
    #[arg(short = 'v', long, visible_short_alias = 'V')]
    pub(crate) version: bool,
    /// State directory.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// One thing to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start caracald in the background and wait until it is ready.
    Up(Up),
    /// Stop caracald.
    Down(Down),
    /// Ask every service how it is.
    Status(Status),
    /// Show what caracald wrote.
    Logs(Logs),
    /// Print the version.
    Version {
        /// One line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print a completion script for a shell.
    Completions {
        /// The shell to complete for.
        shell: clap_complete::Shell,
    },
    /// Become caracald in a session of its own (internal).
    #[command(name = "__launch", hide = true)]
    Launch {
        /// The binary to become.
        caracald: PathBuf,
    },
}

/// Options of `up`.
#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Seconds to wait for every service to be ready.
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: u64,
    /// Stay attached to this terminal instead of going to the background.
    #[arg(long, conflicts_with = "json")]
    pub(crate) foreground: bool,
    /// Print the endpoints as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Options of `down`.
#[derive(Debug, Args)]
pub(crate) struct Down {
    /// Seconds to wait for a graceful stop before killing.
    #[arg(long, default_value_t = 20, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub(crate) timeout: u64,
}

/// Options of `status`.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Ask whether the services take traffic, not only whether they live.
    #[arg(long)]
    pub(crate) ready: bool,
    /// Print one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Options of `logs`.
#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// Keep printing what comes.
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// How many of the last lines to print.
    #[arg(short = 'n', long = "lines", default_value_t = 100, value_name = "N")]
    pub(crate) lines: usize,
    /// Only lines of one role.
    #[arg(long, value_enum)]
    pub(crate) role: Option<Role>,
}

/// The process arguments without one leading `--`, which some launchers insert.
pub(crate) fn arguments(given: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = given.collect();
    if arguments.get(1).is_some_and(|first| first == "--") {
        arguments.remove(1);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_leading_double_dash_is_ignored() {
        let given = ["caracal", "--", "status"].map(OsString::from);
        assert_eq!(arguments(given.into_iter()), ["caracal", "status"]);
    }
}
