//! The keys that issuers of identity tokens publish.
//!
//! They are fetched from where the operator or the issuer's own document said, never from where a token says, and kept for
//! ten minutes. A key id that is not among them is looked for once more, at most every half minute: issuers rotate, and
//! strangers invent ids.

use std::{sync::Arc, time::Duration};

use caracal_core::World;
use caracal_crypto::identity_token::{IssuerKeys, IssuerKeysError, MAX_DOCUMENT_BYTES};

use crate::{
    egress::Egress,
    oauth::{DocumentClient, DocumentError},
    refreshed::{RefreshedByName, Timed},
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

/// The keys of issuers, by where they are published.
#[derive(Debug)]
pub struct IssuerKeySets {
    client: DocumentClient,
    world: World,
    held: RefreshedByName<IssuerKeys, KeysError>,
    /// Told of each fetch: `fetched` or `failed`.
    fetched: fn(&'static str),
}

impl IssuerKeySets {
    /// Fetches through `egress` and tells `fetched` how it went. One for a process: what it remembers is what saves
    /// fetches.
    pub fn new(egress: Arc<Egress>, world: World, fetched: fn(&'static str)) -> Self {
        Self {
            client: DocumentClient::new(egress),
            held: RefreshedByName::new(MAX_ISSUERS, world.clone()),
            world,
            fetched,
        }
    }

    /// The keys at `url`, which have `key_id` among them if the issuer has.
    ///
    /// # Errors
    /// [`KeysError`].
    pub async fn with_key(&self, url: &str, key_id: &str) -> Result<Arc<Timed<IssuerKeys>>, KeysError> {
        let held = self.held.of(url);
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
}
