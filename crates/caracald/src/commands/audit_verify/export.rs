//! `caracald audit verify --export`: without a database.

use std::{fs::File, path::Path, process::ExitCode};

use anyhow::Context as _;
use caracal_audit::{LinesFault, LinesVerifier};
use caracal_export::{Verified, read_table, verify_export};
use serde::Serialize;

use super::{Against, bucket::open, document, journal::Journal, verdict};
use crate::commands::block_on;

/// Rows of a table that wait to be verified.
const ROWS_AHEAD: usize = 64;

/// Verifies an export; exit 1 when something does not hold.
pub(crate) fn run_export(target: &str, against: &Against, json: bool) -> anyhow::Result<ExitCode> {
    let keys = against.keys()?;
    let kept = against.believed(&keys)?.as_checkpoints();
    if let Some(log) = kept.0.keys().find(|log| log.is_administrative()) {
        anyhow::bail!("--checkpoint, --pruned: a scheduled export has ledgers alone, and {log} is none");
    }
    let mut journal = against.journal()?;
    let url = if target.contains("://") {
        target.to_owned()
    } else {
        anyhow::ensure!(
            Path::new(target).is_dir(),
            "--export: {target} is neither a file nor a directory"
        );
        let path = std::fs::canonicalize(target).context("--export")?;
        let url = url::Url::from_directory_path(path);
        url.map_err(|()| anyhow::anyhow!("--export: {target} is no directory"))?
            .to_string()
    };
    let target = open(&url, "--export")?;
    let zones = block_on(async { Ok(verify_export(&target, &keys, &kept, &mut journal).await?) })?;
    // Nothing was verified, which is not the same as an export that holds.
    anyhow::ensure!(!zones.is_empty(), "--export: nothing was exported there");
    let held = zones.iter().filter(|zone| zone.fault.is_none());
    let held = held.filter_map(|zone| zone.progress.as_ref());
    journal.done(held.map(|(log, progress)| (log, progress)))?;
    journal.finish()?;
    let holds = zones.iter().all(|zone| zone.fault.is_none());
    let document = json.then(|| {
        let zones = zones.iter().map(of_zone).collect();
        document(holds, Zones { zones })
    });
    let lines: Vec<String> = zones.iter().map(line).collect();
    verdict(document, &lines.join("\n"), holds)
}

/// Takes the entries of a table that `audit export` wrote.
pub(super) fn take_table(
    file: File,
    verifier: &mut LinesVerifier<'_>,
    journal: &mut Journal,
) -> Result<(), LinesFault> {
    let unreadable = |line, verifier: &LinesVerifier<'_>| LinesFault::Line {
        line,
        index: verifier.progress().map_or(0, |progress| progress.frontier.size()),
    };
    // The reader of tables may panic at what is none.
    let (send, rows) = std::sync::mpsc::sync_channel(ROWS_AHEAD);
    let reader = std::thread::spawn(move || match read_table(file) {
        Ok(table) => {
            for row in table {
                let is_last = row.is_err();
                if send.send(row).is_err() || is_last {
                    return;
                }
            }
        }
        Err(error) => drop(send.send(Err(error))),
    });
    let mut line = 0_u64;
    for row in rows {
        line = line.saturating_add(1);
        let row = row.map_err(|_| unreadable(line, verifier))?;
        verifier.row(&row, journal)?;
    }
    reader
        .join()
        .map_err(|_| unreadable(line.saturating_add(1), verifier))
}

/// What was found of each zone, for programs.
#[derive(Serialize)]
struct Zones<'a> {
    zones: Vec<OfZone<'a>>,
}

#[derive(Serialize)]
struct OfZone<'a> {
    zone: &'a str,
    parts: u64,
    from: u64,
    to: u64,
    fault: Option<String>,
}

fn of_zone(found: &Verified) -> OfZone<'_> {
    OfZone {
        zone: &found.zone,
        parts: found.parts,
        from: found.entries.0,
        to: found.entries.1,
        fault: found.fault.as_ref().map(ToString::to_string),
    }
}

fn line(found: &Verified) -> String {
    let Verified {
        zone,
        parts,
        entries: (from, to),
        progress: _,
        fault,
    } = found;
    match fault {
        None => format!("{zone}: {parts} parts, entries {from} to {to}, as signed"),
        Some(fault) => format!("{zone}: DOES NOT HOLD after entry {to}: {fault}"),
    }
}
