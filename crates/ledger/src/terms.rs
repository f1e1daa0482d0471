//! What people search events by, and the terms under which blocks are found by it.
//!
//! A term is eight bytes of a hash, so two values may share one: whoever finds a block by its terms looks at its events.

use std::collections::{BTreeMap, BTreeSet};

use caracal_core::{Timestamp, audit::AuditEvent};
use caracal_crypto::sha256;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::chain::framed;

/// Longest time between the events of a sealed block, in microseconds: what a search in the order of time may meet out
/// of turn.
pub const MAX_SPAN: i64 = 15 * 60 * 1_000_000;

/// What is searched for, by one value or two at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term<'a> {
    /// A request.
    Request(&'a str),
    /// A session.
    Session(&'a str),
    /// An authority record.
    AuthorityRecord(&'a str),
    /// An application.
    Application(&'a str),
    /// A label.
    Label(&'a str),
    /// A type of events.
    Type(&'a str),
    /// A decision.
    Decision(&'a str),
    /// An application, and a decision about it.
    ApplicationDecision(&'a str, &'a str),
    /// An application, and a type of events.
    ApplicationType(&'a str, &'a str),
    /// A type of events, and a decision.
    TypeDecision(&'a str, &'a str),
    /// A session, and a decision about it.
    SessionDecision(&'a str, &'a str),
}

impl Term<'_> {
    /// The term as it is stored.
    pub fn hash(self) -> i64 {
        let (kind, parts) = match self {
            Self::Request(value) => ("request", [value, ""]),
            Self::Session(value) => ("session", [value, ""]),
            Self::AuthorityRecord(value) => ("authority_record", [value, ""]),
            Self::Application(value) => ("application", [value, ""]),
            Self::Label(value) => ("label", [value, ""]),
            Self::Type(value) => ("type", [value, ""]),
            Self::Decision(value) => ("decision", [value, ""]),
            Self::ApplicationDecision(one, other) => ("application_decision", [one, other]),
            Self::ApplicationType(one, other) => ("application_type", [one, other]),
            Self::TypeDecision(one, other) => ("type_decision", [one, other]),
            Self::SessionDecision(one, other) => ("session_decision", [one, other]),
        };
        let [one, other] = parts.map(str::as_bytes);
        let hash = sha256(&framed(&[kind.as_bytes(), one, other]));
        hash.first_chunk().map_or(0, |first| i64::from_be_bytes(*first))
    }
}

/// What people search for in an event. Without NUL, which no database takes as a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searched {
    /// Id.
    pub id: String,
    /// Type.
    pub event_type: String,
    /// Request; may be empty.
    pub request_id: String,
    /// Decision.
    pub decision: String,
    /// Metadata `application_id`.
    pub application_id: Option<String>,
    /// Metadata `agent_session_id`.
    pub session_id: Option<String>,
    /// Metadata `session_id`.
    pub authority_record_id: Option<String>,
    /// Members of metadata `agent_labels`.
    pub labels: Vec<String>,
    /// When it happened.
    pub occurred_at: Timestamp,
}

impl Searched {
    /// Of an event.
    pub fn of(event: &AuditEvent) -> Self {
        let members = event
            .metadata_json
            .as_deref()
            .map(Members::of)
            .unwrap_or_default();
        Self {
            id: event.id.clone(),
            event_type: searchable(&event.event_type),
            request_id: searchable(&event.request_id),
            decision: searchable(&event.decision),
            application_id: members.application_id,
            session_id: members.session_id,
            authority_record_id: members.authority_record_id,
            labels: members.labels,
            occurred_at: event.occurred_at,
        }
    }

    /// Its terms, as they are stored.
    pub fn terms(&self) -> BTreeSet<i64> {
        let (kind, decision) = (self.event_type.as_str(), self.decision.as_str());
        let mut terms = vec![
            Term::Type(kind),
            Term::Decision(decision),
            Term::TypeDecision(kind, decision),
        ];
        if !self.request_id.is_empty() {
            terms.push(Term::Request(&self.request_id));
        }
        if let Some(session) = &self.session_id {
            terms.extend([Term::Session(session), Term::SessionDecision(session, decision)]);
        }
        if let Some(record) = &self.authority_record_id {
            terms.push(Term::AuthorityRecord(record));
        }
        if let Some(application) = &self.application_id {
            terms.extend([
                Term::Application(application),
                Term::ApplicationDecision(application, decision),
                Term::ApplicationType(application, kind),
            ]);
        }
        terms.extend(self.labels.iter().map(|label| Term::Label(label)));
        terms.into_iter().map(Term::hash).collect()
    }
}

/// Members of metadata by which events are found.
#[derive(Default)]
struct Members {
    application_id: Option<String>,
    session_id: Option<String>,
    authority_record_id: Option<String>,
    labels: Vec<String>,
}

/// The same as they are written, with nothing else taken apart.
#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    application_id: Option<&'a RawValue>,
    #[serde(borrow)]
    agent_session_id: Option<&'a RawValue>,
    #[serde(borrow)]
    session_id: Option<&'a RawValue>,
    #[serde(borrow)]
    agent_labels: Option<&'a RawValue>,
}

impl Members {
    fn of(metadata: &RawValue) -> Self {
        if let Ok(written) = serde_json::from_str::<Written<'_>>(metadata.get()) {
            return Self::read(
                written.application_id,
                written.agent_session_id,
                written.session_id,
                written.agent_labels,
            );
        }
        // A name may stand twice: the last counts. What is no object has no members.
        let all: BTreeMap<String, Box<RawValue>> = serde_json::from_str(metadata.get()).unwrap_or_default();
        let member = |name| all.get(name).map(AsRef::as_ref);
        Self::read(
            member("application_id"),
            member("agent_session_id"),
            member("session_id"),
            member("agent_labels"),
        )
    }

    fn read(
        application: Option<&RawValue>,
        session: Option<&RawValue>,
        record: Option<&RawValue>,
        labels: Option<&RawValue>,
    ) -> Self {
        let text = |raw: &RawValue| serde_json::from_str::<String>(raw.get()).ok();
        let named = |raw: Option<&RawValue>| {
            let text = raw.and_then(text).filter(|text| !text.is_empty())?;
            Some(searchable(&text))
        };
        let labels: Vec<&RawValue> = labels
            .and_then(|labels| serde_json::from_str(labels.get()).ok())
            .unwrap_or_default();
        let labels = labels.into_iter().filter_map(text);
        Self {
            application_id: named(application),
            session_id: named(session),
            authority_record_id: named(record),
            labels: labels.map(|label| searchable(&label)).collect(),
        }
    }
}

fn searchable(text: &str) -> String {
    text.replace('\0', "")
}

#[cfg(test)]
mod tests {
    use caracal_core::{World, ZoneId};
    use serde_json::{Value, json};

    use super::*;

    fn event(metadata: &Value) -> AuditEvent {
        let world = World::for_tests();
        let zone = ZoneId::parse("z-1").unwrap();
        AuditEvent::new(&world, zone, "token_exchange", "req\0-1", "deny").with_metadata(metadata)
    }

    /// Computed independently from the definition: the terms are stored, so they never change.
    #[test]
    fn a_term_depends_on_its_kind_and_each_of_its_values() {
        let all = [
            Term::Request("a"),
            Term::Session("a"),
            Term::AuthorityRecord("a"),
            Term::Application("a"),
            Term::Label("a"),
            Term::Type("a"),
            Term::Decision("a"),
            Term::ApplicationDecision("a", ""),
            Term::ApplicationType("a", ""),
            Term::TypeDecision("a", ""),
            Term::SessionDecision("a", ""),
            Term::SessionDecision("", "a"),
            Term::SessionDecision("a", "a"),
            Term::Request("aa"),
        ];
        let hashes: BTreeSet<i64> = all.into_iter().map(Term::hash).collect();
        assert_eq!(hashes.len(), all.len());
        assert_eq!(Term::Request("a").hash(), i64::from_be_bytes(KNOWN));
    }

    /// `SHA-256` of the three parts, each after its length in eight bytes.
    const KNOWN: [u8; 8] = [0xb6, 0x8d, 0xeb, 0x8d, 0xb2, 0x0e, 0x07, 0xee];

    #[test]
    fn events_are_found_by_what_they_say_and_by_nothing_else() {
        let searched = Searched::of(&event(&json!({
            "application_id": "app", "agent_session_id": "ses", "session_id": "rec", "agent_labels": ["x", 7, "y\0"],
        })));
        let terms = searched.terms();
        for term in [
            Term::Request("req-1"),
            Term::Session("ses"),
            Term::AuthorityRecord("rec"),
            Term::Application("app"),
            Term::Label("x"),
            Term::Label("y"),
            Term::Type("token_exchange"),
            Term::Decision("deny"),
            Term::ApplicationDecision("app", "deny"),
            Term::ApplicationType("app", "token_exchange"),
            Term::TypeDecision("token_exchange", "deny"),
            Term::SessionDecision("ses", "deny"),
        ] {
            assert!(terms.contains(&term.hash()), "{term:?}");
        }
        assert_eq!(terms.len(), 12);
        // What is no text, or empty, is not searched for.
        let odd = json!({"application_id": 7, "agent_session_id": "", "agent_labels": "x"});
        assert_eq!(Searched::of(&event(&odd)).terms().len(), 4);
        for none in [json!([1]), json!("x"), json!(null)] {
            assert_eq!(Searched::of(&event(&none)).terms().len(), 4, "{none}");
        }
    }

    #[test]
    fn members_are_found_however_they_are_spelt_and_the_last_of_a_name_counts() {
        for metadata in [
            r#"{"application_id":"app"}"#,
            r#"{"\u0061pplication_id":"\u0061pp","x":[{"application_id":"other"}]}"#,
            r#"{"application_id":"other","application_id":"app"}"#,
            r#"{"application_id":7, "x":1, "application_id":"a\u0000pp"}"#,
        ] {
            let mut event = event(&json!({}));
            event.metadata_json = Some(RawValue::from_string(metadata.to_owned()).unwrap());
            let searched = Searched::of(&event);
            assert_eq!(searched.application_id.as_deref(), Some("app"), "{metadata}");
        }
    }
}
