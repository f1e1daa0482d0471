//! Requests that may be sent twice and happen once.
//!
//! A receipt is written in the transaction of what it is a receipt for. The digest covers what the caller asked
//! for, the application and the subject, never the token: the same key survives a new mandate and a restart.

use std::{collections::HashMap, time::Duration};

use caracal_core::{Timestamp, ZoneId};
use caracal_storage::{IdempotencyReceipt, IdempotencyReceipts, ZoneWork};
use caracal_wire::{ErrorCode, coordinator::LimitDetails};
use parking_lot::Mutex;

use crate::{Denial, Error};

/// Most bytes of an answer that is kept.
const MAX_ANSWER_BYTES: usize = 65_536;
/// How long a count of receipts is trusted.
const COUNT_EVERY: Duration = Duration::from_mins(1);
/// Most scopes counted in memory.
const MAX_COUNTS: usize = 10_000;
/// When a scope full of receipts is worth another try, in seconds.
const RETRY_WHEN_FULL: u32 = 60;

type Scope = (ZoneId, &'static str, String);

/// How many receipts each scope has, as last counted plus what was added since. Counting on every request would make
/// each one slower than the one before.
#[derive(Debug, Default)]
pub struct Counts(Mutex<HashMap<Scope, (Timestamp, u64)>>);

/// A request with a key, reduced to what is stored of it.
#[derive(Debug)]
pub struct Keyed {
    /// What the key is for.
    pub operation: &'static str,
    /// Whose key it is.
    pub scope_id: String,
    /// Digest of the key under the key of digests in use, then under earlier ones.
    pub key_digests: Vec<[u8; 32]>,
    /// Digest of what the caller asked for.
    pub request_digest: [u8; 32],
    /// How long the answer is repeated.
    pub retention: Duration,
    /// Most receipts of one operation and scope.
    pub max_receipts: u64,
}

impl Keyed {
    /// Serialises requests with this key, and finds the receipt if this one happened already.
    ///
    /// # Errors
    /// When the key was used for something else.
    pub async fn claim(
        &self,
        receipts: &mut dyn IdempotencyReceipts,
        now: Timestamp,
    ) -> Result<Option<IdempotencyReceipt>, Error> {
        for digest in &self.key_digests {
            let found = receipts
                .claim(self.operation, &self.scope_id, digest, now)
                .await?;
            if found.is_some() {
                return self.of_this(found);
            }
        }
        Ok(None)
    }

    /// As [`Keyed::claim`], without waiting for anybody: one that is happening now is found by those who claim.
    ///
    /// # Errors
    /// When the key was used for something else.
    pub async fn find(
        &self,
        receipts: &mut dyn IdempotencyReceipts,
        now: Timestamp,
    ) -> Result<Option<IdempotencyReceipt>, Error> {
        for digest in &self.key_digests {
            let found = receipts.find(self.operation, &self.scope_id, digest, now).await?;
            if found.is_some() {
                return self.of_this(found);
            }
        }
        Ok(None)
    }

    /// The receipt of the key, if it is of this request.
    fn of_this(&self, found: Option<IdempotencyReceipt>) -> Result<Option<IdempotencyReceipt>, Error> {
        if found
            .as_ref()
            .is_some_and(|receipt| receipt.request_digest != self.request_digest)
        {
            let why = "this Idempotency-Key was used for a different request";
            return Err(conflict(ErrorCode::IdempotencyKeyConflict, why).into());
        }
        Ok(found)
    }

    /// Lets one more receipt of this scope be made.
    ///
    /// # Errors
    /// When there are too many.
    pub async fn admit(&self, work: &mut dyn ZoneWork, counts: &Counts, now: Timestamp) -> Result<(), Error> {
        let scope = (work.zone_id().clone(), self.operation, self.scope_id.clone());
        let remembered = counts.0.lock().get(&scope).copied();
        let (counted_at, count) = match remembered {
            Some((at, count)) if now.since(at) <= COUNT_EVERY && count < self.max_receipts => (at, count),
            _ => (
                now,
                work.receipts().count(self.operation, &self.scope_id, now).await?,
            ),
        };
        self.room_for_one_more(count)?;
        let mut counts = counts.0.lock();
        if counts.len() >= MAX_COUNTS {
            counts.clear();
        }
        counts.insert(scope, (counted_at, count.saturating_add(1)));
        Ok(())
    }

    /// As [`Keyed::admit`], where receipts are few enough to be counted each time.
    ///
    /// # Errors
    /// When there are too many.
    pub async fn admit_counted(
        &self,
        receipts: &mut dyn IdempotencyReceipts,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.room_for_one_more(receipts.count(self.operation, &self.scope_id, now).await?)
    }

    fn room_for_one_more(&self, count: u64) -> Result<(), Error> {
        let limit = self.max_receipts;
        if count < limit {
            return Ok(());
        }
        Err(Denial {
            retry_after: Some(RETRY_WHEN_FULL),
            ..Denial::of(ErrorCode::IdempotencyReceiptLimitExceeded)
                .describe("too many answers are remembered; send the request without a key")
                .details(&LimitDetails { limit })
        }
        .into())
    }

    /// Keeps the answer for repeats; `made` is the id of what was made.
    ///
    /// # Errors
    /// When it is too large to be kept.
    pub async fn keep(
        &self,
        receipts: &mut dyn IdempotencyReceipts,
        made: &str,
        status: u16,
        answer: String,
        now: Timestamp,
    ) -> Result<(), Error> {
        let receipt = self.receipt(made, status, answer, now)?;
        Ok(receipts.create(&receipt).await?)
    }

    /// What is kept of the answer.
    ///
    /// # Errors
    /// When it is too large to be kept.
    pub fn receipt(
        &self,
        made: &str,
        status: u16,
        answer: String,
        now: Timestamp,
    ) -> Result<IdempotencyReceipt, Error> {
        if answer.len() > MAX_ANSWER_BYTES {
            return Err(Denial::of(ErrorCode::IdempotencyResponseTooLarge)
                .describe("the answer is too large to be remembered; ask for less, or without a key")
                .into());
        }
        Ok(IdempotencyReceipt {
            operation: self.operation.to_owned(),
            scope_id: self.scope_id.clone(),
            key_digest: self.key_digests.first().copied().unwrap_or_default(),
            request_digest: self.request_digest,
            resource_id: made.to_owned(),
            response_status: status,
            response_json: answer,
            created_at: now,
            expires_at: now.plus(self.retention),
        })
    }
}

fn conflict(code: ErrorCode, why: &'static str) -> Denial {
    Denial {
        alias: Some("message"),
        ..Denial::of(code).describe(why)
    }
}

/// The key's request happened, but its answer is no longer remembered.
pub fn forgotten() -> Denial {
    conflict(
        ErrorCode::IdempotencyKeyConflict,
        "this Idempotency-Key was used too long ago for its answer to be repeated; use a new key",
    )
}

/// The key's request happened, but what it made is no more.
pub fn inactive() -> Denial {
    conflict(
        ErrorCode::IdempotencyResultInactive,
        "what this Idempotency-Key made is no longer active; use a new key",
    )
}
