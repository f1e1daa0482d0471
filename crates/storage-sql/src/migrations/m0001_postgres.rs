//! The ledger, roles, grants and row-level security, as PostgreSQL does them.

pub(super) const STATEMENTS: &[&str] = &[];
