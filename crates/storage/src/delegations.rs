//! Delegations and the epoch of their graph.

use async_trait::async_trait;
use caracal_core::{ApplicationId, DelegationId, ResourceId, SessionId, Timestamp, entity::Delegation};

use crate::{Error, Page, PageRequest};

/// Which end of a delegation a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DelegationDirection {
    /// The session receives.
    Inbound,
    /// The session hands on.
    Outbound,
}

/// Which delegations are listed; those with nothing named, all.
#[derive(Debug, Clone, Default)]
pub struct DelegationFilter {
    /// Handed on by this application.
    pub issuer_application_id: Option<ApplicationId>,
    /// Received by this application.
    pub receiver_application_id: Option<ApplicationId>,
    /// Handed on by this session.
    pub source_session_id: Option<SessionId>,
    /// Received by this session.
    pub target_session_id: Option<SessionId>,
    /// For this one resource.
    pub resource_id: Option<ResourceId>,
}

/// Delegations of the zone.
#[async_trait]
pub trait Delegations: Send {
    /// The delegation, whatever its state.
    async fn get(&mut self, id: &DelegationId) -> Result<Option<Delegation>, Error>;
    /// As [`Delegations::get`], held against concurrent change until the end of the work.
    async fn get_locked(&mut self, id: &DelegationId) -> Result<Option<Delegation>, Error>;
    /// The delegation and its ancestors by `parent_edge_id`, root first; empty when the id is unknown. Stops at
    /// `limit` rows (then the first row still has a parent) and never loops.
    async fn lineage(&mut self, id: &DelegationId, limit: u32) -> Result<Vec<Delegation>, Error>;
    /// Inserts a delegation.
    ///
    /// # Errors
    /// [`Error::MissingReference`] when a session, application, resource or parent is not in the zone.
    async fn create(&mut self, delegation: &Delegation) -> Result<(), Error>;
    /// Delegations into `target`, whatever their state, newest first, at most 100.
    async fn inbound(&mut self, target: &SessionId) -> Result<Vec<Delegation>, Error>;
    /// Delegations into `target` that `issuer` handed on, whatever their state, newest first, at most 100. However many
    /// others hand something to the session, these are found.
    async fn inbound_from(
        &mut self,
        target: &SessionId,
        issuer: &ApplicationId,
    ) -> Result<Vec<Delegation>, Error>;
    /// Delegations at one end of a session, by `(created_at, id)`, newest first, whatever their state.
    async fn list(
        &mut self,
        session: &SessionId,
        direction: DelegationDirection,
        page: &PageRequest,
    ) -> Result<Page<Delegation>, Error>;
    /// Delegations live at `now`, by `(created_at, id)`, newest first.
    async fn list_live(
        &mut self,
        filter: &DelegationFilter,
        now: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Delegation>, Error>;
    /// The delegation and its descendants by `parent_edge_id`, breadth first with the distance from the root: the
    /// nearest `limit`, no others are read. Empty when unknown.
    async fn descendants(&mut self, id: &DelegationId, limit: u32) -> Result<Vec<(Delegation, u32)>, Error>;
    /// Those of the delegation and its descendants that are live at `now`, as [`Delegations::descendants`], and how
    /// many there are without the limit.
    async fn live_descendants(
        &mut self,
        id: &DelegationId,
        now: Timestamp,
        limit: u32,
    ) -> Result<(Vec<(Delegation, u32)>, u64), Error>;
    /// The applications that hold the delegation or a descendant, whatever its state, each once.
    async fn holders_below(&mut self, id: &DelegationId) -> Result<Vec<ApplicationId>, Error>;
    /// Revokes the delegation and every active descendant; returns what changed, root first.
    async fn revoke_tree(&mut self, id: &DelegationId, at: Timestamp) -> Result<Vec<Delegation>, Error>;
    /// Revokes every active delegation with an end in `sessions`, and the active descendants of each; returns
    /// what changed.
    async fn revoke_touching(
        &mut self,
        sessions: &[SessionId],
        at: Timestamp,
    ) -> Result<Vec<Delegation>, Error>;
    /// Marks up to `limit` active delegations past their end as expired; returns what changed.
    async fn expire_due(&mut self, now: Timestamp, limit: u32) -> Result<Vec<Delegation>, Error>;
    /// Deletes up to `limit` delegations that ended before `before`, oldest end first, and from which no other comes;
    /// returns how many.
    async fn reap(&mut self, before: Timestamp, limit: u32) -> Result<u64, Error>;
    /// The graph's epoch; 0 before it first moved.
    async fn epoch(&mut self) -> Result<i64, Error>;
    /// Moves the epoch by one, because authority shrank; returns the new one.
    async fn advance_epoch(&mut self, at: Timestamp) -> Result<i64, Error>;
}
