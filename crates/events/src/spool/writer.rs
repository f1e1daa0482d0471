//! Writing records: into the active segment, whose room is reserved, with the next one reserved beside it.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    sync::{Arc, atomic::Ordering},
};

use crate::metrics;

use super::{
    DiskOperation, Position, SEGMENT_HEAD, Spool, SpoolError, SyncMode, disk, record,
    segment::{self, Segment, Spare},
};

#[derive(Debug)]
pub(super) struct Writer {
    /// `None` while no segment can be started.
    pub(super) active: Option<Arc<Segment>>,
    /// Bytes of the active segment that readers may see.
    pub(super) length: u64,
    next_index: u64,
    next_sequence: u64,
    /// The next segment's room.
    spare: Option<Spare>,
    /// All bytes ever written, the position syncs are counted by.
    written: u64,
    /// Full segments with bytes not yet synced.
    retired: Vec<Arc<Segment>>,
    new_names: bool,
}

/// What one sync has to do.
pub(super) struct SyncJob {
    pub(super) active: Option<Arc<Segment>>,
    pub(super) retired: Vec<Arc<Segment>>,
    pub(super) new_names: bool,
    pub(super) upto: u64,
}

impl Writer {
    pub(super) const fn starting_at(sequence: u64) -> Self {
        Self {
            active: None,
            length: 0,
            next_index: 0,
            next_sequence: sequence,
            spare: None,
            written: 0,
            retired: Vec::new(),
            new_names: false,
        }
    }
}

impl Spool {
    /// Whether events can be recorded, for readiness: the last write worked, and the volume still takes a position, with
    /// [`SyncMode::Always`] down to the disk, as an event must get there. After a failure it tries a write, so that readiness
    /// comes back by itself. Blocks on the disk.
    ///
    /// # Errors
    /// [`SpoolError::Io`] with the reason they cannot; [`SpoolError::Full`] when the bound is reached.
    pub fn probe(&self) -> Result<(), SpoolError> {
        if self.disk_bytes.load(Ordering::Acquire) >= self.capacity {
            return Err(SpoolError::Full {
                capacity_bytes: self.capacity,
            });
        }
        if self.failing.load(Ordering::Acquire) {
            self.try_write()?;
            self.failing.store(false, Ordering::Release);
        }
        let stored = {
            let position = self.position.lock();
            self.disk.before(DiskOperation::Position)?;
            position.store(&self.dir)?
        };
        if self.mode == SyncMode::Always {
            self.probe_sync(&stored)?;
        }
        Ok(())
    }

    /// Syncs what was just written. Of several at once one does: a flood of probes must not keep the disk from events.
    fn probe_sync(&self, stored: &File) -> io::Result<()> {
        let Some(_one) = self.probes.try_lock() else {
            return Ok(());
        };
        let synced = self
            .disk
            .before(DiskOperation::Sync)
            .and_then(|()| stored.sync_data());
        if synced.is_err() {
            self.failing.store(true, Ordering::Release);
        }
        synced
    }

    /// Writes and syncs the head of a segment that holds nothing yet; starts one where there is none.
    fn try_write(&self) -> io::Result<()> {
        let mut writer = self.writer.lock();
        if writer.active.is_none() || writer.length > SEGMENT_HEAD as u64 {
            self.start_segment(&mut writer)?;
        }
        let Some(active) = writer.active.clone() else {
            return Ok(());
        };
        self.disk.before(DiskOperation::Write)?;
        active.file.write_all_at(&active.head.encode(), 0)?;
        drop(writer);
        self.disk.before(DiskOperation::Sync)?;
        active.file.sync_data()
    }

    /// Writes the records and returns the position that a sync has to reach.
    pub(super) fn write(&self, mut buffer: Vec<u8>, events: usize) -> Result<u64, SpoolError> {
        let result = self.write_records(&mut buffer);
        match &result {
            Ok(_) => {
                self.counters.appended.fetch_add(events as u64, Ordering::Relaxed);
                self.ready.notify_one();
            }
            Err(error) => {
                if matches!(error, SpoolError::Io(_)) {
                    self.failing.store(true, Ordering::Release);
                }
                metrics::spool_refused();
            }
        }
        result
    }

    fn write_records(&self, buffer: &mut Vec<u8>) -> Result<u64, SpoolError> {
        let size = buffer.len() as u64;
        let mut writer = self.writer.lock();
        if self.disk_bytes.load(Ordering::Acquire) + size > self.capacity {
            return Err(SpoolError::Full {
                capacity_bytes: self.capacity,
            });
        }
        let full = writer.length + size > self.segment_bytes && writer.length > SEGMENT_HEAD as u64;
        if full || writer.active.is_none() {
            self.start_segment(&mut writer)?;
        }
        let Some(active) = writer.active.clone() else {
            return Err(SpoolError::Io(io::Error::other("no segment")));
        };
        if writer.length + size > self.segment_bytes {
            self.disk.before(DiskOperation::Reserve)?;
            disk::reserve(&active.file, writer.length + size)?;
        }
        let next_index = record::seal(buffer, &active.head.id, writer.next_index, self.ring.current());
        let wrote = self
            .disk
            .before(DiskOperation::Write)
            .and_then(|()| active.file.write_all_at(buffer, writer.length));
        if let Err(error) = wrote {
            // Readers never look past `length`; cutting keeps a later crash from leaving half a record there. What is
            // cut is reserved again as soon as it can be.
            let cut = active.file.set_len(writer.length);
            if cut
                .and_then(|()| disk::reserve(&active.file, self.segment_bytes))
                .is_err()
            {
                self.retire(&mut writer);
            }
            return Err(error.into());
        }
        let offset = writer.length;
        writer.length += size;
        writer.next_index = next_index;
        writer.written += size;
        self.disk_bytes.fetch_add(size, Ordering::AcqRel);
        // Last: whoever takes it from there says that it has arrived.
        let records = std::mem::take(buffer);
        self.tail.lock().push(active.head.sequence, offset, records);
        Ok(writer.written)
    }

