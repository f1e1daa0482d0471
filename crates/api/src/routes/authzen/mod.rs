//! The AuthZEN Authorization API 1.0: questions of enforcement points that are not ours, answered by the policy in force as
//! `access/who-can` and `access/what-can` answer them. It is about policy: a session, and a delegation that leaves as much, are
//! taken to be there, unless a session is named.

pub(super) mod configuration;
pub(super) mod evaluation;
pub(super) mod evaluations;
mod question;
pub(super) mod search;

/// Largest single question, in bytes.
pub(super) const MAX_BYTES: usize = 64 * 1024;
