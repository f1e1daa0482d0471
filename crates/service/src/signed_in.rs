//! Who is signed in at the console, and what their role lets them do.
//!
//! The token of a session is what the console sends on as its bearer, so whoever asks is judged by their own account at
//! every role that they reach, and the console has no credential that could do more.

use caracal_core::{Timestamp, ZoneId, entity::AccountRole};
use caracal_crypto::sha256;
use caracal_storage::{Access, Account, AccountSession, Error, Store};

/// What tokens of sessions begin with.
pub const SESSION_TOKEN_PREFIX: &str = "ccs_";

/// What a session's token is stored as. It has 256 random bits, so its digest needs no key.
pub fn session_digest(token: &str) -> [u8; 32] {
    sha256(&[b"caracal.account-session.v1\n", token.as_bytes()].concat())
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Whose session.
    pub account: Account,
    /// The session.
    pub session: AccountSession,
}

/// Something that a role may let an account do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// Read what zones are made of.
    Look,
    /// Read evidence.
    ReadEvidence,
    /// Decide approvals.
    Decide,
    /// End and pause what runs.
    Stop,
    /// Change zones and what is in them.
    Change,
    /// See live credentials.
    Reveal,
    /// Manage accounts, tokens and settings of the deployment.
    Govern,
}

/// Whether an account of this role may.
pub const fn may(role: AccountRole, power: Power) -> bool {
    match power {
        Power::Look => true,
        Power::ReadEvidence => !matches!(role, AccountRole::Viewer),
        Power::Decide => matches!(
            role,
            AccountRole::Owner | AccountRole::Admin | AccountRole::Approver
        ),
        Power::Stop => matches!(
            role,
            AccountRole::Owner | AccountRole::Admin | AccountRole::Operator
        ),
        Power::Change | Power::Reveal => matches!(role, AccountRole::Owner | AccountRole::Admin),
        Power::Govern => matches!(role, AccountRole::Owner),
    }
}

impl SignedIn {
    /// Whose session a token is of, if it is one that has not ended.
    ///
    /// # Errors
    /// As the storage.
    pub async fn find(store: &dyn Store, token: &str, now: Timestamp) -> Result<Option<Self>, Error> {
        if !token.starts_with(SESSION_TOKEN_PREFIX) {
            return Ok(None);
        }
        let mut work = store.global(Access::Read).await?;
        let found = work.accounts().find_session(&session_digest(token), now).await?;
        Ok(found.map(|(session, account)| Self { account, session }))
    }

    /// Whether the account may.
    pub fn may(&self, power: Power) -> bool {
        may(self.account.role, power)
    }

    /// Whether the account reaches the zone.
    pub fn reaches(&self, zone: &ZoneId) -> bool {
        self.account
            .zones
            .as_ref()
            .is_none_or(|zones| zones.contains(zone))
    }

    /// Name recorded as who made and changed things.
    pub fn attributed_to(&self) -> String {
        format!("account:{}", self.account.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_is_listed_and_no_more() {
        use Power::{Change, Decide, Govern, Look, ReadEvidence, Stop};
        let all = [Look, ReadEvidence, Decide, Stop, Change, Govern];
        for (role, allowed) in [
            (AccountRole::Owner, &all[..]),
            (AccountRole::Admin, &[Look, ReadEvidence, Decide, Stop, Change]),
            (AccountRole::Operator, &[Look, ReadEvidence, Stop]),
            (AccountRole::Approver, &[Look, ReadEvidence, Decide]),
            (AccountRole::Auditor, &[Look, ReadEvidence]),
            (AccountRole::Viewer, &[Look]),
        ] {
            for power in all {
                assert_eq!(may(role, power), allowed.contains(&power), "{role} {power:?}");
            }
        }
    }
}
