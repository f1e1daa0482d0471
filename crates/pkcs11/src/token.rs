//! A token as a store of zone keys.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use caracal_core::{KeyId, World, ZoneId};
use caracal_crypto::{
    VerifyingKey, sha256,
    zone_key::{POINT_BYTES, SIGNATURE_BYTES},
};
use caracal_service::zone_keys::{HeldKey, HeldKeySigner, KeyStoreError, MadeKey, ZoneKeyStore, ZoneSigner};
use caracal_storage::{Error, PrivateHalf, SigningKeyRow};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    metrics,
    module::TokenOpenError,
    pool::Pool,
    reference::{self, ID_BYTES},
    session::TokenSession,
    settings::TokenSettings,
    worker::Shared,
};

/// Pause between two looks at a token that answered, and at one that did not.
const LOOK_EVERY: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(1));

/// A token whose user is logged in. Clones share it.
#[derive(Debug, Clone)]
pub struct Pkcs11Token(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: Pool,
    world: World,
    label: String,
    /// Whether it answered when it was last asked.
    up: AtomicBool,
}

impl Pkcs11Token {
    /// Loads the module, finds the token and logs in. Blocks for as long as the module does.
    ///
    /// # Errors
    /// [`TokenOpenError`].
    pub fn open(settings: TokenSettings, world: World) -> Result<Self, TokenOpenError> {
        let label = settings.label.clone();
        let (shared, session) = Shared::open(settings)?;
        let pool = Pool::start(shared, session).map_err(|error| TokenOpenError::Refused {
            label: label.clone(),
            reason: error.to_string(),
        })?;
        metrics::told_up(true);
        Ok(Self(Arc::new(Inner {
            pool,
            world,
            label,
            up: AtomicBool::new(true),
        })))
    }

    /// Whether it answered when it was last asked.
    pub fn is_up(&self) -> bool {
        self.0.up.load(Ordering::Relaxed)
    }

    /// Looks at it again and again, so that it is known to be away, or back, without anybody who needs it.
    pub async fn run(self, shutdown: CancellationToken) {
        loop {
            let pause = if self.is_up() { LOOK_EVERY.0 } else { LOOK_EVERY.1 };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            #[expect(
                clippy::redundant_closure_for_method_calls,
                reason = "the method is of one lifetime of workers, and the pool wants one of all"
            )]
            let looked = self.0.pool.run("", |worker| worker.look()).await;
            match looked {
                Ok(()) => self.mark_up(),
                Err(error) => self.mark_down(&error),
            }
        }
    }

    /// Notes whether it answered. That it refuses something, or is busy, says nothing of that.
    fn told<T>(&self, outcome: &Result<T, KeyStoreError>) {
        match outcome {
            Ok(_) => self.mark_up(),
            Err(error @ KeyStoreError::Away(_)) => self.mark_down(error),
            Err(_) => {}
        }
    }

    fn mark_up(&self) {
        if !self.0.up.swap(true, Ordering::Relaxed) {
            metrics::told_up(true);
            tracing::warn!(token = self.0.label, "the token of zone keys is back");
        }
    }

    fn mark_down(&self, error: &KeyStoreError) {
        if self.0.up.swap(false, Ordering::Relaxed) {
            metrics::told_up(false);
            tracing::error!(token = self.0.label, %error, "zones with a key in the token get no mandates");
        }
    }

    fn key(row: &SigningKeyRow) -> Result<(VerifyingKey, String), Error> {
        let id = &row.id;
        let PrivateHalf::Held(reference) = &row.private else {
            return Err(Error::Corrupt(format!("signing key {id} is not held in a token")));
        };
        if reference::id(reference).is_none() {
            return Err(Error::Corrupt(format!(
                "what signing key {id} is found by is no PKCS#11 URI with an id"
            )));
        }
        let verifying = VerifyingKey::from_point(id.clone(), &row.public_key)
            .map_err(|_| Error::Corrupt(format!("public key of signing key {id} is not a point")))?;
        Ok((verifying, reference.clone()))
    }

    async fn destroy_key(&self, zone: &str, id: Vec<u8>) -> Result<(), KeyStoreError> {
        let work = move |session: &mut TokenSession| session.destroy(&id);
        self.0.pool.run(zone, move |worker| worker.perform(work)).await
    }
}

#[async_trait]
impl ZoneKeyStore for Pkcs11Token {
    async fn generate(&self, zone: &ZoneId, id: &KeyId) -> Result<MadeKey, KeyStoreError> {
        let found_by = self.0.world.random_bytes::<ID_BYTES>().to_vec();
        let label = format!("caracal zone {zone} key {id}");
        let work = {
            let found_by = found_by.clone();
            move |session: &mut TokenSession| session.generate(&found_by, &label)
        };
        let made = self
            .0
            .pool
            .run(zone.as_str(), move |worker| worker.perform(work))
            .await;
        self.told(&made);
        let point: Option<[u8; POINT_BYTES]> = made?.try_into().ok();
        let point = point.filter(|point| VerifyingKey::from_point(id.clone(), point).is_ok());
        let Some(point) = point else {
            self.destroy_key(zone.as_str(), found_by).await?;
            return Err(KeyStoreError::Refused(String::from(
                "the public half of the key that it made is no point of P-256",
            )));
        };
        Ok(MadeKey {
            point,
            private: PrivateHalf::Held(reference::of(&found_by)),
        })
    }

    fn open(&self, zone: &ZoneId, row: &SigningKeyRow) -> Result<ZoneSigner, Error> {
        let (verifying, reference) = Self::key(row)?;
        let key = HeldKey::new(zone.clone(), verifying, reference, Arc::new(self.clone()));
        Ok(ZoneSigner::Held(Arc::new(key)))
    }

    async fn destroy(&self, private: &PrivateHalf) -> Result<(), KeyStoreError> {
        let PrivateHalf::Held(reference) = private else {
            return Ok(());
        };
        let id = reference::id(reference)
            .ok_or_else(|| KeyStoreError::Refused(format!("{reference:?} is no key of a token")))?;
        self.destroy_key("", id).await
    }
}

#[async_trait]
impl HeldKeySigner for Pkcs11Token {
    async fn sign(&self, key: &HeldKey, message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], KeyStoreError> {
        let begun = Instant::now();
        let id = reference::id(key.reference()).ok_or_else(|| {
            KeyStoreError::Refused(String::from("the reference of the key is none of a token"))
        })?;
        let digest = sha256(message);
        let work = move |session: &mut TokenSession| session.sign(&id, &digest);
        let made = self
            .0
            .pool
            .run(key.zone().as_str(), move |worker| worker.perform(work))
            .await;
        self.told(&made);
        let signature = made.and_then(|made| proved(key.verifying_key(), message, &made));
        metrics::signed(&signature, begun.elapsed());
        signature
    }
}

/// A signature that whoever has the public half will take. A token with another key under the same id, or one that is
/// broken, must not be found out by those who were given a token.
fn proved(
    key: &VerifyingKey,
    message: &[u8],
    signature: &[u8],
) -> Result<[u8; SIGNATURE_BYTES], KeyStoreError> {
    if !key.verify(message, signature) {
        return Err(KeyStoreError::WrongSignature);
    }
    signature.try_into().map_err(|_| KeyStoreError::WrongSignature)
}
