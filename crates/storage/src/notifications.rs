//! Notifications: sinks of a zone, and what is on its way to them.
//!
//! What happens is told in the transaction that makes it happen: one delivery for each sink that wants to know. A
//! dispatcher claims one delivery of a sink at a time under a lease of that sink, so that however many run, each
//! delivery is attempted by one, and what one sink does delays no other.

use async_trait::async_trait;
use caracal_core::{
    NotificationDeliveryId, NotificationSinkId, Timestamp, ZoneId,
    entity::{Approval, NotificationDelivery, NotificationSink, NotificationType, SinkHealth},
};

use crate::{Error, Page, PageRequest};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Which happening: told twice, it is delivered once. At most 90 characters of those that ids are made of.
    pub event_id: String,
    /// What it is about.
    pub event_type: NotificationType,
    /// The body, as it is sent.
    pub payload: String,
    /// When it happened.
    pub occurred_at: Timestamp,
}

/// A delivery that is this caller's to attempt until the lease is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedDelivery {
    /// Where to.
    pub sink: NotificationSink,
    /// How it went before.
    pub health: SinkHealth,
    /// What, with this attempt counted.
    pub delivery: NotificationDelivery,
    /// The end of the lease; also what [`AttemptedDelivery`] proves it with.
    pub leased_until: Timestamp,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// The receiver took it.
    Delivered {
        /// HTTP status.
        status: u16,
    },
    /// It did not.
    Failed {
        /// HTTP status, where there was an answer.
        status: Option<u16>,
        /// Why.
        error: String,
        /// When to try again; absent when it is given up.
        retry_at: Option<Timestamp>,
        /// Until when nothing is sent to the sink.
        pause_until: Timestamp,
    },
}

/// What became of a claimed delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptedDelivery {
    /// The sink.
    pub sink_id: NotificationSinkId,
    /// The delivery.
    pub delivery_id: NotificationDeliveryId,
    /// Which attempt it was.
    pub attempts: u32,
    /// The lease it was claimed under.
    pub leased_until: Timestamp,
    /// How the attempt ended.
    pub attempt: Attempt,
    /// When.
    pub at: Timestamp,
}

/// How much waits for active sinks of zones in use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NotificationBacklog {
    /// Deliveries that neither got through nor were given up.
    pub waiting: u64,
    /// Since when the one is due that could have been attempted for the longest.
    pub oldest_due: Option<Timestamp>,
    /// Active sinks whose last attempts, as many as asked for or more, failed.
    pub failing: u64,
}

/// Sinks of the zone and their deliveries.
#[async_trait]
pub trait Notifications: Send {
    /// The sink and how it went with it.
    async fn get(&mut self, id: &NotificationSinkId)
    -> Result<Option<(NotificationSink, SinkHealth)>, Error>;
    /// Sinks by `(created_at, id)`, newest first.
    async fn list(&mut self, page: &PageRequest) -> Result<Page<(NotificationSink, SinkHealth)>, Error>;
    /// How many there are.
    async fn count(&mut self) -> Result<u64, Error>;
    /// Inserts a sink. It is told what happens from then on.
    async fn create(&mut self, sink: &NotificationSink) -> Result<(), Error>;
    /// Replaces name, place, types, whether it is active, and attribution. `false` when absent.
    ///
    /// # Errors
    /// [`Error::Contended`] when it has another version.
    async fn update(&mut self, sink: &NotificationSink) -> Result<bool, Error>;
    /// Forgets how it went, and that nothing is sent for a while.
    async fn forget_failures(&mut self, id: &NotificationSinkId, at: Timestamp) -> Result<(), Error>;
    /// Deletes a sink with its deliveries. `false` when absent.
    async fn delete(&mut self, id: &NotificationSinkId) -> Result<bool, Error>;
    /// Puts in line what happened, for each active sink that is subscribed to it, was there when it happened, and has
    /// fewer than `most` deliveries waiting.
    async fn notify(&mut self, notification: &Notification, most: u32) -> Result<(), Error>;
    /// Puts one delivery in line.
    async fn enqueue(&mut self, delivery: &NotificationDelivery) -> Result<(), Error>;
    /// Deliveries of a sink by `(created_at, id)`, newest first.
    async fn deliveries(
        &mut self,
        sink: &NotificationSinkId,
        page: &PageRequest,
    ) -> Result<Page<NotificationDelivery>, Error>;
    /// A delivery of a sink.
    async fn delivery(
        &mut self,
        sink: &NotificationSinkId,
        id: &NotificationDeliveryId,
    ) -> Result<Option<NotificationDelivery>, Error>;
    /// Makes a delivery due from its first attempt on, however it ended. Whoever attempts it now records it in vain.
    async fn redeliver(
        &mut self,
        sink: &NotificationSinkId,
        id: &NotificationDeliveryId,
        at: Timestamp,
    ) -> Result<bool, Error>;
    /// Takes the delivery of an active sink that has been due for the longest, and the sink's lease, until
    /// `leased_until`. Of any number of callers one gets it; nothing while another holds the lease, or nothing is sent.
    async fn claim(
        &mut self,
        sink: &NotificationSinkId,
        now: Timestamp,
        leased_until: Timestamp,
    ) -> Result<Option<ClaimedDelivery>, Error>;
    /// Writes down how an attempt ended and gives the lease back, as far as both are still the caller's; whether the
    /// delivery was.
    async fn record_attempt(&mut self, attempted: &AttemptedDelivery) -> Result<bool, Error>;
    /// Up to `limit` approvals that nobody decided, ended after `since` and up to `now`, and that a sink is yet to be
    /// told of.
    async fn untold_expiries(
        &mut self,
        since: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Approval>, Error>;
    /// Deletes up to `limit` deliveries that got through or were given up before `before`; returns how many.
    async fn reap(&mut self, before: Timestamp, limit: u32) -> Result<u64, Error>;
}

/// Deliveries of every zone, as a dispatcher sees them.
#[async_trait]
pub trait NotificationQueue: Send {
    /// Up to `limit` active sinks of zones in use with something due that nobody holds, longest unattended first: those
    /// whose last attempt failed, or the others.
    async fn due_sinks(
        &mut self,
        now: Timestamp,
        failing: bool,
        limit: u32,
    ) -> Result<Vec<(ZoneId, NotificationSinkId)>, Error>;
    /// Zones where [`Notifications::untold_expiries`] or [`Notifications::reap`] would find something.
    async fn zones_to_sweep(
        &mut self,
        since: Timestamp,
        now: Timestamp,
        ended_before: Timestamp,
    ) -> Result<Vec<ZoneId>, Error>;
    /// How much waits. A sink is failing from `failures` failed attempts in a row on.
    async fn backlog(&mut self, now: Timestamp, failures: u32) -> Result<NotificationBacklog, Error>;
    /// As [`Notifications::notify`], for what happens to a zone as a whole.
    async fn notify_in(&mut self, zone: &ZoneId, notification: &Notification, most: u32)
    -> Result<(), Error>;
}
