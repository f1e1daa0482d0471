//! Where events go before they are deleted: a file for each stretch of a log, in the form of exports, so that any
//! verifier reads them one after the other and what is left behind them.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
};

use caracal_crypto::Digest32;
use caracal_ledger::{chain::LogId, entry::Entry};
use caracal_service::files;

use crate::{export::EntryLine, lines::Written, proof::directory_of};

/// A directory of archives.
#[derive(Debug, Clone)]
pub struct ArchiveDirectory(PathBuf);

impl ArchiveDirectory {
    /// The directory at `path`, which is made where it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        Ok(Self(path.to_owned()))
    }

    /// Writes `lines` as the entries from `first` up to `end` of `log`, on disk once it returns, and reads
    /// them back: their leaves.
    pub(super) async fn keep(
        &self,
        log: &LogId,
        (first, end): (u64, u64),
        lines: Vec<u8>,
    ) -> io::Result<Vec<Digest32>> {
        let directory = self.0.join(directory_of(log));
        let log = log.name();
        let write = move || {
            std::fs::create_dir_all(&directory)?;
            // Whoever sorts the names has the order of the log.
            let path = directory.join(format!("{first:020}-{end:020}.ndjson"));
            files::replace_synced(&path, &lines, 0o600)?;
            read_back(&path, &log, first)
        };
        tokio::task::spawn_blocking(write)
            .await
            .map_err(io::Error::other)?
    }
}

/// Adds an entry to the lines of an archive.
pub(super) fn add_line(lines: &mut Vec<u8>, entry: &Entry<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *lines, &EntryLine::of(entry))?;
    lines.write_all(b"\n")
}

fn read_back(path: &Path, log: &str, first: u64) -> io::Result<Vec<Digest32>> {
    let file = BufReader::new(std::fs::File::open(path)?);
    let leaf = |(index, line): (u64, io::Result<String>)| {
        let line = line?;
        let written: Written<'_> = serde_json::from_str(&line)?;
        let entry = written
            .entry()
            .filter(|entry| entry.log == log && entry.index == index);
        let entry =
            entry.ok_or_else(|| io::Error::other("the archive has another entry than was written"))?;
        Ok(entry.leaf())
    };
    (first..).zip(file.lines()).map(leaf).collect()
}
