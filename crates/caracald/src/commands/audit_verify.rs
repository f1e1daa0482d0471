//! `caracald audit verify`.

mod backup;
#[cfg(feature = "export")]
mod bucket;
#[cfg(feature = "export")]
mod export;
mod journal;
mod kept;
mod offline;
mod pack;
mod receipt;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use caracal_audit::{KeptHeads, verify_evidence};
use caracal_core::{ZoneId, json};
use caracal_service::config::Settings;
use caracal_wire::audit::{ChainReport, EvidenceReport};
use serde::Serialize;

use self::{
    backup::Unpacked,
    kept::{Against, Compared},
};
use super::say;
use crate::{config::Config, wire};

/// What is verified, and against what.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("place").args(["backup", "export", "archive", "pack", "receipt"]).multiple(true)))]
#[command(group(clap::ArgGroup::new("offline").args(["export", "archive"]).multiple(true)))]
pub(crate) struct VerifyOptions {
    /// Only this zone; every zone with entries otherwise.
    #[arg(long, conflicts_with_all = ["export", "archive", "pack", "receipt"])]
    zone: Option<String>,
    /// An earlier answer of `audit verify --json`, kept elsewhere: every chain must still contain the end it had.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["export", "archive", "pack", "receipt"])]
    expect: Option<PathBuf>,
    /// Verify the ledger in this backup of `caracal backup` instead of the deployment's.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["export", "archive", "pack", "receipt"])]
    backup: Option<PathBuf>,
    /// The file with the key that opens it, if it is encrypted (`caracal backup --recipient`).
    #[arg(long, value_name = "FILE", requires = "backup")]
    identity: Option<PathBuf>,
    /// Verify this evidence pack instead, offline.
    #[arg(long, value_name = "FILE", group = "compared", requires = "trust", conflicts_with_all = ["export", "archive", "receipt", "checkpoint"])]
    pack: Option<PathBuf>,
    /// Verify this receipt instead, offline.
    #[arg(long, value_name = "FILE", group = "compared", requires = "trust", conflicts_with_all = ["export", "archive", "checkpoint"])]
    receipt: Option<PathBuf>,
    /// Verify this instead, without a database: a scheduled export (a directory, or a URL as in `AUDIT_EXPORT_URL`), or a file
    /// of `audit export`.
    #[arg(long, value_name = "TARGET", group = "compared", requires = "trust")]
    export: Option<String>,
    /// Verify what retention put away in this directory (`AUDIT_ARCHIVE_DIR`, or what it has of one log) instead, without a
    /// database; with `--export FILE` what the ledger still has of that log too.
    #[arg(long, value_name = "DIRECTORY", group = "compared", requires = "trust")]
    archive: Option<PathBuf>,
    #[command(flatten)]
    against: Against,
    /// Print one JSON document instead of lines.
    #[arg(long)]
    json: bool,
}

/// Verifies what is wanted; exit 1 when something does not hold.
pub(crate) fn run(wanted: &VerifyOptions) -> anyhow::Result<ExitCode> {
    let VerifyOptions { against, json, .. } = wanted;
    if let Some(pack) = &wanted.pack {
        return pack::run_pack(pack, against, *json);
    }
    if let Some(receipt) = &wanted.receipt {
        return receipt::run_receipt(receipt, against, *json);
    }
    if let Some(archive) = &wanted.archive {
        let rest = wanted.export.as_deref().map(Path::new);
        return offline::run_archive(archive, rest, against, *json);
    }
    if let Some(export) = &wanted.export {
        let path = Path::new(export);
        if path.is_file() {
            return offline::run_file(path, against, *json);
        }
        #[cfg(feature = "export")]
        return export::run_export(export, against, *json);
        #[cfg(not(feature = "export"))]
        anyhow::bail!("--export: {export} is no file, and this build reads no scheduled exports");
    }
    run_store(wanted)
}

fn read_kept(path: &Path) -> anyhow::Result<KeptHeads> {
    let text = std::fs::read(path).with_context(|| format!("--expect: cannot read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| {
        format!(
            "--expect: {} is no report of `audit verify --json`",
            path.display()
        )
    })
}

