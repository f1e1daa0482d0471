//! A block of the ledger: what is read packs and unpacks to the same entries, and lines of text are entries too.

#![no_main]

use caracal_core::Timestamp;
use caracal_ledger::block::{BlockEntry, decode, encode};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok((first, entries)) = decode(data) {
        let again = encode(first, &entries).expect("what was unpacked can be packed");
        assert_eq!(decode(&again), Ok((first, entries)));
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let entries: Vec<BlockEntry<'_>> = (text.split('\n').zip(-3_i64..))
        .map(|(body, at)| BlockEntry {
            body: body.into(),
            taken_at: Timestamp::from_micros(at),
            producer_key: (&body[..body.floor_char_boundary(2)]).into(),
        })
        .collect();
    if let Ok(block) = encode(7, &entries) {
        let (first, read) = decode(&block).expect("what was packed unpacks");
        assert_eq!((first, read.len()), (7, entries.len()));
        assert!(
            read.iter()
                .zip(&entries)
                .all(|(read, given)| read.body == given.body
                    && read.taken_at == given.taken_at
                    && read.producer_key == given.producer_key)
        );
    }
});
