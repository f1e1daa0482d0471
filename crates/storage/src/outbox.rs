//! The transactional outbox, as units of work write it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use caracal_core::Timestamp;

use crate::Error;

/// An event to publish after commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxMessage {
    /// UUIDv7; travels as `outbox_id`.
    pub id: String,
    /// Wire name of the topic, for example `caracal.sessions.revoke`.
    pub topic: String,
    /// A second message with the same topic and key is dropped; travels as `dedupe_key`.
    pub dedupe_key: Option<String>,
    /// Flat fields, verbatim.
    pub fields: BTreeMap<String, String>,
    /// Creation.
    pub created_at: Timestamp,
}

/// Events of this unit of work.
#[async_trait]
pub trait Outbox: Send {
    /// Adds events; they become visible to the relay with the commit.
    async fn append(&mut self, messages: &[OutboxMessage]) -> Result<(), Error>;
    /// State of one message: `pending`, `dispatched` or `dead`, with its attempts, last error and dispatch time.
    async fn status(&mut self, id: &str) -> Result<Option<OutboxState>, Error>;
}

/// Where a message stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxState {
    /// `pending`, `dispatched` or `dead`.
    pub state: &'static str,
    /// Tries so far.
    pub attempts: i64,
    /// Last failure.
    pub last_error: Option<String>,
    /// When the bus took it.
    pub dispatched_at: Option<Timestamp>,
}
