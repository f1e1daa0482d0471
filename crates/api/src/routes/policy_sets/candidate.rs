//! What the ways to try a version on real traffic have in common: a zone tries one at a time, in one way.

use caracal_core::entity::PolicyCanary;
use caracal_service::Refusal;
use caracal_storage::Lock;
use caracal_wire::{ErrorCode, events::DirectoryKind};

use crate::change::ZoneChange;

/// Candidates begin and end one after the other.
pub(super) async fn lock(change: &mut ZoneChange<'_>) -> Result<(), Refusal> {
    Ok(change.lock(Lock::PolicyCandidate).await?)
}

/// 409 while a candidate is tried: what a shadow would change is told against the version in force, which does not decide
/// for everybody beside a canary.
pub(super) async fn expect_none(change: &mut ZoneChange<'_>) -> Result<(), Refusal> {
    let now = change.call().now();
    let conflict = |text| Err(Refusal::of(ErrorCode::Conflict).describe(text));
    let shadow = change.policy_sets().shadow().await?;
    if shadow.is_some_and(|shadow| shadow.expires_at > now) {
        return conflict("a version is decided beside the one in force already; end that first");
    }
    let canary = change.canaries().last().await?;
    if canary.as_ref().is_some_and(PolicyCanary::is_running) {
        return conflict("a version decides for some applications already; finish or end that first");
    }
    Ok(())
}

/// Whoever decides in the zone reads its candidates again.
pub(super) fn announced(change: &mut ZoneChange<'_>) {
    let zone = change.call().zone.clone();
    change.directory_changed(DirectoryKind::Zone, zone.as_str());
}
