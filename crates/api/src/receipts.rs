//! Receipts of requests with an idempotency key, as the Control API keeps them.
//!
//! A receipt is where the change is: in the zone, or of the deployment. Of an answer with a secret only what was sealed is
//! kept, for whoever was answered and as long as the receipt.

use std::{sync::OnceLock, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_core::{Timestamp, ZoneId, entity::Zone};
use caracal_crypto::{Location, sha256};
use caracal_lifecycle::receipts::{Keyed, forgotten};
use caracal_service::{
    Refusal,
    front::{Inbound, request_digest},
};
use caracal_storage::IdempotencyReceipt;
use caracal_wire::ErrorCode;
use serde::Serialize;

use crate::{access::Reach, deps::ApiDeps};

/// Separates these digests from every other use of the key.
const DOMAIN: &[u8] = b"caracal:api:idempotency:v1\0";
/// How long an answer is repeated.
const RETENTION: Duration = Duration::from_hours(24);
/// Most receipts of one caller and route in a zone.
const MAX_RECEIPTS: u64 = 10_000;

/// What a request with an idempotency key is known by. Deriving it reads the whole body, so that is done once.
#[derive(Debug, Default)]
pub struct KeyedRequest(OnceLock<Option<Keyed>>);

/// The request by its key, if it has one and its route takes one. While keys of digests change, a receipt is found by
/// the previous one as well.
pub(crate) fn keyed(inbound: &Inbound<ApiDeps>) -> Option<&Keyed> {
    inbound.notes.0.get_or_init(|| derived(inbound)).as_ref()
}

fn derived(inbound: &Inbound<ApiDeps>) -> Option<Keyed> {
    let key = inbound.idempotency_key.as_ref()?;
    let keys = &inbound.role.token_keys;
    let keys = std::iter::once(&keys.current).chain(&keys.previous);
    let caller = inbound.caller.limit_key();
    Some(Keyed {
        operation: inbound.route.name,
        scope_id: match inbound.params.get("zoneId") {
            // Among receipts of the deployment a key is for that zone alone, as it is where receipts are in the zone.
            Some(zone) if !is_kept_in_zone(inbound) => format!("{caller}@{zone}"),
            _ => caller,
        },
        key_digests: keys
            .map(|secret| secret.sign_parts(&[DOMAIN, key.text.as_bytes()]))
            .collect(),
        request_digest: request_digest(&inbound.path, &inbound.body),
        retention: RETENTION,
        max_receipts: MAX_RECEIPTS,
    })
}

/// Whether the request changes what is in the zone of its path, so that its receipt is there, too.
fn is_kept_in_zone(inbound: &Inbound<ApiDeps>) -> bool {
    let needs = inbound.route.needs;
    needs.reach == Reach::Zone && !needs.changes_zone
}

/// Where a receipt of the request is, if there is one: in a zone, or of the deployment. A request that makes a zone leaves it
/// in that zone.
pub(crate) fn places(inbound: &Inbound<ApiDeps>, keyed: &Keyed) -> Result<Vec<Option<ZoneId>>, Refusal> {
    if is_kept_in_zone(inbound) {
        return Ok(vec![Some(inbound.params.id("zoneId")?)]);
    }
    if keyed.operation == "zones.create" {
        return Ok(made_zones(keyed).map(Some).collect());
    }
    Ok(vec![None])
}

/// What is kept of an answer in the receipt of `zone`, or of the deployment.
pub(crate) fn stored_answer(
    inbound: &Inbound<ApiDeps>,
    keyed: &Keyed,
    zone: Option<&ZoneId>,
    answer: &impl Serialize,
) -> Result<String, Refusal> {
    // A build under test finds out where it would look for it in vain.
    debug_assert_eq!(zone.is_some(), is_kept_in_zone(inbound), "{}", inbound.route.name);
    let failed = |_| Refusal::of(ErrorCode::InternalError);
    let text = serde_json::to_string(answer).map_err(failed)?;
    if !inbound.route.shows_secret {
        return Ok(text);
    }
    let digest = keyed.key_digests.first().copied().unwrap_or_default();
    let location = Location::kept_answer(zone, keyed.operation, &keyed.scope_id, &digest);
    let role = &inbound.role;
    let envelope = role.keyring.seal(&role.world, &location, text.as_bytes());
    let envelope = envelope.map_err(|_| {
        Refusal::of(ErrorCode::SecretBackendUnavailable)
            .describe("the answer could not be sealed for repeats")
    })?;
    serde_json::to_string(&STANDARD.encode(envelope)).map_err(failed)
}

/// The receipt with the answer as it was, whatever was kept of it.
///
/// # Errors
/// 409 when its key is no more: the answer cannot be repeated, and the request is not done again.
pub(crate) fn opened(
    inbound: &Inbound<ApiDeps>,
    zone: Option<&ZoneId>,
    mut receipt: IdempotencyReceipt,
) -> Result<IdempotencyReceipt, Refusal> {
    if !inbound.route.shows_secret {
        return Ok(receipt);
    }
    let location = Location::kept_answer(zone, &receipt.operation, &receipt.scope_id, &receipt.key_digest);
    let answer = serde_json::from_str::<String>(&receipt.response_json)
        .ok()
        .and_then(|sealed| STANDARD.decode(sealed).ok())
        .and_then(|envelope| inbound.role.keyring.open(&location, &envelope).ok())
        .and_then(|answer| std::str::from_utf8(&answer).map(str::to_owned).ok());
    receipt.response_json = answer.ok_or_else(forgotten)?;
    Ok(receipt)
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
