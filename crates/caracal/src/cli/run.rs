//! What can be typed after `caracal run`, and what it says to the watcher that it starts.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

/// Options of `run`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  caracal run -- ./agent --verbose
  caracal run --print-env -- ./agent       what it would be given, secrets hidden
  caracal run --refresh ./fresh.json -- ./server
  caracal run --gateway 'API=resource://tickets tickets:read' --label reader -- \\
    sh -c 'curl $API/tickets'             holds no credential at all", after_help = RUN_HELP)]
pub(crate) struct Run {
    /// Keep credentials fresh in this file while the program runs.
    #[arg(long, value_name = "FILE")]
    pub(crate) refresh: Option<PathBuf>,
    /// Show what the program would be given, and start nothing.
    #[arg(long)]
    pub(crate) print_env: bool,
    /// Give the program, as NAME, an address on this machine that speaks to a resource for it; may be repeated.
    #[arg(long, value_name = "NAME=RESOURCE SCOPE...")]
    pub(crate) gateway: Vec<String>,
    /// Label of the session that the program acts in with --gateway; may be repeated.
    #[arg(long, value_name = "LABEL", requires = "gateway")]
    pub(crate) label: Vec<String>,
    /// Pass on this variable too; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub(crate) env: Vec<String>,
    /// Seconds that what the program started may take to end, once it has ended.
    #[arg(long, default_value_t = 5, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub(crate) grace: u64,
    /// The program and its arguments.
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "COMMAND"
    )]
    pub(crate) command: Vec<OsString>,
}

const RUN_HELP: &str = "\
The program sees its credentials, and of this environment only PATH, HOME, locale,
terminal and the like. What it starts is ended with it.

Environment:
  CARACAL_WORKLOAD_ID           as which workload
  CARACAL_WORKLOAD_SECRET_FILE  its secret; or CARACAL_WORKLOAD_SECRET; default
                                ~/.config/caracal/runtime/<workload>/secret
  CARACAL_STS_URL               where credentials are asked for; default the
                                stack of this home
  CARACAL_ZONE_ID, CARACAL_APPLICATION_ID, CARACAL_APP_CLIENT_SECRET_FILE
                                with --gateway: the application that it acts for
  CARACAL_COORDINATOR_URL, CARACAL_GATEWAY_URL
                                with --gateway; default the stack of this home

Exit codes:
  the program's own; 128+N when signal N ended it
  125  nothing was started, with one sentence on stderr
  126  the program cannot be run
  127  the program was not found";

/// Options of the watcher.
#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// Who started it.
    #[arg(long)]
    pub(crate) parent: i32,
    /// Seconds between asking and killing.
    #[arg(long)]
    pub(crate) grace: u64,
    /// Whether signals come to the whole process group.
    #[arg(long)]
    pub(crate) own_group: bool,
    /// The program and its arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) command: Vec<OsString>,
}
