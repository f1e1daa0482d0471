//! Which sources state what: the owner's policies that a decision goes back to.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

/// Version ids of sources.
pub type Sources = Arc<[Arc<str>]>;

/// The sources of each document; those of a grant by its resource, where a source states that by name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origins {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    documents: BTreeMap<String, Vec<Arc<str>>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    grants: BTreeMap<String, Vec<Arc<str>>>,
}

impl Origins {
    /// Notes that `version_id` states the document `name`, of it only the member `member` if that is named.
    pub(super) fn note(&mut self, version_id: &str, name: &str, member: Option<&str>) {
        let known = match member {
            Some(member) if name == "grants" => self.grants.entry(member.to_owned()).or_default(),
            _ => self.documents.entry(name.to_owned()).or_default(),
        };
        if known.last().is_none_or(|last| last.as_ref() != version_id) {
            known.push(version_id.into());
        }
    }

    /// The sources of a document.
    pub(crate) fn of(&self, name: &str) -> Sources {
        self.documents.get(name).into_iter().flatten().cloned().collect()
    }

    /// The sources of the grant of a resource: those that name it, and those that may compute it.
    pub(crate) fn of_grant(&self, resource: &str) -> Sources {
        let named = self.grants.get(resource).into_iter().flatten();
        let computed = self.documents.get("grants").into_iter().flatten();
        let mut sources: Vec<Arc<str>> = named.cloned().collect();
        for source in computed {
            if !sources.contains(source) {
                sources.push(source.clone());
            }
        }
        sources.into()
    }
}
