//! The locks of a zone. Nobody outside this crate takes them, other than by [`GROUPED`].
//!
//! Order, everywhere: the zone's delegations, then its sessions, then rows.

use caracal_storage::{Access, Error, ZoneWork};

/// Serialises changes of the delegation graph of the zone.
const DELEGATIONS: &str = "delegation";
/// Serialises changes of the session tree of the zone.
const SESSIONS: &str = "session";

/// How the changes of sessions and delegations are made that come often: many of them in one transaction, which holds both
/// locks for all of them.
pub const GROUPED: Access = Access::Grouped(&[DELEGATIONS, SESSIONS]);

/// Whoever may end or insert a delegation holds this.
pub(crate) async fn delegations(work: &mut dyn ZoneWork) -> Result<(), Error> {
    work.lock(DELEGATIONS).await
}

/// Whoever changes the shape of the session tree holds this.
pub(crate) async fn sessions(work: &mut dyn ZoneWork) -> Result<(), Error> {
    work.lock(SESSIONS).await
}

/// Both, in order.
pub(crate) async fn both(work: &mut dyn ZoneWork) -> Result<(), Error> {
    delegations(work).await?;
    sessions(work).await
}
