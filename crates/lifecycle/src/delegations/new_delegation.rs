//! Authority to hand on, as it is asked for.

use std::time::Duration;

use caracal_core::{ApplicationId, DelegationId, ScopeSet, SessionId, Timestamp, entity::Constraints};

/// When a delegation shall end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// At an instant the caller named.
    At(Timestamp),
    /// So long after its creation.
    After(Duration),
}

/// Authority to hand on.
#[derive(Debug)]
pub struct NewDelegation {
    /// Who hands on.
    pub source_session_id: SessionId,
    /// Who receives.
    pub target_session_id: SessionId,
    /// The application of the source.
    pub issuer_application_id: ApplicationId,
    /// The application of the target.
    pub receiver_application_id: ApplicationId,
    /// What is narrowed; a root when absent.
    pub parent_edge_id: Option<DelegationId>,
    /// Row id or identifier.
    pub resource: Option<String>,
    /// Scopes.
    pub scopes: ScopeSet,
    /// Constraints.
    pub constraints: Constraints,
    /// When it ends.
    pub end: End,
}
