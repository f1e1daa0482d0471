//! What a route needs of its caller.

/// What a caller must be able to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// Look. Every admin token can, and every account.
    Read,
    /// Look at evidence. Every admin token can, and accounts but those of viewers.
    ReadEvidence,
    /// Change. Tokens with capability `write` can, and accounts that change.
    Write,
    /// Decide what waits for a person. Tokens with capability `approve` can, and the deployment's own; whoever only
    /// changes things cannot, so that nobody grants and approves.
    Decide,
    /// End authority. As [`Capability::Write`], and accounts of operators can too.
    Stop,
    /// Let evidence go that is held. Tokens of the whole deployment with capability `write` can, and accounts of owners:
    /// whoever only changes a zone cannot let go what is held against them.
    Release,
    /// See a live credential. It changes nothing, but whoever reads it can act, so it is a capability of its own: tokens say
    /// whether they have it, and those that write have it unless they say otherwise; accounts that change have it.
    Reveal,
}

impl Capability {
    /// Whether tokens need the capability `write` for it.
    pub const fn writes(self) -> bool {
        matches!(self, Self::Write | Self::Stop | Self::Release | Self::Reveal)
    }

    /// Whether it is more than looking.
    pub const fn acts(self) -> bool {
        !matches!(self, Self::Read | Self::ReadEvidence)
    }
}

/// How far a route reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// One zone, named in the path. Tokens and accounts of other zones are refused.
    Zone,
    /// The whole deployment; tokens of a zone are refused.
    Deployment {
        /// Whether console accounts other than owners may call it.
        accounts: bool,
    },
    /// No stored state at all; every caller may.
    Stateless,
    /// The caller's own account and sessions: whoever is signed in may.
    Own,
    /// One zone: that of the caller's token, or the one that a header names. Others are refused as on routes of a zone.
    Home,
    /// Commands: whoever presents a fresh mandate of a control key.
    Control,
    /// What anybody may ask who is nobody yet: signing in.
    Open,
}

/// Both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// What a caller must be able to do.
    pub capability: Capability,
    /// How far the route reaches.
    pub reach: Reach,
    /// Whether a call that is allowed changes or reveals something.
    pub changes: bool,
    /// Whether what it changes is the zone of its path itself, which is the deployment's, and not what is in the zone.
    pub changes_zone: bool,
    /// Whether it is served in a zone that was archived: what proves what happened there, and how long that is kept.
    pub outlives_zone: bool,
}
