//! `caracald audit verify`.

#[cfg(feature = "export")]
mod export;
mod kept;
mod pack;

use std::{path::Path, process::ExitCode};

use anyhow::Context as _;
use caracal_audit::{KeptHeads, verify_evidence};
use caracal_core::ZoneId;
use caracal_service::config::Settings;
use caracal_wire::audit::{ChainReport, EvidenceReport};

#[cfg(feature = "export")]
pub(crate) use self::export::run_export;
use self::kept::Compared;
pub(crate) use self::{kept::Against, pack::run_pack};
use super::say;
use crate::{config::Config, wire};

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
pub(crate) fn run(
    zone: Option<String>,
    expect: Option<&Path>,
    against: &Against,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let config = Config::read(Settings::from_process(), &[])?;
    let kept = expect.map(read_kept).transpose()?.unwrap_or_default();
    super::block_on(async move {
        let (store, audit_key) = Box::pin(wire::ledger(config)).await?;
        let zone = zone
            .map(|zone| ZoneId::parse(&zone).context("--zone is not a zone id"))
            .transpose()?;
        let report = verify_evidence(store.as_ref(), zone.as_ref(), audit_key.as_ref(), &kept).await?;
        let Some(report) = report else {
            // Nothing was verified, which is not the same as a chain that holds.
            let zone = zone.as_ref().map_or("", ZoneId::as_str);
            anyhow::bail!(
                "the ledger has no entry of zone {zone}: it is misspelt, was never used, or was erased"
            );
        };
        let compared = against.compare(store.as_ref(), zone.as_ref()).await?;
        let holds = report.holds && compared.iter().all(|one| one.fault.is_none());
        if json {
            let mut report = serde_json::to_value(&report)?;
            report["holds"] = holds.into();
            if !compared.is_empty() {
                report["checkpoints"] = serde_json::to_value(&compared)?;
            }
            say(&report.to_string())?;
        } else {
            let mut lines = lines(&report);
            lines.extend(compared.iter().map(line));
            say(&lines.join("\n"))?;
        }
        Ok(if holds {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
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
        for fault in &chains.faults {
            lines.push(format!(
                "the set of {} chains DOES NOT HOLD: {fault}",
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
