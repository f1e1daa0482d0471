//! Checkpoints and tiles as files, laid out as C2SP tlog-tiles wants: any file server publishes them, any object store
//! takes a copy.

use std::{
    io,
    path::{Path, PathBuf},
};

use caracal_ledger::{
    chain::LogId,
    checkpoint::SignedCheckpoint,
    merkle::{TILE_WIDTH, Tile, new_tiles},
};
use caracal_service::files;
use caracal_storage::Log;

use super::NotPublished;

/// Tiles that are fetched before they are written.
const CHUNK: usize = 64;

/// A directory of logs.
#[derive(Debug, Clone)]
pub struct Directory(PathBuf);

impl Directory {
    /// The directory at `path`, which is made where it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(path: &Path) -> io::Result<Self> {
        files::create_directory_synced(path)?;
        Ok(Self(path.to_owned()))
    }

    /// Where the log is.
    fn path(&self, log: &LogId) -> PathBuf {
        self.0.join(directory_of(log))
    }

    /// The checkpoint that was published last; `None` where there is none.
    ///
    /// # Errors
    /// Also when it is damaged: what was signed before is not known then, and a log that was set back would be signed.
    pub(super) async fn checkpoint(&self, log: &LogId) -> io::Result<Option<SignedCheckpoint>> {
        match tokio::fs::read(self.path(log).join("checkpoint")).await {
            Ok(bytes) => SignedCheckpoint::parse(&bytes).map(Some).map_err(|error| {
                let damaged =
                    format!("the published checkpoint is damaged, put a copy in its place: {error}");
                io::Error::new(io::ErrorKind::InvalidData, damaged)
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes the tiles that `signed` needs and are not there yet, then `signed` itself, so that whoever reads the
    /// checkpoint finds them. Another process may have published more meanwhile; that stays.
    ///
    /// Each is on disk before the next is written: after a power cut there is a checkpoint, no older than the last that was
    /// published, and all that it needs.
    pub(super) async fn publish(
        &self,
        log: &LogId,
        signed: &SignedCheckpoint,
        stored: &mut dyn Log,
    ) -> Result<(), NotPublished> {
        let size = signed.checkpoint().size;
        let before = self.checkpoint(log).await?;
        let before = before.filter(|before| before.checkpoint().origin == signed.checkpoint().origin);
        let published = before.map_or(0, |before| before.checkpoint().size);
        if published > size {
            return Ok(());
        }
        let path = self.path(log);
        for tiles in new_tiles(published, size).chunks(CHUNK) {
            let mut fetched = Vec::with_capacity(tiles.len());
            for tile in tiles {
                if let Some(hashes) = stored.tile(tile).await? {
                    fetched.push((*tile, hashes.concat()));
                }
            }
            let path = path.clone();
            blocking(move || {
                fetched
                    .iter()
                    .try_for_each(|(tile, bytes)| write_tile(&path, tile, bytes))
            })
            .await?;
        }
        let note = signed.encode();
        blocking(move || write(&path.join("checkpoint"), note.as_bytes())).await?;
        Ok(())
    }
}

/// The directory of a log among others. An id may begin with a dot, a name of a directory should not; and that of the deployment's own records is no zone's.
pub(crate) fn directory_of(log: &LogId) -> String {
    match log {
        LogId::Ledger(_) | LogId::Admin(_) => log.name().replace("/.", "/%2E"),
        LogId::Deployment => String::from("admin/%2A"),
    }
}

impl Directory {
    /// Writes the newest prune checkpoint, if another one is there.
    pub(super) async fn publish_prune(&self, log: &LogId, note: &str) -> io::Result<()> {
        let (path, note) = (self.path(log).join("prune"), note.to_owned());
        blocking(move || match std::fs::read(&path) {
            Ok(there) if there == note.as_bytes() => Ok(()),
            _ => write(&path, note.as_bytes()),
        })
        .await
    }
}

async fn blocking(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}

fn write_tile(log: &Path, tile: &Tile, bytes: &[u8]) -> io::Result<()> {
    let path = log.join("tile").join(tile.path());
    write(&path, bytes)?;
    if u64::from(tile.width) == TILE_WIDTH {
        // What came before it is in it.
        let mut partial = path.into_os_string();
        partial.push(".p");
        match std::fs::remove_dir_all(&partial) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        files::create_directory_synced(parent)?;
    }
    files::replace_synced(path, bytes, 0o600)
}
