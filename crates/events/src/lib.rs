//! Everything that travels between processes of Caracal: topics, payload types, the bus, the outbox relay and
//! the audit spool.
//!
//! Depends on `caracal-core` and `caracal-crypto`, never on storage or on a role: the outbox reaches its table
//! through the trait [`outbox::OutboxQueue`].
//!
//! To add a topic: extend [`Topic`], write its payload in `payload/` with a round-trip test, and publish it
//! through the outbox. To add a bus: implement [`Bus`] and run [`bus_conformance!`] against it; a bus that does
//! not run the suite does not exist.

pub mod bus;
pub mod conformance;
pub mod embedded;
pub mod fields;
pub mod metrics;
pub mod outbox;
pub mod payload;
pub mod redis;
pub mod shortlived;
pub mod signing;
pub mod spool;
pub mod topic;

mod backoff;
mod dead_letter;

pub use bus::{Arrival, Bus, BusError, Consumer, Delivery, Hearing, Receipt, Subscription};
pub use embedded::{EmbeddedBus, EmbeddedOptions};
pub use fields::{Fields, MalformedFields};
pub use outbox::{BoxError, OutboxQueue, OutboxRelay, OutboxRow, OutboxStats};
pub use redis::{RedisBus, RedisOptions, RedisUnusable};
pub use shortlived::{RateDecision, RateLimiter, ReplayStore, ShortLived, ShortLivedError};
pub use signing::StreamSigner;
pub use spool::{Spool, SpoolDrainer, SpoolError, SpoolStats, SyncMode};
pub use topic::Topic;
