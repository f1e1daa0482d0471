//! One act of one caller, and what evidence will say it was about.

use std::{sync::Arc, time::Duration};

use caracal_core::{
    ApplicationId, AuthorityRecordId, DelegationId, SessionId, Timestamp, World,
    entity::{Delegation, Session},
};
use parking_lot::{Mutex, MutexGuard};
use serde::Serialize;

use crate::Principal;

/// How much may live in a zone, and how long.
#[derive(Debug, Clone)]
pub struct Capacity {
    /// `MAX_AGENTS_PER_ZONE`: live sessions of a zone. Default 10,000.
    pub max_sessions_per_zone: u64,
    /// `MAX_AGENTS_PER_APP`: live sessions of an application. Default 5,000.
    pub max_sessions_per_application: u64,
    /// `MAX_CHILDREN_PER_AGENT`: direct live children of a new session. Default 100.
    pub max_children: u32,
    /// `SERVICE_AGENT_LEASE_SECONDS`: length of a service's lease. Default 120 s.
    pub service_lease: Duration,
    /// `MAX_DELEGATION_LIFETIME_SECONDS`: longest life of a delegation, whatever end was asked for. Default 30 days.
    pub max_delegation_lifetime: Duration,
}

impl Default for Capacity {
    fn default() -> Self {
        Self {
            max_sessions_per_zone: 10_000,
            max_sessions_per_application: 5_000,
            max_children: 100,
            service_lease: Duration::from_mins(2),
            max_delegation_lifetime: 30 * Duration::from_hours(24),
        }
    }
}

/// What a decision was about. Never tokens, metadata or bodies.
#[derive(Debug, Clone, Default, Serialize)]
pub struct About {
    /// The application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_id: Option<ApplicationId>,
    /// The authority record, under its wire name.
    #[serde(rename = "session_id", skip_serializing_if = "Option::is_none")]
    pub record_id: Option<AuthorityRecordId>,
    /// The session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_session_id: Option<SessionId>,
    /// Its parent.
    #[serde(rename = "agent_parent_id", skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<SessionId>,
    /// Its labels.
    #[serde(rename = "agent_labels", skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<Arc<str>>,
    /// The delegation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delegation_edge_id: Option<DelegationId>,
    /// Who hands on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_session_id: Option<SessionId>,
    /// Who receives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_session_id: Option<SessionId>,
    /// Why, of an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl About {
    /// The same for a refusal: of ids that the request names and that could be none of ours, the shape alone.
    #[must_use]
    pub fn claimed(mut self) -> Self {
        self.application_id = self.application_id.map(|id| id.claimed());
        self.record_id = self.record_id.map(|id| id.claimed());
        self.delegation_edge_id = self.delegation_edge_id.map(|id| id.claimed());
        let sessions = [
            &mut self.agent_session_id,
            &mut self.parent_id,
            &mut self.source_session_id,
            &mut self.target_session_id,
        ];
        for id in sessions.into_iter().flatten() {
            *id = id.claimed();
        }
        self
    }

    /// Puts the session in.
    pub fn session(&mut self, session: &Session) {
        self.agent_session_id = Some(session.id.clone());
        self.application_id = Some(session.application_id.clone());
        self.parent_id.clone_from(&session.parent_id);
        self.record_id = Some(session.subject_authority_record_id.clone());
        self.labels.clone_from(&session.labels);
    }

    /// Puts the delegation in, except for its own id.
    pub(crate) fn ends_of(&mut self, delegation: &Delegation) {
        self.application_id = Some(delegation.issuer_application_id.clone());
        self.agent_session_id = Some(delegation.source_session_id.clone());
        self.source_session_id = Some(delegation.source_session_id.clone());
        self.target_session_id = Some(delegation.target_session_id.clone());
    }
}

/// Who acts, within which limits. What it turns out to be about is noted as soon as it is known, so that the evidence
/// of a denial has it as well.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    /// Time and randomness.
    pub world: &'a World,
    /// Who acts.
    pub by: &'a Principal,
    /// Within which limits.
    pub capacity: &'a Capacity,
    /// What it is about.
    pub about: &'a Mutex<About>,
}

impl Act<'_> {
    pub(crate) fn now(&self) -> Timestamp {
        self.world.now()
    }

    pub(crate) fn about(&self) -> MutexGuard<'_, About> {
        self.about.lock()
    }
}
