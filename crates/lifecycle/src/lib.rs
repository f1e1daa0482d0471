//! How authority ends, in one place: a session, a delegation, all a subject holds, an application, a zone.
//!
//! Whatever ends takes everything below it along: child sessions, what was delegated from and to them, what was
//! narrowed from that. Roles decide who may end what; this crate takes the locks, changes the rows and leaves the
//! events in the outbox of the same transaction. It depends on `storage` and `events` and never on a role.
//!
//! Lock order, everywhere: the zone's delegations, then its sessions, then rows. Whoever may end or insert a
//! delegation holds the first, whoever changes the shape of the session tree holds the second. To add another thing
//! that can end: find the records and sessions it stands on, and hand them to the one cascade.

mod cascade;
mod events;
mod owner;

pub use self::{
    cascade::{
        DELEGATIONS, Ended, SESSIONS, Why, end_session, lock_both, revoke_delegation, suspend_session,
    },
    events::Events,
    owner::{Subject, ZONE_BATCH, end_application, end_subject, end_zone_part},
};
