//! The things that must never stop the others.

use std::fmt;

use serde::Serialize;

/// One thing that must never stop the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Case {
    /// Policies that cost much to check, by a token that can only read
    PolicyBombs,
    /// The largest policy a zone may have, and a directory that changes under it
    PolicyReloads,
    /// Policy sets that unfold to megabytes, put in force one after the other
    PolicyActivations,
    /// A zone whose signing key cannot be opened, which everybody asks for (needs --spawn)
    UnreadableZone,
    /// Sessions that begin and end
    SessionEnds,
    /// Sessions with as much metadata as they may have and more, and lists of them
    LargeMetadata,
    /// Requests to every role whose body comes byte by byte
    SlowBodies,
    /// Governed calls whose upstream, on the host of zone B's, never answers
    HangingCalls,
    /// Logins of applications that do not exist
    FailedLogins,
    /// One mandate, presented over and over
    RefusedCalls,
    /// Decisions whose labels are what a store or a reader of the ledger could stumble over
    OddEvidence,
    /// Requests and logins of nobody, at the Control API and the STS, from many addresses
    Strangers,
    /// Secrets that somebody chose, guessed at from many addresses and chosen anew: each costs a derivation
    SecretDerivations,
    /// Changes that a token which can only read asks for
    ForbiddenChanges,
    /// Batches of AuthZEN questions
    AuthzenBatches,
    /// Searches for who may do something
    AuthzenSearches,
    /// A zone of megabytes, read and compared as one document
    ZoneDocuments,
    /// Live tails of the ledger, more than there may be, and events that they all get
    AuditTails,
    /// Zones without end, each of them asked for
    ManyZones,
}

impl Case {
    /// All of them; the one that leaves the most behind comes last.
    pub const ALL: [Self; 19] = [
        Self::PolicyBombs,
        Self::PolicyReloads,
        Self::PolicyActivations,
        Self::UnreadableZone,
        Self::SessionEnds,
        Self::LargeMetadata,
        Self::SlowBodies,
        Self::HangingCalls,
        Self::FailedLogins,
        Self::RefusedCalls,
        Self::OddEvidence,
        Self::Strangers,
        Self::SecretDerivations,
        Self::ForbiddenChanges,
        Self::AuthzenBatches,
        Self::AuthzenSearches,
        Self::ZoneDocuments,
        Self::AuditTails,
        Self::ManyZones,
    ];

    /// Whether it writes to the store past the daemon, which only a daemon of the bench's own allows.
    pub const fn needs_own_daemon(self) -> bool {
        matches!(self, Self::UnreadableZone)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PolicyBombs => "policy-bombs",
            Self::PolicyReloads => "policy-reloads",
            Self::PolicyActivations => "policy-activations",
            Self::UnreadableZone => "unreadable-zone",
            Self::SessionEnds => "session-ends",
            Self::LargeMetadata => "large-metadata",
            Self::SlowBodies => "slow-bodies",
            Self::HangingCalls => "hanging-calls",
            Self::FailedLogins => "failed-logins",
            Self::RefusedCalls => "refused-calls",
            Self::OddEvidence => "odd-evidence",
            Self::Strangers => "strangers",
            Self::SecretDerivations => "secret-derivations",
            Self::ForbiddenChanges => "forbidden-changes",
            Self::AuthzenBatches => "authzen-batches",
            Self::AuthzenSearches => "authzen-searches",
            Self::ZoneDocuments => "zone-documents",
            Self::AuditTails => "audit-tails",
            Self::ManyZones => "many-zones",
        })
    }
}
