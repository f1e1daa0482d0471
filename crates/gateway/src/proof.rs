//! Proof that a mandate is the zone's own.

use std::{net::IpAddr, sync::Arc};

use caracal_core::{ZoneId, claims::MandateClaims};
use caracal_crypto::{VerifyingKey, mandate::Unverified};
use caracal_service::{
    issued,
    zones::{DirectoryError, ZoneState},
};

use crate::{denial::Denial, gateway::Gateway};

/// The claims of `token`, proved by the signature of a key its zone publishes, or by this process having signed
/// exactly these bytes. In both cases the zone exists and the key is one that still verifies: a retired key ends
/// what it signed, wherever it was signed.
///
/// # Errors
/// [`Denial::Signature`], [`Denial::KeysUnavailable`].
pub(crate) async fn prove(
    gateway: &Gateway,
    token: &str,
    unverified: &Unverified<'_>,
    zone: &ZoneId,
    peer: Option<IpAddr>,
) -> Result<Arc<MandateClaims>, Denial> {
    let kid = &unverified.header().map_err(|_| Denial::Signature)?.kid;
    let turn = gateway.turn_of_stranger(zone, peer).await;
    let _turn = turn.map_err(|error| unknown(&error))?;
    let key = verifying_key(gateway, zone, kid.as_str()).await?;
    issued::prove(gateway.deps.issued.as_deref(), token, unverified, &key).map_err(|_| Denial::Signature)
}

async fn verifying_key(gateway: &Gateway, zone: &ZoneId, kid: &str) -> Result<VerifyingKey, Denial> {
    let key = gateway.deps.zones.verifying_key(zone, kid).await;
    key.map_err(|error| unknown(&error))?.ok_or(Denial::Signature)
}

/// What this Gateway knows of a zone that a mandate was proved to be of.
///
/// # Errors
/// [`Denial::Signature`], [`Denial::KeysUnavailable`].
pub(crate) async fn zone_of(gateway: &Gateway, zone: &ZoneId) -> Result<Arc<ZoneState>, Denial> {
    gateway
        .deps
        .zones
        .zone(zone)
        .await
        .map_err(|error| unknown(&error))
}

fn unknown(error: &DirectoryError) -> Denial {
    match error {
        // Whoever presents a token of no zone learns no more than that it is not signed.
        DirectoryError::Unknown => Denial::Signature,
        DirectoryError::Unavailable => Denial::KeysUnavailable,
    }
}
