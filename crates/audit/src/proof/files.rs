//! Logs published as files, laid out as C2SP tlog-tiles wants: checkpoint, prune checkpoint and tiles, in a directory or in a
//! bucket.

use std::{fmt, io};

use async_trait::async_trait;
use caracal_ledger::{
    chain::LogId,
    checkpoint::SignedCheckpoint,
    merkle::{TILE_WIDTH, Tile, new_tiles, verify_consistency},
    trust::Trust,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{Checkpoints, NotPublished, consistency};

/// Tiles that are fetched before they are written.
const CHUNK: usize = 64;
/// Files written at the same time.
const PARALLEL: usize = 8;
/// Times that a checkpoint is put in the place of one that others replaced meanwhile.
const TRIES: usize = 3;

/// Keeps the files of published logs, by names with slashes between their parts. Each call ends within seconds.
#[async_trait]
pub trait LogFiles: fmt::Debug + Send + Sync {
    /// A file as it is now; `None` where there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    async fn read(&self, name: &str) -> io::Result<Option<FoundFile>>;

    /// Writes a file, whatever is there. A power cut does not take it once this returns.
    ///
    /// # Errors
    /// When it cannot be written; what was there may be there still.
    async fn write(&self, name: &str, content: Vec<u8>) -> io::Result<()>;

    /// As [`Self::write`], where `before` is there still, or still nothing is. Whether that was so.
    ///
    /// # Errors
    /// As [`Self::write`].
    async fn replace(&self, name: &str, before: Option<&FoundFile>, content: Vec<u8>) -> io::Result<bool>;

    /// Removes the files below a name, if there are any.
    ///
    /// # Errors
    /// When some may be there still.
    async fn remove_below(&self, name: &str) -> io::Result<()>;
}

/// A file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// What is in it.
    pub content: Vec<u8>,
    /// What tells it from what is put there later, where it is kept by something that knows.
    pub version: Option<String>,
}

/// Where a log is among others. An id may begin with a dot, a name of a directory should not; and that of the deployment's own
/// records is no zone's.
pub(crate) fn directory_of(log: &LogId) -> String {
    match log {
        LogId::Ledger(_) | LogId::Admin(_) => log.name().replace("/.", "/%2E"),
        LogId::Deployment => String::from("admin/%2A"),
    }
}

/// The checkpoint of a log that was published last, and its file; `None` where there is none.
///
/// # Errors
/// Also when it is damaged: what was signed before is not known then, and a log that was set back would be signed.
pub(super) async fn checkpoint(
    files: &dyn LogFiles,
    log: &LogId,
) -> io::Result<Option<(SignedCheckpoint, FoundFile)>> {
    let Some(found) = files.read(&format!("{}/checkpoint", directory_of(log))).await? else {
        return Ok(None);
    };
    let signed = SignedCheckpoint::parse(&found.content).map_err(|error| {
        let damaged = format!("the published checkpoint is damaged, put a copy in its place: {error}");
        io::Error::new(io::ErrorKind::InvalidData, damaged)
    })?;
    Ok(Some((signed, found)))
}

/// Publishes `signed` in `files`, whose failures are called `unusable`: first the tiles that it needs and are not there yet, so that
/// whoever reads the checkpoint finds them. Another process may have published more meanwhile; that stays. What `signed` does not
/// continue stays too, and is an alarm.
///
/// Each file is there for good before the checkpoint is: after a power cut there is one, no older than the last that was
/// published, and all that it needs.
pub(super) async fn publish(
    files: &dyn LogFiles,
    unusable: fn(io::Error) -> NotPublished,
    checkpoints: &Checkpoints,
    log: &LogId,
    signed: &SignedCheckpoint,
) -> Result<(), NotPublished> {
    let (place, note) = (directory_of(log), signed.encode().into_bytes());
    let told = signed.checkpoint();
    let keys = &checkpoints.keys;
    let trust = Trust::of_keys(&keys.origin(&log.name()), keys.public().cloned(), 0);
    for _ in 0..TRIES {
        let found = checkpoint(files, log).await.map_err(unusable)?;
        if found.as_ref().is_some_and(|(_, file)| file.content == note) {
            return Ok(());
        }
        // What others put there says nothing of the log.
        let ours = |kept: &&SignedCheckpoint| trust.as_ref().is_ok_and(|trust| trust.check(kept).is_ok());
        let before = found.as_ref().map(|(before, _)| before).filter(ours);
        let before = before.map(SignedCheckpoint::checkpoint);
        let published = before.map_or(0, |before| before.size);
        if published > told.size {
            return Ok(());
        }
        if let Some(before) = before {
            let mut work = checkpoints.view(log).await?;
            let proof = consistency(work.log(), published, told.size).await?;
            if !verify_consistency(published, told.size, &proof, &before.root, &told.root) {
                return Err(NotPublished::Forked { signed: published });
            }
        }
        let found = found.map(|(_, file)| file);
        for tiles in new_tiles(published, told.size).chunks(CHUNK) {
            // A view of its own for some: all the tiles of a large log take longer than a transaction may.
            let mut work = checkpoints.view(log).await?;
            let mut fetched = Vec::with_capacity(tiles.len());
            for tile in tiles {
                if let Some(hashes) = work.log().tile(tile).await? {
                    fetched.push((*tile, hashes.concat()));
                }
            }
            drop(work);
            let writing = stream::iter(fetched)
                .map(|(tile, content)| write_tile(files, &place, tile, content, published))
                .buffer_unordered(PARALLEL);
            writing.try_collect::<()>().await.map_err(unusable)?;
        }
        let name = format!("{place}/checkpoint");
        let replaced = files.replace(&name, found.as_ref(), note.clone()).await;
        if replaced.map_err(unusable)? {
            return Ok(());
        }
    }
    Err(unusable(io::Error::other("others publish the log all the time")))
}

/// Writes a tile. What its parts have, of which some were written when `published` entries were, is in it once it is full.
async fn write_tile(
    files: &dyn LogFiles,
    place: &str,
    tile: Tile,
    content: Vec<u8>,
    published: u64,
) -> io::Result<()> {
    let name = format!("{place}/tile/{}", tile.path());
    files.write(&name, content).await?;
    let entries = TILE_WIDTH.saturating_pow(u32::from(tile.level));
    let first = tile.index.saturating_mul(TILE_WIDTH).saturating_mul(entries);
    if u64::from(tile.width) == TILE_WIDTH && published > first {
        files.remove_below(&format!("{name}.p")).await?;
    }
    Ok(())
}

/// Writes the newest prune checkpoint of a log, if another one is there.
pub(super) async fn publish_prune(files: &dyn LogFiles, log: &LogId, note: &str) -> io::Result<()> {
    let name = format!("{}/prune", directory_of(log));
    let there = files.read(&name).await?;
    if there.is_some_and(|there| there.content == note.as_bytes()) {
        return Ok(());
    }
    files.write(&name, note.as_bytes().to_vec()).await
}
