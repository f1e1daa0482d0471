//! Published logs in a bucket.

use std::{io, time::Duration};

use async_trait::async_trait;
use caracal_audit::{FoundFile, LogFiles};
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::{ObjectStoreExt as _, PutMode, UpdateVersion, path::Path};

use crate::{ExportTarget, TargetError};

/// Largest file that is read: notes have less, and what somebody put in their place may have more than there is memory for.
const MAX_READ: u64 = 1 << 20;
/// Longest wait for one file, all tries together: they are small, and a log waits for what was published of it.
const FILE_WITHIN: Duration = Duration::from_secs(5);

async fn within<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let done = tokio::time::timeout(FILE_WITHIN, work).await;
    done.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

fn failed(error: object_store::Error) -> io::Error {
    io::Error::other(TargetError::from(error))
}

impl ExportTarget {
    /// The object of a file. Its name stands as it is, without escapes: whoever serves the bucket serves the file by it.
    fn named(&self, name: &str) -> io::Result<Path> {
        let prefix = self.prefix();
        let whole = if prefix.as_ref().is_empty() {
            name.to_owned()
        } else {
            format!("{prefix}/{name}")
        };
        Path::parse(whole).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
    }
}

impl ExportTarget {
    /// The checkpoint of each log that is published there, after its name.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub async fn checkpoints(&self) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut found = Vec::new();
        for kind in ["admin", "ledger"] {
            let below = self.named(kind)?;
            let listed = self
                .store()
                .list_with_delimiter(Some(&below))
                .await
                .map_err(failed)?;
            for log in listed.common_prefixes {
                let name = format!("{kind}/{}/checkpoint", log.filename().unwrap_or_default());
                let file = self.read(&name).await?;
                found.extend(file.map(|file| (name, file.content)));
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl LogFiles for ExportTarget {
    async fn read(&self, name: &str) -> io::Result<Option<FoundFile>> {
        within(async {
            let found = match self.store().get(&self.named(name)?).await {
                Ok(found) => found,
                Err(object_store::Error::NotFound { .. }) => return Ok(None),
                Err(error) => return Err(failed(error)),
            };
            let size = found.meta.size;
            if size > MAX_READ {
                let said = format!("{name} has {size} bytes");
                return Err(io::Error::new(io::ErrorKind::InvalidData, said));
            }
            let version = found.meta.e_tag.clone();
            let content = found.bytes().await.map_err(failed)?.to_vec();
            Ok(Some(FoundFile { content, version }))
        })
        .await
    }

    async fn write(&self, name: &str, content: Vec<u8>) -> io::Result<()> {
        within(async {
            let put = self.store().put(&self.named(name)?, content.into()).await;
            put.map(|_| ()).map_err(failed)
        })
        .await
    }

    async fn replace(&self, name: &str, before: Option<&FoundFile>, content: Vec<u8>) -> io::Result<bool> {
        let mode = match before {
            None => PutMode::Create,
            Some(before) => PutMode::Update(UpdateVersion {
                e_tag: before.version.clone(),
                version: None,
            }),
        };
        within(async {
            let path = self.named(name)?;
            match self.store().put_opts(&path, content.into(), mode.into()).await {
                Ok(_) => Ok(true),
                Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                    Ok(false)
                }
                Err(error) => Err(failed(error)),
            }
        })
        .await
    }

    async fn remove_below(&self, name: &str) -> io::Result<()> {
        let found = self.store().list(Some(&self.named(name)?));
        let paths = found.map_ok(|object| object.location).boxed();
        let removing = self.store().delete_stream(paths).try_collect::<Vec<_>>();
        // Whoever may write need not have the right to delete. What stays is said elsewhere too, and nothing needs it.
        if let Err(error) = within(async { removing.await.map_err(failed) }).await {
            let error = caracal_service::error_chain(&error);
            tracing::debug!(name, error, "parts of a tile stay in the bucket");
        }
        Ok(())
    }
}
