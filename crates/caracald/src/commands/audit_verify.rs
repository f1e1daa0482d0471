//! `caracald audit verify`.

use std::{path::Path, process::ExitCode};

use anyhow::Context as _;
use caracal_audit::{KeptHead, verify_zone_against};
use caracal_core::ZoneId;
use caracal_service::config::Settings;
use caracal_storage::Access;
use caracal_wire::audit::ChainReport;

use super::say;
use crate::{config::Config, wire};

/// A report of an earlier run, as far as it says where chains ended.
#[derive(serde::Deserialize)]
struct Kept {
    zones: Vec<KeptHead>,
}

fn read_kept(path: &Path) -> anyhow::Result<Vec<KeptHead>> {
    let text = std::fs::read(path).with_context(|| format!("--expect: cannot read {}", path.display()))?;
    let kept: Kept = serde_json::from_slice(&text).with_context(|| {
        format!(
            "--expect: {} is no report of `audit verify --json`",
            path.display()
        )
    })?;
    Ok(kept.zones)
}

/// Verifies one zone's chain or all of them.
pub(crate) fn run(zone: Option<String>, expect: Option<&Path>, json: bool) -> anyhow::Result<ExitCode> {
    let config = Config::read(Settings::from_process(), &[])?;
    let kept = expect.map(read_kept).transpose()?.unwrap_or_default();
    super::block_on(async move {
        let (store, audit_key) = wire::ledger(config).await?;
        let known = store.global(Access::Read).await?.zones_with_ledger().await?;
        let zones = if let Some(zone) = zone {
            let zone = ZoneId::parse(&zone).context("--zone is not a zone id")?;
            // Nothing was verified, which is not the same as a chain that holds.
            let was_there = kept.iter().any(|kept| kept.zone_id == zone);
            anyhow::ensure!(
                known.contains(&zone) || was_there,
                "the ledger has no entry of zone {zone}: it is misspelt, was never used, or was erased"
            );
            vec![zone]
        } else {
            let mut zones = known;
            for kept in &kept {
                // A zone that was erased as a whole shows as one without the entries it had.
                if !zones.contains(&kept.zone_id) {
                    zones.push(kept.zone_id.clone());
                }
            }
            zones
        };
        let mut reports = Vec::with_capacity(zones.len());
        for zone in zones {
            let kept = kept.iter().find(|kept| kept.zone_id == zone);
            reports.push(verify_zone_against(store.as_ref(), &zone, audit_key.as_ref(), kept).await?);
        }
        let holds = reports.iter().all(ChainReport::holds);
        if json {
            say(&serde_json::json!({"holds": holds, "zones": reports}).to_string())?;
        } else {
            for report in &reports {
                let verdict = if report.holds() { "holds" } else { "DOES NOT HOLD" };
                say(&format!(
                    "zone {}: {} entries, chain {verdict}",
                    report.zone_id, report.entries
                ))?;
                for fault in &report.faults {
                    say(&format!(
                        "  entry {} ({}): {}",
                        fault.chain_seq, fault.event_id, fault.kind
                    ))?;
                }
            }
            if reports.is_empty() {
                say("the ledger is empty")?;
            }
        }
        Ok(if holds {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    })
}
