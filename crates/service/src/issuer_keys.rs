//! The keys that issuers of identity tokens publish.
//!
//! They are fetched from where the operator or the issuer's own document said, never from where a token says, and kept for
//! ten minutes. A key id that is not among them is looked for once more, at most every half minute: issuers rotate, and
//! strangers invent ids.

use std::{collections::HashMap, sync::Arc, time::Duration};

use caracal_core::World;
use caracal_crypto::identity_token::{IssuerKeys, IssuerKeysError, MAX_DOCUMENT_BYTES};
use parking_lot::Mutex;

use crate::{
    egress::Egress,
    oauth::{DocumentClient, DocumentError},
    refreshed::{Refreshed, Timed},
};

/// Most issuers whose keys are kept.
const MAX_ISSUERS: usize = 4096;
/// When keys are fetched anew, and how long they serve where that fails.
const RENEW_AFTER: Duration = Duration::from_mins(8);
const USABLE_FOR: Duration = Duration::from_mins(10);
/// How often keys are fetched for a key id that is not among them.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// Why there are no keys.
#[derive(Debug, Clone, thiserror::Error)]
pub enum KeysError {
    /// The document cannot be had.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// It is no key set.
    #[error(transparent)]
    Keys(#[from] IssuerKeysError),
}

type Held = Refreshed<IssuerKeys, KeysError>;

/// The keys of issuers, by where they are published.
#[derive(Debug)]
pub struct IssuerKeySets {
    client: DocumentClient,
    world: World,
    held: Mutex<HashMap<Box<str>, Arc<Held>>>,
    /// Told of each fetch: `fetched` or `failed`.
    fetched: fn(&'static str),
}

impl IssuerKeySets {
    /// Fetches through `egress` and tells `fetched` how it went. One for a process: what it remembers is what saves
    /// fetches.
    pub fn new(egress: Arc<Egress>, world: World, fetched: fn(&'static str)) -> Self {
        Self {
            client: DocumentClient::new(egress),
            world,
            held: Mutex::default(),
            fetched,
        }
    }

    /// The keys at `url`, which have `key_id` among them if the issuer has.
    ///
    /// # Errors
    /// [`KeysError`].
    pub async fn with_key(&self, url: &str, key_id: &str) -> Result<Arc<Timed<IssuerKeys>>, KeysError> {
        let held = self.held(url);
        let keys = held.get(self.fetch(url)).await?;
        if keys.value.key(key_id).is_some() {
            return Ok(keys);
        }
        held.after(keys, LOOK_AGAIN, self.fetch(url)).await
    }

    async fn fetch(&self, url: &str) -> Result<Timed<IssuerKeys>, KeysError> {
        let fetched = async {
            let document = self.client.get(url, MAX_DOCUMENT_BYTES).await?;
            Ok::<_, KeysError>(IssuerKeys::parse(&document)?)
        };
        let fetched = fetched.await;
        (self.fetched)(if fetched.is_ok() { "fetched" } else { "failed" });
        let now = self.world.now();
        Ok(Timed {
            value: fetched
                .inspect_err(|error| tracing::warn!(%error, "the keys of an issuer cannot be had"))?,
            got_at: now,
            renew_at: now.plus(RENEW_AFTER),
            usable_until: now.plus(USABLE_FOR),
        })
    }

    fn held(&self, url: &str) -> Arc<Held> {
        let mut held = self.held.lock();
        if let Some(found) = held.get(url) {
            return found.clone();
        }
        if held.len() >= MAX_ISSUERS {
            held.retain(|_, other| other.is_live());
            if held.len() >= MAX_ISSUERS
                && let Some(any) = held.keys().next().cloned()
            {
                held.remove(&any);
            }
        }
        let begun = Arc::new(Held::new(self.world.clone()));
        held.insert(url.into(), begun.clone());
        begun
    }
}
