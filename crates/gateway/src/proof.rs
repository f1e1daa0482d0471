//! Proof that a mandate is the zone's own.

use std::sync::Arc;

use caracal_core::{ZoneId, claims::MandateClaims};
use caracal_crypto::{VerifyingKey, mandate::Unverified};
use caracal_service::{issued, zones::DirectoryError};

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
) -> Result<Arc<MandateClaims>, Denial> {
    let kid = &unverified.header().map_err(|_| Denial::Signature)?.kid;
    let key = verifying_key(gateway, zone, kid.as_str()).await?;
    issued::prove(gateway.deps.issued.as_deref(), token, unverified, &key).map_err(|_| Denial::Signature)
}

async fn verifying_key(gateway: &Gateway, zone: &ZoneId, kid: &str) -> Result<VerifyingKey, Denial> {
    let unknown = |error| match error {
        // Whoever presents a token of no zone learns no more than that it is not signed.
        DirectoryError::Unknown => Denial::Signature,
        DirectoryError::Unavailable => Denial::KeysUnavailable,
    };
    let state = gateway.deps.zones.zone(zone).await.map_err(unknown)?;
    if let Some(key) = state.verifying_key(kid) {
        return Ok(key.clone());
    }
    // A key rotated in moments ago, whose announcement is still on its way.
    if !gateway.may_reload_keys(zone) {
        return Err(Denial::Signature);
    }
    let state = gateway.deps.zones.reload(zone).await.map_err(unknown)?;
    state.verifying_key(kid).cloned().ok_or(Denial::Signature)
}
