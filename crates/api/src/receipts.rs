//! Receipts of requests with an idempotency key: written in the transaction of what they are receipts for.
//!
//! Only routes that say so take keys: an answer with a secret is shown once and kept nowhere, so it has no receipt.

use std::time::Duration;

use caracal_service::{
    Refusal,
    front::{Exchange, request_digest},
};
use caracal_storage::{Receipt, ZoneWork};
use caracal_wire::ErrorCode;
use http::StatusCode;
use serde::Serialize;

use crate::deps::ApiDeps;

/// Separates these digests from every other use of the key.
const DOMAIN: &[u8] = b"caracal:api:idempotency:v1\0";
/// How long an answer is repeated.
const RETENTION: Duration = Duration::from_hours(24);
/// Most receipts of one caller and route in a zone.
const MAX_RECEIPTS: u64 = 10_000;
/// Most bytes of an answer that is kept.
const MAX_BYTES: usize = 65_536;

/// A request with a key, reduced to what is stored of it.
pub(crate) struct Keyed<'x> {
    exchange: &'x Exchange<ApiDeps>,
    scope_id: String,
    /// By the current key, then, while keys change, by the previous one.
    key_digests: Vec<[u8; 32]>,
    request_digest: [u8; 32],
}

impl<'x> Keyed<'x> {
    /// The request, if it has a key and its route takes one.
    pub(crate) fn of(exchange: &'x Exchange<ApiDeps>) -> Option<Self> {
        let key = exchange.idempotency_key.as_ref()?;
        let keys = &exchange.role.token_keys;
        let keys = std::iter::once(&keys.current).chain(&keys.previous);
        Some(Self {
            scope_id: exchange.caller.limit_key(),
            key_digests: keys
                .map(|secret| secret.sign_parts(&[DOMAIN, key.text.as_bytes()]))
                .collect(),
            request_digest: request_digest(&exchange.path, &exchange.body),
            exchange,
        })
    }

    /// Lets one request with this key go on at a time, and finds the receipt if this one happened already.
    ///
    /// # Errors
    /// 409 `idempotency_key_conflict` when the key was used for something else.
    pub(crate) async fn claim(&self, work: &mut dyn ZoneWork) -> Result<Option<Receipt>, Refusal> {
        let (name, now) = (self.exchange.route.name, self.exchange.role.world.now());
        for digest in &self.key_digests {
            let found = work.receipts().claim(name, &self.scope_id, digest, now).await?;
            match found {
                None => {}
                Some(receipt) if receipt.request_digest == self.request_digest => return Ok(Some(receipt)),
                Some(_) => {
                    return Err(Refusal::of(ErrorCode::IdempotencyKeyConflict)
                        .describe("this Idempotency-Key was used for a different request"));
                }
            }
        }
        Ok(None)
    }

    /// Keeps the answer.
    ///
    /// # Errors
    /// 400 when it is too large to be kept, 429 when the caller has too many.
    pub(crate) async fn keep(
        &self,
        work: &mut dyn ZoneWork,
        made: &str,
        status: StatusCode,
        answer: &impl Serialize,
    ) -> Result<(), Refusal> {
        let (name, now) = (self.exchange.route.name, self.exchange.role.world.now());
        let answer = serde_json::to_string(answer).map_err(|_| Refusal::of(ErrorCode::InternalError))?;
        if answer.len() > MAX_BYTES {
            return Err(Refusal::of(ErrorCode::IdempotencyResponseTooLarge)
                .describe("the answer is too large to be remembered; send the request without a key"));
        }
        if work.receipts().count(name, &self.scope_id, now).await? >= MAX_RECEIPTS {
            return Err(Refusal::of(ErrorCode::IdempotencyReceiptLimitExceeded)
                .describe("too many answers are remembered; send the request without a key")
                .retry_after(60));
        }
        let receipt = Receipt {
            operation: name.to_owned(),
            scope_id: self.scope_id.clone(),
            key_digest: self.key_digests.first().copied().unwrap_or_default(),
            request_digest: self.request_digest,
            resource_id: made.to_owned(),
            response_status: status.as_u16(),
            response_json: answer,
            created_at: now,
            expires_at: now.plus(RETENTION),
        };
        Ok(work.receipts().create(&receipt).await?)
    }
}
