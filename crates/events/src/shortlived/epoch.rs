//! The name of a journalled memory, which changes when the memory may have lost something.
//!
//! Claims are written before they are answered, but not synced: a crash of the process loses none, a power cut may lose
//! the last ones. So the journal remembers in which run of the operating system it was written. In another run it takes
//! a new name, and what was [marked](super::mark) with the old one is refused, whether it was claimed or not. Nothing is
//! paid for it per claim.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::Arc,
};

use caracal_core::World;

use crate::spool::sync_dir;

const FILE: &str = "epoch";
/// A new name for each run of the kernel.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Which run of the operating system this is, where it says so.
pub(super) fn boot() -> Option<String> {
    let text = fs::read_to_string(BOOT_ID).ok()?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The name of the memory in `dir`; durable when this returns. Empty for a memory that never lost anything.
pub(super) fn of(dir: &Path, boot: Option<&str>, world: &World) -> io::Result<Arc<str>> {
    let path = dir.join(FILE);
    let known = match fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        // Not text: torn by a power cut.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Some(String::new()),
        Err(error) => return Err(error),
    };
    // A run, a name, and an end that tells a whole file from a torn one.
    let parsed = known.as_deref().and_then(|text| {
        let mut lines = text.strip_suffix("\nend\n")?.split('\n');
        Some((lines.next()?, lines.next()?))
    });
    let name: Arc<str> = match (parsed, boot) {
        (Some((run, name)), Some(boot)) if run == boot => return Ok(name.into()),
        // The first start, as far as the directory shows.
        (None, _) if known.is_none() && !has_journals(dir)? => "".into(),
        _ => hex_name(world).into(),
    };
    if !name.is_empty() {
        tracing::warn!(
            "the machine was started anew since mandates were used last; mandates of before are refused"
        );
    }
    store(dir, &format!("{}\n{name}\nend\n", boot.unwrap_or("unknown")))?;
    Ok(name)
}

/// The alphabet that ids may have; no dot, which separates a name from what it marks.
fn hex_name(world: &World) -> String {
    format!("{:016x}", u64::from_be_bytes(world.random_bytes::<8>()))
}

fn has_journals(dir: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(dir)? {
        if entry?.file_name().to_string_lossy().ends_with(".journal") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Replaces the file: afterwards it has the new content or, if this fails, the old one.
fn store(dir: &Path, text: &str) -> io::Result<()> {
    let fresh = dir.join("epoch.new");
    let mut file: File = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, dir.join(FILE))?;
    sync_dir(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_lasts_as_long_as_the_machine_runs_and_another_run_has_another() {
        let (dir, world) = (tempfile::tempdir().unwrap(), World::for_tests());
        let name = |boot| of(dir.path(), boot, &world).unwrap();
        assert_eq!(&*name(Some("one")), "");
        assert_eq!(&*name(Some("one")), "");
        let second = name(Some("two"));
        assert!(!second.is_empty());
        assert_eq!(name(Some("two")), second);
        let third = name(Some("one"));
        assert!(!third.is_empty() && third != second);
        // Where the run is not known, every start may be one after a power cut.
        let unknown = name(None);
        assert_ne!(name(None), unknown);
    }

    #[test]
    fn a_torn_or_lost_file_is_a_new_name() {
        for torn in [&b""[..], b"one\n", b"one\n\nen", b"one\n\xff\nend\n"] {
            let (dir, world) = (tempfile::tempdir().unwrap(), World::for_tests());
            fs::write(dir.path().join(FILE), torn).unwrap();
            assert!(
                !of(dir.path(), Some("one"), &world).unwrap().is_empty(),
                "{torn:?}"
            );
        }
        let (dir, world) = (tempfile::tempdir().unwrap(), World::for_tests());
        fs::write(dir.path().join("replay-0000000000000001.journal"), b"").unwrap();
        assert!(!of(dir.path(), Some("one"), &world).unwrap().is_empty());
    }
}