    /// Makes another segment the active one. Where there is no room for it, what has arrived goes first.
    pub(super) fn start_segment(&self, writer: &mut Writer) -> io::Result<()> {
        let started = match self.new_segment(writer) {
            Err(error) if disk::is_full(&error) && self.remove_arrived(writer) => self.new_segment(writer),
            started => started,
        };
        let fresh = started?;
        self.retire(writer);
        self.segments
            .lock()
            .insert(fresh.head.sequence, SEGMENT_HEAD as u64);
        self.disk_bytes.fetch_add(SEGMENT_HEAD as u64, Ordering::AcqRel);
        writer.active = Some(Arc::new(fresh));
        writer.length = SEGMENT_HEAD as u64;
        writer.next_index = 0;
        writer.new_names = true;
        self.reserve_next(writer);
        Ok(())
    }

    fn new_segment(&self, writer: &mut Writer) -> io::Result<Segment> {
        let spare = match writer.spare.take() {
            Some(spare) => spare,
            None => Spare::reserve(&self.dir, self.segment_bytes, &*self.disk)?,
        };
        // Every attempt has a number of its own, so that what one left behind is not in the way of the next.
        let sequence = writer.next_sequence;
        writer.next_sequence += 1;
        spare.start(
            &self.dir,
            sequence,
            self.ring.current_id(),
            &self.world,
            &*self.disk,
        )
    }

    /// Takes the room of the next segment, if there is any. Without it the next one finds out.
    fn reserve_next(&self, writer: &mut Writer) {
        if writer.spare.is_some() {
            return;
        }
        match Spare::reserve(&self.dir, self.segment_bytes, &*self.disk) {
            Ok(spare) => writer.spare = Some(spare),
            Err(error) => tracing::warn!(%error, "could not reserve room for the audit spool's next segment"),
        }
    }

    /// Segments below `sequence` were removed: lets go of their files, which keep their room while they are open, and
    /// reserves what that makes room for.
    pub(super) fn removed_below(&self, sequence: u64) {
        let mut writer = self.writer.lock();
        writer.retired.retain(|retired| retired.head.sequence >= sequence);
        if writer.active.is_some() {
            self.reserve_next(&mut writer);
        }
    }

    /// Ends the active segment: nothing is written to it any more.
    fn retire(&self, writer: &mut Writer) {
        let Some(ended) = writer.active.take() else {
            return;
        };
        // Gives back what was reserved and not used. It is more than the file needs, never less.
        let _kept = ended.file.set_len(writer.length);
        self.segments.lock().insert(ended.head.sequence, writer.length);
        writer.retired.push(ended);
    }

    /// Removes the active segment when all there is has arrived; says whether it did.
    fn remove_arrived(&self, writer: &mut Writer) -> bool {
        let Some(sequence) = writer.active.as_ref().map(|active| active.head.sequence) else {
            return false;
        };
        let mut position = self.position.lock();
        let arrived = position.sequence == sequence && position.offset >= writer.length;
        if !arrived || self.segments.lock().len() > 1 {
            return false;
        }
        self.retire(writer);
        // An open file keeps its room.
        writer.retired.retain(|retired| retired.head.sequence != sequence);
        let removed = self
            .disk
            .before(DiskOperation::Remove)
            .and_then(|()| fs::remove_file(segment::path(&self.dir, sequence)));
        if let Err(error) = removed {
            tracing::warn!(%error, "could not remove an arrived segment of the audit spool");
            return false;
        }
        self.forget(sequence);
        *position = Position::start_of(sequence + 1);
        true
    }

    pub(super) fn take_sync_job(&self) -> SyncJob {
        let mut writer = self.writer.lock();
        SyncJob {
            active: writer.active.clone(),
            retired: std::mem::take(&mut writer.retired),
            new_names: std::mem::take(&mut writer.new_names),
            upto: writer.written,
        }
    }

    /// A sync failed: the active segment is not to be trusted further.
    pub(super) fn sync_failed(&self, active: Option<&Segment>) {
        self.failing.store(true, Ordering::Release);
        let mut writer = self.writer.lock();
        let sequence = writer.active.as_ref().map(|active| active.head.sequence);
        if sequence.is_some() && sequence == active.map(|active| active.head.sequence) {
            self.retire(&mut writer);
        }
    }
}
