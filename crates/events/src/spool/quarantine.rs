//! Damaged bytes, kept for whoever investigates.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use super::segment;

/// Appends `bytes` to the quarantine file of a segment and forces them to the disk.
pub(super) fn keep(dir: &Path, sequence: u64, bytes: &[u8]) -> io::Result<()> {
    let path = dir.join(format!("quarantine-{sequence:016}.bin"));
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_data()
}

/// Sets a whole segment aside whose head cannot be read.
pub(super) fn keep_segment(dir: &Path, sequence: u64) -> io::Result<()> {
    fs::rename(
        segment::path(dir, sequence),
        dir.join(format!("quarantine-{sequence:016}.segment")),
    )
}
