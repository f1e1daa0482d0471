//! Zone signing keys: made on first use, rotated with overlap.

use std::{sync::Arc, time::Duration};

use caracal_core::{KeyId, ZoneId};
use caracal_crypto::{sealed::Location, zone_key::SigningKey};
use caracal_service::zones::ZoneState;
use caracal_storage::{Access, Error, Lock, OutboxMessage, SigningKeyRow};
use caracal_wire::events::KeysInvalidated;

use crate::StsDeps;

/// The zone with a key that signs, making the zone's first key if there is none yet.
///
/// # Errors
/// As the storage.
pub(crate) async fn with_signing_key(
    deps: &StsDeps,
    state: Arc<ZoneState>,
) -> Result<(Arc<ZoneState>, Arc<SigningKey>), Error> {
    if let Some(key) = state.signing_key.clone() {
        return Ok((state, key));
    }
    let zone = state.zone.id.clone();
    match create(deps, &zone, Duration::ZERO).await {
        // Another replica made it first: read what it made.
        Ok(_) | Err(Error::Conflict { .. }) => {}
        Err(error) => return Err(error),
    }
    let state = deps
        .zones
        .reload(&zone)
        .await
        .map_err(|error| Error::Unavailable(Box::new(error)))?;
    let key = state.signing_key.clone().ok_or_else(|| {
        Error::Corrupt(format!(
            "zone {zone} has a signing key that does not sign yet and none that does"
        ))
    })?;
    Ok((state, key))
}

/// Makes a new signing key for the zone. It is published at once and signs after the publish-ahead time; the old
/// one keeps verifying for the overlap after that.
///
/// # Errors
/// [`Error::Conflict`] when another rotation happened at the same time; as the storage otherwise.
pub async fn rotate_signing_key(deps: &StsDeps, zone: &ZoneId) -> Result<KeyId, Error> {
    let id = create(deps, zone, deps.config.key_publish_ahead).await?;
    deps.outbox.announce().await;
    Ok(id)
}

async fn create(deps: &StsDeps, zone: &ZoneId, publish_ahead: Duration) -> Result<KeyId, Error> {
    let now = deps.world.now();
    let id = KeyId::generate(&deps.world);
    let key = SigningKey::generate(&deps.world, id.clone())
        .map_err(|_| Error::Corrupt(String::from("a new signing key could not be made")))?;
    let private = key
        .to_sealed_bytes()
        .map_err(|_| Error::Corrupt(String::from("a signing key has no sealed form")))?;
    let envelope = deps
        .keyring
        .seal(&deps.world, &Location::ZONE_SIGNING_KEY, &private)
        .map_err(|_| Error::Corrupt(String::from("a signing key could not be sealed")))?;

    let mut work = deps.store.zone(zone, Access::Write).await?;
    work.lock(Lock::SigningKey).await?;
    let newest = work
        .signing_keys()
        .list(now)
        .await?
        .into_iter()
        .map(|row| row.version)
        .max();
    let signs_from = if newest.is_none() {
        now
    } else {
        now.plus(publish_ahead)
    };
    let version = newest.unwrap_or(0) + 1;
    work.signing_keys()
        .create(&SigningKeyRow {
            id: id.clone(),
            version,
            public_key: key.verifying_key().point().to_vec(),
            envelope,
            signs_from,
            verifies_until: None,
            created_at: now,
        })
        .await?;
    work.signing_keys()
        .retire_before(version, signs_from.plus(deps.config.key_overlap))
        .await?;
    work.outbox()
        .append(&[OutboxMessage::of(
            &deps.world,
            &KeysInvalidated {
                zone_id: zone.clone(),
            },
        )?])
        .await?;
    work.commit().await?;
    Ok(id)
}
