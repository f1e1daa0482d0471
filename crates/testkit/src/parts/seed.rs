//! What a zone needs before a role can work in it.

use std::time::Duration;

use caracal_core::{
    KeyId, ZoneId,
    entity::{AccountRole, SignInWay, Zone},
};
use caracal_crypto::{Location, SigningKey};
use caracal_service::signed_in::{SESSION_TOKEN_PREFIX, session_digest};
use caracal_storage::{Access, Account, AccountSession, PrivateHalf, SigningKeyRow, ZoneWork};

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
            private: PrivateHalf::Sealed(sealed.expect("a sealed key")),
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

    /// Signs somebody of this role in at the console, who reaches these zones; the token of the session, which ends after ten
    /// minutes without use. One of each role at most.
    ///
    /// # Panics
    /// When it cannot be kept.
    pub async fn sign_in(&self, role: AccountRole, zones: Option<Vec<ZoneId>>) -> String {
        let now = self.world.now();
        let token = format!("{SESSION_TOKEN_PREFIX}{role}");
        let account = Account {
            id: format!("the-{role}"),
            email: format!("{role}@example.com"),
            name: role.to_string(),
            role,
            zones,
            password: None,
            identity_issuer: None,
            identity_subject: None,
            locked_at: None,
            created_by: String::from("test"),
            created_at: now,
            updated_at: now,
            last_sign_in_at: None,
        };
        let session = AccountSession {
            id: self.world.uuid_v7().to_string(),
            account_id: account.id.clone(),
            token_digest: session_digest(&token),
            created_at: now,
            last_seen_at: now,
            idle_until: now.plus(Duration::from_mins(10)),
            expires_at: now.plus(Duration::from_hours(1)),
            user_agent: String::new(),
            way: SignInWay::Password,
        };
        let mut work = self.store.global(Access::Write).await.expect("a unit of work");
        work.accounts().create(&account).await.expect("a new account");
        work.accounts().start_session(&session).await.expect("a session");
        work.commit().await.expect("somebody who is signed in");
        token
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
