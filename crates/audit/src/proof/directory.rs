//! Published logs in a directory: any file server publishes it, any object store takes a copy.

use std::{
    io,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use caracal_service::files;

use super::files::{FoundFile, LogFiles};

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
}

#[async_trait]
impl LogFiles for Directory {
    async fn read(&self, name: &str) -> io::Result<Option<FoundFile>> {
        let path = self.0.join(name);
        blocking(move || found(&path)).await
    }

    async fn write(&self, name: &str, content: Vec<u8>) -> io::Result<()> {
        let path = self.0.join(name);
        blocking(move || write(&path, &content)).await
    }

    async fn replace(&self, name: &str, before: Option<&FoundFile>, content: Vec<u8>) -> io::Result<bool> {
        let (path, before) = (self.0.join(name), before.cloned());
        blocking(move || {
            let same = found(&path)? == before;
            if same {
                write(&path, &content)?;
            }
            Ok(same)
        })
        .await
    }

    async fn remove_below(&self, name: &str) -> io::Result<()> {
        let path = self.0.join(name);
        blocking(move || match std::fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}

fn found(path: &Path) -> io::Result<Option<FoundFile>> {
    match std::fs::read(path) {
        Ok(content) => Ok(Some(FoundFile {
            content,
            version: None,
        })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        files::create_directory_synced(parent)?;
    }
    files::replace_synced(path, content, 0o600)
}
