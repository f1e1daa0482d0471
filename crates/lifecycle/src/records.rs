//! Authority records: what an application logged in with, or a person. Sessions hang on them.

use caracal_core::{
    ApplicationId, AuthorityRecordId, Timestamp,
    claims::SubjectType,
    entity::{AuthorityRecord, AuthorityRecordStatus, Session},
};
use caracal_storage::{AuthorityRecordFilter, Error as StorageError, PageRequest, ZoneWork};
use caracal_wire::ErrorCode;

use crate::{Act, Denial, Error, locks};

/// Records that an application logged in as itself.
///
/// # Errors
/// As the storage.
pub async fn issue(
    work: &mut dyn ZoneWork,
    id: &AuthorityRecordId,
    application: &ApplicationId,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StorageError> {
    let record = begun(work, id, application, now, expires_at);
    work.authority_records().create(&record).await
}

/// A person whom an issuer vouches for.
#[derive(Debug, Clone, Copy)]
pub struct Person<'p> {
    /// As the issuer calls them.
    pub name: &'p str,
    /// Who says so.
    pub issuer: &'p str,
}

/// Records that a person logged in through an application, unless they are kept out of the zone.
///
/// # Errors
/// 403 `access_denied` for whoever is kept out; as the storage.
pub async fn issue_to_person(
    work: &mut dyn ZoneWork,
    id: &AuthorityRecordId,
    application: &ApplicationId,
    person: Person<'_>,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), Error> {
    if !work.subjects().admits(person.name).await? {
        return Err(Denial::of(ErrorCode::AccessDenied)
            .describe("the subject is kept out of the zone")
            .into());
    }
    let record = AuthorityRecord {
        subject_type: SubjectType::User,
        subject_id: person.name.to_owned(),
        issuer: Some(person.issuer.to_owned()),
        ..begun(work, id, application, now, expires_at)
    };
    work.authority_records().create(&record).await?;
    Ok(())
}

/// Recorded on what ends because somebody stopped a subject as a whole.
pub const SUBJECT_REVOKED: &str = "subject_revoked";

/// Whether somebody stopped the person as a whole at `since` or later, and ended something by that. Takes the lock of
/// delegations, so that nobody is doing it just now.
///
/// # Errors
/// As the storage.
pub async fn was_stopped(
    work: &mut dyn ZoneWork,
    person: &str,
    since: Timestamp,
) -> Result<bool, StorageError> {
    locks::delegations(work).await?;
    let filter = AuthorityRecordFilter {
        subject_id: Some(person.to_owned()),
        subject_type: Some(SubjectType::User),
        revoked_reason: Some(SUBJECT_REVOKED.to_owned()),
        revoked_since: Some(since),
        ..AuthorityRecordFilter::default()
    };
    let found = work
        .authority_records()
        .list(&filter, &PageRequest::first(1))
        .await?;
    Ok(!found.items.is_empty())
}

/// Has the record of a login go on until `until`, unless it has ended. Takes the lock of delegations, so that whoever ends what
/// hangs on the record, and whoever is about to hang something on it, come one after the other.
///
/// # Errors
/// As the storage.
pub async fn extend(
    work: &mut dyn ZoneWork,
    id: &AuthorityRecordId,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StorageError> {
    locks::delegations(work).await?;
    work.authority_records().extend(id, now, until).await
}

/// A record of the application itself.
pub(crate) fn begun(
    work: &dyn ZoneWork,
    id: &AuthorityRecordId,
    application: &ApplicationId,
    now: Timestamp,
    expires_at: Timestamp,
) -> AuthorityRecord {
    AuthorityRecord {
        id: id.clone(),
        zone_id: work.zone_id().clone(),
        subject_type: SubjectType::Application,
        subject_id: application.to_string(),
        application_id: application.clone(),
        parent_id: None,
        status: AuthorityRecordStatus::Active,
        expires_at,
        authenticated_at: now,
        issuer: None,
        created_at: now,
        revoked_at: None,
        revoked_reason: None,
    }
}

/// The record a new session shall hang on, as far as tokens can prove it.
#[derive(Debug)]
pub struct Anchor {
    /// The record.
    pub record: AuthorityRecordId,
    /// The person that a proof names; absent where the record is one of the calling application itself.
    pub person: Option<String>,
    /// Whether the record is known to have been revoked.
    pub revoked: bool,
}

impl Anchor {
    /// The record's row, live and belonging to whom the anchor says.
    pub(crate) async fn load(
        &self,
        work: &mut dyn ZoneWork,
        act: &Act<'_>,
        application: &ApplicationId,
    ) -> Result<AuthorityRecord, Error> {
        let record = work.authority_records().get(&self.record).await?;
        let belongs = |record: &AuthorityRecord| match &self.person {
            None => {
                record.subject_type == SubjectType::Application
                    && act.by.is(&record.application_id)
                    && record.subject_id == record.application_id.as_str()
            }
            Some(person) => {
                record.subject_type == SubjectType::User
                    && record.application_id == *application
                    && record.subject_id == *person
            }
        };
        match record {
            Some(record) if belongs(&record) && record.is_live(act.now()) && !self.revoked => Ok(record),
            Some(record) if belongs(&record) => Err(ended().into()),
            // Another's record and no record look alike, so that ids cannot be probed.
            _ if self.person.is_some() => Err(ended().into()),
            _ => {
                let why =
                    "subject_session_id is not a record of this application; prove it with subject_token";
                Err(Denial::of(ErrorCode::SubjectProofRequired).describe(why).into())
            }
        }
    }
}

fn ended() -> Denial {
    Denial {
        alias: Some("detail"),
        ..Denial::of(ErrorCode::SessionNotFound)
            .describe("the authority record does not exist or is no longer active")
    }
}

/// Whether the session hangs on a person's record that has ended. An application's record only says how the
/// session was started; the application itself proves every call anew.
pub(crate) async fn subject_ended(
    work: &mut dyn ZoneWork,
    act: &Act<'_>,
    session: &Session,
) -> Result<bool, Error> {
    let id = &session.subject_authority_record_id;
    let record = work.authority_records().get(id).await?;
    Ok(record.is_none_or(|record| record.subject_type == SubjectType::User && !record.is_live(act.now())))
}

/// The caller's own record must be one of the application that the session belongs to: a lease is held by the
/// application's own process, never by one that was only allowed to start sessions for it.
pub(crate) async fn check_identity(
    work: &mut dyn ZoneWork,
    act: &Act<'_>,
    application: &ApplicationId,
) -> Result<(), Error> {
    let Some(id) = &act.by.record else {
        return Err(Denial::of(ErrorCode::AuthorityRecordRequired).into());
    };
    let record = work.authority_records().get(id).await?;
    let sound = record.is_some_and(|record| {
        record.is_live(act.now())
            && record.subject_type == SubjectType::Application
            && record.subject_id == application.as_str()
    });
    if sound {
        Ok(())
    } else {
        Err(Denial::of(ErrorCode::IdentityRevoked).into())
    }
}
