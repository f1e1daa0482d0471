//! Governed sessions: one run of an agent.

use std::{sync::Arc, time::Duration};

use crate::{ApplicationId, AuthorityRecordId, SessionId, Timestamp, ZoneId, words};

words!(
    /// State of a session.
    SessionStatus {
        /// Running.
        Active = "active",
        /// Paused; may be resumed.
        Suspended = "suspended",
        /// Ended on purpose or with its parent.
        Terminated = "terminated",
        /// Ran out of time.
        Expired = "expired",
    }
);

words!(
    /// What keeps a session alive.
    Lifecycle {
        /// A fixed time to live from its start.
        Task = "task",
        /// A lease renewed by heartbeats.
        Service = "service",
    }
);

/// One run of an agent, from start to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Id.
    pub id: SessionId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Application that owns it.
    pub application_id: ApplicationId,
    /// Session that started it.
    pub parent_id: Option<SessionId>,
    /// Record it is anchored on.
    pub subject_authority_record_id: AuthorityRecordId,
    /// State.
    pub status: SessionStatus,
    /// Task or service.
    pub lifecycle: Lifecycle,
    /// 0 for a root, parent + 1 for a child, at most 10.
    pub depth: u32,
    /// Labels that policy reads.
    pub labels: Vec<Arc<str>>,
    /// Most direct live children.
    pub max_children: u32,
    /// Direct live children now.
    pub child_count: u32,
    /// Time to live of a task from `started_at`; absent for a service.
    pub ttl_seconds: Option<u32>,
    /// Last heartbeat of a service.
    pub last_heartbeat_at: Option<Timestamp>,
    /// End of a service's lease.
    pub heartbeat_deadline_at: Option<Timestamp>,
    /// Fencing generation of a service's lease: 0 for tasks, at least 1 for services.
    pub lease_generation: i64,
    /// Why it ended.
    pub termination_reason: Option<String>,
    /// Free object given by the application.
    pub metadata_json: crate::JsonObject,
    /// Start.
    pub started_at: Timestamp,
    /// Last sign of life.
    pub last_active_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// End.
    pub terminated_at: Option<Timestamp>,
}

impl Session {
    /// When the session ends by itself: the end of a task's time or of a service's lease.
    pub fn ends_at(&self) -> Timestamp {
        match self.lifecycle {
            Lifecycle::Task => self
                .started_at
                .plus(Duration::from_secs(u64::from(self.ttl_seconds.unwrap_or(0)))),
            Lifecycle::Service => self.heartbeat_deadline_at.unwrap_or(self.started_at),
        }
    }

    /// Whether the session carries authority at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.status == SessionStatus::Active && self.ends_at() > now
    }

    /// Whether the session takes up one of the zone's places at `now`: live, or paused with time left.
    pub fn holds_slot(&self, now: Timestamp) -> bool {
        match (self.status, self.lifecycle) {
            (SessionStatus::Suspended, Lifecycle::Service) => true,
            (SessionStatus::Active | SessionStatus::Suspended, _) => self.ends_at() > now,
            (SessionStatus::Terminated | SessionStatus::Expired, _) => false,
        }
    }
}
