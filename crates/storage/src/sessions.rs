//! Sessions.

use async_trait::async_trait;
use caracal_core::{
    ApplicationId, AuthorityRecordId, SessionId, Timestamp,
    entity::{Lifecycle, Session, SessionStatus},
};

use crate::{Error, Page, PageRequest};

/// Which sessions to list. Absent members match everything.
#[derive(Debug, Clone, Default)]
pub struct SessionFilter {
    /// State.
    pub status: Option<SessionStatus>,
    /// Task or service.
    pub lifecycle: Option<Lifecycle>,
    /// Owner.
    pub application_id: Option<ApplicationId>,
    /// Direct parent.
    pub parent_id: Option<SessionId>,
    /// Exact label.
    pub label: Option<String>,
    /// Subject of the record the session is anchored on.
    pub subject_id: Option<String>,
}

/// How a tree of sessions ends.
#[derive(Debug, Clone)]
pub struct TreeEnd {
    /// State of the root: terminated, or expired when its time ran out. Descendants are always terminated.
    pub root_status: SessionStatus,
    /// Why; descendants get `parent_terminated`.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// A session that a tree operation changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedSession {
    /// Id.
    pub id: SessionId,
    /// Owner.
    pub application_id: ApplicationId,
    /// Parent.
    pub parent_id: Option<SessionId>,
    /// Record it was anchored on.
    pub subject_authority_record_id: AuthorityRecordId,
}

/// Sessions of the zone.
#[async_trait]
pub trait Sessions: Send {
    /// The session, whatever its state.
    async fn get(&mut self, id: &SessionId) -> Result<Option<Session>, Error>;
    /// As [`Sessions::get`], held against concurrent change until the end of the work.
    async fn get_locked(&mut self, id: &SessionId) -> Result<Option<Session>, Error>;
    /// Sessions by `(started_at, id)`, newest first.
    async fn list(&mut self, filter: &SessionFilter, page: &PageRequest) -> Result<Page<Session>, Error>;
    /// Inserts a session and counts it as a child of its parent.
    ///
    /// # Errors
    /// [`Error::MissingReference`] when application, record or parent is not in the zone.
    async fn create(&mut self, session: &Session) -> Result<(), Error>;
    /// Sessions that hold a place at `now`: of the zone, or of one application.
    async fn count_slots(
        &mut self,
        application: Option<&ApplicationId>,
        now: Timestamp,
    ) -> Result<u64, Error>;
    /// Ends the session and every active or suspended descendant, and uncounts it from a parent that goes on.
    /// Returns what ended, root first; empty when it had ended already.
    async fn end_tree(&mut self, root: &SessionId, end: &TreeEnd) -> Result<Vec<EndedSession>, Error>;
    /// Suspends the session and its active descendants; returns what changed.
    async fn suspend_tree(&mut self, root: &SessionId, at: Timestamp) -> Result<Vec<EndedSession>, Error>;
    /// Resumes the session and its suspended descendants; services get `lease_until`. Returns what changed.
    async fn resume_tree(
        &mut self,
        root: &SessionId,
        lease_until: Timestamp,
        at: Timestamp,
    ) -> Result<Vec<EndedSession>, Error>;
    /// Takes over a service's lease: generation + 1 and a new deadline, if the generation is still
    /// `expected`. Returns the new generation.
    async fn acquire_lease(
        &mut self,
        id: &SessionId,
        expected: i64,
        lease_until: Timestamp,
        at: Timestamp,
    ) -> Result<Option<i64>, Error>;
    /// Renews a service's lease if the generation is `generation` and the session is active or suspended.
    /// `false` otherwise.
    async fn heartbeat(
        &mut self,
        id: &SessionId,
        generation: i64,
        lease_until: Timestamp,
        at: Timestamp,
    ) -> Result<bool, Error>;
    /// Up to `limit` active or suspended tasks whose time ran out at `now`.
    async fn overdue_tasks(&mut self, now: Timestamp, limit: u32) -> Result<Vec<SessionId>, Error>;
    /// Up to `limit` active services whose lease ran out at `now`.
    async fn lapsed_services(&mut self, now: Timestamp, limit: u32) -> Result<Vec<SessionId>, Error>;
    /// Whether an active or suspended session outside `except` is anchored on the record.
    async fn record_in_use(
        &mut self,
        record: &AuthorityRecordId,
        except: &[SessionId],
    ) -> Result<bool, Error>;
    /// Deletes up to `limit` sessions that ended before `before`, oldest end first, and to which no session and no
    /// delegation refers any more; returns how many.
    async fn reap(&mut self, before: Timestamp, limit: u32) -> Result<u64, Error>;
    /// Active or suspended sessions anchored on the record.
    async fn anchored_on(&mut self, record: &AuthorityRecordId) -> Result<Vec<SessionId>, Error>;
}
