//! Which token, and how much may be asked of it at once.

use std::{path::PathBuf, time::Duration};

use caracal_core::Secret;

/// Where zone keys are.
#[derive(Debug, Clone)]
pub struct TokenSettings {
    /// The module: a shared library that the token came with.
    pub module: PathBuf,
    /// Label of the token.
    pub label: String,
    /// PIN of its user.
    pub pin: Secret,
    /// Sessions, each with a thread: how many calls the token is asked at once. At least 1.
    pub sessions: usize,
    /// Longest wait for a turn and its answer together.
    pub timeout: Duration,
}
