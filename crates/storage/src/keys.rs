//! Zone signing keys, and the keys that values are sealed under.

use async_trait::async_trait;
use caracal_core::{KeyId, Timestamp};

use crate::Error;

/// What is kept of the private half of a signing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrivateHalf {
    /// A CSS1 envelope of it.
    Sealed(Vec<u8>),
    /// It is held elsewhere, such as in a token: what it is found there by.
    Held(String),
    /// It was held elsewhere and destroyed there, since nothing that it signed is valid any more.
    Destroyed,
}

/// A zone's signing key: the public half in clear, and where the private half is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKeyRow {
    /// JOSE `kid`.
    pub id: KeyId,
    /// 1, 2, 3, …; the highest whose `signs_from` has come signs.
    pub version: i64,
    /// Uncompressed SEC 1 point, 65 bytes.
    pub public_key: Vec<u8>,
    /// The private half.
    pub private: PrivateHalf,
    /// Published in the JWKS from creation on; signs from here on.
    pub signs_from: Timestamp,
    /// Last moment a mandate signed by this key can still be valid; absent for the newest key.
    pub verifies_until: Option<Timestamp>,
    /// Creation.
    pub created_at: Timestamp,
}

/// The public half of a signing key: all that a verifier may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedKey {
    /// JOSE `kid`.
    pub id: KeyId,
    /// Uncompressed SEC 1 point, 65 bytes.
    pub public_key: Vec<u8>,
    /// Last moment a mandate signed by this key can still be valid; absent for the newest key.
    pub verifies_until: Option<Timestamp>,
}

/// Signing keys of the zone.
#[async_trait]
pub trait SigningKeys: Send {
    /// Keys that may still verify something at `now`, newest first.
    async fn list(&mut self, now: Timestamp) -> Result<Vec<SigningKeyRow>, Error>;
    /// The public halves of the same keys in the same order. Needs no right to read private ones.
    async fn published(&mut self, now: Timestamp) -> Result<Vec<PublishedKey>, Error>;
    /// Inserts a key as the next version; `key.version` must be the current highest plus one.
    ///
    /// # Errors
    /// [`Error::Conflict`] (`signing_keys_version`) when another writer was first: read again.
    async fn create(&mut self, key: &SigningKeyRow) -> Result<(), Error>;
    /// Every private key that is sealed, as it is, retired ones included.
    async fn sealed(&mut self) -> Result<Vec<(KeyId, Vec<u8>)>, Error>;
    /// Replaces the envelope `seen` of a key by one of the same content. `false` when it is another by now.
    async fn reseal(&mut self, id: &KeyId, seen: &[u8], envelope: &[u8]) -> Result<bool, Error>;
    /// Sets how long older keys than `version` verify, where it is not set yet.
    async fn retire_before(&mut self, version: i64, verifies_until: Timestamp) -> Result<(), Error>;
    /// The keys that are held elsewhere and verify nothing any more at `now`, oldest first, with what they are found by.
    async fn held_past(&mut self, now: Timestamp) -> Result<Vec<(KeyId, String)>, Error>;
    /// Notes that the key that was found by `reference` is destroyed. `false` when that is noted already.
    async fn destroyed(&mut self, id: &KeyId, reference: &str) -> Result<bool, Error>;
}

/// What the store knows of a key-encryption key: never the key, only something it opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCheck {
    /// 1, 2, 3, … in the order of first use.
    pub position: i64,
    /// Id of the key, as it stands in what it seals.
    pub key_id: String,
    /// CSS1 envelope of a known text.
    pub envelope: Vec<u8>,
    /// First use.
    pub created_at: Timestamp,
    /// Since when nothing is sealed under it any more.
    pub retired_at: Option<Timestamp>,
}

/// The key-encryption keys of the deployment.
#[async_trait]
pub trait KeyChecks: Send {
    /// Every key that was ever used, oldest first.
    async fn list(&mut self) -> Result<Vec<KeyCheck>, Error>;
    /// Records a key as the next one; its position must be the number of those there are plus one.
    ///
    /// # Errors
    /// [`Error::Conflict`] when another writer was first: read again.
    async fn create(&mut self, check: &KeyCheck) -> Result<(), Error>;
    /// Notes since when nothing is sealed under the key, or that it is in use again. `false` when it is not known.
    async fn set_retired(&mut self, key_id: &str, at: Option<Timestamp>) -> Result<bool, Error>;
}
