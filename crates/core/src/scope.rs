//! Scopes (RFC 6749 §3.3): exact, case-sensitive words.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

/// The one scope that lets an application run sessions. It carries no authority over any resource.
pub const LIFECYCLE_SCOPE: &str = "agent:lifecycle";

/// A set of scopes, sorted and without repeats.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize)]
#[serde(from = "Vec<Arc<str>>")]
pub struct ScopeSet(Arc<[Arc<str>]>);

impl ScopeSet {
    /// Splits a space-delimited `scope` parameter.
    pub fn parse(text: &str) -> Self {
        text.split_ascii_whitespace().collect()
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many scopes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether `scope` is a member.
    pub fn contains(&self, scope: &str) -> bool {
        self.0
            .binary_search_by(|member| member.as_ref().cmp(scope))
            .is_ok()
    }

    /// Whether every member is also in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|scope| other.contains(scope))
    }

    /// Members of both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.iter().filter(|scope| other.contains(scope)).collect()
    }

    /// Members of this set that `other` lacks.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.iter().filter(|scope| !other.contains(scope)).collect()
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// The members as a JWT `scope` claim.
    pub fn to_claim(&self) -> String {
        let mut claim = String::with_capacity(self.0.iter().map(|scope| scope.len() + 1).sum());
        for scope in self.iter() {
            if !claim.is_empty() {
                claim.push(' ');
            }
            claim.push_str(scope);
        }
        claim
    }
}

impl<S: Into<Arc<str>>> FromIterator<S> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = S>>(scopes: I) -> Self {
        let mut members: Vec<Arc<str>> = scopes.into_iter().map(Into::into).collect();
        members.sort_unstable();
        members.dedup();
        Self(members.into())
    }
}

impl From<Vec<Arc<str>>> for ScopeSet {
    fn from(scopes: Vec<Arc<str>>) -> Self {
        scopes.into_iter().collect()
    }
}

impl Serialize for ScopeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn membership_is_exact_and_repeats_vanish() {
        let scopes = ScopeSet::parse(" b:read a:write  b:read ");
        assert_eq!(scopes.to_claim(), "a:write b:read");
        assert!(scopes.contains("a:write") && !scopes.contains("a:Write") && !scopes.contains("a"));
        assert!(ScopeSet::default().is_subset(&scopes) && !scopes.is_subset(&ScopeSet::parse("a:write")));
    }
}
