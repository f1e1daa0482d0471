//! Reading records back: in order, past damage, never past what was written.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    sync::atomic::Ordering,
};

use caracal_core::Timestamp;

use crate::metrics;

use super::{
    DiskOperation, MIN_RECORD, Spool,
    position::Position,
    quarantine,
    record::{self, Decoded, MAX_PAYLOAD, RECORD_HEAD, Record, SEGMENT_HEAD, SegmentHead},
    segment,
};

/// Bytes read at once: at least one whole record.
const CHUNK: usize = 1 << 20;
const _: () = assert!(CHUNK >= RECORD_HEAD + MAX_PAYLOAD, "a chunk holds any record");

/// What was read and where to go on once it has been handed over.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) records: Vec<Record>,
    pub(super) next: Position,
    /// Nothing was read because of damage, which waits until everything before it has arrived.
    pub(super) blocked: bool,
}

/// What ended a stretch of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Records,
    Damage,
}

/// A segment as far as it may be read.
struct Open {
    head: SegmentHead,
    file: File,
    limit: u64,
    /// Nothing will be written to it any more.
    closed: bool,
}

impl Spool {
    /// At most `max` records from `from` on, from memory what was written last. Blocks on the disk.
    ///
    /// Damage is dealt with only at the drained position, and the position after it is stored at once, so that it
    /// is counted once however often the bus refuses a batch, and nothing before it counts as drained with it.
    pub(super) fn read_batch(&self, from: Position, max: usize) -> io::Result<Batch> {
        let mut next = from;
        let mut records = Vec::new();
        let mut blocked = false;
        while records.len() < max {
            if self.tail.lock().take(&mut next, &mut records, max) {
                continue;
            }
            let Some(open) = self.open_at(&mut next)? else {
                break;
            };
            let found = self.read_records(&open, &mut next, &mut records, max)?;
            if found == Found::Damage {
                if !records.is_empty() {
                    break;
                }
                if from != *self.position.lock() {
                    (next, blocked) = (from, true);
                    break;
                }
                self.skip_damage(&open, &mut next)?;
                self.commit(next, 0);
            }
            if next.offset >= open.limit {
                if !open.closed {
                    break;
                }
                next = Position::start_of(next.sequence + 1);
            }
        }
        Ok(Batch {
            records,
            next,
            blocked,
        })
    }

