//! Control keys: applications that may run commands of the Control API, by what their traits say.

use crate::{ScopeSet, Timestamp};

/// Namespace of the traits.
const NAMESPACE: &str = "control:";
/// Shortest and longest life that `control:max-ttl` may say, in seconds.
const MAX_TTL: std::ops::RangeInclusive<u32> = 60..=900;
/// What has commands that read, write and delete.
const NOUNS: [&str; 8] = [
    "app",
    "grant",
    "identity-provider",
    "policy",
    "policy-set",
    "resource",
    "session",
    "workload",
];
/// The other scopes.
const SINGLE: [&str; 6] = [
    "control:delegation:read",
    "control:delegation:delete",
    "control:approval:read",
    "control:audit:read",
    "control:authority-record:read",
    "control:explain:read",
];

/// A trait of the namespace `control`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlTrait<'t> {
    /// Makes the application a control key.
    Invoke,
    /// A scope that it may have.
    Scope(&'t str),
    /// Longest life of its mandates, in seconds.
    MaxTtl(u32),
    /// When it ends to be one.
    Expires(Timestamp),
}

impl<'t> ControlTrait<'t> {
    /// Whether a trait is of the namespace, well-formed or not.
    pub fn is_one(name: &str) -> bool {
        name == "control" || name.starts_with(NAMESPACE)
    }

    /// Reads it; `None` for what is no control trait.
    pub fn parse(name: &'t str) -> Option<Self> {
        let rest = name.strip_prefix(NAMESPACE)?;
        if rest == "invoke" {
            return Some(Self::Invoke);
        }
        let (kind, value) = rest.split_once(':')?;
        match kind {
            "scope" => is_control_scope(value).then_some(Self::Scope(value)),
            "max-ttl" => {
                let ttl = value.parse().ok().filter(|ttl| MAX_TTL.contains(ttl));
                ttl.map(Self::MaxTtl)
            }
            "expires" => Timestamp::parse_rfc3339(value).ok().map(Self::Expires),
            _ => None,
        }
    }
}

/// Whether a command of the Control API needs such a scope.
pub fn is_control_scope(scope: &str) -> bool {
    let of_noun = || {
        let (noun, verb) = scope.strip_prefix(NAMESPACE)?.rsplit_once(':')?;
        (NOUNS.contains(&noun) && matches!(verb, "read" | "write" | "delete")).then_some(())
    };
    SINGLE.contains(&scope) || of_noun().is_some()
}

/// What an application may do as a control key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ControlKey {
    /// Scopes that it may ask for.
    pub scopes: ScopeSet,
    /// Longest life of its mandates, in seconds.
    pub max_ttl: Option<u32>,
    /// When it ends to be one.
    pub expires_at: Option<Timestamp>,
}

impl ControlKey {
    /// What these traits say; `None` where they make no control key. A trait of the namespace that cannot be read makes
    /// none either: what it was to bound is not known. Of several bounds of a kind the tightest counts.
    pub fn of(traits: &[String]) -> Option<Self> {
        let mut invokes = false;
        let mut scopes = Vec::new();
        let mut key = Self::default();
        for name in traits.iter().filter(|name| ControlTrait::is_one(name)) {
            match ControlTrait::parse(name)? {
                ControlTrait::Invoke => invokes = true,
                ControlTrait::Scope(scope) => scopes.push(scope),
                ControlTrait::MaxTtl(ttl) => {
                    key.max_ttl = Some(key.max_ttl.map_or(ttl, |known| known.min(ttl)));
                }
                ControlTrait::Expires(at) => {
                    key.expires_at = Some(key.expires_at.map_or(at, |known| known.min(at)));
                }
            }
        }
        key.scopes = scopes.into_iter().collect();
        invokes.then_some(key)
    }

    /// The trait that names one.
    pub const TRAIT: &'static str = "control:invoke";

    /// Whether the traits name a control key, a usable one or not: what such an application is, is for the whole
    /// deployment to say.
    pub fn is_named(traits: &[String]) -> bool {
        traits.iter().any(|name| name == Self::TRAIT)
    }

    /// Whether it has not ended.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|at| now < at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(traits: &[&str]) -> Option<ControlKey> {
        let traits: Vec<String> = traits.iter().map(|name| (*name).to_owned()).collect();
        ControlKey::of(&traits)
    }

    #[test]
    fn only_traits_that_can_all_be_read_make_a_control_key() {
        for none in [
            &[][..],
            &["team:billing"],
            &["control:scope:control:app:read"],
            &["control:invoke", "control:expires:soon"],
            &["control:invoke", "control:max-ttl:30"],
            &["control:invoke", "control:scope:control:audit:write"],
            &["control:invoke", "control:scope:control:app:read:x"],
            &["control:invoke", "control"],
            &["control:invoke", "control:anything"],
        ] {
            assert_eq!(key(none), None, "{none:?}");
        }
        assert_eq!(
            key(&["control:invoke", "team:billing"]),
            Some(ControlKey::default())
        );
    }

    #[test]
    fn the_tightest_of_several_bounds_counts() {
        let found = key(&[
            "control:max-ttl:300",
            "control:invoke",
            "control:max-ttl:60",
            "control:expires:2026-05-21T12:00:00Z",
            "control:expires:2026-05-20T12:00:00Z",
            "control:scope:control:policy-set:write",
            "control:scope:control:delegation:delete",
        ])
        .unwrap();
        assert_eq!(found.max_ttl, Some(60));
        let end = Timestamp::parse_rfc3339("2026-05-20T12:00:00Z").unwrap();
        assert_eq!(found.expires_at, Some(end));
        assert!(!found.is_live(end) && found.is_live(Timestamp::from_micros(0)));
        assert_eq!(
            found.scopes,
            ScopeSet::parse("control:policy-set:write control:delegation:delete")
        );
    }
}
