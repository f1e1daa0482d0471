//! Receipts of requests that carried an idempotency key.

use async_trait::async_trait;
use caracal_core::Timestamp;

use crate::Error;

/// What a request with an idempotency key answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyReceipt {
    /// For example `session.start.v2`.
    pub operation: String,
    /// Whose keys these are: the application.
    pub scope_id: String,
    /// Keyed digest of the key, 32 bytes.
    pub key_digest: [u8; 32],
    /// Digest of what the caller asked for, 32 bytes.
    pub request_digest: [u8; 32],
    /// What was made.
    pub resource_id: String,
    /// 200 to 299.
    pub response_status: u16,
    /// The answer, at most 65,536 bytes of JSON.
    pub response_json: String,
    /// Creation.
    pub created_at: Timestamp,
    /// Forgotten from here on.
    pub expires_at: Timestamp,
}

/// Receipts of a zone, or of what is about none.
#[async_trait]
pub trait IdempotencyReceipts: Send {
    /// Serialises requests with the same key until the end of the work, then looks for a receipt live at `now`.
    async fn claim(
        &mut self,
        operation: &str,
        scope_id: &str,
        key_digest: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<IdempotencyReceipt>, Error>;
    /// The receipt of a key that is live at `now`. Nobody is waited for: who is about to leave it may not have yet.
    async fn find(
        &mut self,
        operation: &str,
        scope_id: &str,
        key_digest: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<IdempotencyReceipt>, Error>;
    /// Live receipts of one operation and scope.
    async fn count(&mut self, operation: &str, scope_id: &str, now: Timestamp) -> Result<u64, Error>;
    /// Stores a receipt, replacing an expired one with the same key.
    async fn create(&mut self, receipt: &IdempotencyReceipt) -> Result<(), Error>;
    /// Deletes receipts that expired before `now`, at most `limit`; returns how many.
    async fn reap(&mut self, now: Timestamp, limit: u32) -> Result<u64, Error>;
}
