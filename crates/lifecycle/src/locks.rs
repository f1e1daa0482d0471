//! The locks of a zone. Nobody outside this crate takes them, other than by [`GROUPED`].
//!
//! Order, everywhere: the zone's delegations, then its sessions, then rows.

use caracal_storage::{Access, Error, Lock, ZoneWork};

/// How the changes of sessions and delegations are made that come often: many of them in one transaction, which holds both
/// locks for all of them.
pub const GROUPED: Access = Access::Grouped(&[Lock::Delegations, Lock::Sessions]);

/// Whoever may end or insert a delegation holds this.
pub(crate) async fn delegations(work: &mut dyn ZoneWork) -> Result<(), Error> {
    work.lock(Lock::Delegations).await
}

/// Whoever changes the shape of the session tree holds this.
pub(crate) async fn sessions(work: &mut dyn ZoneWork) -> Result<(), Error> {
    work.lock(Lock::Sessions).await
}

/// Both, in order.
pub(crate) async fn both(work: &mut dyn ZoneWork) -> Result<(), Error> {
    delegations(work).await?;
    sessions(work).await
}
