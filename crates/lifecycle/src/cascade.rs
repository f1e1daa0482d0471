//! The cascade: from the records and sessions that end to everything that hangs on them.

use std::collections::HashSet;

use caracal_core::{
    AuthorityRecordId, DelegationId, GrantId, SessionId, Timestamp, World,
    claims::SubjectType,
    entity::{Delegation, SessionStatus},
};
use caracal_storage::{EndedSession, Error, TreeEnd, ZoneWork};

use crate::events::Events;

/// Why something ends.
#[derive(Debug, Clone, Copy)]
pub struct EndReason<'w> {
    /// Recorded on the rows: one of few words.
    pub stored: &'w str,
    /// Travels with the events; printable.
    pub published: &'w str,
    /// The grant that was taken back, where that is why.
    pub grant: Option<&'w GrantId>,
}

impl<'w> EndReason<'w> {
    /// The same word for both.
    pub const fn word(word: &'w str) -> Self {
        Self {
            stored: word,
            published: word,
            grant: None,
        }
    }
}

/// What ended.
#[derive(Debug, Default)]
pub struct Ended {
    /// Authority records, those that only ended sessions hung on included.
    pub records: Vec<AuthorityRecordId>,
    /// Sessions, each root before what is below it.
    pub sessions: Vec<EndedSession>,
    /// Delegations with an end in the sessions, and everything narrowed from those.
    pub delegations: Vec<Delegation>,
}

impl Ended {
    /// Whether nothing was left to end.
    pub const fn is_empty(&self) -> bool {
        self.records.is_empty() && self.sessions.is_empty() && self.delegations.is_empty()
    }

    /// Adds what another cascade ended.
    pub fn absorb(&mut self, other: Self) {
        self.records.extend(other.records);
        self.sessions.extend(other.sessions);
        self.delegations.extend(other.delegations);
    }
}

/// Ends a session, its descendants, every delegation with an end in them and everything narrowed from those.
/// Nothing happens to a session that ended before. Needs both locks.
///
/// # Errors
/// As the storage.
pub(crate) async fn end_session(
    work: &mut dyn ZoneWork,
    world: &World,
    root: &SessionId,
    root_status: SessionStatus,
    reason: &str,
) -> Result<Ended, Error> {
    let end = TreeEnd {
        root_status,
        reason: reason.to_owned(),
        at: world.now(),
    };
    let sessions = work.sessions().end_tree(root, &end).await?;
    finish(work, world, Vec::new(), sessions, EndReason::word(reason)).await
}

/// What follows from records that were revoked and sessions that were ended in this unit of work: the records that
/// only those sessions hung on, the delegations, the epoch, and the events of all of it.
pub(crate) async fn finish(
    work: &mut dyn ZoneWork,
    world: &World,
    mut records: Vec<AuthorityRecordId>,
    sessions: Vec<EndedSession>,
    why: EndReason<'_>,
) -> Result<Ended, Error> {
    let at = world.now();
    let ids: Vec<SessionId> = sessions.iter().map(|session| session.id.clone()).collect();
    let mut delegations = Vec::new();
    if !ids.is_empty() {
        delegations = work.delegations().revoke_touching(&ids, at).await?;
        end_records(work, &sessions, &ids, why.stored, at, &mut records).await?;
    }

    let zone = work.zone_id().clone();
    let mut events = Events::new(world, &zone).of_grant(why.grant);
    let revoked: HashSet<&AuthorityRecordId> = records.iter().collect();
    let mut named = HashSet::new();
    for session in &sessions {
        // The record is named only if it ended too: others may go on with theirs.
        let record = Some(&session.subject_authority_record_id).filter(|record| revoked.contains(record));
        named.extend(record);
        events.terminate(session, why.published, record);
    }
    for record in records.iter().filter(|record| !named.contains(record)) {
        events.record_revoke(record, why.published);
    }
    announce_revoked(work, &mut events, &delegations, why.published, at).await?;
    work.outbox().append(&events.into_messages()?).await?;
    Ok(Ended {
        records,
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
    records: &mut Vec<AuthorityRecordId>,
) -> Result<(), Error> {
    let mut seen: HashSet<AuthorityRecordId> = records.iter().cloned().collect();
    for session in sessions {
        let id = &session.subject_authority_record_id;
        if !seen.insert(id.clone()) {
            continue;
        }
        let record = work.authority_records().get(id).await?;
        let personal = record.is_some_and(|record| record.subject_type == SubjectType::User);
        if personal && !work.sessions().record_in_use(id, ids).await? {
            let tree = work.authority_records().revoke_tree(id, reason, at).await?;
            seen.extend(tree.iter().cloned());
            records.extend(tree);
        }
    }
    Ok(())
}

/// Revokes a delegation and everything narrowed from it; returns what changed, root first. Needs the lock of
/// delegations.
///
/// # Errors
/// As the storage.
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

/// Pauses a session and its active descendants. Needs the lock of sessions.
///
/// # Errors
/// As the storage.
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
