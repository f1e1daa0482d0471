//! How events travel between processes of Caracal: the bus, the outbox relay and the audit spool. What travels is in
//! `caracal_wire::events`.
//!
//! Depends on `caracal-core`, `caracal-wire` and `caracal-crypto`, never on storage or on a role: the outbox reaches its table
//! through the trait [`outbox::OutboxQueue`].
//!
//! To add a bus: implement [`Bus`] and run [`bus_conformance!`] against it; a bus that does
//! not run the suite does not exist.

pub mod bus;
pub mod conformance;
pub mod embedded;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod metrics;
pub mod outbox;
pub mod redis;
pub mod shortlived;
pub mod signing;
pub mod spans;
pub mod spool;

mod backoff;
mod dead_letter;

pub use bus::{AppendReceipt, Arrival, Bus, BusError, Consumer, Delivery, Subscription, SyncFlag};
pub use caracal_wire::events::{Fields, MalformedFields, Topic};
pub use embedded::{EmbeddedBus, EmbeddedOptions};
pub use outbox::{BoxError, OutboxQueue, OutboxRelay, OutboxRow, OutboxStats};
pub use redis::{RedisBus, RedisOptions, RedisUnusable};
pub use shortlived::{RateDecision, RateLimiter, ReplayStore, ShortLived, ShortLivedError};
pub use signing::StreamSigner;
pub use spool::{Spool, SpoolDrainer, SpoolError, SpoolStats, SyncMode};
