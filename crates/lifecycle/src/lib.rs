//! What is alive in a zone: authority records, sessions, delegations; how each comes to be, and how it ends.
//!
//! Whatever ends takes everything below it along: child sessions, what was delegated from and to them, what was
//! narrowed from that. A role reads a request, opens a unit of work, calls one function here, records the decision and
//! commits. Only this crate takes the locks, changes these rows, and leaves their events in the outbox of the same
//! transaction; a test reads the other crates for it. It depends on `storage` and what is below, never on a role, and
//! knows no HTTP.
//!
//! - `sessions`, `delegations`, `records`: one module for each, by what happens to it. What else comes to hold authority
//!   becomes a module beside them, as `connections` to upstreams' OAuth servers are.
//! - `approvals`: requests that wait for a person.
//! - `budgets`: what calls use up of what policy gives sessions and delegations.
//! - `canaries`: versions of policy that decide for some applications, taken back by themselves.
//! - `cascade` and `owner`: the one way in which things end. To add another thing that can end: find the records and
//!   sessions it stands on, and hand them to it.
//! - `applications`: short-lived ones, archived when their time is over.
//! - `notifications`: what sinks of a zone are told.
//! - `receipts`: requests that may be sent twice and happen once.

mod act;
mod applications;
pub mod approvals;
pub mod budgets;
pub mod canaries;
mod cascade;
pub mod connections;
pub mod delegations;
mod denial;
mod events;
mod evidence;
mod locks;
mod notifications;
mod owner;
mod principal;
pub mod receipts;
pub mod records;
mod retention;
pub mod sessions;

pub use self::{
    act::{About, Act, Capacity},
    applications::{EXPIRED_LISTED, ExpiredApplications, expire_applications},
    cascade::{EndReason, Ended},
    delegations::ResourceLookup,
    denial::{Denial, Error},
    evidence::audit_frame,
    locks::GROUPED,
    notifications::{MAX_WAITING, notification},
    owner::{
        SubjectRef, ZONE_BATCH, end_application, end_orphans, end_record, end_subject, end_subject_at,
        end_zone_part,
    },
    principal::{ADMIN, Principal},
    retention::forget,
};
