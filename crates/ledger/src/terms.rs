//! What people search events by, and the terms under which blocks are found by it.
//!
//! A term is eight bytes of a hash, so two values may share one: whoever finds a block by its terms looks at its events.

mod indexed;

use std::{borrow::Cow, fmt};

use caracal_core::{Timestamp, ZoneId, audit::AuditEvent};
use caracal_crypto::sha256;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

pub use self::indexed::{Indexed, SearchedRecord};
use crate::chain::{Chain, framed};

/// Longest time between the events of a sealed block, in microseconds: what a search in the order of time may meet out
/// of turn.
pub const MAX_SPAN: i64 = 15 * 60 * 1_000_000;

/// The same of administrative records, which are few.
const MAX_RECORD_SPAN: i64 = 24 * 60 * 60 * 1_000_000;

/// Longest time between what the entries of a sealed block of `log` are about, in microseconds.
pub const fn max_span(log: Chain<'_>) -> i64 {
    match log {
        Chain::Ledger(_) => MAX_SPAN,
        Chain::Admin(_) | Chain::Deployment => MAX_RECORD_SPAN,
    }
}

/// What is searched for, by one value or two at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// Who changed something.
    Actor(&'a str),
    /// A kind of objects that are changed.
    EntityType(&'a str),
    /// An object that is changed.
    Entity(&'a str),
    /// The method of a change.
    Method(&'a str),
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
            Self::Actor(value) => ("actor", [value, ""]),
            Self::EntityType(value) => ("entity_type", [value, ""]),
            Self::Entity(value) => ("entity", [value, ""]),
            Self::Method(value) => ("method", [value, ""]),
        };
        let [one, other] = parts.map(str::as_bytes);
        let hash = sha256(&framed(&[kind.as_bytes(), one, other]));
        hash.first_chunk().map_or(0, |first| i64::from_be_bytes(*first))
    }
}

/// What people search for in an event. Without NUL, which no database takes as a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchedEvent {
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

/// An [`AuditEvent`] as it stands in its text. What is not searched is looked at all the same, so that a text is an event
/// here exactly when it is one there.
#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    zone_id: ZoneId,
    #[serde(borrow, default)]
    event_type: Cow<'a, str>,
    #[serde(borrow, default)]
    request_id: Cow<'a, str>,
    #[serde(borrow, default)]
    decision: Cow<'a, str>,
    #[serde(borrow, default, rename = "policy_set_id")]
    _policy_set_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "policy_set_version_id")]
    _policy_set_version_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "manifest_sha")]
    _manifest_sha: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "evaluation_status")]
    _evaluation_status: Cow<'a, str>,
    #[serde(borrow, default, rename = "determining_policies_json")]
    _determining_policies_json: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "diagnostics_json")]
    _diagnostics_json: Option<&'a RawValue>,
    #[serde(borrow, default)]
    metadata_json: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "record")]
    _record: Option<&'a RawValue>,
    #[serde(deserialize_with = "time")]
    occurred_at: Timestamp,
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let Text(text) = Text::deserialize(deserializer)?;
    Timestamp::parse_rfc3339(&text).map_err(D::Error::custom)
}

