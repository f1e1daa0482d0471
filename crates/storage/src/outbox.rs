//! The transactional outbox, as units of work write it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use caracal_core::{Timestamp, World};
use caracal_wire::events::Payload;

use crate::Error;

/// An event to publish after commit. [`OutboxMessage::of`] is the one way to make one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
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

impl OutboxMessage {
    /// The event `payload`, made now.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it cannot travel; then the change must not be committed.
    pub fn of<P: Payload>(world: &World, payload: &P) -> Result<Self, Error> {
        let fields = payload.to_fields();
        let fields = fields.map_err(|error| Error::Corrupt(format!("an event cannot travel: {error}")))?;
        Ok(Self {
            id: world.uuid_v7().to_string(),
            topic: P::TOPIC.as_str().to_owned(),
            dedupe_key: None,
            fields: fields.into_iter().collect(),
            created_at: world.now(),
        })
    }

    /// With a key: a second message with the same topic and key is dropped.
    #[must_use]
    pub fn once(mut self, dedupe_key: String) -> Self {
        self.dedupe_key = Some(dedupe_key);
        self
    }
}

/// Events of this unit of work.
#[async_trait]
pub trait Outbox: Send {
    /// Adds events; they become visible to the relay with the commit, and are published in this order.
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
