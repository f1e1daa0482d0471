//! `caracald audit verify --receipt`: one event, offline.

use std::{fs::File, io::Read as _, path::Path, process::ExitCode};

use anyhow::Context as _;
use caracal_ledger::{
    receipt::{MAX_RECEIPT_BYTES, Receipt},
    trust::Trust,
};
use serde::Serialize;

use super::{Against, Fault, document, verdict};

/// The event that a receipt proves, for programs.
#[derive(Serialize)]
struct Proved<'a> {
    origin: &'a str,
    index: u64,
    size: u64,
    body: &'a str,
}

/// Verifies a receipt; exit 1 when it does not hold.
pub(crate) fn run_receipt(path: &Path, against: &Against, json: bool) -> anyhow::Result<ExitCode> {
    let named = || format!("--receipt: cannot read {}", path.display());
    let keys = against.keys()?;
    let mut bytes = Vec::new();
    let most = MAX_RECEIPT_BYTES as u64 + 1;
    let file = File::open(path).with_context(named)?;
    file.take(most).read_to_end(&mut bytes).with_context(named)?;
    let proved = Receipt::parse(&bytes)
        .map_err(|error| error.to_string())
        .and_then(|receipt| {
            let checkpoint = receipt.checkpoint.checkpoint();
            let (origin, size) = (checkpoint.origin.clone(), checkpoint.size);
            let trust =
                Trust::of_keys(&origin, keys, against.witnesses).map_err(|error| error.to_string())?;
            let entry = receipt.verify(&trust).map_err(|error| error.to_string())?;
            let (index, body) = (entry.index, entry.body.to_owned());
            Ok((origin, index, size, body))
        });
    match proved {
        Ok((origin, index, size, body)) => verdict(
            json.then(|| {
                let proved = Proved {
                    origin: &origin,
                    index,
                    size,
                    body: &body,
                };
                document(true, proved)
            }),
            &format!("the receipt holds: entry {index} of {origin}, of {size} that were signed\n{body}"),
            true,
        ),
        Err(fault) => verdict(
            json.then(|| document(false, Fault { fault: fault.clone() })),
            &format!("the receipt DOES NOT HOLD: {fault}"),
            false,
        ),
    }
}
