//! What a Gateway must know to tell what a call asks for.

/// A resource says in which protocol it is spoken to, and the Gateway reads the call accordingly before it asks whether
/// it may pass. Resources hold no secrets.
pub(super) const POSTGRES: &[&str] = &["GRANT SELECT ON resources TO caracalgateway"];
