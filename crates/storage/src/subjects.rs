//! Subjects: whoever holds, or held, authority in the zone, as their records tell.

use async_trait::async_trait;
use caracal_core::{Timestamp, claims::SubjectType};

use crate::{Error, Page, PageRequest};

/// Which subjects to list. Absent members match everything.
#[derive(Debug, Clone, Default)]
pub struct SubjectFilter {
    /// Kind.
    pub kind: Option<SubjectType>,
}

/// A subject and the authority records it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectSummary {
    /// JWT `sub`.
    pub subject_id: String,
    /// Application or user.
    pub kind: SubjectType,
    /// Name of the application, where it is one of the zone.
    pub application_name: Option<String>,
    /// Issuer of a federated user.
    pub issuer: Option<String>,
    /// Records in all.
    pub total: u64,
    /// Those that carry authority.
    pub active: u64,
    /// Those that were ended on purpose.
    pub revoked: u64,
    /// The first.
    pub first_seen: Timestamp,
    /// The latest.
    pub last_seen: Timestamp,
    /// When one was revoked last.
    pub last_revoked_at: Option<Timestamp>,
}

/// What hangs on a subject.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Sessions that run.
    pub active_sessions: u64,
    /// Sessions in all.
    pub sessions: u64,
    /// Requests, of the subject or in its name, that wait for a person.
    pub pending_approvals: u64,
    /// Such requests in all.
    pub approvals: u64,
}

/// Most subjects that are blocked in a zone.
pub const MAX_BLOCKED_SUBJECTS: u64 = 10_000;

/// A subject that is kept out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedSubject {
    /// JWT `sub`.
    pub subject_id: String,
    /// Why, as whoever blocked it said.
    pub reason: String,
    /// Who.
    pub blocked_by: String,
    /// When.
    pub blocked_at: Timestamp,
}

/// Subjects of the zone.
#[async_trait]
pub trait Subjects: Send {
    /// The subject at `now`; nothing for one that has no record.
    async fn get(&mut self, id: &str, now: Timestamp) -> Result<Option<SubjectSummary>, Error>;
    /// Subjects by `(last_seen, subject_id)` or by id. What is searched is the id and the name of the application.
    async fn list(
        &mut self,
        filter: &SubjectFilter,
        now: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<SubjectSummary>, Error>;
    /// What hangs on the subject at `now`.
    async fn holdings(&mut self, id: &str, now: Timestamp) -> Result<Holdings, Error>;
    /// Whether the subject may enter. Nobody blocks it until the end of the work.
    async fn admits(&mut self, id: &str) -> Result<bool, Error>;
    /// Keeps a subject out; whether that is new. Whoever is being admitted is waited for.
    ///
    /// # Errors
    /// [`Error::Conflict`] (`blocked_subjects`) when [`MAX_BLOCKED_SUBJECTS`] are.
    async fn block(&mut self, blocked: &BlockedSubject) -> Result<bool, Error>;
    /// Lets it in again; whether it was kept out.
    async fn unblock(&mut self, id: &str) -> Result<bool, Error>;
    /// Whoever is kept out, by `(blocked_at, subject_id)` or by id; with a subject, that one alone. What is searched is the id
    /// and the reason.
    async fn list_blocked(
        &mut self,
        subject: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<BlockedSubject>, Error>;
}
