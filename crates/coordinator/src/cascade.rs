//! How authority ends: sessions with everything below them, delegations with everything narrowed from them.
//!
//! Lock order, everywhere: the zone's delegations, then its sessions, then rows. Whoever may end or insert a
//! delegation holds the first, whoever changes the shape of the session tree holds the second.

use std::collections::HashMap;

use caracal_core::{
    AuthorityRecordId, DelegationId, SessionId, Timestamp, World,
    claims::SubjectType,
    entity::{Delegation, SessionStatus},
};
use caracal_storage::{EndedSession, Error, TreeEnd, ZoneWork};

use crate::publish::Events;

/// Serialises changes of the delegation graph of the zone.
pub(crate) const DELEGATIONS: &str = "delegation";
/// Serialises changes of the session tree of the zone.
pub(crate) const SESSIONS: &str = "session";

/// Takes both locks, in order.
pub(crate) async fn lock_both(work: &mut dyn ZoneWork) -> Result<(), Error> {
    work.lock(DELEGATIONS).await?;
    work.lock(SESSIONS).await
}

/// What ended.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    pub(crate) sessions: Vec<EndedSession>,
    pub(crate) delegations: Vec<Delegation>,
}

/// Ends a session, its descendants, every delegation with an end in them and everything narrowed from those.
/// Nothing happens to a session that ended before. Needs [`lock_both`].
pub(crate) async fn end_session(
    work: &mut dyn ZoneWork,
    world: &World,
    root: &SessionId,
    root_status: SessionStatus,
    reason: &str,
) -> Result<Ended, Error> {
    let at = world.now();
    let end = TreeEnd {
        root_status,
        reason: reason.to_owned(),
        at,
    };
    let sessions = work.sessions().end_tree(root, &end).await?;
    if sessions.is_empty() {
        return Ok(Ended::default());
    }
    let ids: Vec<SessionId> = sessions.iter().map(|session| session.id.clone()).collect();
    let delegations = work.delegations().revoke_touching(&ids, at).await?;
    let records = end_records(work, &sessions, &ids, reason, at).await?;

    let zone = work.zone_id().clone();
    let mut events = Events::new(world, &zone);
    for session in &sessions {
        let record = &session.subject_authority_record_id;
        let ended = records.get(record).copied().unwrap_or(false);
        events.terminate(session, reason, ended.then_some(record));
    }
    announce_revoked(work, &mut events, &delegations, reason, at).await?;
    work.outbox().append(&events.into_messages()?).await?;
    Ok(Ended {
        sessions,
        delegations,
    })
}

/// Ends the records that only these sessions hung on. An application's own record stays: it is what the
/// application logs in with.
async fn end_records(
    work: &mut dyn ZoneWork,
    sessions: &[EndedSession],
    ids: &[SessionId],
    reason: &str,
    at: Timestamp,
) -> Result<HashMap<AuthorityRecordId, bool>, Error> {
    let mut ended: HashMap<AuthorityRecordId, bool> = HashMap::new();
    for session in sessions {
        let id = &session.subject_authority_record_id;
        if ended.contains_key(id) {
            continue;
        }
        let record = work.authority_records().get(id).await?;
        let personal = record.is_some_and(|record| record.subject_type == SubjectType::User);
        let ends = personal && !work.sessions().record_in_use(id, ids).await?;
        if ends {
            work.authority_records().revoke_tree(id, reason, at).await?;
        }
        ended.insert(id.clone(), ends);
    }
    Ok(ended)
}

/// Revokes a delegation and everything narrowed from it; returns what changed, root first. Needs the
/// [`DELEGATIONS`] lock.
pub(crate) async fn revoke_delegation(
    work: &mut dyn ZoneWork,
    world: &World,
    id: &DelegationId,
    reason: &str,
) -> Result<Vec<Delegation>, Error> {
    let at = world.now();
    let revoked = work.delegations().revoke_tree(id, at).await?;
    let zone = work.zone_id().clone();
    let mut events = Events::new(world, &zone);
    announce_revoked(work, &mut events, &revoked, reason, at).await?;
    work.outbox().append(&events.into_messages()?).await?;
    Ok(revoked)
}

/// One step of the epoch for all of them: it moves because authority shrank, and only then.
async fn announce_revoked(
    work: &mut dyn ZoneWork,
    events: &mut Events<'_>,
    revoked: &[Delegation],
    reason: &str,
    at: Timestamp,
) -> Result<(), Error> {
    if revoked.is_empty() {
        return Ok(());
    }
    let epoch = work.delegations().advance_epoch(at).await?;
    for delegation in revoked {
        events.edge_revoke(&delegation.id, revoked.len(), reason, epoch);
    }
    Ok(())
}

/// Pauses a session and its active descendants. Needs the [`SESSIONS`] lock.
pub(crate) async fn suspend_session(
    work: &mut dyn ZoneWork,
    world: &World,
    root: &SessionId,
    reason: &str,
) -> Result<Vec<EndedSession>, Error> {
    let at = world.now();
    let suspended = work.sessions().suspend_tree(root, at).await?;
    let zone = work.zone_id().clone();
    let mut events = Events::new(world, &zone);
    for session in &suspended {
        events.suspend(session, reason, at);
    }
    work.outbox().append(&events.into_messages()?).await?;
    Ok(suspended)
}
