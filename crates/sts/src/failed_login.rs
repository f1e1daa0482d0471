//! What is told of a login that failed.
//!
//! Nobody was proved, so nothing of it enters a zone's chain, which strangers could fill. It is counted by reason, and
//! a few lines a minute of each reason name the application and the address.

use std::net::IpAddr;

use caracal_core::{World, ZoneId};
use caracal_service::sampled;

use crate::metrics;

/// Why a login failed. The caller is told nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// There is no such zone, or it is archived.
    UnknownZone,
    /// No live application has the id.
    UnknownApplication,
    /// The application is live and the secret is not its own.
    WrongSecret,
    /// As [`Reason::WrongSecret`], of an application of another zone.
    WrongSecretElsewhere,
    /// No workload has the id, or the secret is not its own.
    Workload,
}

impl Reason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownZone => "unknown_zone",
            Self::UnknownApplication => "unknown_application",
            Self::WrongSecret => "wrong_secret",
            Self::WrongSecretElsewhere => "wrong_secret_elsewhere",
            Self::Workload => "workload",
        }
    }
}

/// Counts a failed login, and writes a line about it if its minute has room for one.
pub(crate) fn tell(world: &World, reason: Reason, zone: Option<&ZoneId>, client: &str, peer: Option<IpAddr>) {
    let reason = reason.as_str();
    metrics::login_failed(reason);
    if let Some(left_out) = sampled::of_refusal(("sts", reason), world) {
        tracing::warn!(
            reason,
            zone.id = zone.map(tracing::field::display),
            application.id = client,
            peer = peer.map(tracing::field::display),
            left_out,
            "refused a login"
        );
    }
}
