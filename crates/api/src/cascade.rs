//! Ending everything one subject holds: its authority records, the sessions anchored on them, the delegations
//! that touch those sessions, and the events that tell every enforcement point.

use std::collections::HashSet;

use caracal_core::{
    AuthorityRecordId, DelegationId, SessionId,
    claims::SubjectType,
    entity::{AuthorityRecordStatus, SessionStatus},
};
use caracal_events::Topic;
use caracal_service::{Refusal, revocation::Revocations};
use caracal_storage::{AuthorityRecordFilter, EndedSession, PageRequest, SessionFilter, TreeEnd};

use crate::{change::ZoneChange, events::message};

/// Rows read at a time.
const BATCH: u32 = 500;

/// Whose authority ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'s> {
    /// Application or user; both when absent.
    pub(crate) kind: Option<SubjectType>,
    /// JWT `sub`.
    pub(crate) id: &'s str,
}

/// What ended.
#[derive(Debug, Default)]
pub(crate) struct Cascade {
    pub(crate) records: Vec<AuthorityRecordId>,
    pub(crate) sessions: Vec<SessionId>,
    pub(crate) delegations: Vec<DelegationId>,
}

impl Cascade {
    pub(crate) fn absorb(&mut self, other: Self) {
        self.records.extend(other.records);
        self.sessions.extend(other.sessions);
        self.delegations.extend(other.delegations);
    }

    /// Refuses all of it in this process now, whether or not the bus is up.
    pub(crate) fn mark(&self, revocations: &Revocations) {
        let records = self.records.iter().map(AuthorityRecordId::as_str);
        let sessions = self.sessions.iter().map(SessionId::as_str);
        revocations.mark(
            records
                .chain(sessions)
                .chain(self.delegations.iter().map(DelegationId::as_str)),
        );
    }
}

/// Ends the subject's authority in the change's transaction. `stored` is recorded on the rows, `reason` travels
/// with the events.
pub(crate) async fn end_subject(
    change: &mut ZoneChange<'_>,
    subject: Subject<'_>,
    stored: &str,
    reason: &str,
) -> Result<Cascade, Refusal> {
    let records = revoke_records(change, subject, stored).await?;
    let ended = end_sessions(change, subject, &records, stored).await?;
    let sessions: Vec<SessionId> = ended.iter().map(|session| session.id.clone()).collect();

    let call = change.call();
    let (world, zone, now) = (&call.api.world, call.zone.as_str(), call.now());
    let revoked: HashSet<&AuthorityRecordId> = records.iter().collect();
    for record in &records {
        let fields = [
            ("zone_id", Some(zone)),
            ("session_id", Some(record.as_str())),
            ("reason", Some(reason)),
        ];
        change.publish(message(world, Topic::SessionsRevoke, fields));
    }
    for session in &ended {
        // The record is named only if it ended too: a descendant may be anchored on somebody else's, which
        // goes on.
        let record = Some(&session.subject_authority_record_id).filter(|record| revoked.contains(record));
        let fields = [
            ("zone_id", Some(zone)),
            ("session_id", record.map(AuthorityRecordId::as_str)),
            ("agent_session_id", Some(session.id.as_str())),
            ("reason", Some(reason)),
        ];
        change.publish(message(world, Topic::SessionsRevoke, fields));
        let fields = [
            ("event", Some("terminate")),
            ("zone_id", Some(zone)),
            ("agent_session_id", Some(session.id.as_str())),
            ("parent_id", session.parent_id.as_ref().map(SessionId::as_str)),
            ("reason", Some(reason)),
        ];
        change.publish(message(world, Topic::AgentsLifecycle, fields));
    }

    let mut delegations = Vec::new();
    if !sessions.is_empty() {
        delegations = change.delegations().revoke_touching(&sessions, now).await?;
    }
    if !delegations.is_empty() {
        let epoch = change.delegations().advance_epoch(now).await?.to_string();
        for delegation in &delegations {
            let id = Some(delegation.id.as_str());
            let fields = [
                ("zone_id", Some(zone)),
                ("delegation_edge_id", id),
                ("reason", Some(reason)),
            ];
            change.publish(message(world, Topic::SessionsRevoke, fields));
            let fields = [
                ("event", Some("edge_revoke")),
                ("zone_id", Some(zone)),
                ("edge_id", id),
                ("reason", Some(reason)),
                ("epoch", Some(epoch.as_str())),
            ];
            change.publish(message(world, Topic::DelegationsInvalidate, fields));
        }
    }
    Ok(Cascade {
        records,
        sessions,
        delegations: delegations.into_iter().map(|delegation| delegation.id).collect(),
    })
}

async fn revoke_records(
    change: &mut ZoneChange<'_>,
    subject: Subject<'_>,
    stored: &str,
) -> Result<Vec<AuthorityRecordId>, Refusal> {
    let now = change.call().now();
    let filter = AuthorityRecordFilter {
        id: None,
        status: Some(AuthorityRecordStatus::Active),
        subject_id: Some(subject.id.to_owned()),
        subject_type: subject.kind,
    };
    let mut revoked = Vec::new();
    loop {
        let page = change
            .authority_records()
            .list(&filter, &PageRequest::first(BATCH))
            .await?;
        if page.items.is_empty() {
            return Ok(revoked);
        }
        for record in page.items {
            // A descendant of an earlier one on this page has ended already.
            if !revoked.contains(&record.id) {
                let tree = change
                    .authority_records()
                    .revoke_tree(&record.id, stored, now)
                    .await?;
                if tree.is_empty() {
                    return Err(caracal_storage::Error::Corrupt(format!(
                        "record {} cannot be revoked",
                        record.id
                    ))
                    .into());
                }
                revoked.extend(tree);
            }
        }
    }
}

async fn end_sessions(
    change: &mut ZoneChange<'_>,
    subject: Subject<'_>,
    records: &[AuthorityRecordId],
    stored: &str,
) -> Result<Vec<EndedSession>, Refusal> {
    let end = TreeEnd {
        root_status: SessionStatus::Terminated,
        reason: stored.to_owned(),
        at: change.call().now(),
    };
    let mut ended = Vec::new();
    for record in records {
        for session in change.sessions().anchored_on(record).await? {
            ended.extend(change.sessions().end_tree(&session, &end).await?);
        }
    }
    // Sessions may outlive their record; they are the subject's all the same.
    for status in [SessionStatus::Active, SessionStatus::Suspended] {
        let filter = SessionFilter {
            status: Some(status),
            subject_id: Some(subject.id.to_owned()),
            ..SessionFilter::default()
        };
        loop {
            let page = change
                .sessions()
                .list(&filter, &PageRequest::first(BATCH))
                .await?;
            let before = ended.len();
            for session in &page.items {
                ended.extend(change.sessions().end_tree(&session.id, &end).await?);
            }
            if ended.len() == before {
                break;
            }
        }
    }
    Ok(ended)
}
