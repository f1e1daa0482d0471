//! What can go wrong below the repositories.

/// A storage failure. Absence is never an error: it is `Ok(None)`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The backend cannot answer now; nothing was committed and trying again may succeed. Callers deny or answer
    /// 503 with `Retry-After`.
    #[error("storage is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Others were in the way (a serialization failure, a deadlock) and this unit of work was the one to give up.
    /// Nothing was committed. Callers do the whole unit again at once, a few times.
    #[error("others changed the same rows at the same time")]
    Contended(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A uniqueness rule would be broken; `constraint` names the rule, for example `zones_slug`.
    #[error("conflicts with an existing row ({constraint})")]
    Conflict {
        /// Name of the broken rule.
        constraint: String,
    },
    /// A row refers to one that does not exist in the zone.
    #[error("refers to a row that does not exist")]
    MissingReference,
    /// Stored data contradicts itself; a person should look.
    #[error("stored data is inconsistent: {0}")]
    Corrupt(String),
}

impl Error {
    /// Whether trying again may succeed.
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Contended(_))
    }
}
