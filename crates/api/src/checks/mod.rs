//! Trying servers out that whoever sets a zone up names, before anybody depends on them.
//!
//! Everything goes through the egress guard that is in force when the server is depended on, within bounds of time and size.
//! What is found is told in steps, each with a sentence and what to do; nothing of a credential, of a token or of an address
//! behind a name is in it.

mod issuer;
mod provider;
mod steps;
mod upstream;

use caracal_service::{Refusal, limits::Rule};
use caracal_wire::ErrorCode;

pub(crate) use self::{issuer::discover, provider::check_provider, upstream::check_upstream};
use crate::call::ZoneCall;

/// What is tried out, each counted by zone.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CheckTarget {
    Provider,
    Issuer,
    Upstream,
}

impl CheckTarget {
    const fn rule(self) -> Rule {
        let (prefix, code) = match self {
            Self::Provider => ("rl:providertest:", ErrorCode::ProviderTestRateLimited),
            Self::Issuer => ("rl:providerdiscovery:", ErrorCode::ProviderDiscoveryRateLimited),
            Self::Upstream => ("rl:resourcetest:", ErrorCode::ResourceTestRateLimited),
        };
        Rule {
            code,
            ..Rule::per_minute(prefix, 10)
        }
    }

    /// Counts one.
    ///
    /// # Errors
    /// 429 past ten in a minute: a zone's administrators are no port scanner.
    pub(crate) async fn count(self, call: &ZoneCall) -> Result<(), Refusal> {
        let zone = call.zone.as_str();
        call.role.limits.count_towards(&self.rule(), "checks", zone).await
    }
}
