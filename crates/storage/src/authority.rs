//! Authority records.

use async_trait::async_trait;
use caracal_core::{
    ApplicationId, AuthorityRecordId, SessionId, Timestamp,
    claims::SubjectType,
    entity::{AuthorityRecord, AuthorityRecordStatus},
};

use crate::{Error, Page, PageRequest};

/// Which authority records to list. Absent members match everything.
#[derive(Debug, Clone, Default)]
pub struct AuthorityRecordFilter {
    /// One record.
    pub id: Option<AuthorityRecordId>,
    /// State.
    pub status: Option<AuthorityRecordStatus>,
    /// Exact subject.
    pub subject_id: Option<String>,
    /// Kind of subject.
    pub subject_type: Option<SubjectType>,
    /// Application it was issued to.
    pub application_id: Option<ApplicationId>,
    /// Why it was revoked.
    pub revoked_reason: Option<String>,
    /// Revoked then or later.
    pub revoked_since: Option<Timestamp>,
}

/// Authority records of the zone.
#[async_trait]
pub trait AuthorityRecords: Send {
    /// The record, whatever its state.
    async fn get(&mut self, id: &AuthorityRecordId) -> Result<Option<AuthorityRecord>, Error>;
    /// Inserts a record.
    async fn create(&mut self, record: &AuthorityRecord) -> Result<(), Error>;
    /// Lets a record that is active and not past its end at `now` go on until `until`. `false` for any other, which stays as it
    /// is. Of this and a concurrent [`AuthorityRecords::revoke_tree`] one comes first, and the other sees what it did.
    async fn extend(
        &mut self,
        id: &AuthorityRecordId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, Error>;
    /// Records by `(created_at, id)`, newest first.
    async fn list(
        &mut self,
        filter: &AuthorityRecordFilter,
        page: &PageRequest,
    ) -> Result<Page<AuthorityRecord>, Error>;
    /// How many records are live at `now`, counted up to `most`.
    async fn count_live(&mut self, now: Timestamp, most: u32) -> Result<u64, Error>;
    /// The records that `sessions` are anchored on, each once.
    async fn of_sessions(&mut self, sessions: &[SessionId]) -> Result<Vec<AuthorityRecordId>, Error>;
    /// Revokes the record and every active descendant; returns the ids that changed.
    async fn revoke_tree(
        &mut self,
        id: &AuthorityRecordId,
        reason: &str,
        at: Timestamp,
    ) -> Result<Vec<AuthorityRecordId>, Error>;
    /// Marks up to `limit` active records past their end as expired and deletes unreferenced ones that ended
    /// before `forget_before`; returns how many rows changed.
    async fn reap(&mut self, now: Timestamp, forget_before: Timestamp, limit: u32) -> Result<u64, Error>;
}
