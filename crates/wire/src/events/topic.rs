//! The closed list of topics.

use std::{fmt, str::FromStr};

/// Where an entry goes. The wire name is the name of the Redis stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Audit events on their way to the ledger. The only topic whose loss would be lost evidence.
    AuditEvents,
    /// A policy set was activated or its binding cleared.
    PolicyInvalidate,
    /// An authority record, session or delegation ended.
    SessionsRevoke,
    /// Signing keys of a zone changed.
    KeysInvalidate,
    /// Sessions came and went.
    AgentsLifecycle,
    /// Invocations moved on.
    InvocationsLifecycle,
    /// The delegation graph of a zone changed.
    DelegationsInvalidate,
    /// An application, provider, resource or zone changed.
    DirectoryInvalidate,
    /// A person decided about a request that waits.
    ApprovalsDecided,
}

/// The text names no topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such topic")]
pub struct UnknownTopic;

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 9] = [
        Self::AuditEvents,
        Self::PolicyInvalidate,
        Self::SessionsRevoke,
        Self::KeysInvalidate,
        Self::AgentsLifecycle,
        Self::InvocationsLifecycle,
        Self::DelegationsInvalidate,
        Self::DirectoryInvalidate,
        Self::ApprovalsDecided,
    ];

    /// The name on the wire, for example `caracal.sessions.revoke`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuditEvents => "caracal.audit.events",
            Self::PolicyInvalidate => "caracal.policy.invalidate",
            Self::SessionsRevoke => "caracal.sessions.revoke",
            Self::KeysInvalidate => "caracal.keys.invalidate",
            Self::AgentsLifecycle => "caracal.agents.lifecycle",
            Self::InvocationsLifecycle => "caracal.invocations.lifecycle",
            Self::DelegationsInvalidate => "caracal.delegations.invalidate",
            Self::DirectoryInvalidate => "caracal.directory.invalidate",
            Self::ApprovalsDecided => "caracal.approvals.decided",
        }
    }

    /// Where entries go that nobody could process.
    pub const fn dead_letter_stream(self) -> &'static str {
        match self {
            Self::AuditEvents => "caracal.audit.events.dlq",
            Self::PolicyInvalidate => "caracal.policy.invalidate.dead",
            Self::SessionsRevoke => "caracal.sessions.revoke.dead",
            Self::KeysInvalidate => "caracal.keys.invalidate.dead",
            Self::AgentsLifecycle => "caracal.agents.lifecycle.dead",
            Self::InvocationsLifecycle => "caracal.invocations.lifecycle.dead",
            Self::DelegationsInvalidate => "caracal.delegations.invalidate.dead",
            Self::DirectoryInvalidate => "caracal.directory.invalidate.dead",
            Self::ApprovalsDecided => "caracal.approvals.decided.dead",
        }
    }

    /// Whether entries are evidence: never trimmed unread, appended with back-pressure.
    pub const fn is_evidence(self) -> bool {
        matches!(self, Self::AuditEvents)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Topic {
    type Err = UnknownTopic;

    fn from_str(text: &str) -> Result<Self, UnknownTopic> {
        Self::ALL
            .into_iter()
            .find(|topic| topic.as_str() == text)
            .ok_or(UnknownTopic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back_and_foreign_names_do_not() {
        for (place, topic) in Topic::ALL.into_iter().enumerate() {
            assert_eq!(topic.as_str().parse(), Ok(topic));
            assert_eq!(topic as usize, place);
            assert!(topic.dead_letter_stream().starts_with(topic.as_str()));
        }
        assert_eq!("caracal.audit.events.dlq".parse::<Topic>(), Err(UnknownTopic));
    }
}
