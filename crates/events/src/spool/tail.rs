//! What was written last, as it still is in memory: a drainer that keeps up reads no file, and does not verify what this
//! process sealed a moment ago and nobody else could touch since. Only what a segment holds outlives the process, so nothing
//! is here before it is there.

use std::collections::VecDeque;

use super::{
    position::Position,
    record::{self, Record},
};

/// Bytes kept of a spool. What is older is read from its segment.
const MOST_BYTES: usize = 4 << 20;

/// The records of one write, and where they lie.
#[derive(Debug)]
struct Written {
    sequence: u64,
    offset: u64,
    records: Vec<u8>,
}

impl Written {
    fn end(&self) -> u64 {
        self.offset + self.records.len() as u64
    }
}

/// What was written last, in order.
#[derive(Debug, Default)]
pub(super) struct Tail {
    written: VecDeque<Written>,
    bytes: usize,
}

impl Tail {
    /// Keeps records that were written to the segment `sequence` at `offset`.
    pub(super) fn push(&mut self, sequence: u64, offset: u64, records: Vec<u8>) {
        self.bytes += records.capacity();
        self.written.push_back(Written {
            sequence,
            offset,
            records,
        });
        while self.bytes > MOST_BYTES {
            self.pop();
        }
    }

    fn pop(&mut self) {
        if let Some(oldest) = self.written.pop_front() {
            self.bytes -= oldest.records.capacity();
        }
    }

    /// Moves records from `next` on to `records`, until those are `max`. Whether there was one: where there was none, they are
    /// in a segment.
    pub(super) fn take(&mut self, next: &mut Position, records: &mut Vec<Record>, max: usize) -> bool {
        let before = records.len();
        while let Some(first) = self.written.front() {
            let behind = first.sequence == next.sequence && first.end() <= next.offset;
            if first.sequence < next.sequence || behind {
                self.pop();
                continue;
            }
            let starts = first.sequence == next.sequence && first.offset <= next.offset;
            let from = usize::try_from(next.offset.saturating_sub(first.offset)).unwrap_or(usize::MAX);
            let rest = first
                .records
                .get(from..)
                .filter(|_| starts && records.len() < max);
            let Some((size, index, record)) = rest.and_then(record::own) else {
                break;
            };
            records.push(record);
            next.offset += size as u64;
            next.index = index + 1;
        }
        records.len() > before
    }
}
