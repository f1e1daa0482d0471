//! Mandates this process signed itself, and bearers that it proved.
//!
//! A presented token whose SHA-256 is in here needs no signature check: the digest of the exact bytes is proof that we
//! signed them, or found them signed. Anything else takes the full verification, so the memory can only save time, never
//! admit: keys, time and what has ended are looked at with each use. It is bounded and may forget.

use std::{collections::HashMap, sync::Arc};

use caracal_core::{Timestamp, claims::MandateClaims};
use caracal_crypto::{MandateError, VerifyingKey, mandate::Unverified, sha256};
use parking_lot::Mutex;

/// The claims of `token`, proved by the signature of `key` or by this process having signed exactly these bytes. The
/// key is asked for either way: a retired key ends what it signed, wherever it was signed.
///
/// # Errors
/// What [`Unverified::verify`] says.
pub fn prove(
    issued: Option<&IssuedMandates>,
    token: &str,
    unverified: &Unverified<'_>,
    key: &VerifyingKey,
) -> Result<Arc<MandateClaims>, MandateError> {
    match issued.and_then(|issued| issued.take(token)) {
        Some(claims) => Ok(claims),
        None => Ok(Arc::new(unverified.verify(key)?.into_claims())),
    }
}

/// As [`prove`], for a bearer that may be presented again, which is remembered in `proved`.
///
/// # Errors
/// What [`Unverified::verify`] says.
pub fn prove_bearer(
    proved: &IssuedMandates,
    token: &str,
    unverified: &Unverified<'_>,
    key: &VerifyingKey,
    now: Timestamp,
) -> Result<Arc<MandateClaims>, MandateError> {
    if let Some(claims) = proved.find(token) {
        return Ok(claims);
    }
    let claims = Arc::new(unverified.verify(key)?.into_claims());
    proved.remember(token, claims.clone(), now);
    Ok(claims)
}

/// A power of two, so that the shard is a mask.
const SHARDS: usize = 16;
/// Most mandates remembered per shard.
const MAX_PER_SHARD: usize = 4096;

type Shard = HashMap<[u8; 32], Arc<MandateClaims>>;

/// Claims of recently issued single-use mandates, or of bearers that were proved, by the digest of their bytes.
#[derive(Debug)]
pub struct IssuedMandates {
    shards: [Mutex<Shard>; SHARDS],
}

impl Default for IssuedMandates {
    fn default() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::new(HashMap::new())),
        }
    }
}

impl IssuedMandates {
    /// Remembers a mandate just signed or proved.
    pub fn remember(&self, token: &str, claims: Arc<MandateClaims>, now: Timestamp) {
        let digest = sha256(token.as_bytes());
        let mut shard = self.shard(&digest).lock();
        if shard.len() >= MAX_PER_SHARD {
            shard.retain(|_, claims| claims.expires_at() > now);
            if shard.len() >= MAX_PER_SHARD {
                // Full of live mandates that nobody presents: forget them all; verification still works.
                shard.clear();
            }
        }
        shard.insert(digest, claims);
    }

    /// The claims of `token` if this process signed exactly these bytes; forgets them, since the mandate is single
    /// use.
    pub fn take(&self, token: &str) -> Option<Arc<MandateClaims>> {
        let digest = sha256(token.as_bytes());
        self.shard(&digest).lock().remove(&digest)
    }

    /// The claims of `token`, which stay.
    fn find(&self, token: &str) -> Option<Arc<MandateClaims>> {
        let digest = sha256(token.as_bytes());
        self.shard(&digest).lock().get(&digest).cloned()
    }

    fn shard(&self, digest: &[u8; 32]) -> &Mutex<Shard> {
        let [first, ..] = *digest;
        &self.shards[usize::from(first) % SHARDS]
    }
}
