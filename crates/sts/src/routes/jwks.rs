//! `GET /.well-known/jwks.json?zone_id=`: the zone's public keys (RFC 7517).

use std::{sync::Arc, time::Duration};

use caracal_crypto::jwks::Jwk;
use caracal_service::{
    Refusal,
    front::{Cacheable, Inbound, Query},
};
use caracal_wire::{
    ErrorCode,
    sts::{KeySet, KeysOf, PublicKey},
};

use crate::{StsDeps, authenticate::zone_for};

/// A key is published so long before it signs, at least.
const KEPT: Duration = Duration::from_mins(5);

/// Never lists zones: the caller must know the one it wants.
pub(super) async fn get(
    call: Arc<Inbound<StsDeps>>,
    Query(KeysOf { zone_id }): Query<KeysOf>,
) -> Result<Cacheable<KeySet>, Refusal> {
    let deps = &call.role;
    // Keys of zones that are in use are everybody's to ask for; what strangers make us look for is counted.
    let state = match zone_for(deps, &zone_id, call.peer).await? {
        Some(state) if !state.verifying_keys.is_empty() => state,
        Some(_) => return Err(Refusal::of(ErrorCode::ResourceNotFound)),
        None => {
            // Past the limit the next one is told to wait.
            let _ = deps.limits.count_stranger(call.peer).await;
            return Err(Refusal::of(ErrorCode::ResourceNotFound));
        }
    };
    let keys = state.verifying_keys.iter();
    let keys = keys.map(|(_, key)| published(Jwk::from(key))).collect();
    Ok(Cacheable(KeySet { keys }, KEPT))
}

fn published(key: Jwk) -> PublicKey {
    PublicKey {
        kid: key.kid,
        kty: key.kty.to_owned(),
        crv: key.crv.to_owned(),
        key_use: key.key_use.to_owned(),
        alg: key.alg.to_owned(),
        x: key.x,
        y: key.y,
    }
}
