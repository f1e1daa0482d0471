//! Delegations: authority handed from session to session, and what it may be.

mod bounds;
mod create;
mod inherit;
mod lineage;
mod new_delegation;
mod parent;
mod revoke;

use caracal_core::{
    World,
    entity::{Delegation, Resource},
};
use caracal_storage::{Error as StorageError, ZoneWork};
use caracal_wire::ErrorCode;

pub(crate) use self::inherit::{check_locked, inherit, lock_to_inherit};
pub use self::{
    create::{Created, create},
    lineage::{HeldDelegations, held},
    new_delegation::{End, NewDelegation},
    revoke::{Revoked, revoke},
};
use crate::{Denial, events::Events, locks};

/// Finds a resource of the zone, by row id or identifier.
pub type ResourceLookup<'z> = &'z (dyn Fn(&str) -> Option<&'z Resource> + Send + Sync);

fn issuer_required() -> Denial {
    Denial::of(ErrorCode::IssuerOwnershipRequired).describe("the delegation belongs to another application")
}

/// Marks up to `limit` delegations past their end; returns them.
///
/// # Errors
/// As the storage; nothing of the unit of work may be committed then.
pub async fn expire_due(
    work: &mut dyn ZoneWork,
    world: &World,
    limit: u32,
) -> Result<Vec<Delegation>, StorageError> {
    locks::delegations(work).await?;
    let now = world.now();
    let expired = work.delegations().expire_due(now, limit).await?;
    if !expired.is_empty() {
        let epoch = work.delegations().advance_epoch(now).await?;
        let zone = work.zone_id().clone();
        let mut events = Events::new(world, &zone);
        events.edge_expire(&expired, epoch);
        work.outbox().append(&events.into_messages()?).await?;
    }
    Ok(expired)
}
