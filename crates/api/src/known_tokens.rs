//! Which tokens and sessions there are, in memory.

use std::{collections::HashSet, time::Duration};

use caracal_core::Timestamp;
use caracal_storage::{Access, Error, Store};
use tokio::sync::Mutex;

/// How old the picture may be.
const FRESH: Duration = Duration::from_secs(1);
/// Most tokens in it, the newest ones.
const MAX_TOKENS: u32 = 10_000;

/// Digests of the tokens that were not revoked a moment ago. They authenticate nobody: they tell whose tokens are worth
/// a query while their address is being refused, where anybody may be guessing.
#[derive(Debug, Default)]
pub struct KnownTokens(Mutex<(Option<Timestamp>, HashSet<[u8; 32]>)>);

impl KnownTokens {
    /// Whether one of them has one of the `digests`. Reads at most one picture in [`FRESH`], whoever asks how often.
    pub(crate) async fn have(&self, store: &dyn Store, digests: &[[u8; 32]], now: Timestamp) -> bool {
        let mut picture = self.0.lock().await;
        if picture.0.is_none_or(|read_at| now.since(read_at) >= FRESH) {
            picture.0 = Some(now);
            match read(store, now).await {
                Ok(known) => picture.1 = known.into_iter().collect(),
                Err(error) => {
                    tracing::warn!(error = %caracal_service::error_chain(&error), "could not read which admin tokens there are");
                }
            }
        }
        digests.iter().any(|digest| picture.1.contains(digest))
    }
}

async fn read(store: &dyn Store, now: Timestamp) -> Result<Vec<[u8; 32]>, Error> {
    let mut work = store.global(Access::Read).await?;
    let mut known = work.admin_tokens().digests(MAX_TOKENS).await?;
    known.extend(work.accounts().session_digests(MAX_TOKENS, now).await?);
    Ok(known)
}
