//! A gzipped tar of bounded size, for its owner alone.

use std::{fs::OpenOptions, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use anyhow::{Context as _, ensure};
use caracal_core::Timestamp;
use flate2::{Compression, write::GzEncoder};

/// Most bytes of all members together.
const MOST: usize = 64 * 1024 * 1024;
/// What every member lies under.
const ROOT: &str = "caracal-support";

/// Members that wait to be written.
#[derive(Default)]
pub(super) struct Archive {
    members: Vec<(String, Vec<u8>)>,
    bytes: usize,
}

impl Archive {
    /// Adds a member.
    ///
    /// # Errors
    /// When the bundle would get too large.
    pub(super) fn add(&mut self, name: &str, content: &[u8]) -> anyhow::Result<()> {
        self.bytes = self.bytes.saturating_add(content.len());
        ensure!(
            self.bytes <= MOST,
            "{name} is too much: a bundle has at most {MOST} bytes"
        );
        self.members.push((name.to_owned(), content.to_owned()));
        Ok(())
    }

    /// Writes the file, which must not be there; returns the names of what is in it.
    ///
    /// # Errors
    /// As the file system.
    pub(super) fn write(self, path: &Path, at: Timestamp) -> anyhow::Result<Vec<String>> {
        let cannot = || format!("cannot write {}", path.display());
        let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
        let mut names = Vec::new();
        for (name, content) in &self.members {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len().try_into().context("a member has a size")?);
            header.set_mode(0o600);
            header.set_mtime(at.unix_seconds().try_into().unwrap_or_default());
            tar.append_data(&mut header, format!("{ROOT}/{name}"), content.as_slice())
                .with_context(cannot)?;
            names.push(name.clone());
        }
        let whole = tar
            .into_inner()
            .and_then(GzEncoder::finish)
            .with_context(cannot)?;
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .and_then(|mut file| file.write_all(&whole).and_then(|()| file.sync_all()))
            .with_context(cannot)?;
        Ok(names)
    }
}
