//! Which tokens and sessions there are, in memory.

use std::{collections::HashSet, time::Duration};

use caracal_core::Timestamp;
use caracal_storage::{Access, Error, Store};
use tokio::sync::Mutex;

/// How old the picture may be.
const FRESH: Duration = Duration::from_secs(1);
/// Most tokens in it, the newest ones.
const MAX_TOKENS: u32 = 10_000;

/// Whose tokens a role takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TokenHolders {
    /// Those of administrators, and of people who are signed in at the console.
    AdministratorsAndPeople,
    /// Those of people alone.
    People,
}

#[derive(Debug, Default)]
struct KnownDigests {
    read_at: Option<Timestamp>,
    known: HashSet<[u8; 32]>,
}

/// Digests of the tokens that were not revoked a moment ago. They authenticate nobody: they tell whose tokens are worth
/// a query while their address is being refused, where anybody may be guessing.
#[derive(Debug)]
pub struct KnownTokens {
    whose: TokenHolders,
    picture: Mutex<KnownDigests>,
}

impl KnownTokens {
    /// Admin tokens and sessions at the console.
    pub fn of_administrators_and_people() -> Self {
        Self::of(TokenHolders::AdministratorsAndPeople)
    }

    /// Sessions at the console alone.
    pub fn of_people() -> Self {
        Self::of(TokenHolders::People)
    }

    fn of(whose: TokenHolders) -> Self {
        Self {
            whose,
            picture: Mutex::default(),
        }
    }

    /// Whether one of them has one of the `digests`. Reads at most one picture in [`FRESH`], whoever asks how often.
    pub async fn have(&self, store: &dyn Store, digests: &[[u8; 32]], now: Timestamp) -> bool {
        let mut picture = self.picture.lock().await;
        if picture.read_at.is_none_or(|read_at| now.since(read_at) >= FRESH) {
            picture.read_at = Some(now);
            match self.read(store, now).await {
                Ok(known) => picture.known = known.into_iter().collect(),
                Err(error) => {
                    tracing::warn!(error = %crate::error_chain(&error), "could not read which tokens there are");
                }
            }
        }
        digests.iter().any(|digest| picture.known.contains(digest))
    }

    async fn read(&self, store: &dyn Store, now: Timestamp) -> Result<Vec<[u8; 32]>, Error> {
        let mut work = store.global(Access::Read).await?;
        let mut known = work.accounts().session_digests(MAX_TOKENS, now).await?;
        if self.whose == TokenHolders::AdministratorsAndPeople {
            known.extend(work.admin_tokens().digests(MAX_TOKENS, now).await?);
        }
        Ok(known)
    }
}
