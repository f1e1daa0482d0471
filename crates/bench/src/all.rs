//! `caracal-bench all`: every measurement, in one document.

use std::{fmt, path::PathBuf};

use anyhow::Context as _;
use caracal_core::World;
use serde::Serialize;

use crate::{
    ended, governed, process, revocation,
    stack::{Stack, StackArguments},
    start,
};

/// What to run.
#[derive(Debug, Clone, clap::Args)]
pub struct SuitePlan {
    /// The `caracald` to measure
    #[arg(long, value_name = "CARACALD")]
    pub spawn: PathBuf,
    /// Callers at saturation
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: u16,
    /// Measured span of each load, in seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=600))]
    pub seconds: u16,
    /// Rounds of starting
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub start_rounds: u16,
    /// Rounds of each kind of revocation
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub revocation_rounds: u16,
}

/// Every measurement of one run.
#[derive(Debug, Clone, Serialize)]
pub struct SuiteReport {
    /// The machine.
    pub machine: Machine,
    /// Remembering what has ended.
    pub ended: ended::EndedReport,
    /// Starting.
    pub start: start::StartReport,
    /// One caller at a time: latency.
    pub governed_one_worker: governed::GovernedReport,
    /// As many callers as keep the machine busy: throughput.
    pub governed_saturation: governed::GovernedReport,
    /// Ending authority.
    pub revocation: revocation::RevocationReport,
}

/// What it was measured on.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// Cores for daemon, generator and upstream together.
    pub cores: usize,
    /// The processor's name.
    pub processor: Option<String>,
}

impl SuiteReport {
    /// Whether nothing failed and no ended authority was good for anything.
    pub fn is_clean(&self) -> bool {
        self.ended.is_clean()
            && self.governed_one_worker.is_clean()
            && self.governed_saturation.is_clean()
            && self.revocation.is_clean()
    }
}

/// Measures everything with daemons of its own.
///
/// # Errors
/// The first measurement that cannot be made.
pub async fn run(world: &World, plan: &SuitePlan) -> anyhow::Result<SuiteReport> {
    let note = |what: &str| eprintln!("caracal-bench: {what}");
    // First, while nothing else has taken memory of this process.
    note("ended ids in memory");
    let ended = ended::run(world, &ended::EndedPlan::default())
        .await
        .context("ended ids")?;
    note("starting and restarting");
    let start = start::run(&plan.spawn, plan.start_rounds)
        .await
        .context("start")?;

    let arguments = StackArguments {
        spawn: Some(plan.spawn.clone()),
        ..StackArguments::default()
    };
    let stack = Stack::open(&arguments).await?;
    note("governed calls, one worker");
    let one = governed::GovernedPlan::closed(1, plan.seconds);
    let governed_one_worker = governed::run(&stack, world, &one).await.context("one worker")?;
    note("governed calls, saturation");
    let many = governed::GovernedPlan::closed(plan.workers, plan.seconds);
    let governed_saturation = governed::run(&stack, world, &many).await.context("saturation")?;
    note("revocation");
    let rounds = revocation::RevocationPlan {
        rounds: plan.revocation_rounds,
        workers: 2,
    };
    let revocation = revocation::run(&stack, world, &rounds)
        .await
        .context("revocation")?;
    stack.close().await?;
    Ok(SuiteReport {
        machine: Machine {
            cores: process::cores(),
            processor: process::processor(),
        },
        ended,
        start,
        governed_one_worker,
        governed_saturation,
        revocation,
    })
}

impl fmt::Display for SuiteReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let processor = self.machine.processor.as_deref().unwrap_or("unknown processor");
        writeln!(f, "{} cores, {processor}\n\n{}\n", self.machine.cores, self.start)?;
        writeln!(
            f,
            "{}\n\n{}\n",
            self.governed_one_worker, self.governed_saturation
        )?;
        write!(f, "{}\n\n{}", self.revocation, self.ended)
    }
}
