//! What events cost in blocks, and how fast they are packed, unpacked and verified.
//!
//! `cargo run --release -p caracal-ledger --example measure -- EVENTS.ndjson`
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_precision_loss,
    reason = "a measurement"
)]

use std::{borrow::Cow, env, fs, time::Instant};

use caracal_core::Timestamp;
use caracal_ledger::{
    block::{BlockEntry, decode, encode},
    verify::{Progress, Verifier},
};

fn main() {
    let path = env::args()
        .nth(1)
        .expect("the path of a file with an event on each line");
    let text = fs::read_to_string(path).unwrap();
    let kept = |(at, line): (i64, &str)| BlockEntry {
        body: Cow::Owned(line.to_owned()),
        taken_at: Timestamp::from_micros(1_764_331_200_000_000 + at * 41),
        producer_key: Cow::Borrowed("k1"),
    };
    let entries: Vec<BlockEntry<'_>> = (0..).zip(text.lines()).map(kept).collect();
    println!("{} events of {} bytes", entries.len(), text.len() / entries.len());
    let per_second = |begun: Instant| entries.len() as f64 / begun.elapsed().as_secs_f64();
    for size in [1, 3, 16, 64, 256, 1024] {
        let begun = Instant::now();
        let blocks: Vec<Vec<u8>> = entries
            .chunks(size)
            .map(|part| encode(0, part).unwrap())
            .collect();
        let packed = per_second(begun);
        let bytes: usize = blocks.iter().map(Vec::len).sum();
        let begun = Instant::now();
        let back: usize = blocks.iter().map(|block| decode(block).unwrap().1.len()).sum();
        let unpacked = per_second(begun);
        assert_eq!(back, entries.len());
        println!(
            "blocks of {size:4}: {:6.1} bytes an event, packed {packed:.0}/s, unpacked {unpacked:.0}/s",
            bytes as f64 / entries.len() as f64
        );
    }
    let begun = Instant::now();
    let mut verifier = Verifier::new("ledger/z", Progress::default(), []).unwrap();
    for (index, kept) in (0..).zip(&entries) {
        verifier.push(&kept.entry("ledger/z", index), None).unwrap();
    }
    println!("verified {:.0}/s", per_second(begun));
}
