//! Ending everything somebody holds: a subject, an application, a zone.

use caracal_core::{
    ApplicationId, AuthorityRecordId, World,
    claims::SubjectType,
    entity::{AuthorityRecordStatus, SessionStatus},
};
use caracal_storage::{
    AuthorityRecordFilter, EndedSession, Error, PageRequest, SessionFilter, TreeEnd, ZoneWork,
};

use crate::{
    cascade::{EndReason, Ended, finish},
    locks,
};

/// Rows read at a time.
const BATCH: u32 = 500;
/// Most records, and most session trees, that one unit of work ends for a zone.
pub const ZONE_BATCH: u32 = 200;

/// Whose authority ends.
#[derive(Debug, Clone, Copy)]
pub struct SubjectRef<'s> {
    /// Application or user; both when absent.
    pub kind: Option<SubjectType>,
    /// JWT `sub`.
    pub id: &'s str,
}

/// Ends every record and session of a subject. Takes the locks.
///
/// # Errors
/// As the storage; nothing of the unit of work may be committed then.
pub async fn end_subject(
    work: &mut dyn ZoneWork,
    world: &World,
    subject: SubjectRef<'_>,
    why: EndReason<'_>,
) -> Result<Ended, Error> {
    locks::both(work).await?;
    let records = AuthorityRecordFilter {
        subject_id: Some(subject.id.to_owned()),
        subject_type: subject.kind,
        ..AuthorityRecordFilter::default()
    };
    // Sessions may outlive their record; they are the subject's all the same.
    let sessions = SessionFilter {
        subject_id: Some(subject.id.to_owned()),
        ..SessionFilter::default()
    };
    end_all(work, world, records, sessions, why).await
}

/// Ends what an application holds for one person: its records of them, and every session that it runs for them. What the same
/// person lets others do goes on. Takes the locks.
///
/// # Errors
/// As the storage; nothing of the unit of work may be committed then.
pub async fn end_subject_at(
    work: &mut dyn ZoneWork,
    world: &World,
    application: &ApplicationId,
    user_id: &str,
    why: EndReason<'_>,
) -> Result<Ended, Error> {
    locks::both(work).await?;
    let records = AuthorityRecordFilter {
        subject_id: Some(user_id.to_owned()),
        subject_type: Some(SubjectType::User),
        application_id: Some(application.clone()),
        ..AuthorityRecordFilter::default()
    };
    let sessions = SessionFilter {
        subject_id: Some(user_id.to_owned()),
        application_id: Some(application.clone()),
        ..SessionFilter::default()
    };
    end_all(work, world, records, sessions, why).await
}

/// Ends a record with its descendants, and every session that hangs on one of them. Nothing happens to one that has ended.
/// Takes the locks.
///
/// # Errors
/// As the storage; nothing of the unit of work may be committed then.
pub async fn end_record(
    work: &mut dyn ZoneWork,
    world: &World,
    id: &AuthorityRecordId,
    why: EndReason<'_>,
) -> Result<Ended, Error> {
    locks::both(work).await?;
    let records = work
        .authority_records()
        .revoke_tree(id, why.stored, world.now())
        .await?;
    let sessions = end_anchored(work, world, &records, why).await?;
    finish(work, world, records, sessions, why).await
}

/// Ends every record issued to an application, people's included, and every session it runs: with them what it
/// delegated to others and what they handed on. Takes the locks.
///
/// # Errors
/// As the storage; nothing of the unit of work may be committed then.
pub async fn end_application(
    work: &mut dyn ZoneWork,
    world: &World,
    application: &ApplicationId,
    why: EndReason<'_>,
) -> Result<Ended, Error> {
    locks::both(work).await?;
    let records = AuthorityRecordFilter {
        application_id: Some(application.clone()),
        ..AuthorityRecordFilter::default()
    };
    let sessions = SessionFilter {
        application_id: Some(application.clone()),
        ..SessionFilter::default()
    };
    end_all(work, world, records, sessions, why).await
}

