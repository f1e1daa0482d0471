//! Zones in which nothing is allowed for now.

/// Both dialects.
pub(super) const COMMON: &[&str] = &["ALTER TABLE zones ADD COLUMN frozen_at BIGINT"];
