//! Signing keys whose private half is held elsewhere, such as in a token.

/// Both dialects: what the private half is found by. A key that has it, or had it, has an empty envelope.
pub(super) const COMMON: &[&str] = &["ALTER TABLE signing_keys ADD COLUMN held_key TEXT"];
