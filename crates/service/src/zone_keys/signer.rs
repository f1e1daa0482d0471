//! A key that signs, wherever it is.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use caracal_core::{KeyId, ZoneId, claims::MandateClaims};
use caracal_crypto::{
    SigningKey, VerifyingKey,
    mandate::{self, UnsignedMandate},
    zone_key::{MandateHeader, SIGNATURE_BYTES},
};

use super::KeyStoreError;

/// Signs with a key that never comes into this process.
#[async_trait]
pub trait HeldKeySigner: fmt::Debug + Send + Sync {
    /// The signature of `message` by `key`: r and s, 32 bytes each (RFC 7518 §3.4). Whoever implements it waits for a
    /// bounded time, and proves the signature with the public half before it is given away.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    async fn sign(&self, key: &HeldKey, message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], KeyStoreError>;
}

/// A key in a token: all of it but its private half.
#[derive(Debug)]
pub struct HeldKey {
    zone: ZoneId,
    verifying: VerifyingKey,
    header: MandateHeader,
    reference: String,
    signer: Arc<dyn HeldKeySigner>,
}

impl HeldKey {
    /// The key of `zone` that `signer` finds by `reference`.
    pub fn new(
        zone: ZoneId,
        verifying: VerifyingKey,
        reference: String,
        signer: Arc<dyn HeldKeySigner>,
    ) -> Self {
        Self {
            zone,
            header: MandateHeader::naming(verifying.id()),
            verifying,
            reference,
            signer,
        }
    }

    /// Whose mandates it signs.
    pub const fn zone(&self) -> &ZoneId {
        &self.zone
    }

    /// The public half.
    pub const fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// What it is found by.
    pub fn reference(&self) -> &str {
        &self.reference
    }
}

/// The key that a zone signs with.
#[derive(Debug, Clone)]
pub enum ZoneSigner {
    /// It was opened into memory: signing waits for nothing.
    Opened(Arc<SigningKey>),
    /// It is in a token, which is asked each time.
    Held(Arc<HeldKey>),
    /// It is in a token that this process was not given.
    Absent(KeyId),
}

impl ZoneSigner {
    /// JOSE `kid`.
    pub fn id(&self) -> &KeyId {
        match self {
            Self::Opened(key) => key.id(),
            Self::Held(key) => key.verifying.id(),
            Self::Absent(id) => id,
        }
    }

    /// A mandate that says `claims`. What is in memory signs at once, in the calling task.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    pub async fn sign(&self, claims: &MandateClaims) -> Result<String, KeyStoreError> {
        match self {
            Self::Opened(key) => mandate::sign(claims, key).map_err(|_| KeyStoreError::Library),
            Self::Held(key) => {
                let unsigned =
                    UnsignedMandate::new(claims, &key.header).map_err(|_| KeyStoreError::Library)?;
                let signature = key.signer.sign(key, unsigned.signing_input()).await?;
                Ok(unsigned.signed(&signature))
            }
            Self::Absent(_) => Err(KeyStoreError::NotConfigured),
        }
    }
}
