//! What travels between processes: topics, payloads, and the flat fields that they travel as.
//!
//! A producer makes fields of a payload, a consumer reads an [`Event`] out of them; nobody takes a field out by its
//! name. To add an event, write its payload with a round-trip test and give it a [`Topic`] and a member of [`Event`].
//!
//! A payload can always be read when the ids it needs are there; unknown fields are ignored, so that newer
//! producers do not break older readers.

mod approval;
mod audit;
mod directory;
pub mod fields;
mod graph;
mod lifecycle;
mod policy;
mod revocation;
mod topic;

pub use self::{
    approval::ApprovalDecided,
    audit::AuditFrame,
    directory::{DirectoryInvalidated, DirectoryKind},
    fields::{Fields, MalformedFields},
    graph::{DelegationEvent, DelegationsInvalidated},
    lifecycle::{AgentEvent, AgentLifecycle, InvocationEvent, InvocationLifecycle},
    policy::{KeysInvalidated, PolicyInvalidated},
    revocation::SessionRevoked,
    topic::{Topic, UnknownTopic},
};

use std::str::FromStr;

/// Why an entry is not the payload it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// A field the payload cannot do without.
    #[error("field {0:?} is missing")]
    Missing(&'static str),
    /// A field whose value cannot be read.
    #[error("field {0:?} cannot be read")]
    Invalid(&'static str),
}

/// A payload of one topic.
pub trait Payload: Sized {
    /// The topic it travels on.
    const TOPIC: Topic;

    /// The fields as they travel, without what the bus and the outbox add.
    ///
    /// # Errors
    /// [`MalformedFields`] when free text would break the signed form.
    fn to_fields(&self) -> Result<Fields, MalformedFields>;

    /// Reads the payload.
    ///
    /// # Errors
    /// [`PayloadError`] names the field.
    fn from_fields(fields: &Fields) -> Result<Self, PayloadError>;
}

/// An entry of any topic, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Evidence on its way to the ledger.
    AuditFrame(AuditFrame),
    /// The policy in force changed.
    PolicyInvalidated(PolicyInvalidated),
    /// Something that mandates hang on has ended.
    SessionRevoked(SessionRevoked),
    /// Signing keys of a zone changed.
    KeysInvalidated(KeysInvalidated),
    /// A session came, paused, went on or ended.
    AgentLifecycle(AgentLifecycle),
    /// An invocation moved on.
    InvocationLifecycle(InvocationLifecycle),
    /// The delegation graph of a zone changed.
    DelegationsInvalidated(DelegationsInvalidated),
    /// A row of the directory changed.
    DirectoryInvalidated(DirectoryInvalidated),
    /// A person decided about a request that waits.
    ApprovalDecided(ApprovalDecided),
}

impl Event {
    /// Reads an entry of `topic`.
    ///
    /// # Errors
    /// [`PayloadError`] names the field. A later release may name what this one does not know.
    pub fn read(topic: Topic, fields: &Fields) -> Result<Self, PayloadError> {
        Ok(match topic {
            Topic::AuditEvents => Self::AuditFrame(Payload::from_fields(fields)?),
            Topic::PolicyInvalidate => Self::PolicyInvalidated(Payload::from_fields(fields)?),
            Topic::SessionsRevoke => Self::SessionRevoked(Payload::from_fields(fields)?),
            Topic::KeysInvalidate => Self::KeysInvalidated(Payload::from_fields(fields)?),
            Topic::AgentsLifecycle => Self::AgentLifecycle(Payload::from_fields(fields)?),
            Topic::InvocationsLifecycle => Self::InvocationLifecycle(Payload::from_fields(fields)?),
            Topic::DelegationsInvalidate => Self::DelegationsInvalidated(Payload::from_fields(fields)?),
            Topic::DirectoryInvalidate => Self::DirectoryInvalidated(Payload::from_fields(fields)?),
            Topic::ApprovalsDecided => Self::ApprovalDecided(Payload::from_fields(fields)?),
        })
    }
}

/// The value of a field that must be there.
fn required<T: FromStr>(fields: &Fields, name: &'static str) -> Result<T, PayloadError> {
    optional(fields, name)?.ok_or(PayloadError::Missing(name))
}

/// The value of a field. Absent, empty and `null`, which some producers write, mean the same.
fn optional<T: FromStr>(fields: &Fields, name: &'static str) -> Result<Option<T>, PayloadError> {
    match fields.get(name) {
        None | Some("" | "null") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| PayloadError::Invalid(name)),
    }
}

/// A word of a closed list, which must be there.
fn word<T>(
    fields: &Fields,
    name: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, PayloadError> {
    let word: String = required(fields, name)?;
    parse(&word).ok_or(PayloadError::Invalid(name))
}

/// Free text; empty when absent.
fn free_text(fields: &Fields, name: &str) -> String {
    fields.get(name).unwrap_or_default().to_owned()
}

/// Builds fields, leaving out what is absent.
#[derive(Default)]
struct Builder(Fields);

impl Builder {
    fn set(mut self, name: &str, value: &impl ToString) -> Self {
        self.0.insert(name, value.to_string());
        self
    }

    fn maybe(self, name: &str, value: Option<&impl ToString>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    fn checked(self, topic: Topic) -> Result<Fields, MalformedFields> {
        self.0.check(topic)?;
        Ok(self.0)
    }
}

#[cfg(test)]
mod tests;
