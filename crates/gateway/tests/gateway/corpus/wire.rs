//! Heads and bodies as clients and servers hold them against each other. A character of a text is a byte on the wire.

use serde::Deserialize;

/// Fields with their names in lower case, which is how they compare (RFC 9110 §5.1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Vec<(String, String)>")]
pub(super) struct Fields(Vec<(String, String)>);

impl From<Vec<(String, String)>> for Fields {
    fn from(pairs: Vec<(String, String)>) -> Self {
        let mut fields = Self::default();
        for (name, value) in pairs {
            fields.push(&name, &value);
        }
        fields
    }
}

impl Fields {
    pub(super) fn push(&mut self, name: &str, value: &str) {
        // Blanks around a value are no part of it (RFC 9110 §5.5), and not every client takes them off.
        let value = value.trim_matches([' ', '\t']);
        self.0.push((name.to_ascii_lowercase(), value.to_owned()));
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.0.iter();
        let field = fields.find(|(given, _)| given == name);
        field.map(|(_, value)| value.as_str())
    }

    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        self.get(name)
            .is_some_and(|given| given.eq_ignore_ascii_case(value))
    }

    pub(super) fn pairs(&self) -> Vec<(String, String)> {
        self.0.clone()
    }

    /// Without those that `ours` names. Only the order of fields of one name means something (RFC 9110 §5.3).
    pub(super) fn without(&self, ours: impl Fn(&str) -> bool) -> Self {
        let mut left: Vec<_> = self.0.iter().filter(|(name, _)| !ours(name)).cloned().collect();
        left.sort_by(|(one, _), (other, _)| one.cmp(other));
        Self(left)
    }
}

/// What a client made of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Got {
    pub(super) status: u16,
    pub(super) reason: String,
    pub(super) headers: Fields,
    /// In base64.
    pub(super) body: String,
    pub(super) trailers: Fields,
}

pub(super) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

pub(super) fn from_latin1(text: &str) -> Vec<u8> {
    let byte = |character| u8::try_from(u32::from(character)).expect("a byte");
    text.chars().map(byte).collect()
}
