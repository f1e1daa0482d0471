//! `caracald audit verify --pack`: offline, without a deployment.

use std::{fs::File, io::BufReader, path::Path, process::ExitCode};

use anyhow::Context as _;
use caracal_audit::{PackUnverified, verify_pack};
use caracal_ledger::pack::{PackManifest, PackQuery};
use serde::Serialize;

use super::{Against, Fault, document, verdict};

/// What a pack says of itself, for programs.
#[derive(Serialize)]
struct OfPack<'a> {
    manifest: &'a PackManifest,
}

/// Verifies a pack; exit 1 when something does not hold.
pub(crate) fn run_pack(path: &Path, against: &Against, json: bool) -> anyhow::Result<ExitCode> {
    let keys = against.keys()?;
    let file = File::open(path).with_context(|| format!("--pack: cannot read {}", path.display()))?;
    let verified = verify_pack(BufReader::new(file), &keys, against.witnesses);
    let (holds, answer, line) = match &verified {
        Ok(manifest) => (true, document(true, OfPack { manifest }), lines(manifest)),
        Err(PackUnverified::Archive(error)) if error.kind() != std::io::ErrorKind::InvalidData => {
            return Err(anyhow::Error::msg(error.to_string()).context("--pack"));
        }
        Err(error) => {
            let fault = caracal_service::error_chain(error);
            let line = format!("the pack DOES NOT HOLD: {fault}");
            (false, document(false, Fault { fault }), line)
        }
    };
    verdict(json.then_some(answer), &line, holds)
}

/// What a pack proves, for people.
fn lines(manifest: &PackManifest) -> String {
    let PackManifest {
        entries,
        origin,
        size,
        made_at,
        completeness,
        ..
    } = manifest;
    format!(
        "the pack holds: {entries} events of the first {size} entries of {origin}\nasked for: {}\nmade at {made_at}\n{completeness}",
        asked(&manifest.asked)
    )
}

fn asked(asked: &PackQuery) -> String {
    let PackQuery {
        session_id,
        subject_id,
        authority_record_ids,
        since,
        until,
    } = asked;
    let records = (!authority_record_ids.is_empty()).then(|| authority_record_ids.join(", "));
    let instant = |at: &Option<caracal_core::Timestamp>| at.map(caracal_core::Timestamp::to_rfc3339_micros);
    [
        ("session", session_id.clone()),
        ("subject", subject_id.clone()),
        ("authority records", records),
        ("from", instant(since)),
        ("before", instant(until)),
    ]
    .into_iter()
    .filter_map(|(what, value)| Some(format!("{what} {}", value?)))
    .collect::<Vec<_>>()
    .join(", ")
}
