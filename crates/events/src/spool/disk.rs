//! What the spool asks of its disk, and where a test makes that full, slow, read-only or failing.

use std::{
    fmt::Debug,
    fs::File,
    io::{self, ErrorKind},
    path::Path,
};

use nix::sys::statvfs::statvfs;

/// An operation on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DiskOperation {
    /// A new file.
    Create,
    /// Room for a file before it is written.
    Reserve,
    /// Records or a head.
    Write,
    /// Forcing either to the disk.
    Sync,
    /// Removing what has arrived.
    Remove,
    /// How far the spool was drained.
    Position,
}

/// Is asked before every operation. A fault takes its time, or answers with the error of the operation.
pub(super) trait Disk: Debug + Send + Sync {
    fn before(&self, operation: DiskOperation) -> io::Result<()>;
}

/// No faults but the disk's own.
#[derive(Debug)]
pub(super) struct RealDisk;

impl Disk for RealDisk {
    fn before(&self, _operation: DiskOperation) -> io::Result<()> {
        Ok(())
    }
}

/// Whether an operation failed for want of room.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

/// Takes room for the first `bytes` of a file without changing its size, so that writing them cannot fail for want of
/// it. File systems and systems that cannot do so are written without.
#[cfg(target_os = "linux")]
pub(super) fn reserve(file: &File, bytes: u64) -> io::Result<()> {
    use nix::{
        errno::Errno,
        fcntl::{FallocateFlags, fallocate},
    };
    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    match fallocate(file, FallocateFlags::FALLOC_FL_KEEP_SIZE, 0, bytes) {
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn reserve(_file: &File, _bytes: u64) -> io::Result<()> {
    Ok(())
}

/// Size of the volume that holds `path`.
#[allow(clippy::useless_conversion, reason = "narrower numbers on other systems")]
pub(super) fn volume_bytes(path: &Path) -> io::Result<u64> {
    let volume = statvfs(path)?;
    match u64::from(volume.blocks()).saturating_mul(u64::from(volume.fragment_size())) {
        // Some file systems of the network do not say.
        0 => Ok(u64::MAX),
        bytes => Ok(bytes),
    }
}
