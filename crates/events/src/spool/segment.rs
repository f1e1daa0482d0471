//! Segment files and their directory.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use caracal_core::World;
use caracal_crypto::{HmacKeyId, HmacRing};

use super::{
    SpoolError,
    disk::{self, Disk, DiskOperation},
    position::Position,
    record::{SEGMENT_HEAD, SegmentHead},
};

/// A segment being written.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) head: SegmentHead,
    pub(super) file: File,
}

/// Room for the next segment, under a name that readers do not look at.
#[derive(Debug)]
pub(super) struct Spare(File);

impl Spare {
    /// Takes the room, or keeps what an earlier process took.
    pub(super) fn reserve(dir: &Path, bytes: u64, disk: &dyn Disk) -> io::Result<Self> {
        disk.before(DiskOperation::Create)?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(dir.join(SPARE))?;
        disk.before(DiskOperation::Reserve)?;
        disk::reserve(&file, bytes)?;
        Ok(Self(file))
    }

    /// Makes it the segment `sequence`.
    pub(super) fn start(
        self,
        dir: &Path,
        sequence: u64,
        key: HmacKeyId,
        world: &World,
        disk: &dyn Disk,
    ) -> io::Result<Segment> {
        let head = SegmentHead {
            sequence,
            created_at: world.now(),
            id: world.random_bytes(),
            key,
        };
        disk.before(DiskOperation::Write)?;
        self.0.write_all_at(&head.encode(), 0)?;
        fs::rename(dir.join(SPARE), path(dir, sequence))?;
        Ok(Segment { head, file: self.0 })
    }
}

/// Name of the spare.
const SPARE: &str = "reserve";

pub(super) fn path(dir: &Path, sequence: u64) -> PathBuf {
    dir.join(format!("segment-{sequence:016}.spool"))
}

/// The head of a segment, where it can be read.
pub(super) fn head(dir: &Path, sequence: u64) -> Option<SegmentHead> {
    let mut head = [0; SEGMENT_HEAD];
    let file = File::open(path(dir, sequence)).ok()?;
    file.read_exact_at(&mut head, 0).ok()?;
    SegmentHead::decode(&head)
}

/// Creates `dir` for this user alone.
pub(crate) fn prepare(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700))
}

/// Sequence and size of every segment in `dir`. Those without any record are removed.
pub(super) fn list(dir: &Path) -> io::Result<BTreeMap<u64, u64>> {
    let mut segments = BTreeMap::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let sequence = name.to_str().and_then(|name| {
            name.strip_prefix("segment-")?
                .strip_suffix(".spool")?
                .parse::<u64>()
                .ok()
        });
        let Some(sequence) = sequence else { continue };
        let size = entry.metadata()?.len();
        if size <= SEGMENT_HEAD as u64 {
            fs::remove_file(entry.path())?;
        } else {
            segments.insert(sequence, size);
        }
    }
    Ok(segments)
}

/// The segments from `position` on that need another key than the current one of `ring`.
pub(super) fn under_previous(
    dir: &Path,
    segments: &BTreeMap<u64, u64>,
    position: Position,
    ring: &HmacRing,
) -> Result<BTreeSet<u64>, SpoolError> {
    let mut under_previous = BTreeSet::new();
    for (&sequence, &size) in segments.range(position.sequence..) {
        let arrived = sequence == position.sequence && position.offset >= size;
        // A damaged head is set aside when its turn comes.
        let Some(head) = head(dir, sequence).filter(|_| !arrived) else {
            continue;
        };
        if !ring.ids().any(|id| id == head.key) {
            let (segment, key) = (path(dir, sequence), head.key);
            return Err(SpoolError::UnknownKey { segment, key });
        }
        if head.key != ring.current_id() {
            under_previous.insert(sequence);
        }
    }
    Ok(under_previous)
}

/// Takes the directory for this spool alone, for as long as the file is open.
pub(super) fn lock(dir: &Path) -> Result<File, SpoolError> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(dir.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SpoolError::InUse),
        Err(TryLockError::Error(error)) => Err(SpoolError::Io(error)),
    }
}

/// Makes names in `dir` durable.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
