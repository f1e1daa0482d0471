//! The verifier in Python beside the handbook, which shares no code with ours, agrees with ours.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, path::Path, process::Command};

use caracal_e2e::checkout;
use caracal_ledger::receipt::Receipt;
use serde_json::{Value, json};

use crate::published_clients::python;

#[path = "../../../ledger/tests/support/trust.rs"]
mod trust;

use self::trust::trust;

fn verify(vectors: &Path) {
    let program = checkout().join("docs/ledger/check_vectors.py");
    let output = Command::new(python())
        .arg("-B")
        .arg(program)
        .arg(vectors)
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[test]
fn it_agrees_on_every_vector() {
    verify(&checkout().join("docs/ledger/vectors.json"));
}

#[test]
fn it_agrees_on_every_tampered_copy_of_a_receipt() {
    let vectors = fs::read_to_string(checkout().join("docs/ledger/vectors.json")).unwrap();
    let vectors: Value = serde_json::from_str(&vectors).unwrap();
    let case = &vectors["receipts"][4];
    let good = case["receipt"].as_str().unwrap().as_bytes();
    let believed = trust(&case["trust"]);
    let entry_bytes = Receipt::parse(good).unwrap().entry;
    let (mut copies, mut believed_copies) = (Vec::new(), 0);
    // Each byte of entry, index, proof and checkpoint, and every thirteenth of the long signatures.
    let text = good.windows(2).rposition(|pair| pair == b"\n\n").unwrap();
    for at in (0..text + 8).chain((text + 8..good.len()).step_by(13)) {
        for flip in [1, 0x20] {
            let mut copy = good.to_vec();
            copy[at] ^= flip;
            let Ok(copy) = String::from_utf8(copy) else {
                continue;
            };
            let receipt = Receipt::parse(copy.as_bytes()).ok();
            let proven = receipt
                .as_ref()
                .and_then(|receipt| receipt.verify(&believed).ok());
            // One of the log's two signatures may be spoilt into that of a stranger; what is proven stays the same.
            assert!(
                proven.as_ref().is_none_or(|entry| entry.encode() == entry_bytes),
                "byte {at} with {flip:#x}"
            );
            let holds = proven.is_some();
            believed_copies += usize::from(holds);
            copies.push(json!({"what": format!("byte {at} with {flip:#x}"), "receipt": copy, "trust": case["trust"], "holds": holds}));
        }
    }
    assert!(
        copies.len() > 500 && believed_copies < 200,
        "{} {believed_copies}",
        copies.len()
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), json!({"receipts": copies}).to_string()).unwrap();
    verify(file.path());
}
