//! `caracald audit verify`.

use std::process::ExitCode;

use anyhow::Context as _;
use caracal_audit::verify_zone;
use caracal_core::ZoneId;
use caracal_service::config::Settings;
use caracal_storage::Access;

use crate::{config::Config, wire};

/// Verifies one zone's chain or all of them.
pub(crate) fn run(zone: Option<String>, json: bool) -> anyhow::Result<ExitCode> {
    let config = Config::read(Settings::from_process(), &[])?;
    super::block_on(async move {
        let (store, audit_key) = wire::ledger(config).await?;
        let zones = match zone {
            Some(zone) => vec![ZoneId::parse(&zone).context("--zone is not a zone id")?],
            None => store.global(Access::Read).await?.zones_with_ledger().await?,
        };
        let mut reports = Vec::with_capacity(zones.len());
        for zone in zones {
            reports.push(verify_zone(store.as_ref(), &zone, audit_key.as_ref()).await?);
        }
        let holds = reports.iter().all(caracal_audit::ChainReport::holds);
        if json {
            println!("{}", serde_json::json!({"holds": holds, "zones": reports}));
        } else {
            for report in &reports {
                let verdict = if report.holds() { "holds" } else { "DOES NOT HOLD" };
                println!(
                    "zone {}: {} entries, chain {verdict}",
                    report.zone_id, report.entries
                );
                for fault in &report.faults {
                    println!("  entry {} ({}): {}", fault.chain_seq, fault.event_id, fault.kind);
                }
            }
            if reports.is_empty() {
                println!("the ledger is empty");
            }
        }
        Ok(if holds {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    })
}
