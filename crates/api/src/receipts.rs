//! Receipts of requests with an idempotency key, as the Control API keeps them.
//!
//! Only routes that say so take keys: an answer with a secret is shown once and kept nowhere, so it has no receipt.

use std::time::Duration;

use caracal_lifecycle::receipts::Keyed;
use caracal_service::front::{Exchange, request_digest};

use crate::deps::ApiDeps;

/// Separates these digests from every other use of the key.
const DOMAIN: &[u8] = b"caracal:api:idempotency:v1\0";
/// How long an answer is repeated.
const RETENTION: Duration = Duration::from_hours(24);
/// Most receipts of one caller and route in a zone.
const MAX_RECEIPTS: u64 = 10_000;

/// The request by its key, if it has one and its route takes one. While keys of digests change, a receipt is found by
/// the previous one as well.
pub(crate) fn keyed(exchange: &Exchange<ApiDeps>) -> Option<Keyed> {
    let key = exchange.idempotency_key.as_ref()?;
    let keys = &exchange.role.token_keys;
    let keys = std::iter::once(&keys.current).chain(&keys.previous);
    Some(Keyed {
        operation: exchange.route.name,
        scope_id: exchange.caller.limit_key(),
        key_digests: keys
            .map(|secret| secret.sign_parts(&[DOMAIN, key.text.as_bytes()]))
            .collect(),
        request_digest: request_digest(&exchange.path, &exchange.body),
        retention: RETENTION,
        max_receipts: MAX_RECEIPTS,
    })
}
