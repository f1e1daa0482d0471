//! What a stranger hands in to be verified: notes, checkpoints, receipts, prunes, a witness's requests, entries.

#![no_main]

use caracal_ledger::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    entry::Entry,
    note::{Note, NoteKey},
    prune::{Prune, SignedPrune},
    receipt::Receipt,
    witness,
};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(entry) = Entry::decode(data) {
        assert_eq!(entry.encode(), data, "an entry has one form");
    }
    let _ = Note::parse(data);
    let _ = SignedCheckpoint::parse(data);
    let _ = SignedPrune::parse(data);
    let _ = Receipt::parse(data)
        .map(|receipt| assert_eq!(Receipt::parse(receipt.encode().as_bytes()).as_ref(), Ok(&receipt)));
    let _ = witness::parse_cosignatures(data);
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Checkpoint::parse(text);
        let _ = Prune::parse(text);
        let _ = witness::parse_keys(text);
        if let Ok(key) = NoteKey::parse(text) {
            assert_eq!(NoteKey::parse(&key.encode()), Ok(key));
        }
    }
});
