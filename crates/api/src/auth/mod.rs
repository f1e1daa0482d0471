//! Who calls, and what they may do.
//!
//! Tokens are looked up by a keyed digest, so a copy of the table proves nothing and a lookup reveals nothing by
//! its time. Every gate binds to the matched route and its decoded parameters.

mod gates;
mod limits;
pub(crate) mod seed;
mod tokens;

use caracal_core::{Timestamp, ZoneId};

pub(crate) use gates::{admit_to_zone, check_capability, owns};
pub(crate) use limits::{limit_dcr, limit_principal};
pub use tokens::token_key_name;
pub(crate) use tokens::{authenticate, digest};

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

/// An authenticated caller.
#[derive(Debug, Clone)]
pub(crate) struct Principal {
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
