//! How often applications of a zone may mint, where that is less than the deployment allows.

/// Both dialects.
pub(super) const COMMON: &[&str] = &["ALTER TABLE zones ADD COLUMN mint_limit_per_minute BIGINT"];
