//! Callers.

use caracal_core::{Timestamp, ZoneId};
use caracal_crypto::tokens::ConsoleToken;

/// `created_by` of the deployment's own token.
pub(super) const BOOTSTRAP_CLASS: &str = "env-bootstrap";

/// Console tokens: kind, `created_by`, name, capability.
pub(super) const CONSOLE: [(ConsoleToken, &str, &str, &str); 3] = [
    (ConsoleToken::ReadOnly, "env-derived", "console-read-only", "read"),
    (ConsoleToken::Write, "env-derived-write", "console-write", "write"),
    (
        ConsoleToken::Approve,
        "env-derived-approve",
        "console-approve",
        "approve",
    ),
];

/// How far a token reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    Global,
    Zone(ZoneId),
}

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Power {
    Read,
    Write,
    Approve,
}

impl Power {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "read" => Some(Self::Read),
            "write" => Some(Self::Write),
            "approve" => Some(Self::Approve),
            _ => None,
        }
    }
}

/// Where a token comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The deployment's own token.
    Bootstrap,
    /// The console's, derived from it.
    Console,
    /// Made through this API.
    Minted,
}

impl Origin {
    /// Whose tokens `created_by` marks.
    pub(super) fn of(class: &str) -> Self {
        if class == BOOTSTRAP_CLASS {
            Self::Bootstrap
        } else if CONSOLE.iter().any(|(_, console, _, _)| *console == class) {
            Self::Console
        } else {
            Self::Minted
        }
    }
}

/// An authenticated caller.
#[derive(Debug, Clone)]
pub struct Principal {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) scope: Scope,
    pub(crate) power: Power,
    pub(crate) origin: Origin,
    /// The console account the request is for; console tokens always have one.
    pub(crate) account: Option<String>,
    pub(crate) last_used_at: Option<Timestamp>,
}

impl Principal {
    pub(crate) fn is_bootstrap(&self) -> bool {
        self.origin == Origin::Bootstrap
    }

    pub(crate) fn is_global(&self) -> bool {
        self.scope == Scope::Global
    }

    /// The zone whose chain records what this caller was refused before a zone was admitted.
    pub(crate) fn home_zone(&self) -> Option<&ZoneId> {
        match &self.scope {
            Scope::Zone(zone) => Some(zone),
            Scope::Global => None,
        }
    }

    /// Name recorded as `created_by` and `updated_by`.
    pub(crate) fn attributed_to(&self) -> String {
        self.account
            .clone()
            .unwrap_or_else(|| format!("admin:{}", self.id))
    }

    /// Key of this caller's rate limit: the account behind a shared console token, else the token.
    pub(crate) fn limit_key(&self) -> String {
        match &self.account {
            Some(account) => format!("account:{account}"),
            None => format!("actor:{}", self.id),
        }
    }
}
