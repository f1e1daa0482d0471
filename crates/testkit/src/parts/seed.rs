//! What a zone needs before a role can work in it.

use caracal_core::{KeyId, ZoneId, entity::Zone};
use caracal_crypto::{Location, SigningKey};
use caracal_storage::{Access, SigningKeyRow, ZoneWork};

use super::Parts;

impl Parts {
    /// Creates a zone.
    ///
    /// # Panics
    /// When it cannot be kept.
    pub async fn create_zone(&self, zone: &Zone) {
        let mut work = self.store.global(Access::Write).await.expect("a unit of work");
        work.zones().create(zone).await.expect("a new zone");
        work.commit().await.expect("a new zone");
    }

    /// Gives a zone its signing key number `version`.
    ///
    /// # Panics
    /// When it cannot be kept.
    pub async fn add_signing_key(&self, zone: &ZoneId, version: i64) -> SigningKey {
        let key = SigningKey::generate(&self.world, KeyId::generate(&self.world)).expect("a signing key");
        let bytes = key.to_sealed_bytes().expect("a signing key");
        let sealed = self
            .keyring
            .seal(&self.world, &Location::ZONE_SIGNING_KEY, &bytes);
        let row = SigningKeyRow {
            id: key.id().clone(),
            version,
            public_key: key.verifying_key().point().to_vec(),
            envelope: sealed.expect("a sealed key"),
            signs_from: self.world.now(),
            verifies_until: None,
            created_at: self.world.now(),
        };
        self.change(zone, async |work| {
            work.signing_keys().create(&row).await.expect("a new signing key");
        })
        .await;
        key
    }

    /// Changes what is stored in a zone.
    ///
    /// # Panics
    /// When it cannot be committed.
    pub async fn change(&self, zone: &ZoneId, change: impl AsyncFnOnce(&mut dyn ZoneWork)) {
        let mut work = self
            .store
            .zone(zone, Access::Write)
            .await
            .expect("a unit of work");
        change(work.as_mut()).await;
        work.commit().await.expect("what was changed");
    }
}
