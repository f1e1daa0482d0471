//! Where zone keys live, and what signs mandates with them.
//!
//! A [`ZoneKeyStore`] makes keys, makes them ready to sign and destroys them: [`SealedKeys`] opens envelopes of the
//! database, and a token does the same in hardware (`caracal-pkcs11`). A zone's keys may be in several stores at once:
//! what is kept of each says where it is, and the setting says only where the next one is made. So a zone moves from one
//! store to the other with a rotation, and whatever either signed goes on being verified.
//!
//! To add a store, such as a cloud's KMS: implement [`ZoneKeyStore`] and [`HeldKeySigner`], give [`KeyHome`] a word, and
//! wire it where the token is.

mod destroy;
mod sealed;
mod signer;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use caracal_core::{KeyId, World, ZoneId, words};
use caracal_crypto::{KeyRing, zone_key::POINT_BYTES};
use caracal_storage::{Error, PrivateHalf, SigningKeyRow};

pub use self::{
    destroy::RetiredKeys,
    sealed::SealedKeys,
    signer::{HeldKey, HeldKeySigner, ZoneSigner},
};

words!(
    /// Where new zone keys are made.
    KeyHome {
        /// In this process; the database has them sealed under SECRET_STORE_KEK.
        Sealed = "sealed",
        /// In a PKCS#11 token, which they never leave.
        Pkcs11 = "pkcs11",
    }
);

/// Why a store of keys does not do what it is asked. Nothing is signed then, and nobody is given anything.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// The key is in a store that this process was not given.
    #[error("the key is in a token, and none is configured here")]
    NotConfigured,
    /// It does not answer; it may do so later.
    #[error("the token is away: {0}")]
    Away(String),
    /// It has too much to do; it may have less later.
    #[error("the token did not answer in time")]
    Busy,
    /// It answers, and refuses for good: a person has to look.
    #[error("the token refuses: {0}")]
    Refused(String),
    /// What it answered is no signature by the key.
    #[error("the token answered something that is no signature by the key")]
    WrongSignature,
    /// The cryptographic library failed.
    #[error("the library failed")]
    Library,
}

/// A key that was made.
#[derive(Debug, Clone)]
pub struct MadeKey {
    /// Its uncompressed point.
    pub point: [u8; POINT_BYTES],
    /// What is to be kept of its private half.
    pub private: PrivateHalf,
}

/// Makes, opens and destroys keys of zones.
#[async_trait]
pub trait ZoneKeyStore: fmt::Debug + Send + Sync {
    /// Makes a key of `zone` that will be published as `id`. It is nobody's until it is stored: whoever cannot store it
    /// [destroys](Self::destroy) it.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    async fn generate(&self, zone: &ZoneId, id: &KeyId) -> Result<MadeKey, KeyStoreError>;

    /// Makes ready to sign what is kept of a key. Asks no server: that one is away is found out when something is signed.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where what is kept is no key of this store.
    fn open(&self, zone: &ZoneId, row: &SigningKeyRow) -> Result<ZoneSigner, Error>;

    /// Destroys a key for good. One that is gone already is no error.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    async fn destroy(&self, private: &PrivateHalf) -> Result<(), KeyStoreError>;
}

/// The stores of a process, and which of them makes new keys. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ZoneKeys {
    sealed: Arc<SealedKeys>,
    token: Option<Arc<dyn ZoneKeyStore>>,
    home: KeyHome,
}

impl ZoneKeys {
    /// Everything is sealed under `ring`.
    pub fn sealed(ring: Arc<KeyRing>, world: World) -> Self {
        Self {
            sealed: Arc::new(SealedKeys::new(ring, world)),
            token: None,
            home: KeyHome::Sealed,
        }
    }

    /// Uses the keys of `token` as well; new ones are made at `home`.
    #[must_use]
    pub fn with_token(self, token: Arc<dyn ZoneKeyStore>, home: KeyHome) -> Self {
        Self {
            token: Some(token),
            home,
            ..self
        }
    }

    /// What opens whatever is sealed.
    pub fn ring(&self) -> &Arc<KeyRing> {
        self.sealed.ring()
    }

    /// Makes a key where new ones are made.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    pub async fn generate(&self, zone: &ZoneId, id: &KeyId) -> Result<MadeKey, KeyStoreError> {
        match self.home {
            KeyHome::Sealed => self.sealed.generate(zone, id).await,
            KeyHome::Pkcs11 => self.token()?.generate(zone, id).await,
        }
    }

    /// Makes ready to sign what is kept of a key, wherever that is. A key of a token that this process was not given does
    /// not sign, and its zone goes on with everything else.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where what is kept is no key.
    pub fn open(&self, zone: &ZoneId, row: &SigningKeyRow) -> Result<ZoneSigner, Error> {
        match (&row.private, &self.token) {
            (PrivateHalf::Sealed(_), _) => self.sealed.open(zone, row),
            (PrivateHalf::Held(_), Some(token)) => token.open(zone, row),
            (PrivateHalf::Held(_), None) => Ok(ZoneSigner::Absent(row.id.clone())),
            (PrivateHalf::Destroyed, _) => {
                Err(Error::Corrupt(format!("signing key {} is destroyed", row.id)))
            }
        }
    }

    /// Destroys a key for good.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    pub async fn destroy(&self, private: &PrivateHalf) -> Result<(), KeyStoreError> {
        match private {
            PrivateHalf::Sealed(_) => self.sealed.destroy(private).await,
            PrivateHalf::Held(_) => self.token()?.destroy(private).await,
            PrivateHalf::Destroyed => Ok(()),
        }
    }

    fn token(&self) -> Result<&Arc<dyn ZoneKeyStore>, KeyStoreError> {
        self.token.as_ref().ok_or(KeyStoreError::NotConfigured)
    }
}
