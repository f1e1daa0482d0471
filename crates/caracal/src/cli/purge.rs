//! What can be typed after `caracal purge`.

use clap::Args;

/// Options of `purge`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  caracal purge all --dry-run      what there is to remove
  caracal purge logs               logs only
  caracal purge all --yes          everything, without being asked")]
pub(crate) struct Purge {
    /// What to remove.
    #[arg(required = true, value_enum)]
    pub(crate) targets: Vec<Target>,
    /// Do not ask.
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Say what would be removed and stop.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// What `purge` removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Target {
    /// Stop caracald; nothing is removed.
    Stack,
    /// Logs.
    Logs,
    /// Database, ledger, spool and what else the daemon keeps; asks for a `yes`.
    State,
    /// caracal.env; asks for a `yes`.
    Config,
    /// Keys and tokens; asks for a `yes`.
    Secrets,
    /// All of these, and the directory.
    All,
}
