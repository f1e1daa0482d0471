//! Moves what is stored from the previous key-encryption key to the current one.
//!
//! While two keys are configured, both open and verify. These jobs make the previous one unnecessary: [`Sealed`] seals
//! every envelope anew where private keys may be read, [`Digests`] makes the digests of secrets of applications and
//! workloads anew where these are administered. Admin tokens move when they are used. How much is left is a metric, and
//! [`usage`] counts it for the operator. To add a kind of sealed value: an arm of [`SealedValue`].

mod usage;

use std::{sync::Arc, time::Duration};

use caracal_core::{ConnectionId, KeyId, Secret, World, ZoneId, entity::ConnectionToken};
use caracal_crypto::{KeyRing, Location, SecretHasher};
use caracal_storage::{Access, Error, PageRequest, SealedToken, Store, ZoneWork};
use metrics::gauge;
use tokio_util::sync::CancellationToken;

pub use self::usage::{KeyUsage, SealedKind, usage};
use crate::{error_chain, key_check};

/// Pause between two rounds.
const EVERY: Duration = Duration::from_secs(10);
/// Zones read at a time.
const ZONES: u32 = 200;

/// Where a sealed value is kept: the one list of them.
#[derive(Debug, Clone, PartialEq, Eq)]
enum SealedValue {
    /// A row of the secret store, by reference.
    Secret(String),
    /// A private signing key.
    SigningKey(KeyId),
    /// A token of a connection.
    ConnectionToken(ConnectionId, ConnectionToken),
}

impl SealedValue {
    fn location(&self, zone: &ZoneId) -> Location {
        match self {
            Self::Secret(reference) => Location::from_reference(reference.clone()),
            Self::SigningKey(_) => Location::ZONE_SIGNING_KEY,
            Self::ConnectionToken(connection, token) => Location::connection_token(zone, connection, *token),
        }
    }

    async fn replace(&self, work: &mut dyn ZoneWork, seen: &[u8], envelope: &[u8]) -> Result<bool, Error> {
        match self {
            Self::Secret(reference) => work.secrets().reseal(reference, seen, envelope).await,
            Self::SigningKey(id) => work.signing_keys().reseal(id, seen, envelope).await,
            Self::ConnectionToken(connection, token) => {
                let seen = SealedToken {
                    connection: connection.clone(),
                    token: *token,
                    envelope: seen.to_vec(),
                };
                work.connections().reseal(&seen, envelope).await
            }
        }
    }
}

/// Every sealed value of the zone.
async fn sealed_values(work: &mut dyn ZoneWork) -> Result<Vec<(SealedValue, Vec<u8>)>, Error> {
    let secrets = work.secrets().list("").await?;
    let keys = work.signing_keys().sealed().await?;
    let tokens = work.connections().sealed().await?;
    let secrets = secrets
        .into_iter()
        .map(|(reference, envelope)| (SealedValue::Secret(reference), envelope));
    let keys = keys
        .into_iter()
        .map(|(id, envelope)| (SealedValue::SigningKey(id), envelope));
    let tokens = tokens.into_iter().map(|sealed| {
        (
            SealedValue::ConnectionToken(sealed.connection, sealed.token),
            sealed.envelope,
        )
    });
    Ok(secrets.chain(keys).chain(tokens).collect())
}

/// Seals anew.
#[derive(Debug)]
pub struct Sealed {
    /// Where values are; the login must be allowed to read private keys.
    pub store: Arc<dyn Store>,
    /// The keys.
    pub keys: Arc<KeyRing>,
    /// Randomness.
    pub world: World,
}

impl Sealed {
    /// Runs rounds until `shutdown`; nothing to do while one key is configured.
    pub async fn run(self, shutdown: CancellationToken) {
        rounds(&self.keys, "sealed", &shutdown, || self.round()).await;
    }

    /// Seals anew what can be; returns how many values are left under the previous key.
    ///
    /// # Errors
    /// When the zones cannot be listed.
    pub async fn round(&self) -> Result<u64, Error> {
        let mut left = 0;
        for zone in zones(self.store.as_ref()).await? {
            left += noted("sealed", &zone, self.zone(&zone).await);
        }
        if left == 0 {
            key_check::retire_previous(self.store.as_ref(), &self.keys, &self.world).await?;
        }
        Ok(left)
    }

    async fn zone(&self, zone: &ZoneId) -> Result<u64, Error> {
        let mut work = self.store.zone(zone, Access::Read).await?;
        let mut stale = sealed_values(work.as_mut()).await?;
        drop(work);
        stale.retain(|(_, envelope)| self.keys.needs_reseal(envelope).unwrap_or(true));
        if stale.is_empty() {
            return Ok(0);
        }
        let mut left = 0;
        let mut work = self.store.zone(zone, Access::Write).await?;
        for (value, envelope) in stale {
            let location = value.location(zone);
            let opened = self.keys.open(&location, &envelope);
            let anew = opened.map(|value| self.keys.seal(&self.world, &location, &value));
            let done = if let Ok(Ok(anew)) = anew {
                value.replace(work.as_mut(), &envelope, &anew).await?
            } else {
                tracing::error!(zone.id = %zone, location = location.as_str(), "a sealed value cannot be sealed anew");
                false
            };
            left += u64::from(!done);
        }
        work.commit().await?;
        Ok(left)
    }
}

/// Makes digests anew.
#[derive(Debug)]
pub struct Digests {
    /// Where applications and admin tokens are.
    pub store: Arc<dyn Store>,
    /// The keys.
    pub keys: Arc<KeyRing>,
    /// Makes and verifies digests.
    pub hasher: Arc<SecretHasher>,
    /// Randomness and time.
    pub world: World,
    /// Name of the current key of admin tokens.
    pub token_key: String,
}