    /// Everything before `next` has arrived: removes finished segments first, which needs no room, then stores the
    /// position. Neither failing is in the way of what comes after: segments are removed with a later commit, and an old
    /// position only repeats what the ledger ignores.
    pub(super) fn commit(&self, next: Position, handed_over: usize) {
        *self.position.lock() = next;
        let finished: Vec<u64> = self
            .segments
            .lock()
            .range(..next.sequence)
            .map(|segment| *segment.0)
            .collect();
        let mut removed = false;
        for sequence in finished {
            let gone = self
                .disk
                .before(DiskOperation::Remove)
                .and_then(|()| fs::remove_file(segment::path(&self.dir, sequence)));
            match gone {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(%error, segment = sequence, "could not remove an arrived segment of the audit spool");
                }
                _ => {
                    self.forget(sequence);
                    removed = true;
                }
            }
        }
        self.store_position(next);
        if removed {
            self.removed_below(next.sequence);
        }
        self.counters
            .drained
            .fetch_add(handed_over as u64, Ordering::Relaxed);
        self.drained.send_replace(());
    }

    pub(super) fn store_position(&self, position: Position) {
        let stored = self
            .disk
            .before(DiskOperation::Position)
            .and_then(|()| position.store(&self.dir).map(drop));
        if let Err(error) = stored {
            tracing::warn!(%error, "could not store how far the audit spool was drained; a restart repeats events");
        }
    }

    /// When a segment was started.
    pub(super) fn created_at(&self, sequence: u64) -> Option<Timestamp> {
        segment::head(&self.dir, sequence).map(|head| head.created_at)
    }

    /// Opens the segment at `next`, or moves `next` to the first one after it. `None`: there is none.
    fn open_at(&self, next: &mut Position) -> io::Result<Option<Open>> {
        loop {
            // The writer's lock first: what is not active now will never grow again.
            let (active, written) = {
                let writer = self.writer.lock();
                let active = writer.active.as_ref();
                (active.map(|active| active.head.sequence), writer.length)
            };
            let at_or_after = self
                .segments
                .lock()
                .range(next.sequence..)
                .next()
                .map(|(sequence, _)| *sequence);
            let Some(sequence) = at_or_after else {
                return Ok(None);
            };
            if sequence != next.sequence || next.offset == 0 {
                *next = Position::start_of(sequence);
            }
            let closed = Some(sequence) != active;
            let file = match File::open(segment::path(&self.dir, sequence)) {
                Ok(file) => file,
                Err(error) if closed && error.kind() == io::ErrorKind::NotFound => {
                    tracing::error!(segment = sequence, "a segment of the audit spool has vanished");
                    self.forget(sequence);
                    continue;
                }
                // Arrived, and removed to make room for the next.
                Err(error)
                    if error.kind() == io::ErrorKind::NotFound
                        && !self.segments.lock().contains_key(&sequence) =>
                {
                    continue;
                }
                Err(error) => return Err(error),
            };
            let size = file.metadata()?.len();
            let limit = if closed { size } else { written };
            let head = read(&file, 0, size, SEGMENT_HEAD)?;
            match SegmentHead::decode(&head).filter(|head| head.sequence == sequence) {
                Some(head) => {
                    return Ok(Some(Open {
                        head,
                        file,
                        limit,
                        closed,
                    }));
                }
                None if closed => {
                    quarantine::keep_segment(&self.dir, sequence)?;
                    self.note_quarantine(sequence, size);
                    self.forget(sequence);
                }
                // This process wrote that head a moment ago.
                None => {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "damaged active segment",
                    ));
                }
            }
        }
    }

    /// Reads records of one segment until `max`, the end of a chunk, damage, or the limit.
    fn read_records(
        &self,
        open: &Open,
        next: &mut Position,
        records: &mut Vec<Record>,
        max: usize,
    ) -> io::Result<Found> {
        let chunk = read(&open.file, next.offset, open.limit, CHUNK)?;
        let complete = next.offset + chunk.len() as u64 >= open.limit;
        let mut rest = &chunk[..];
        while records.len() < max && !rest.is_empty() {
            match record::decode(rest, &open.head, &self.ring) {
                Decoded::Record {
                    size,
                    index,
                    id,
                    data,
                } if index >= next.index => {
                    records.push(Record {
                        id: id.to_owned(),
                        data: data.to_owned(),
                    });
                    next.offset += size as u64;
                    next.index = index + 1;
                    rest = &rest[size..];
                }
                // The record goes on in the next chunk.
                Decoded::Incomplete if !complete => return Ok(Found::Records),
                _ => return Ok(Found::Damage),
            }
        }
        Ok(Found::Records)
    }

    /// Moves `next` past bytes that are no record, and keeps them unless they are just the torn end of a crash.
    fn skip_damage(&self, open: &Open, next: &mut Position) -> io::Result<()> {
        let rest = read(&open.file, next.offset, open.limit, usize::MAX)?;
        let found = (1..=rest.len().saturating_sub(MIN_RECORD)).find(|start| {
            matches!(record::decode(&rest[*start..], &open.head, &self.ring),
                Decoded::Record { index, .. } if index >= next.index)
        });
        let damaged = &rest[..found.unwrap_or(rest.len())];
        let torn = found.is_none()
            && open.closed
            && (record::decode(damaged, &open.head, &self.ring) == Decoded::Incomplete
                || damaged.iter().all(|byte| *byte == 0));
        if torn {
            self.counters.torn.fetch_add(1, Ordering::Relaxed);
            metrics::spool_torn();
            tracing::warn!(
                segment = open.head.sequence,
                bytes = damaged.len(),
                "cut the torn end of a segment"
            );
        } else {
            quarantine::keep(&self.dir, open.head.sequence, damaged)?;
            self.note_quarantine(open.head.sequence, damaged.len() as u64);
        }
        next.offset += damaged.len() as u64;
        Ok(())
    }

    pub(super) fn note_quarantine(&self, sequence: u64, bytes: u64) {
        self.counters.quarantined.fetch_add(1, Ordering::Relaxed);
        metrics::spool_quarantined();
        tracing::error!(
            segment = sequence,
            bytes,
            "moved damaged audit records to quarantine"
        );
    }

    pub(super) fn forget(&self, sequence: u64) {
        if let Some(size) = self.segments.lock().remove(&sequence) {
            self.disk_bytes.fetch_sub(size, Ordering::AcqRel);
        }
    }
}

/// Bytes from `from` up to `limit`, at most `most`.
fn read(file: &File, from: u64, limit: u64, most: usize) -> io::Result<Vec<u8>> {
    let size = usize::try_from(limit.saturating_sub(from))
        .unwrap_or(usize::MAX)
        .min(most);
    let mut bytes = vec![0; size];
    file.read_exact_at(&mut bytes, from)?;
    Ok(bytes)
}
