//! What an entry carries: names and values, verbatim.

use std::collections::{BTreeMap, btree_map};

use caracal_core::ZoneId;

use super::Topic;

const LINE_BREAKS: [char; 2] = ['\n', '\r'];

/// Name of the origin signature.
pub const SIGNATURE: &str = "_sig";
/// Most fields of one entry.
pub const MAX_FIELDS: usize = 64;
/// Most bytes of one entry, names and values together.
pub const MAX_BYTES: usize = 1 << 20;

/// The flat fields of one entry, ordered by name as the signature needs them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields(BTreeMap<String, String>);

/// Why a producer may not send these fields.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedFields {
    /// A line break would let one field pose as another under the signature.
    #[error("field {0:?} contains a line break")]
    LineBreak(String),
    /// A name that is empty or contains `=`.
    #[error("field name {0:?} is empty or contains '='")]
    Name(String),
    /// `_sig` is the bus's to set.
    #[error("field `_sig` is set by the bus")]
    Reserved,
    /// More than [`MAX_FIELDS`] fields or [`MAX_BYTES`] bytes, or none at all.
    #[error("an entry has 1 to 64 fields and at most 1 MiB")]
    Size,
    /// A field the topic cannot do without.
    #[error("field {0:?} is missing")]
    Missing(&'static str),
    /// What the signature itself refuses.
    #[error("the entry has no signed form: {0}")]
    Unsignable(String),
}

impl Fields {
    /// No fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more field; replaces a field of that name.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.insert(name, value);
        self
    }

    /// Sets a field.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Takes a field out.
    pub fn remove(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// Names and values, ordered by name bytes.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many fields.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The zone that an entry of any topic names, where it names one.
    pub fn zone_id(&self) -> Option<ZoneId> {
        ZoneId::parse(self.get("zone_id")?).ok()
    }

    /// Whether a producer may send these fields on `topic`.
    ///
    /// The signed form of an entry separates fields by line breaks without escaping, so one anywhere
    /// would let a value forge a field. Audit entries are signed over the bytes of `data` instead.
    ///
    /// # Errors
    /// [`MalformedFields`] says which rule is broken.
    pub fn check(&self, topic: Topic) -> Result<(), MalformedFields> {
        let bytes: usize = self.iter().map(|(name, value)| name.len() + value.len()).sum();
        if self.is_empty() || self.len() > MAX_FIELDS || bytes > MAX_BYTES {
            return Err(MalformedFields::Size);
        }
        if topic.is_evidence() && self.get("data").is_none_or(str::is_empty) {
            return Err(MalformedFields::Missing("data"));
        }
        for (name, value) in self.iter() {
            if name == SIGNATURE {
                return Err(MalformedFields::Reserved);
            }
            if name.is_empty() || name.contains('=') {
                return Err(MalformedFields::Name(name.to_owned()));
            }
            let free = topic.is_evidence() && name == "data";
            if name.contains(LINE_BREAKS) || (!free && value.contains(LINE_BREAKS)) {
                return Err(MalformedFields::LineBreak(name.to_owned()));
            }
        }
        Ok(())
    }

    /// The fields as a JSON object of strings.
    pub fn to_json(&self) -> String {
        // A map of strings always serialises.
        serde_json::to_string(&self.0).unwrap_or_default()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Fields {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        Self(
            fields
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl IntoIterator for Fields {
    type Item = (String, String);
    type IntoIter = btree_map::IntoIter<String, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn producers_may_not_break_the_signed_form() {
        let good = Fields::new().with("zone_id", "z").with("reason", "");
        assert_eq!(good.check(Topic::SessionsRevoke), Ok(()));
        for (name, value, why) in [
            (
                "reason",
                "a\nzone_id=other",
                MalformedFields::LineBreak("reason".into()),
            ),
            ("reason", "a\r", MalformedFields::LineBreak("reason".into())),
            ("a\nb", "", MalformedFields::LineBreak("a\nb".into())),
            ("a=b", "", MalformedFields::Name("a=b".into())),
            ("", "x", MalformedFields::Name(String::new())),
            ("_sig", "00", MalformedFields::Reserved),
        ] {
            assert_eq!(
                good.clone().with(name, value).check(Topic::SessionsRevoke),
                Err(why)
            );
        }
        assert_eq!(
            Fields::new().check(Topic::KeysInvalidate),
            Err(MalformedFields::Size)
        );
        let big = Fields::new().with("zone_id", "x".repeat(MAX_BYTES));
        assert_eq!(big.check(Topic::KeysInvalidate), Err(MalformedFields::Size));
    }

    #[test]
    fn audit_entries_need_data_and_may_hold_any_bytes_in_it() {
        assert_eq!(
            Fields::new().with("id", "1").check(Topic::AuditEvents),
            Err(MalformedFields::Missing("data"))
        );
        assert_eq!(
            Fields::new().with("data", "{\n}").check(Topic::AuditEvents),
            Ok(())
        );
    }
}
