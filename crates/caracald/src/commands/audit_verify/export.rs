//! `caracald audit verify --export`: without a database.

use std::{path::Path, process::ExitCode};

use anyhow::Context as _;
use caracal_export::{Target, Verified, verify_export};
use caracal_service::config::Settings;
use serde_json::json;

use super::Against;
use crate::{
    commands::{block_on, say},
    config::Config,
};

/// Verifies an export; exit 1 when something does not hold.
pub(crate) fn run_export(target: &str, against: &Against, json: bool) -> anyhow::Result<ExitCode> {
    let (kept, keys) = against.read()?;
    let url = if target.contains("://") {
        target.to_owned()
    } else {
        anyhow::ensure!(Path::new(target).is_dir(), "--export: {target} is no directory");
        let path = std::fs::canonicalize(target).context("--export")?;
        let url = url::Url::from_directory_path(path);
        url.map_err(|()| anyhow::anyhow!("--export: {target} is no directory"))?
            .to_string()
    };
    // Without a deployment there is no configuration, and none is needed.
    let config = Config::read(Settings::from_process(), &[]).ok();
    let roots = config.and_then(|config| config.extra_ca().ok().flatten());
    let target = Target::open(&url, roots.as_deref()).context("--export")?;
    let zones = block_on(async { Ok(verify_export(&target, &keys, &kept).await?) })?;
    // Nothing was verified, which is not the same as an export that holds.
    anyhow::ensure!(!zones.is_empty(), "--export: nothing was exported there");
    let holds = zones.iter().all(|zone| zone.fault.is_none());
    if json {
        let zones: Vec<_> = zones.iter().map(of_zone).collect();
        say(&json!({"holds": holds, "zones": zones}).to_string())?;
    } else {
        say(&zones.iter().map(line).collect::<Vec<_>>().join("\n"))?;
    }
    Ok(if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn of_zone(found: &Verified) -> serde_json::Value {
    json!({
        "zone": found.zone, "parts": found.parts, "from": found.entries.0, "to": found.entries.1,
        "fault": found.fault.as_ref().map(ToString::to_string),
    })
}

fn line(found: &Verified) -> String {
    let Verified {
        zone,
        parts,
        entries: (from, to),
        fault,
    } = found;
    match fault {
        None => format!("{zone}: {parts} parts, entries {from} to {to}, as signed"),
        Some(fault) => format!("{zone}: DOES NOT HOLD after entry {to}: {fault}"),
    }
}
