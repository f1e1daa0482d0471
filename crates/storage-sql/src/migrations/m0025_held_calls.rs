//! Approvals of one call, and approvals that are taken back.

/// Both dialects.
pub(super) const COMMON: &[&str] = &[
    "ALTER TABLE approvals ADD COLUMN call TEXT",
    "ALTER TABLE approvals ADD COLUMN withdrawn_at BIGINT",
];