/// A text, however it is spelt.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl SearchedEvent {
    /// Of an event.
    pub fn of(event: &AuditEvent) -> Self {
        let metadata = event.metadata_json.as_deref();
        Self::from_parts(
            event.id.clone(),
            [&event.event_type, &event.request_id, &event.decision],
            metadata,
            event.occurred_at,
        )
    }

    /// Of an event as it was written, and the zone that it says it is of.
    ///
    /// # Errors
    /// Exactly where the text is no [`AuditEvent`].
    pub fn read(body: &str) -> Result<(ZoneId, Self), serde_json::Error> {
        let written: Written<'_> = serde_json::from_str(body)?;
        let searched = Self::from_parts(
            written.id.into_owned(),
            [&written.event_type, &written.request_id, &written.decision],
            written.metadata_json,
            written.occurred_at,
        );
        Ok((written.zone_id, searched))
    }

    fn from_parts(
        id: String,
        [event_type, request_id, decision]: [&str; 3],
        metadata: Option<&RawValue>,
        occurred_at: Timestamp,
    ) -> Self {
        let members = metadata.map(Members::of).unwrap_or_default();
        Self {
            id,
            event_type: searchable(event_type),
            request_id: searchable(request_id),
            decision: searchable(decision),
            application_id: members.text("application_id"),
            session_id: members.text("agent_session_id"),
            authority_record_id: members.text("session_id"),
            labels: members.labels(),
            occurred_at,
        }
    }

    /// What identifies it to people.
    fn texts(&self) -> impl Iterator<Item = &String> {
        let own = [&self.id, &self.event_type, &self.request_id, &self.decision];
        let some = [&self.application_id, &self.session_id, &self.authority_record_id];
        own.into_iter()
            .chain(some.into_iter().flatten())
            .chain(&self.labels)
    }

    /// What it is found by.
    fn terms(&self) -> impl Iterator<Item = Term<'_>> {
        let (kind, decision) = (self.event_type.as_str(), self.decision.as_str());
        let own = [
            Term::Type(kind),
            Term::Decision(decision),
            Term::TypeDecision(kind, decision),
        ];
        let request = Some(&self.request_id).filter(|request| !request.is_empty());
        let session = self.session_id.iter();
        let application = self.application_id.iter();
        own.into_iter()
            .chain(request.map(|request| Term::Request(request)))
            .chain(session.flat_map(move |id| [Term::Session(id), Term::SessionDecision(id, decision)]))
            .chain(
                self.authority_record_id
                    .iter()
                    .map(|id| Term::AuthorityRecord(id)),
            )
            .chain(application.flat_map(move |id| {
                [
                    Term::Application(id),
                    Term::ApplicationDecision(id, decision),
                    Term::ApplicationType(id, kind),
                ]
            }))
            .chain(self.labels.iter().map(|label| Term::Label(label)))
    }
}

/// Members of metadata by which events are found, as they are written.
#[derive(Default)]
struct Members<'a>([Option<&'a RawValue>; NAMES.len()]);

const NAMES: [&str; 4] = ["application_id", "agent_session_id", "session_id", "agent_labels"];

impl<'a> Members<'a> {
    /// What is no object has no members.
    fn of(metadata: &'a RawValue) -> Self {
        serde_json::from_str(metadata.get()).unwrap_or_default()
    }

    fn get(&self, name: &str) -> Option<&'a RawValue> {
        let mut known = NAMES.iter().zip(self.0);
        known.find(|(known, _)| **known == name)?.1
    }

    fn text(&self, name: &str) -> Option<String> {
        let text: String = serde_json::from_str(self.get(name)?.get()).ok()?;
        (!text.is_empty()).then(|| searchable(&text))
    }

    fn labels(&self) -> Vec<String> {
        let labels = self.get("agent_labels");
        let labels: Vec<&RawValue> = labels
            .and_then(|labels| serde_json::from_str(labels.get()).ok())
            .unwrap_or_default();
        let text = |raw: &RawValue| serde_json::from_str::<String>(raw.get()).ok();
        let labels = labels.into_iter().filter_map(text);
        labels.map(|label| searchable(&label)).collect()
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Wanted;

        impl<'de> Visitor<'de> for Wanted {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Members::default();
                while let Some(Text(name)) = map.next_key()? {
                    let mut known = NAMES.iter().zip(&mut members.0);
                    // A name may stand twice: the last counts.
                    match known.find(|(known, _)| **known == name) {
                        Some((_, member)) => *member = Some(map.next_value()?),
                        None => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Wanted)
    }
}

fn searchable(text: &str) -> String {
    text.replace('\0', "")
}

#[cfg(test)]
mod tests;
