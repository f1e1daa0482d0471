//! What a route needs of its caller.

/// What a caller must be able to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// Look. Every admin token can.
    Read,
    /// Change. Tokens with capability `write` can.
    Write,
    /// Decide what waits for a person. Tokens with capability `approve` can, and the deployment's own; whoever only
    /// changes things cannot, so that nobody grants and approves.
    Decide,
    /// See a live credential. It changes nothing, but whoever reads it can act, so only `write` tokens can.
    Reveal,
}

/// How far a route reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// One zone, named in the path. Tokens of another zone and accounts that do not own it are refused.
    Zone,
    /// The whole deployment; tokens of a zone are refused.
    Deployment {
        /// Whether console accounts may call it.
        accounts: bool,
    },
    /// No stored state at all; every caller may.
    Stateless,
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
}
