//! Taking a delegation back, with everything narrowed from it.
//!
//! It follows the lineage, so nobody loses what came from elsewhere. The sessions that received it go on without
//! it, unless the caller asks for their end.

use std::collections::BTreeSet;

use caracal_core::{
    DelegationId, SessionId,
    entity::{Delegation, SessionStatus},
};
use caracal_storage::ZoneWork;
use caracal_wire::ErrorCode;

use super::issuer_required;
use crate::{Act, Denial, Error, cascade, locks};

const REASON: &str = "delegation_revoked";

/// What ended.
#[derive(Debug)]
pub struct Revoked {
    /// The delegation and those narrowed from it, root first.
    pub delegations: Vec<Delegation>,
    /// Sessions that held one of them.
    pub targets: BTreeSet<SessionId>,
    /// Sessions that ended with them.
    pub ended_sessions: usize,
}

/// Takes a delegation back, and, if asked to, ends the sessions that hold it; those that held it where it had ended before.
///
/// # Errors
/// When the delegation is not there or is not the caller's to end.
pub async fn revoke(
    work: &mut dyn ZoneWork,
    act: &Act<'_>,
    id: &DelegationId,
    end_targets: bool,
) -> Result<Revoked, Error> {
    act.about().delegation_edge_id = Some(id.clone());
    locks::delegations(work).await?;
    if end_targets {
        locks::sessions(work).await?;
    }
    let delegation = work.delegations().get_locked(id).await?.ok_or_else(not_found)?;
    check(act, &delegation)?;
    if end_targets {
        check_targets(work, act, id).await?;
    }
    let delegations = cascade::revoke_delegation(work, act.world, id, REASON).await?;
    let mut targets: BTreeSet<SessionId> = delegations
        .iter()
        .map(|delegation| delegation.target_session_id.clone())
        .collect();
    if end_targets {
        targets.insert(delegation.target_session_id);
    }
    let mut ended_sessions = 0;
    for target in targets.iter().filter(|_| end_targets) {
        let ended = cascade::end_session(work, act.world, target, SessionStatus::Terminated, REASON).await?;
        ended_sessions += ended.sessions.len();
    }
    Ok(Revoked {
        delegations,
        targets,
        ended_sessions,
    })
}

fn not_found() -> Denial {
    Denial::of(ErrorCode::DelegationNotFound)
}

/// The issuer takes back; the receiver may decline what it was given.
fn check(act: &Act<'_>, delegation: &Delegation) -> Result<(), Denial> {
    act.about().ends_of(delegation);
    let party = act.by.is_admin()
        || act.by.may_delegate_from(&delegation.issuer_application_id)
        || act.by.is(&delegation.receiver_application_id);
    if party { Ok(()) } else { Err(issuer_required()) }
}

/// Handing something to a session gives no say over its life: who ends the receivers must be allowed to end each.
async fn check_targets(work: &mut dyn ZoneWork, act: &Act<'_>, id: &DelegationId) -> Result<(), Error> {
    let holders = work.delegations().holders_below(id).await?;
    if holders.iter().all(|holder| act.by.may_stop(holder)) {
        return Ok(());
    }
    let why = "terminate_target would end sessions of another application; revoke without it";
    Err(Denial::of(ErrorCode::ApplicationOwnershipRequired)
        .describe(why)
        .into())
}