impl Digests {
    /// Runs rounds until `shutdown`; nothing to do while one key is configured.
    pub async fn run(self, shutdown: CancellationToken) {
        tokio::join!(
            rounds(&self.keys, "client_secret", &shutdown, || self.secrets()),
            rounds(&self.keys, "admin_token", &shutdown, || self.tokens()),
        );
    }

    /// Makes the digests of secrets of applications and workloads anew where a copy of the secret is kept; returns how
    /// many are left. Secrets
    /// of short-lived applications have no copy and end within the hour.
    ///
    /// # Errors
    /// When the zones cannot be listed.
    pub async fn secrets(&self) -> Result<u64, Error> {
        let mut left = 0;
        for zone in zones(self.store.as_ref()).await? {
            left += noted("client_secret", &zone, self.zone(&zone).await);
        }
        Ok(left)
    }

    /// How many admin tokens were not used since the key changed.
    ///
    /// # Errors
    /// As the storage.
    pub async fn tokens(&self) -> Result<u64, Error> {
        let mut work = self.store.global(Access::Read).await?;
        work.admin_tokens()
            .count_digested_otherwise(&self.token_key, self.world.now())
            .await
    }

    async fn zone(&self, zone: &ZoneId) -> Result<u64, Error> {
        let now = self.world.now();
        let mut work = self.store.zone(zone, Access::Read).await?;
        let mut applications = work.applications().all_live(now).await?;
        let mut workloads = work.workloads().all().await?;
        drop(work);
        applications.retain(|application| {
            let hash = application.client_secret_hash.as_deref();
            hash.is_some_and(|hash| self.hasher.needs_rehash(hash))
        });
        workloads.retain(|workload| self.hasher.needs_rehash(&workload.secret_hash));
        if applications.is_empty() && workloads.is_empty() {
            return Ok(0);
        }
        let mut left = 0;
        let mut work = self.store.zone(zone, Access::Write).await?;
        for application in &applications {
            let Some(seen) = &application.client_secret_hash else {
                continue;
            };
            let location = Location::application_client_secret(zone, &application.id);
            let done = match self.anew(work.as_mut(), &location, seen).await? {
                Some(hash) => work.applications().rehash(&application.id, seen, &hash).await?,
                None => false,
            };
            left += u64::from(!done);
        }
        for workload in &workloads {
            let (id, seen) = (&workload.id, &workload.secret_hash);
            let location = Location::workload_secret(zone, id);
            let done = match self.anew(work.as_mut(), &location, seen).await? {
                Some(hash) => work.workloads().rehash(id, seen, &hash).await?,
                None => false,
            };
            left += u64::from(!done);
        }
        work.commit().await?;
        Ok(left)
    }

    /// Another digest of the secret whose digest is `seen`, if its copy is at `location`.
    async fn anew(
        &self,
        work: &mut dyn ZoneWork,
        location: &Location,
        seen: &str,
    ) -> Result<Option<String>, Error> {
        let Some(envelope) = work.secrets().get(location.as_str()).await? else {
            return Ok(None);
        };
        let opened = self.keys.open(location, &envelope).ok();
        let secret = opened
            .and_then(|opened| String::from_utf8(opened.to_vec()).ok())
            .map(Secret::new);
        // A copy of another secret than the one that logs in must not become the one that does.
        let secret = secret.filter(|secret| matches!(self.hasher.verify(seen, secret.expose()), Ok(true)));
        Ok(secret.and_then(|secret| self.hasher.hash_generated(&self.world, &secret).ok()))
    }
}

pub(crate) async fn zones(store: &dyn Store) -> Result<Vec<ZoneId>, Error> {
    let mut all = Vec::new();
    let mut page = PageRequest::first(ZONES);
    loop {
        let mut work = store.global(Access::Read).await?;
        // Archived ones too: what they sealed must not be lost with the key.
        let read = work.zones().list_with_archived(&page).await?;
        all.extend(read.items.into_iter().map(|zone| zone.id));
        let Some(next) = read.next else { return Ok(all) };
        page.after = Some(next);
    }
}

/// A zone that failed counts as one value left; the others go on.
fn noted(kind: &'static str, zone: &ZoneId, result: Result<u64, Error>) -> u64 {
    result.unwrap_or_else(|error| {
        let error = error_chain(&error);
        tracing::warn!(kind, zone.id = %zone, error, "could not move a zone to the current key");
        1
    })
}

async fn rounds<F: Future<Output = Result<u64, Error>>>(
    keys: &KeyRing,
    kind: &'static str,
    shutdown: &CancellationToken,
    round: impl Fn() -> F,
) {
    let under_previous = gauge!(crate::metrics::UNDER_PREVIOUS_KEY, "kind" => kind);
    if !keys.is_rotating() {
        under_previous.set(0.0);
        return;
    }
    let mut known = None;
    loop {
        let outcome = tokio::select! {
            () = shutdown.cancelled() => return,
            outcome = round() => outcome,
        };
        match outcome {
            Ok(left) => {
                if known != Some(left) {
                    tracing::info!(kind, left, "values under the previous key-encryption key");
                }
                known = Some(left);
                #[expect(clippy::cast_precision_loss, reason = "a count for people")]
                under_previous.set(left as f64);
            }
            Err(error) => {
                tracing::warn!(kind, error = %error_chain(&error), "could not look for values under the previous key");
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