/// Verifies one zone's chains or all of them.
fn run_store(wanted: &VerifyOptions) -> anyhow::Result<ExitCode> {
    // Kept until the end: it is removed with this.
    let identity = wanted.identity.as_deref();
    let backup = wanted
        .backup
        .as_deref()
        .map(|backup| Unpacked::open(backup, identity))
        .transpose()?;
    let config = match &backup {
        Some(backup) => backup.config()?,
        None => Config::read(Settings::from_process(), &[])?,
    };
    let kept = wanted.expect.as_deref().map(read_kept).transpose()?;
    let kept = kept.unwrap_or_default();
    super::block_on(async {
        let (store, audit_key) = Box::pin(wire::ledger(config)).await?;
        let zone = wanted
            .zone
            .as_deref()
            .map(|zone| ZoneId::parse(zone).context("--zone is not a zone id"))
            .transpose()?;
        let mut journal = wanted.against.journal()?;
        let report = verify_evidence(
            store.as_ref(),
            zone.as_ref(),
            audit_key.as_ref(),
            &kept,
            &mut journal,
        )
        .await?;
        journal.whole_is_done()?;
        let Some(report) = report else {
            // Nothing was verified, which is not the same as a chain that holds.
            let zone = zone.as_ref().map_or("", ZoneId::as_str);
            anyhow::bail!(
                "the ledger has no entry of zone {zone}: it is misspelt, was never used, or was erased"
            );
        };
        let compared = wanted.against.compare(store.as_ref(), zone.as_ref()).await?;
        let holds = report.holds && compared.iter().all(|one| one.fault.is_none());
        let mut lines = lines(&report);
        lines.extend(compared.iter().map(line));
        let mut document = serde_json::to_value(&report)?;
        document["holds"] = holds.into();
        if !compared.is_empty() {
            document["checkpoints"] = serde_json::to_value(&compared)?;
        }
        verdict(wanted.json.then_some(document), &lines.join("\n"), holds)
    })
}

/// Says what came of logs that lie in files.
fn report(compared: &[Compared], json: bool) -> anyhow::Result<ExitCode> {
    let holds = compared.iter().all(|one| one.fault.is_none());
    let document = json.then(|| {
        document(
            holds,
            Checkpoints {
                checkpoints: compared,
            },
        )
    });
    let lines: Vec<String> = compared.iter().map(line).collect();
    verdict(document, &lines.join("\n"), holds)
}

/// What came of logs that lie in files, for programs.
#[derive(Serialize)]
struct Checkpoints<'a> {
    checkpoints: &'a [Compared],
}

/// What does not hold, for programs.
#[derive(Serialize)]
struct Fault {
    fault: String,
}

/// Whether it holds, and what else is told, for programs.
#[derive(Serialize)]
struct Verdict<T> {
    holds: bool,
    #[serde(flatten)]
    told: T,
}

fn document(holds: bool, told: impl Serialize) -> serde_json::Value {
    json::tree(&Verdict { holds, told })
}

/// Prints the `document`, or else the `text`; the exit code says whether it `holds`.
fn verdict(document: Option<serde_json::Value>, text: &str, holds: bool) -> anyhow::Result<ExitCode> {
    match document {
        Some(document) => say(&document.to_string())?,
        None => say(text)?,
    }
    Ok(if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What checkpoints say, for people.
fn line(compared: &Compared) -> String {
    let Compared {
        log,
        zone_id: _,
        entries,
        proved,
        fault,
    } = compared;
    match fault {
        None => format!("{log}, checkpoints: {entries} entries, as signed up to {proved}"),
        Some(fault) => format!("{log}, checkpoints: DOES NOT HOLD: {fault}"),
    }
}

/// The report for people.
fn lines(report: &EvidenceReport) -> Vec<String> {
    let mut lines = Vec::new();
    for chain in &report.zones {
        add_chain(&mut lines, chain, "ledger", "entries");
    }
    for chain in &report.administrative {
        add_chain(&mut lines, chain, "administrative log", "records");
    }
    if let Some(chains) = &report.chains {
        let at = chains.at.map_or_else(String::new, |at| format!(" (number {at})"));
        for fault in &chains.faults {
            lines.push(format!(
                "the set of {} chains DOES NOT HOLD: {fault}{at}",
                chains.count
            ));
        }
        if chains.count == 0 && chains.faults.is_empty() {
            lines.push(String::from("the ledger is empty"));
        }
    }
    lines
}

fn add_chain(lines: &mut Vec<String>, chain: &ChainReport, what: &str, entries: &str) {
    let verdict = if chain.holds() { "holds" } else { "DOES NOT HOLD" };
    let whose = match &chain.zone_id {
        Some(zone) => format!("zone {zone}, {what}"),
        None => format!("deployment, {what}"),
    };
    let pruned = match &chain.pruned {
        Some(pruned) => {
            let at = pruned.at.to_rfc3339_micros();
            format!(" (1 to {} pruned, last at {at})", pruned.up_to)
        }
        None => String::new(),
    };
    lines.push(format!(
        "{whose}: {} {entries}{pruned}, chain {verdict}",
        chain.entries
    ));
    for fault in &chain.faults {
        lines.push(format!(
            "  entry {} ({}): {}",
            fault.chain_seq, fault.event_id, fault.kind
        ));
    }
}
