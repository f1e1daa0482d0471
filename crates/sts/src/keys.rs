//! Zone signing keys: made on first use, rotated with overlap. Where they live is `caracal_service::zone_keys`.

use std::{sync::Arc, time::Duration};

use caracal_core::{KeyId, ZoneId};
use caracal_service::{
    Refusal, error_chain,
    zone_keys::{KeyStoreError, MadeKey, ZoneSigner},
    zones::ZoneState,
};
use caracal_storage::{Access, Error, Lock, OutboxMessage, SigningKeyRow};
use caracal_wire::{ErrorCode, events::KeysInvalidated};
use serde_json::Value;

use crate::{
    StsDeps,
    authenticate::unavailable,
    case::Case,
    stopped::{Stopped, Why},
};

/// Why a zone has no key that signs, or no new one.
#[derive(Debug, thiserror::Error)]
pub enum ZoneKeyError {
    /// The store of rows.
    #[error("the rows of signing keys could not be read or written")]
    Rows(#[from] Error),
    /// Where keys live.
    #[error("no signing key could be made")]
    Keys(#[from] KeyStoreError),
}

impl From<ZoneKeyError> for Refusal {
    fn from(error: ZoneKeyError) -> Self {
        match error {
            ZoneKeyError::Rows(error) => error.into(),
            ZoneKeyError::Keys(error) => {
                tracing::error!(%error, "a signing key could not be made");
                Self::of(ErrorCode::StsUnavailable)
                    .describe("where zone keys live there is none to be had now, try again")
            }
        }
    }
}

/// The status of an event that says that the zone's key could not sign.
const UNAVAILABLE: &str = "zone_key_unavailable";

/// The end of a request that there is no signature for: 503, and an event that says why.
pub(crate) fn cannot_sign(error: &KeyStoreError) -> Stopped {
    let why = Why {
        status: UNAVAILABLE,
        reason: None,
        cause: Some(error.to_string()),
        details: Value::Null,
        held: false,
        approval: None,
    };
    Stopped::because(unavailable(), why)
}

/// The key that signs for the zone of `case`, making the zone's first key if there is none yet.
///
/// # Errors
/// 503 when there is none to be had; that where keys live it could not be made is written down.
pub(crate) async fn signer(case: &Case<'_>) -> Result<ZoneSigner, Stopped> {
    with_signing_key(case.deps, case.zone.clone())
        .await
        .map_err(|error| {
            tracing::error!(error = %error_chain(&error), "no signing key");
            match error {
                ZoneKeyError::Rows(_) => unavailable().into(),
                ZoneKeyError::Keys(error) => cannot_sign(&error),
            }
        })
}

async fn with_signing_key(deps: &StsDeps, state: Arc<ZoneState>) -> Result<ZoneSigner, ZoneKeyError> {
    if let Some(key) = state.signing_key.clone() {
        return Ok(key);
    }
    let zone = state.zone.id.clone();
    match create(deps, &zone, Duration::ZERO).await {
        // Another replica made it first: read what it made.
        Ok(_) | Err(ZoneKeyError::Rows(Error::Conflict { .. })) => {}
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
    Ok(key)
}

/// Makes a new signing key for the zone. It is published at once and signs after the publish-ahead time; the old
/// one keeps verifying for the overlap after that.
///
/// # Errors
/// [`Error::Conflict`] among the rows when another rotation happened at the same time.
pub async fn rotate_signing_key(deps: &StsDeps, zone: &ZoneId) -> Result<KeyId, ZoneKeyError> {
    let id = create(deps, zone, deps.config.key_publish_ahead).await?;
    deps.outbox.announce().await;
    Ok(id)
}

async fn create(deps: &StsDeps, zone: &ZoneId, publish_ahead: Duration) -> Result<KeyId, ZoneKeyError> {
    let id = KeyId::generate(&deps.world);
    let made = deps.zone_keys.generate(zone, &id).await?;
    if let Err(error) = store(deps, zone, &id, &made, publish_ahead).await {
        // What nobody knows of would stay in a token for ever. A commit of which the end is unknown keeps it.
        if !matches!(error, Error::Unavailable(_))
            && let Err(error) = deps.zone_keys.destroy(&made.private).await
        {
            let error = error_chain(&error);
            tracing::warn!(zone.id = %zone, key.id = %id, error, "a key that was not stored stays in the token");
        }
        return Err(error.into());
    }
    Ok(id)
}

async fn store(
    deps: &StsDeps,
    zone: &ZoneId,
    id: &KeyId,
    made: &MadeKey,
    publish_ahead: Duration,
) -> Result<(), Error> {
    let now = deps.world.now();
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
            public_key: made.point.to_vec(),
            private: made.private.clone(),
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
    work.commit().await
}
