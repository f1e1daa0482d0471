//! Keys that are made in this process and sealed into the database.

use std::sync::Arc;

use async_trait::async_trait;
use caracal_core::{KeyId, World, ZoneId};
use caracal_crypto::{KeyRing, Location, SigningKey};
use caracal_storage::{Error, PrivateHalf, SigningKeyRow};

use super::{KeyStoreError, MadeKey, ZoneKeyStore, ZoneSigner};

/// Seals keys under the key-encryption key, and opens them.
#[derive(Debug)]
pub struct SealedKeys {
    ring: Arc<KeyRing>,
    world: World,
}

impl SealedKeys {
    /// Under `ring`.
    pub const fn new(ring: Arc<KeyRing>, world: World) -> Self {
        Self { ring, world }
    }

    /// What opens whatever is sealed.
    pub(super) const fn ring(&self) -> &Arc<KeyRing> {
        &self.ring
    }
}

#[async_trait]
impl ZoneKeyStore for SealedKeys {
    async fn generate(&self, _: &ZoneId, id: &KeyId) -> Result<MadeKey, KeyStoreError> {
        let key = SigningKey::generate(&self.world, id.clone()).map_err(|_| KeyStoreError::Library)?;
        let private = key.to_sealed_bytes().map_err(|_| KeyStoreError::Library)?;
        let envelope = self.ring.seal(&self.world, &Location::ZONE_SIGNING_KEY, &private);
        Ok(MadeKey {
            point: *key.verifying_key().point(),
            private: PrivateHalf::Sealed(envelope.map_err(|_| KeyStoreError::Library)?),
        })
    }

    fn open(&self, _: &ZoneId, row: &SigningKeyRow) -> Result<ZoneSigner, Error> {
        let id = &row.id;
        let PrivateHalf::Sealed(envelope) = &row.private else {
            return Err(Error::Corrupt(format!("signing key {id} is not sealed")));
        };
        let opened = self
            .ring
            .open(&Location::ZONE_SIGNING_KEY, envelope)
            .map_err(|error| Error::Corrupt(format!("signing key {id} cannot be opened: {error}")))?;
        let key = SigningKey::from_sealed_bytes(id.clone(), &opened)
            .map_err(|_| Error::Corrupt(format!("signing key {id} is not a P-256 key")))?;
        Ok(ZoneSigner::Opened(Arc::new(key)))
    }

    /// There is nothing to destroy beside the row.
    async fn destroy(&self, _: &PrivateHalf) -> Result<(), KeyStoreError> {
        Ok(())
    }
}
