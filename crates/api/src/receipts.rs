//! Receipts of requests with an idempotency key, as the Control API keeps them.
//!
//! Only routes that say so take keys: an answer with a secret is shown once and kept nowhere, so it has no receipt.

use std::time::Duration;

use caracal_core::{Timestamp, ZoneId, entity::Zone};
use caracal_crypto::sha256;
use caracal_lifecycle::receipts::{Keyed, forgotten};
use caracal_service::{
    Refusal,
    front::{Inbound, request_digest},
};
use caracal_wire::ErrorCode;

use crate::deps::ApiDeps;

/// Separates these digests from every other use of the key.
const DOMAIN: &[u8] = b"caracal:api:idempotency:v1\0";
/// How long an answer is repeated.
const RETENTION: Duration = Duration::from_hours(24);
/// Most receipts of one caller and route in a zone.
const MAX_RECEIPTS: u64 = 10_000;

/// The request by its key, if it has one and its route takes one. While keys of digests change, a receipt is found by
/// the previous one as well.
pub(crate) fn keyed(inbound: &Inbound<ApiDeps>) -> Option<Keyed> {
    let key = inbound.idempotency_key.as_ref()?;
    let keys = &inbound.role.token_keys;
    let keys = std::iter::once(&keys.current).chain(&keys.previous);
    Some(Keyed {
        operation: inbound.route.name,
        scope_id: inbound.caller.limit_key(),
        key_digests: keys
            .map(|secret| secret.sign_parts(&[DOMAIN, key.text.as_bytes()]))
            .collect(),
        request_digest: request_digest(&inbound.path, &inbound.body),
        retention: RETENTION,
        max_receipts: MAX_RECEIPTS,
    })
}

/// The zones that may have the receipt: that of the path, or those that the request would have made.
pub(crate) fn zones(inbound: &Inbound<ApiDeps>, keyed: &Keyed) -> Vec<ZoneId> {
    match inbound.params.id("zoneId") {
        Ok(zone) => vec![zone],
        Err(_) => made_zones(keyed).collect(),
    }
}

/// The ids of a zone made by a request with a key, as `UUIDv8` (RFC 9562 §5.8): a rival with the same key makes the same
/// zone, so that only one of them does, and where the receipt is can be told before there is one.
pub(crate) fn made_zones(keyed: &Keyed) -> impl Iterator<Item = ZoneId> {
    keyed.key_digests.iter().filter_map(|digest| {
        let hex = hex::encode(sha256(&[digest, keyed.scope_id.as_bytes()].concat()));
        let part = |range: std::ops::Range<usize>| hex.get(range);
        let (a, b, c) = (part(0..8)?, part(8..12)?, part(12..15)?);
        let id = format!("{a}-{b}-8{c}-8{}-{}", part(15..18)?, part(18..30)?);
        ZoneId::parse(&id).ok()
    })
}

/// Why a request with a key makes no zone when there is one of the id that it would have: `made`, archived or not.
/// Without an answer that could be repeated, a key still makes no second zone.
pub(crate) fn zone_was_made(made: &Zone, now: Timestamp) -> Refusal {
    if now.since(made.attribution.created_at) < RETENTION {
        same_request_was_first()
    } else {
        forgotten().into()
    }
}

/// Done again, a request is answered as the same one was that came before it.
pub(crate) fn same_request_was_first() -> Refusal {
    Refusal {
        contended: true,
        ..Refusal::of(ErrorCode::StorageUnavailable)
    }
}
