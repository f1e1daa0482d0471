//! What entries of any log are found by.

use std::{borrow::Cow, collections::HashSet, sync::Arc};

use caracal_core::{Timestamp, ZoneId};
use serde::Deserialize;

use super::{SearchedEvent, Term, searchable, time};
use crate::chain::Chain;

/// What people search for in an administrative record. Without NUL, as [`SearchedEvent`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchedRecord {
    /// Id.
    pub id: String,
    /// Request; may be empty.
    pub request_id: String,
    /// Who.
    pub actor_id: Option<String>,
    /// Name of whoever that was.
    pub actor_name: Option<String>,
    /// Kind of the changed object.
    pub entity_type: Option<String>,
    /// The changed object.
    pub entity_id: Option<String>,
    /// Method.
    pub method: String,
    /// Path.
    pub path: String,
    /// When it happened.
    pub occurred_at: Timestamp,
}

/// A record as it stands in its text, as far as it is searched.
#[derive(Deserialize)]
struct WrittenRecord<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    request_id: Cow<'a, str>,
    #[serde(borrow)]
    actor_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    actor_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    entity_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    entity_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow, default)]
    path: Cow<'a, str>,
    zone_id: Option<ZoneId>,
    #[serde(deserialize_with = "time")]
    occurred_at: Timestamp,
}

impl SearchedRecord {
    /// Of a record as it was written, and the zone that it says it is of.
    ///
    /// # Errors
    /// Where the text is no record.
    pub fn read(body: &str) -> Result<(Option<ZoneId>, Self), serde_json::Error> {
        let written: WrittenRecord<'_> = serde_json::from_str(body)?;
        let some = |text: Option<Cow<'_, str>>| text.map(|text| searchable(&text));
        let record = Self {
            id: written.id.into_owned(),
            request_id: searchable(&written.request_id),
            actor_id: some(written.actor_id),
            actor_name: some(written.actor_name),
            entity_type: some(written.entity_type),
            entity_id: some(written.entity_id),
            method: searchable(&written.method),
            path: searchable(&written.path),
            occurred_at: written.occurred_at,
        };
        Ok((written.zone_id, record))
    }

    /// What identifies it to people.
    fn texts(&self) -> impl Iterator<Item = &String> {
        let own = [&self.id, &self.request_id, &self.method, &self.path];
        let some = [
            &self.actor_id,
            &self.actor_name,
            &self.entity_type,
            &self.entity_id,
        ];
        own.into_iter().chain(some.into_iter().flatten())
    }

    fn terms(&self) -> impl Iterator<Item = Term<'_>> {
        let request = Some(&self.request_id).filter(|request| !request.is_empty());
        std::iter::once(Term::Method(&self.method))
            .chain(request.map(|id| Term::Request(id)))
            .chain(self.actor_id.iter().map(|id| Term::Actor(id)))
            .chain(self.entity_type.iter().map(|kind| Term::EntityType(kind)))
            .chain(self.entity_id.iter().map(|id| Term::Entity(id)))
    }
}

/// What an entry of a log is found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Indexed {
    /// An event.
    Event(Arc<SearchedEvent>),
    /// An administrative record.
    Record(Arc<SearchedRecord>),
}

impl Indexed {
    /// Of the body of an entry of `log`, and the zone that it says it is of.
    ///
    /// # Errors
    /// Where the body is not what the log holds.
    pub fn read(log: Chain<'_>, body: &str) -> Result<(Option<ZoneId>, Self), serde_json::Error> {
        match log {
            Chain::Ledger(_) => {
                let (zone, event) = SearchedEvent::read(body)?;
                Ok((Some(zone), Self::Event(Arc::new(event))))
            }
            Chain::Admin(_) | Chain::Deployment => {
                let (zone, record) = SearchedRecord::read(body)?;
                Ok((zone, Self::Record(Arc::new(record))))
            }
        }
    }

    /// Id.
    pub fn id(&self) -> &str {
        match self {
            Self::Event(event) => &event.id,
            Self::Record(record) => &record.id,
        }
    }

    /// When it happened.
    pub fn occurred_at(&self) -> Timestamp {
        match self {
            Self::Event(event) => event.occurred_at,
            Self::Record(record) => record.occurred_at,
        }
    }

    /// Whether what identifies it to people has `text` in it, whatever the case of ASCII letters.
    pub fn holds(&self, text: &str) -> bool {
        let holds = |said: &String| has(said, text);
        match self {
            Self::Event(event) => event.texts().any(holds),
            Self::Record(record) => record.texts().any(holds),
        }
    }

    /// What some entries are found by, as it is stored: each once, in order.
    pub fn terms_of<'e>(entries: impl IntoIterator<Item = &'e Self>) -> Vec<i64> {
        // Most is said by many of them, and hashed once.
        let mut distinct = HashSet::new();
        for entry in entries {
            match entry {
                Self::Event(event) => distinct.extend(event.terms()),
                Self::Record(record) => distinct.extend(record.terms()),
            }
        }
        let mut terms: Vec<i64> = distinct.into_iter().map(Term::hash).collect();
        terms.sort_unstable();
        terms.dedup();
        terms
    }
}

/// Whether `said` has `text` in it, whatever the case of ASCII letters. All texts have the empty one.
fn has(said: &str, text: &str) -> bool {
    let text = text.as_bytes();
    text.is_empty()
        || said
            .as_bytes()
            .windows(text.len())
            .any(|part| part.eq_ignore_ascii_case(text))
}
