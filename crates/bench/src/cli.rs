//! Commands and what they print.

use std::{
    io::{ErrorKind, Write as _},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::{Parser, Subcommand};
use serde::Serialize;

use crate::{
    all, command, ended, es256, governed, isolation, markdown, revocation, sessions,
    stack::{Stack, StackArguments},
    start,
};

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "caracal-bench",
    version,
    about = "Measures a running Caracal stack on this machine",
    after_help = "Exits with 1 when a call failed, when ended authority was still good for something, or when \
                  one zone slowed another by more than it may.",
    max_term_width = 100
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Governed calls a second, latencies, CPU time, and the part of the ES256 limit reached
    Governed {
        #[command(flatten)]
        plan: governed::GovernedPlan,
        #[command(flatten)]
        stack: StackArguments,
        #[command(flatten)]
        output: Output,
    },
    /// Time from the end of a session or delegation to the first refusal at the Gateway
    Revocation {
        #[command(flatten)]
        plan: revocation::RevocationPlan,
        #[command(flatten)]
        stack: StackArguments,
        #[command(flatten)]
        output: Output,
    },
    /// What a governed call of one zone takes while another zone does its worst
    Isolation {
        #[command(flatten)]
        plan: isolation::IsolationPlan,
        #[command(flatten)]
        stack: StackArguments,
        #[command(flatten)]
        output: Output,
    },
    /// Session starts with their ends a second, in one zone, and what a first call takes
    Sessions {
        #[command(flatten)]
        plan: sessions::SessionsPlan,
        #[command(flatten)]
        stack: StackArguments,
        #[command(flatten)]
        output: Output,
    },
    /// Time from start to ready, and memory when idle
    Start {
        /// The `caracald` to measure
        #[arg(long, value_name = "CARACALD")]
        spawn: PathBuf,
        /// Rounds, each with a first start and a restart
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=100))]
        rounds: u16,
        #[command(flatten)]
        output: Output,
    },
    /// Time that `caracal up`, `status` and the like take
    #[command(name = "command")]
    Cli {
        /// The `caracal` to measure; its `caracald` is the one beside it
        #[arg(long, value_name = "CARACAL")]
        caracal: PathBuf,
        /// Rounds, each in a state directory of its own
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=100))]
        rounds: u16,
        #[command(flatten)]
        output: Output,
    },
    /// Memory that ended ids take, and how long whoever asks for one waits meanwhile
    Ended {
        #[command(flatten)]
        plan: ended::EndedPlan,
        #[command(flatten)]
        output: Output,
    },
    /// What one core of this machine can sign and verify
    Es256 {
        #[command(flatten)]
        output: Output,
    },
    /// Everything above but isolation, sessions and the command, with daemons of its own
    All {
        #[command(flatten)]
        plan: all::SuitePlan,
        #[command(flatten)]
        output: Output,
        /// Print a Markdown table
        #[arg(long, conflicts_with = "json")]
        markdown: bool,
    },
}

#[derive(Debug, clap::Args)]
struct Output {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Runs a command and prints its report.
///
/// # Errors
/// When there is nothing to report.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let world = caracal_crypto::system_world();
    match arguments.command {
        Command::Governed { plan, stack, output } => {
            let stack = Stack::open(&stack).await?;
            let report = governed::run(&stack, &world, &plan).await?;
            stack.close().await?;
            output.print(&report)?;
            Ok(exit(report.is_clean()))
        }
        Command::Revocation { plan, stack, output } => {
            let stack = Stack::open(&stack).await?;
            let report = revocation::run(&stack, &world, &plan).await?;
            stack.close().await?;
            output.print(&report)?;
            Ok(exit(report.is_clean()))
        }
        Command::Isolation { plan, stack, output } => {
            let stack = Stack::open(&stack).await?;
            let report = isolation::run(&stack, &world, &plan).await?;
            stack.close().await?;
            output.print(&report)?;
            Ok(exit(report.is_clean()))
        }
        Command::Sessions { plan, stack, output } => {
            let stack = Stack::open(&stack).await?;
            let report = sessions::run(&stack, &world, &plan).await?;
            stack.close().await?;
            output.print(&report)?;
            Ok(exit(report.is_clean()))
        }
        Command::Start {
            spawn,
            rounds,
            output,
        } => {
            output.print(&start::run(&spawn, rounds).await?)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Cli {
            caracal,
            rounds,
            output,
        } => {
            output.print(&command::run(&caracal, rounds).await?)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Ended { plan, output } => {
            let report = ended::run(&world, &plan).await?;
            output.print(&report)?;
            Ok(exit(report.is_clean()))
        }
        Command::Es256 { output } => {
            output.print(&es256::measure(&world, Duration::from_secs(1))?)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::All {
            plan,
            output,
            markdown,
        } => {
            let report = all::run(&world, &plan).await?;
            if markdown {
                say(&markdown::table(&report))?;
            } else {
                output.print(&report)?;
            }
            Ok(exit(report.is_clean()))
        }
    }
}

impl Output {
    fn print(&self, report: &(impl Serialize + std::fmt::Display)) -> anyhow::Result<()> {
        if self.json {
            say(&format!("{}\n", serde_json::to_string_pretty(report)?))?;
        } else {
            say(&format!("{report}\n"))?;
        }
        Ok(())
    }
}

/// Prints without the panic of `println!` where whoever read has gone.
fn say(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

fn exit(clean: bool) -> ExitCode {
    if clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_is_unbounded_is_refused() {
        for line in [
            "governed --workers 0",
            "governed --workers 100000",
            "governed --seconds 100000",
            "governed --rate 0",
            "governed --payload 2000000",
            "governed --apps 0",
            "revocation --rounds 0",
            "isolation --rate 0",
            "isolation --hanging 100000",
            "isolation --only nothing",
            "sessions --workers 0",
            "sessions --cold 100000",
            "ended --ids 0",
            "start --rounds 5",
            "all --spawn x --json --markdown",
        ] {
            let words = std::iter::once("caracal-bench").chain(line.split(' '));
            assert!(Arguments::try_parse_from(words).is_err(), "{line}");
        }
    }
}
