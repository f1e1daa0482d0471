//! Segment files and their directory.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use caracal_core::World;

use super::record::{SEGMENT_HEAD, SegmentHead};

/// A segment being written.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) head: SegmentHead,
    pub(super) file: File,
}

impl Segment {
    pub(super) fn create(dir: &Path, sequence: u64, world: &World) -> io::Result<Self> {
        let head = SegmentHead {
            sequence,
            created_at: world.now(),
            id: world.random_bytes(),
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path(dir, sequence))?;
        file.write_all_at(&head.encode(), 0)?;
        Ok(Self { head, file })
    }
}

pub(super) fn path(dir: &Path, sequence: u64) -> PathBuf {
    dir.join(format!("segment-{sequence:016}.spool"))
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

/// Makes names in `dir` durable.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
