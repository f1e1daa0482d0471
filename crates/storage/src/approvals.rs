//! Approvals.

use std::collections::HashMap;

use async_trait::async_trait;
use caracal_core::{
    ApprovalId, AuthorityRecordId, Timestamp,
    entity::{Approval, ApprovalState, ApproverClass},
};

use crate::{Error, Page, PageRequest};

/// Which approvals to list. Absent members match everything.
#[derive(Debug, Clone, Default)]
pub struct ApprovalFilter {
    /// Where it stands at this time.
    pub state: Option<(ApprovalState, Timestamp)>,
    /// Exact tier, joined as it is stored.
    pub tier: Option<String>,
    /// Exact principal.
    pub principal_id: Option<String>,
    /// Asked at this time or later.
    pub since: Option<Timestamp>,
    /// Asked at this time or earlier.
    pub until: Option<Timestamp>,
}

/// One person's decision.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Yes or no.
    pub approve: bool,
    /// Who, as it is kept.
    pub approver_id: String,
    /// The authority record that a person decides with.
    pub approver_record_id: Option<AuthorityRecordId>,
    /// As whom.
    pub class: ApproverClass,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// How often the same was asked and decided before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Precedents {
    /// How often it was approved.
    pub approved: u64,
    /// How often it was rejected.
    pub rejected: u64,
}

/// Approvals of the zone.
#[async_trait]
pub trait Approvals: Send {
    /// The approval, however it stands.
    async fn get(&mut self, id: &ApprovalId) -> Result<Option<Approval>, Error>;
    /// Approvals by `(created_at, id)`, newest first.
    async fn list(&mut self, filter: &ApprovalFilter, page: &PageRequest) -> Result<Page<Approval>, Error>;
    /// How many stand how at `now`; states of which there are none are absent.
    async fn count(&mut self, now: Timestamp) -> Result<HashMap<ApprovalState, u64>, Error>;
    /// What became of all that was ever asked with these bindings and is still kept.
    async fn precedents(&mut self, bindings: &[[u8; 32]]) -> Result<HashMap<[u8; 32], Precedents>, Error>;
    /// How many of the principal's requests are pending at `now`.
    async fn pending_of(&mut self, principal_id: &str, now: Timestamp) -> Result<u64, Error>;
    /// Opens the approval, or finds the one that is open for the same principal, record and binding: however it was
    /// decided, until its end or its use. Of rivals one opens it and all get the same. What ended unused makes room. Tells
    /// whether it was opened here.
    ///
    /// # Errors
    /// [`Error::Contended`] when it was used meanwhile.
    async fn open(&mut self, approval: &Approval) -> Result<(Approval, bool), Error>;
    /// Writes down a decision on one that is pending at its time and that the class may decide, once for each approver;
    /// whether it was written. As many yeses as required approve, one no rejects.
    async fn decide(&mut self, id: &ApprovalId, verdict: &Verdict) -> Result<bool, Error>;
    /// Takes back a yes that is approved at its time and that nobody used; whether it was. It is rejected from then on.
    async fn withdraw(&mut self, id: &ApprovalId, verdict: &Verdict) -> Result<bool, Error>;
    /// Gives up one that is pending at its time, however many said yes and whoever may decide it; whether it was. It is rejected
    /// from then on, and nobody voted.
    async fn give_up(&mut self, id: &ApprovalId, verdict: &Verdict) -> Result<bool, Error>;
    /// Says no to all that the principal asked for and that is pending or approved at the verdict's time, whoever may decide it;
    /// as they stand then, oldest first.
    async fn end_of_caller(&mut self, principal_id: &str, verdict: &Verdict) -> Result<Vec<Approval>, Error>;
    /// Uses up one that is approved at `at`, for `record`; whether it was, which is so once.
    async fn consume(
        &mut self,
        id: &ApprovalId,
        record: Option<&AuthorityRecordId>,
        at: Timestamp,
    ) -> Result<bool, Error>;
    /// Deletes up to `limit` that ended, were rejected or were used before `before`; returns how many.
    async fn reap(&mut self, before: Timestamp, limit: u32) -> Result<u64, Error>;
}
