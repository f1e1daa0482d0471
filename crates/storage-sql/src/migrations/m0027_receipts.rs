//! The Audit role judges people who are signed in at the console, who ask for receipts, by their accounts.

/// PostgreSQL's own: row-level security of these tables is there since they are.
pub(super) const POSTGRES: &[&str] = &["GRANT SELECT ON accounts, account_sessions TO caracalaudit"];
