//! Beginnings of logs, signed for what is exported of them.

use caracal_ledger::{
    chain::LogId,
    checkpoint::SignedCheckpoint,
    merkle::{Frontier, verify_consistency},
};
use caracal_storage::{Error, Log};

use super::{Checkpoints, NotPublished, consistency, roots};

/// Why the beginning of a log is not signed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct LogUnsigned(pub(crate) NotPublished);

impl From<Error> for LogUnsigned {
    fn from(error: Error) -> Self {
        Self(error.into())
    }
}

impl From<NotPublished> for LogUnsigned {
    fn from(error: NotPublished) -> Self {
        Self(error)
    }
}

impl Checkpoints {
    /// The tree over the first `size` entries of the log, as its tiles say.
    ///
    /// # Errors
    /// [`LogUnsigned`], also where the log has not as many.
    pub async fn prefix(&self, log: &LogId, size: u64) -> Result<Frontier, LogUnsigned> {
        let mut work = self.view(log).await?;
        prefix(work.log(), size).await
    }

    /// A checkpoint of the log as it was with its first `size` entries, once it is proved to be the beginning of the
    /// newest one that is signed. No witness sees it.
    ///
    /// # Errors
    /// [`LogUnsigned`].
    pub async fn sign_prefix(&self, log: &LogId, size: u64) -> Result<SignedCheckpoint, LogUnsigned> {
        let newest = self.newest(log).await?;
        let newest = newest.ok_or(NotPublished::WrongHead)?;
        let mut work = self.view(log).await?;
        let stored = work.log();
        let (end, top) = (newest.checkpoint().size, newest.checkpoint().root);
        if size == 0 || size > end {
            return Err(NotPublished::RolledBack {
                signed: size,
                found: end,
            }
            .into());
        }
        let root = prefix(stored, size).await?.root();
        let proof = consistency(stored, size, end).await?;
        if !verify_consistency(size, end, &proof, &root, &top) {
            return Err(NotPublished::Forked { signed: end }.into());
        }
        let signed = self.keys.sign(&log.name(), size, root, self.seconds());
        Ok(signed.map_err(NotPublished::from)?)
    }
}

async fn prefix(stored: &mut dyn Log, size: u64) -> Result<Frontier, LogUnsigned> {
    let (mut ranges, mut start) = (Vec::new(), 0);
    for height in (0..u64::BITS).rev() {
        let leaves = 1_u64 << height;
        if size & leaves != 0 {
            ranges.push(start..start + leaves);
            start += leaves;
        }
    }
    let peaks = roots(stored, size, &ranges).await?;
    let tree = peaks.and_then(|peaks| Frontier::from_parts(size, peaks).ok());
    Ok(tree.ok_or(NotPublished::WrongHead)?)
}