/// Ends a part of what lives in the zone, up to [`ZONE_BATCH`] records and session trees; call it, each time in a
/// unit of work of its own, until nothing ended. Takes the locks.
///
/// # Errors
/// As the storage; nothing of the unit of work may be committed then.
pub async fn end_zone_part(
    work: &mut dyn ZoneWork,
    world: &World,
    why: EndReason<'_>,
) -> Result<Ended, Error> {
    locks::both(work).await?;
    let page = PageRequest::first(ZONE_BATCH);
    let filter = AuthorityRecordFilter {
        status: Some(AuthorityRecordStatus::Active),
        ..AuthorityRecordFilter::default()
    };
    let mut records = Vec::new();
    for record in work.authority_records().list(&filter, &page).await?.items {
        revoke(work, world, &record.id, why, &mut records).await?;
    }
    let mut sessions = end_anchored(work, world, &records, why).await?;
    for status in UNENDED {
        let filter = SessionFilter {
            status: Some(status),
            ..SessionFilter::default()
        };
        for session in work.sessions().list(&filter, &page).await?.items {
            sessions.extend(work.sessions().end_tree(&session.id, &end(world, why)).await?);
        }
    }
    finish(work, world, records, sessions, why).await
}

/// Ends what goes on in an archived zone, or under an application that is archived or past its end: a part, or the next
/// of the applications. Call it, each time in a unit of work of its own, until nothing ended.
///
/// # Errors
/// As the storage; nothing of the unit of work may be committed then.
pub async fn end_orphans(work: &mut dyn ZoneWork, world: &World) -> Result<Ended, Error> {
    if work.zone().await?.is_none() {
        return end_zone_part(work, world, EndReason::word("zone_archived")).await;
    }
    match work
        .applications()
        .ended_with_sessions(world.now(), 1)
        .await?
        .first()
    {
        None => Ok(Ended::default()),
        Some(application) => {
            end_application(work, world, application, EndReason::word("application_ended")).await
        }
    }
}

const UNENDED: [SessionStatus; 2] = [SessionStatus::Active, SessionStatus::Suspended];

fn end(world: &World, why: EndReason<'_>) -> TreeEnd {
    TreeEnd {
        root_status: SessionStatus::Terminated,
        reason: why.stored.to_owned(),
        at: world.now(),
    }
}

/// Ends whatever the filters find, in whatever state but ended.
async fn end_all(
    work: &mut dyn ZoneWork,
    world: &World,
    records: AuthorityRecordFilter,
    sessions: SessionFilter,
    why: EndReason<'_>,
) -> Result<Ended, Error> {
    let records = revoke_all(work, world, records, why).await?;
    let mut ended = end_anchored(work, world, &records, why).await?;
    for status in UNENDED {
        let filter = SessionFilter {
            status: Some(status),
            ..sessions.clone()
        };
        loop {
            let page = work.sessions().list(&filter, &PageRequest::first(BATCH)).await?;
            let before = ended.len();
            for session in &page.items {
                ended.extend(work.sessions().end_tree(&session.id, &end(world, why)).await?);
            }
            if ended.len() == before {
                break;
            }
        }
    }
    finish(work, world, records, ended, why).await
}

async fn revoke_all(
    work: &mut dyn ZoneWork,
    world: &World,
    filter: AuthorityRecordFilter,
    why: EndReason<'_>,
) -> Result<Vec<AuthorityRecordId>, Error> {
    let filter = AuthorityRecordFilter {
        status: Some(AuthorityRecordStatus::Active),
        ..filter
    };
    let mut revoked = Vec::new();
    loop {
        let page = work
            .authority_records()
            .list(&filter, &PageRequest::first(BATCH))
            .await?;
        if page.items.is_empty() {
            return Ok(revoked);
        }
        for record in page.items {
            revoke(work, world, &record.id, why, &mut revoked).await?;
        }
    }
}

/// Revokes a record and its descendants, unless an earlier one took it along.
async fn revoke(
    work: &mut dyn ZoneWork,
    world: &World,
    id: &AuthorityRecordId,
    why: EndReason<'_>,
    revoked: &mut Vec<AuthorityRecordId>,
) -> Result<(), Error> {
    if revoked.contains(id) {
        return Ok(());
    }
    let tree = work
        .authority_records()
        .revoke_tree(id, why.stored, world.now())
        .await?;
    if tree.is_empty() {
        return Err(Error::Corrupt(format!("record {id} cannot be revoked")));
    }
    revoked.extend(tree);
    Ok(())
}

async fn end_anchored(
    work: &mut dyn ZoneWork,
    world: &World,
    records: &[AuthorityRecordId],
    why: EndReason<'_>,
) -> Result<Vec<EndedSession>, Error> {
    let mut ended = Vec::new();
    for record in records {
        for session in work.sessions().anchored_on(record).await? {
            ended.extend(work.sessions().end_tree(&session, &end(world, why)).await?);
        }
    }
    Ok(ended)
}
