//! Zone signing keys.

use async_trait::async_trait;
use caracal_core::{KeyId, Timestamp};

use crate::Error;

/// A zone's signing key: the public half in clear, the private half sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKeyRow {
    /// JOSE `kid`.
    pub id: KeyId,
    /// 1, 2, 3, …; the highest whose `signs_from` has come signs.
    pub version: i64,
    /// Uncompressed SEC 1 point, 65 bytes.
    pub public_key: Vec<u8>,
    /// CSS1 envelope of the private key.
    pub envelope: Vec<u8>,
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
    /// Every private key as it is sealed, retired ones included.
    async fn sealed(&mut self) -> Result<Vec<(KeyId, Vec<u8>)>, Error>;
    /// Replaces the envelope `seen` of a key by one of the same content. `false` when it is another by now.
    async fn reseal(&mut self, id: &KeyId, seen: &[u8], envelope: &[u8]) -> Result<bool, Error>;
    /// Sets how long older keys than `version` verify, where it is not set yet.
    async fn retire_before(&mut self, version: i64, verifies_until: Timestamp) -> Result<(), Error>;
}
