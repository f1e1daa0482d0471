//! Destroys keys in their token once nothing that they signed is valid any more.

use std::{sync::Arc, time::Duration};

use caracal_core::{World, ZoneId};
use caracal_storage::{Access, Error, PrivateHalf, Store};
use tokio_util::sync::CancellationToken;

use super::ZoneKeys;
use crate::{error_chain, key_rotation::zones};

/// Pause between two rounds. Nobody waits for it: what is retired signs nothing.
const EVERY: Duration = Duration::from_mins(10);

/// Looks after keys that were rotated out of use.
#[derive(Debug)]
pub struct RetiredKeys {
    /// Where rows are; the login must be allowed to change signing keys.
    pub store: Arc<dyn Store>,
    /// Where keys are.
    pub keys: ZoneKeys,
    /// Time.
    pub world: World,
}

impl RetiredKeys {
    /// Runs rounds until `shutdown`; nothing to do where no token was given.
    pub async fn run(self, shutdown: CancellationToken) {
        if self.keys.token.is_none() {
            return;
        }
        loop {
            let outcome = tokio::select! {
                () = shutdown.cancelled() => return,
                outcome = self.round() => outcome,
            };
            if let Err(error) = outcome {
                let error = error_chain(&error);
                tracing::warn!(error, "could not look for retired keys in the token");
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// Destroys what can be; returns how many keys were.
    ///
    /// # Errors
    /// When the zones cannot be listed.
    pub async fn round(&self) -> Result<u64, Error> {
        let mut destroyed = 0;
        for zone in zones(self.store.as_ref()).await? {
            match self.zone(&zone).await {
                Ok(keys) => destroyed += keys,
                Err(error) => {
                    let error = error_chain(&error);
                    tracing::warn!(zone.id = %zone, error, "could not look for retired keys of a zone");
                }
            }
        }
        Ok(destroyed)
    }

    async fn zone(&self, zone: &ZoneId) -> Result<u64, Error> {
        let mut work = self.store.zone(zone, Access::Read).await?;
        let past = work.signing_keys().held_past(self.world.now()).await?;
        drop(work);
        let mut destroyed = 0;
        for (id, reference) in past {
            // First in the token: a key that is gone there already is no error, so what ends in between is done again.
            if let Err(error) = self.keys.destroy(&PrivateHalf::Held(reference.clone())).await {
                tracing::warn!(zone.id = %zone, key.id = %id, %error, "could not destroy a retired key in the token");
                continue;
            }
            let mut work = self.store.zone(zone, Access::Write).await?;
            work.signing_keys().destroyed(&id, &reference).await?;
            work.commit().await?;
            destroyed += 1;
            tracing::info!(zone.id = %zone, key.id = %id, "destroyed a retired signing key in the token");
        }
        Ok(destroyed)
    }
}
