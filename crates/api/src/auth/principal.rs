//! Callers.

use std::{net::IpAddr, sync::Arc};

use caracal_core::{Timestamp, ZoneId, entity::AccountRole};
use caracal_crypto::tokens::ConsoleToken;
use caracal_service::{
    limits::counted_address,
    signed_in::{Power as AccountPower, SignedIn},
};

use crate::control::Invocation;

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
    /// Somebody's session at the console.
    Account,
    /// A mandate of a control key.
    Control,
    /// No token at all, on a route that anybody may call.
    Nobody,
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
pub struct AdminPrincipal {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) scope: Scope,
    pub(crate) power: Power,
    /// Whether it may see live credentials.
    pub(crate) reveals: bool,
    pub(crate) origin: Origin,
    /// The console account the request is for; console tokens always have one.
    pub(crate) account: Option<String>,
    /// Whoever is signed in at the console and asks for themselves.
    pub(crate) signed_in: Option<Arc<SignedIn>>,
    /// The command that is carried out for a control key.
    pub(crate) control: Option<Arc<Invocation>>,
    /// The end of its token, where that has one.
    pub(crate) expires_at: Option<Timestamp>,
    /// Where somebody comes from who is nobody.
    pub(crate) stranger: Option<String>,
    pub(crate) last_used_at: Option<Timestamp>,
}

impl AdminPrincipal {
    pub(crate) fn is_bootstrap(&self) -> bool {
        self.origin == Origin::Bootstrap
    }

    /// Whether it reaches beyond zones: of accounts, those of owners do.
    pub(crate) fn is_global(&self) -> bool {
        let owner = self
            .signed_in
            .as_ref()
            .is_none_or(|signed_in| signed_in.account.role == AccountRole::Owner);
        self.scope == Scope::Global && owner
    }

    /// Whether it is shown what traits an application has. A control key sees none of another one.
    pub(crate) fn sees_traits(&self) -> bool {
        self.is_global() || self.control.is_some()
    }

    /// Whether its account, where it has one, may read evidence.
    pub(crate) fn sees_evidence(&self) -> bool {
        self.signed_in
            .as_ref()
            .is_none_or(|signed_in| signed_in.may(AccountPower::ReadEvidence))
    }

    /// The only zones that its account reaches, where it has one that does not reach all.
    pub(crate) fn zones(&self) -> Option<&[ZoneId]> {
        self.signed_in.as_ref()?.account.zones.as_deref()
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
        match (&self.account, &self.signed_in) {
            (_, Some(signed_in)) => signed_in.attributed_to(),
            (Some(account), None) => account.clone(),
            (None, None) if self.control.is_some() => format!("control:{}", self.id),
            (None, None) => format!("admin:{}", self.id),
        }
    }

    /// Key of this caller's rate limit: the account behind a shared console token, else the token. Strangers have that of
    /// their address, so that one of them shuts no door for the others.
    pub(crate) fn limit_key(&self) -> String {
        if let Some(address) = &self.stranger {
            return format!("stranger:{address}");
        }
        match (&self.account, &self.signed_in) {
            (_, Some(signed_in)) => format!("signed-in:{}", signed_in.account.id),
            (Some(account), None) => format!("account:{account}"),
            (None, None) if self.control.is_some() => format!("control:{}", self.id),
            (None, None) => format!("actor:{}", self.id),
        }
    }

    /// Whoever is signed in.
    pub(crate) fn of_session(signed_in: SignedIn) -> Self {
        let power = if signed_in.may(AccountPower::Change) {
            Power::Write
        } else if signed_in.may(AccountPower::Decide) {
            Power::Approve
        } else {
            Power::Read
        };
        Self {
            id: signed_in.account.id.clone(),
            name: signed_in.account.email.clone(),
            scope: Scope::Global,
            power,
            reveals: signed_in.may(AccountPower::Reveal),
            origin: Origin::Account,
            account: None,
            control: None,
            expires_at: None,
            stranger: None,
            last_used_at: Some(signed_in.session.last_seen_at),
            signed_in: Some(Arc::new(signed_in)),
        }
    }

    /// A caller of a route that anybody may call.
    pub(crate) fn nobody(peer: Option<IpAddr>) -> Self {
        Self {
            stranger: Some(counted_address(peer)),
            id: String::from("nobody"),
            name: String::from("nobody"),
            scope: Scope::Global,
            power: Power::Read,
            reveals: false,
            origin: Origin::Nobody,
            account: None,
            signed_in: None,
            control: None,
            expires_at: None,
            last_used_at: None,
        }
    }

    /// The holder of a mandate of a control key: it reaches the mandate's zone, and there what its scopes name.
    pub(crate) fn of_control_key(invocation: Arc<Invocation>) -> Self {
        Self {
            id: invocation.application_id.to_string(),
            name: invocation.application_name.clone(),
            scope: Scope::Zone(invocation.zone.clone()),
            power: Power::Write,
            reveals: false,
            origin: Origin::Control,
            account: None,
            signed_in: None,
            last_used_at: None,
            expires_at: None,
            stranger: None,
            control: Some(invocation),
        }
    }
}
