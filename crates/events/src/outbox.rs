//! The outbox: entries written in the transaction that caused them, published afterwards.

mod gate;
mod hand_over;
mod held;
mod options;
mod relay;

use std::{fmt::Debug, time::Duration};

use async_trait::async_trait;
use caracal_core::{Timestamp, ZoneId};
use metrics::gauge;

use crate::{
    Fields, Topic,
    metrics::{OUTBOX_DEAD_ROWS, OUTBOX_OLDEST, OUTBOX_PENDING, number},
};

pub use self::{options::RelayOptions, relay::OutboxRelay};

/// An error of a backend.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// One entry waiting to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Id of the row; travels as `outbox_id`.
    pub id: String,
    /// Where it goes.
    pub topic: Topic,
    /// What it carries, `dedupe_key` included where there is one.
    pub fields: Fields,
    /// How often it was claimed before.
    pub attempts: u32,
    /// Zone it belongs to, for operators.
    pub zone_id: Option<ZoneId>,
}

/// How the outbox stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutboxStats {
    /// Rows waiting, claimed ones included.
    pub pending: u64,
    /// Rows put aside as malformed.
    pub dead: u64,
    /// Age of the oldest waiting row.
    pub oldest_age: Option<Duration>,
}

impl OutboxStats {
    pub(crate) fn report(&self) {
        gauge!(OUTBOX_PENDING).set(number(self.pending));
        gauge!(OUTBOX_DEAD_ROWS).set(number(self.dead));
        gauge!(OUTBOX_OLDEST).set(self.oldest_age.unwrap_or_default().as_secs_f64());
    }
}

/// The table behind the relay. Several relays may work on it at once.
#[async_trait]
pub trait OutboxQueue: Send + Sync + Debug {
    /// At most `limit` rows whose time has come, in order of creation, kept from other relays for `lease`.
    /// A row whose lease ran out can be claimed again.
    ///
    /// # Errors
    /// Whatever the backend says.
    async fn claim(&self, limit: usize, lease: Duration) -> Result<Vec<OutboxRow>, BoxError>;

    /// Ids of what is to be announced, so no evidence, and not published yet, due or not, in order of creation and at most
    /// `limit`. Whoever asks has some of them in its own hands; other relays have, or wait for, the rest.
    ///
    /// # Errors
    /// Whatever the backend says.
    async fn unpublished(&self, limit: usize) -> Result<Vec<String>, BoxError>;

    /// Which of these rows are not published yet, nor put aside.
    ///
    /// # Errors
    /// Whatever the backend says.
    async fn unpublished_of(&self, ids: &[String]) -> Result<Vec<String>, BoxError>;

    /// These rows were published.
    ///
    /// # Errors
    /// Whatever the backend says; the rows will be published again.
    async fn mark_published(&self, ids: &[String]) -> Result<(), BoxError>;

    /// Gives rows back until `retry_at`, remembering why.
    ///
    /// # Errors
    /// Whatever the backend says; the rows come back when their lease ends.
    async fn release(&self, ids: &[String], retry_at: Timestamp, error: &str) -> Result<(), BoxError>;

    /// Puts a row aside that can never be published.
    ///
    /// # Errors
    /// Whatever the backend says.
    async fn mark_dead(&self, id: &str, error: &str) -> Result<(), BoxError>;

    /// Deletes rows published before `older_than`; returns how many.
    ///
    /// # Errors
    /// Whatever the backend says.
    async fn prune(&self, older_than: Timestamp) -> Result<u64, BoxError>;

    /// How the outbox stands.
    ///
    /// # Errors
    /// Whatever the backend says.
    async fn pending(&self) -> Result<OutboxStats, BoxError>;
}

#[cfg(test)]
mod tests;
