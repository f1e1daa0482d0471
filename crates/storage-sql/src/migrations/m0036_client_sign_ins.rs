//! The STS starts sessions for clients that people sign in with, hands them what was agreed to, and writes that down.

/// PostgreSQL's own: row-level security of these tables is there since they are.
pub(super) const POSTGRES: &[&str] = &[
    "GRANT INSERT ON sessions, delegations TO caracalsts",
    "GRANT SELECT, INSERT ON grants TO caracalsts",
];
