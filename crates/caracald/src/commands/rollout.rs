//! `caracald rollout check`: the gates between a deployment that runs and one that others may depend on.
//!
//! Each gate is declared once, with what it asks and what to do; the handbook's page of gates is printed from here. A gate
//! that cannot be looked at is unknown, which is neither passed nor failed: nobody is waved through for lack of a look.

mod configuration;
mod gates;
mod headroom;
mod processes;
mod surroundings;

use std::{path::PathBuf, process::ExitCode};

use caracal_core::Timestamp;
use caracal_crypto::system_world;
use caracal_service::config::Settings;
use serde::Serialize;

use self::gates::{GATES, Gate};
use super::{
    processes::{Operator, Process, embedded},
    say,
};
use crate::config::{Config, declared};

/// Exit code where nothing fails and something is unknown.
const UNKNOWN: u8 = 3;

/// What to do.
#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum Command {
    /// Look at every gate; exit 0 when all pass, 1 when one fails, 3 when none fails and some could not be looked at.
    Check(Rollout),
    /// Print the handbook's page of gates.
    Gates,
}

/// Where to look. Settings are those of the environment.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Rollout {
    /// A process of the deployment, once for each replica. Those of an embedded deployment are known.
    #[arg(long = "process", value_name = "ROLE=URL")]
    processes: Vec<Process>,
    /// The directory of the secrets.
    #[arg(long, value_name = "DIRECTORY")]
    secrets: Option<PathBuf>,
    /// The Prometheus that watches.
    #[arg(long, value_name = "URL")]
    prometheus: Option<String>,
    /// The newest backup of the database, or what its job leaves behind when it went well.
    #[arg(long, value_name = "FILE")]
    backup: Option<PathBuf>,
    /// When a backup was last restored and its ledger verified (RFC 3339).
    #[arg(long, value_name = "TIME", value_parser = super::instant)]
    restore_tried: Option<Timestamp>,
    /// The newest answer of `audit verify --json`, kept elsewhere.
    #[arg(long, value_name = "FILE")]
    heads: Option<PathBuf>,
    /// Print one JSON document instead of lines.
    #[arg(long)]
    json: bool,
}

/// How a gate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Pass,
    Fail,
    Unknown,
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "FAIL",
            Self::Unknown => "unknown",
        }
    }
}

/// What was found at a gate.
#[derive(Debug, Clone)]
struct Found {
    verdict: Verdict,
    detail: String,
}

impl Found {
    fn pass(detail: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Pass,
            detail: detail.into(),
        }
    }

    fn fail(detail: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Fail,
            detail: detail.into(),
        }
    }

    fn unknown(detail: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Unknown,
            detail: detail.into(),
        }
    }

    /// Passed where `holds`.
    fn of(holds: bool, detail: impl Into<String>) -> Self {
        if holds {
            Self::pass(detail)
        } else {
            Self::fail(detail)
        }
    }
}

#[derive(Debug, Serialize)]
struct GateReport {
    gate: &'static str,
    verdict: Verdict,
    found: String,
    /// What to do; nothing where it passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'static str>,
    page: &'static str,
}

#[derive(Debug, Serialize)]
struct Report {
    version: &'static str,
    made_at: String,
    passed: usize,
    failed: usize,
    unknown: usize,
    gates: Vec<GateReport>,
}

/// Everything that is looked at, opened once.
struct Seen<'a> {
    asked: &'a Rollout,
    config: Result<Config, String>,
    /// What each process says, or why it says nothing.
    processes: Vec<processes::Shown>,
    store: configuration::Store,
    prometheus: Option<surroundings::Prometheus>,
    now: Timestamp,
}

/// Runs one of them.
pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check(asked) => check(asked),
        Command::Gates => {
            say(gates::page()?.trim_end())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn check(asked: &Rollout) -> anyhow::Result<ExitCode> {
    let settings = Settings::from_process();
    let bearers: Vec<String> = settings
        .secrets(
            [
                &declared::METRICS_BEARER as &_,
                &declared::METRICS_BEARER_PREVIOUS as &_,
            ]
            .into_iter(),
        )
        .into_iter()
        .map(|(_, secret)| secret.expose().trim().to_owned())
        .filter(|bearer| !bearer.is_empty())
        .collect();
    let config = Config::read(settings, &[]).map_err(|error| error.to_string());
    let named = match (&config, asked.processes.as_slice()) {
        (Ok(config), []) => embedded(&config.home)?,
        (_, named) => named.to_vec(),
    };
    let now = system_world().now();
    let report = super::block_on(async {
        let operator = Operator::new()?;
        let seen = Seen {
            processes: processes::shown(&operator, &named, &bearers).await,
            store: configuration::store(&config).await,
            prometheus: surroundings::prometheus(&operator, asked.prometheus.as_deref()).await,
            asked,
            config,
            now,
        };
        Ok(report(&seen))
    })?;
    if asked.json {
        say(&serde_json::to_string_pretty(&report)?)?;
    } else {
        say(&lines(&report))?;
    }
    Ok(match (report.failed, report.unknown) {
        (0, 0) => ExitCode::SUCCESS,
        (0, _) => ExitCode::from(UNKNOWN),
        _ => ExitCode::FAILURE,
    })
}

fn report(seen: &Seen<'_>) -> Report {
    let gates: Vec<GateReport> = GATES
        .iter()
        .map(|gate| report_gate(gate, (gate.check)(seen)))
        .collect();
    let count = |verdict| gates.iter().filter(|told| told.verdict == verdict).count();
    Report {
        version: env!("CARGO_PKG_VERSION"),
        made_at: seen.now.to_string(),
        passed: count(Verdict::Pass),
        failed: count(Verdict::Fail),
        unknown: count(Verdict::Unknown),
        gates,
    }
}

fn report_gate(gate: &Gate, found: Found) -> GateReport {
    GateReport {
        gate: gate.name,
        verdict: found.verdict,
        found: found.detail,
        fix: (found.verdict != Verdict::Pass).then_some(gate.fix),
        page: gate.page,
    }
}

fn lines(report: &Report) -> String {
    let mut lines: Vec<String> = Vec::new();
    for told in &report.gates {
        lines.push(format!(
            "{:7}  {:20}  {}",
            told.verdict.word(),
            told.gate,
            told.found
        ));
        lines.extend(told.fix.map(|fix| format!("{:31}do: {fix}", "")));
    }
    lines.push(format!(
        "{} passed, {} failed, {} unknown",
        report.passed, report.failed, report.unknown
    ));
    lines.join("\n")
}
