//! Requests that may be sent twice and happen once.
//!
//! A receipt is written in the transaction of what it is a receipt for. The digest covers what the caller asked
//! for, the application and the subject, never the token: the same key survives a new mandate and a restart.

use std::{collections::HashMap, time::Duration};

use caracal_core::{Timestamp, ZoneId};
use caracal_crypto::{HmacKey, canonical_json, sha256};
use caracal_service::{Refusal, front::IdempotencyKey, limits::too_many};
use caracal_storage::{Receipt, ZoneWork};
use caracal_wire::ErrorCode;
use http::StatusCode;
use parking_lot::Mutex;
use serde_json::Value;

use crate::metrics;

/// Separates these digests from every other use of the key.
const DOMAIN: &[u8] = b"caracal:coordinator:idempotency:v1\0";
const MAX_RECEIPT_BYTES: usize = 65_536;
/// How long a count of receipts is trusted.
const COUNT_EVERY: Duration = Duration::from_mins(1);
/// Most scopes counted in memory.
const MAX_COUNTS: usize = 10_000;

type Scope = (ZoneId, &'static str, String);

/// What this process keeps of receipts.
#[derive(Debug)]
pub(crate) struct Receipts {
    /// Key of the digests under which idempotency keys are remembered.
    pub(crate) key: HmacKey,
    /// How long a caller's key is remembered.
    pub(crate) retention: Duration,
    /// The same for keys of session starts that a client invented for its own retries.
    pub(crate) generated_retention: Duration,
    /// Most receipts of one application and operation.
    pub(crate) max_per_scope: u64,
    /// How many receipts each application has, as last counted plus what was added since. Counting on every request
    /// would make each one slower than the one before.
    pub(crate) counts: Mutex<HashMap<Scope, (Timestamp, u64)>>,
}

/// A request with a key, reduced to what is stored of it.
pub(crate) struct Keyed<'r> {
    receipts: &'r Receipts,
    operation: &'static str,
    scope_id: String,
    key_digest: [u8; 32],
    request_digest: [u8; 32],
    retention: Duration,
}

impl Receipts {
    /// `request` is the canonical form of what the caller asked for.
    pub(crate) fn keyed(
        &self,
        operation: &'static str,
        scope_id: &str,
        key: &IdempotencyKey,
        request: &Value,
    ) -> Keyed<'_> {
        let generated = key.generated && operation == SESSION_START;
        Keyed {
            receipts: self,
            operation,
            scope_id: scope_id.to_owned(),
            key_digest: self.key.sign_parts(&[DOMAIN, key.text.as_bytes()]),
            request_digest: sha256(&canonical_json(request)),
            retention: if generated {
                self.generated_retention
            } else {
                self.retention
            },
        }
    }
}

impl Keyed<'_> {
    /// Serialises requests with this key, and finds the receipt if this one happened already.
    ///
    /// # Errors
    /// 409 `idempotency_key_conflict` when the key was used for something else, 429
    /// `idempotency_receipt_limit_exceeded` when the application has too many receipts.
    pub(crate) async fn claim(
        &self,
        work: &mut dyn ZoneWork,
        now: Timestamp,
    ) -> Result<Option<Receipt>, Refusal> {
        let found = work
            .receipts()
            .claim(self.operation, &self.scope_id, &self.key_digest, now)
            .await?;
        match found {
            Some(receipt) if receipt.request_digest == self.request_digest => Ok(Some(receipt)),
            Some(_) => {
                metrics::idempotency("conflicts");
                let message = "this Idempotency-Key was used for a different request";
                Err(conflict(ErrorCode::IdempotencyKeyConflict, message))
            }
            None => {
                self.admit(work, now).await?;
                Ok(None)
            }
        }
    }

    async fn admit(&self, work: &mut dyn ZoneWork, now: Timestamp) -> Result<(), Refusal> {
        let limit = self.receipts.max_per_scope;
        let scope = (work.zone_id().clone(), self.operation, self.scope_id.clone());
        let remembered = self.receipts.counts.lock().get(&scope).copied();
        let (counted_at, count) = match remembered {
            Some((at, count)) if now.since(at) <= COUNT_EVERY && count < limit => (at, count),
            _ => (
                now,
                work.receipts().count(self.operation, &self.scope_id, now).await?,
            ),
        };
        if count >= limit {
            return Err(too_many(ErrorCode::IdempotencyReceiptLimitExceeded, limit, 60));
        }
        let mut counts = self.receipts.counts.lock();
        if counts.len() >= MAX_COUNTS {
            counts.clear();
        }
        counts.insert(scope, (counted_at, count.saturating_add(1)));
        Ok(())
    }

    /// Stores the receipt of an answer.
    pub(crate) async fn store(
        &self,
        work: &mut dyn ZoneWork,
        resource_id: &str,
        status: StatusCode,
        response: &str,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if response.len() > MAX_RECEIPT_BYTES {
            return Err(Refusal::of(ErrorCode::IdempotencyResponseTooLarge)
                .describe("the answer is too large to be remembered; name fewer resources or scopes"));
        }
        let receipt = Receipt {
            operation: self.operation.to_owned(),
            scope_id: self.scope_id.clone(),
            key_digest: self.key_digest,
            request_digest: self.request_digest,
            resource_id: resource_id.to_owned(),
            response_status: status.as_u16(),
            response_json: response.to_owned(),
            created_at: now,
            expires_at: now.plus(self.retention),
        };
        work.receipts().create(&receipt).await?;
        metrics::idempotency("created");
        Ok(())
    }
}

/// Operation of session starts.
pub(crate) const SESSION_START: &str = "session.start.v2";
/// Operation of delegations.
pub(crate) const DELEGATION_CREATE: &str = "delegation.create.v2";

fn conflict(code: ErrorCode, message: &'static str) -> Refusal {
    Refusal::of(code).describe(message).with("message", message)
}

/// The key's request happened, but what it made is no more.
pub(crate) fn inactive() -> Refusal {
    conflict(
        ErrorCode::IdempotencyResultInactive,
        "what this Idempotency-Key made is no longer active; use a new key",
    )
}
