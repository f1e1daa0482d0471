//! What goes wrong around a role, in the same words for disks, connections and servers.
//!
//! A disk below SQLite knows the faults of calls (`storage-sql/tests/support`), the disk of the spool those of steps; a
//! [`crate::fault_proxy`] and the servers of this crate are switched as they are.

use nix::errno::Errno;

/// One way to be unwell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Killed or cut, and not there until it is mended. Of a disk: a power cut.
    Gone,
    /// Takes what comes and answers nothing, without a word. Of a disk: syncs wait.
    Frozen,
    /// A disk without room: what takes more of it fails with ENOSPC.
    NoSpace,
    /// A disk that may only be read: what changes it fails with EROFS.
    ReadOnly,
    /// Writing fails with EIO.
    WriteError,
    /// Half of what is to be written is.
    ShortWrite,
    /// Syncing fails with EIO, whatever was written.
    SyncError,
    /// Reading fails with EIO.
    ReadError,
}

impl Fault {
    /// Faults of a disk that goes on.
    pub const OF_DISKS: [Self; 5] = [
        Self::NoSpace,
        Self::WriteError,
        Self::ShortWrite,
        Self::SyncError,
        Self::ReadError,
    ];

    /// What a call on such a disk fails with.
    pub const fn errno(self) -> Errno {
        match self {
            Self::NoSpace => Errno::ENOSPC,
            Self::ReadOnly => Errno::EROFS,
            Self::Gone
            | Self::Frozen
            | Self::WriteError
            | Self::ShortWrite
            | Self::SyncError
            | Self::ReadError => Errno::EIO,
        }
    }
}

/// What a test makes unwell and well again.
pub trait Faults {
    /// Has `fault` from now on.
    ///
    /// # Panics
    /// When it cannot have this one.
    fn fail(&self, fault: Fault);

    /// Is well again, with what it had kept.
    ///
    /// # Panics
    /// When it does not come back.
    fn mend(&self);
}
