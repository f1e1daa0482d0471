//! What a drill is told on its command line.

use std::path::PathBuf;

use super::Deployment;

/// Longest fault: sessions of the traffic live five minutes.
const LONGEST: u64 = 180;

/// A drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Drill {
    /// Redis is away: calls are refused with 503 rather than honoured twice.
    RedisOutage,
    /// PostgreSQL is away: calls go on from memory.
    PostgresOutage,
    /// A process is killed: whoever asks the others notices nothing.
    RoleKill,
    /// A replica of a store takes over.
    ReplicaPromotion,
    /// Every process is replaced by another build.
    Upgrade,
    /// Keys change: of the zone by itself, of the deployment by the command given.
    KeyRotation,
    /// A backup is taken while calls go on, and restored elsewhere.
    BackupRestore,
    /// Everything of one place is away.
    RegionLoss,
    /// Sessions end under load, and nothing of them is good afterwards.
    Revocation,
    /// The volume of a process' spool is full: refused with 503 rather than left out of the ledger.
    SpoolFull,
    /// Syncs of a disk take seconds.
    SlowDisk,
    /// The clock of a machine is off, within what is tolerated: 30 s.
    ClockSkew,
    /// The ledger is changed in its database: calls go on, and verification finds it.
    Tamper,
}

impl Drill {
    pub(super) fn name(self) -> String {
        clap::ValueEnum::to_possible_value(&self)
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Whether calls may be refused, or find nobody, while the fault lasts. Never may one be answered wrongly.
    pub(super) const fn interrupts(self) -> bool {
        match self {
            Self::RedisOutage
            | Self::RoleKill
            | Self::ReplicaPromotion
            | Self::RegionLoss
            | Self::SpoolFull
            | Self::SlowDisk => true,
            Self::PostgresOutage
            | Self::Upgrade
            | Self::KeyRotation
            | Self::BackupRestore
            | Self::Revocation
            | Self::ClockSkew
            | Self::Tamper => false,
        }
    }

    /// Whether it needs a command that breaks something.
    pub(super) const fn needs_hook(self) -> bool {
        !matches!(self, Self::KeyRotation | Self::Revocation)
    }

    /// Whether it is about what somebody has to find.
    pub(super) const fn needs_detection(self) -> bool {
        matches!(self, Self::Tamper)
    }
}

/// What to do.
#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum Command {
    /// Break something of a deployment and see that promises hold; exit 1 when one does not.
    Run(Box<DrillOptions>),
    /// Verify the signature of a report; exit 1 when it does not hold.
    Verify {
        /// The report, in JSON.
        report: PathBuf,
        /// The public key, as `drill run` told it.
        #[arg(long, value_name = "KEY")]
        trust: String,
    },
}

/// What to break, where, and how.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DrillOptions {
    /// The drill.
    #[arg(value_enum)]
    pub(super) drill: Drill,
    /// The issuer of the deployment, typed in full: what answers as anything else is not touched.
    #[arg(long, value_name = "ISSUER")]
    pub(super) target: String,
    /// Break a deployment in mode `stable`, or one that does not show its mode.
    #[arg(long)]
    pub(super) stable: bool,
    #[command(flatten)]
    pub(super) deployment: Deployment,
    /// The command that breaks it, run by the shell.
    #[arg(long = "break", value_name = "COMMAND")]
    pub(super) broken_by: Option<String>,
    /// The command that mends it; run whatever comes out.
    #[arg(long = "mend", value_name = "COMMAND", requires = "broken_by")]
    pub(super) mended_by: Option<String>,
    /// The command that has to find what is broken: it must end with 0 before, with 1 while it is, and with 0 once everything is
    /// back.
    #[arg(long = "detect", value_name = "COMMAND", requires = "broken_by")]
    pub(super) detected_by: Option<String>,
    /// How long the fault lasts.
    #[arg(long = "for", value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=LONGEST))]
    pub(super) lasts: u64,
    /// In how long everything must be back.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(super) within: u64,
    /// Where the report goes, in JSON and Markdown.
    #[arg(long, value_name = "DIRECTORY")]
    pub(super) report: PathBuf,
    /// The file with the secret that signs it: 32 random bytes or more in hex.
    #[arg(long, value_name = "FILE")]
    pub(super) sign_with: PathBuf,
}
