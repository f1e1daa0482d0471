//! What a power cut leaves: what `faults.c` saw reach the disk.

use std::{
    fs::{self, File},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use super::faults::DISK;

/// What a disk writes as a whole.
const SECTOR: usize = 512;

/// The disk below this process.
pub(crate) struct Disk(PathBuf);

impl Disk {
    /// That of a run below the library, absent in any other.
    pub(crate) fn here() -> Option<Self> {
        std::env::var_os(DISK).map(|path| Self(path.into()))
    }

    /// Makes everything at `root` reach the disk.
    pub(crate) fn sync(root: &Path) {
        for entry in fs::read_dir(root).expect("a directory") {
            let entry = entry.expect("an entry").path();
            if entry.is_dir() {
                Self::sync(&entry);
            } else {
                File::open(&entry)
                    .and_then(|file| file.sync_all())
                    .expect("it syncs");
            }
        }
        File::open(root)
            .and_then(|root| root.sync_all())
            .expect("it syncs");
    }

    /// Writes to `to` what is left of `root`. Of what was written and not synced each sector may be there, as `kept` says.
    pub(crate) fn after_cut(&self, root: &Path, to: &Path, kept: &mut impl FnMut() -> bool) {
        fs::create_dir_all(to).expect("a directory");
        let names = format!("names-{}", root.display().to_string().replace('/', "!"));
        // A directory that was never synced has no names.
        let names = fs::read_to_string(self.0.join(names)).unwrap_or_default();
        for line in names.lines() {
            let mut parts = line.splitn(3, ' ');
            let (Some(kind), Some(inode), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
                panic!("not a name: {line}");
            };
            let (from, to) = (root.join(name), to.join(name));
            if name == ".." {
                continue;
            }
            if kind == "1" {
                self.after_cut(&from, &to, kept);
                continue;
            }
            let mut content = fs::read(self.0.join(format!("content-{inode}"))).unwrap_or_default();
            let same = fs::metadata(&from).is_ok_and(|file| file.ino().to_string() == inode);
            if same {
                mix(&mut content, &fs::read(&from).expect("a file"), kept);
            }
            fs::write(to, content).expect("a file");
        }
    }
}

/// Some sectors of `written` reach the disk without a sync.
fn mix(synced: &mut Vec<u8>, written: &[u8], kept: &mut impl FnMut() -> bool) {
    if kept() {
        synced.resize(written.len(), 0);
    }
    for (old, new) in synced.chunks_mut(SECTOR).zip(written.chunks(SECTOR)) {
        if *old != *new && kept() {
            let both = old.len().min(new.len());
            old[..both].copy_from_slice(&new[..both]);
        }
    }
}
