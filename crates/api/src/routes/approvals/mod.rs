//! Requests that wait for a person: the inbox of whoever operates the zone.

pub(super) mod counts;
pub(super) mod decide;
pub(super) mod get;
pub(super) mod list;
