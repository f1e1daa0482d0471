//! Taking turns with whoever else changes what documents speak of.

use caracal_service::Refusal;
use caracal_storage::{Error, Lock};

use crate::change::ZoneChange;

/// What changes of one kind take turns by, in the order in which all are held.
const TURNS: [Lock; 11] = [
    Lock::ZoneState,
    Lock::ProviderChange,
    Lock::ResourceChange,
    Lock::ResourceQuota,
    Lock::ApplicationName,
    Lock::SubjectIssuer,
    Lock::PolicyVersion,
    Lock::PolicySetVersion,
    Lock::PolicyActivation,
    Lock::NotificationSink,
    Lock::AuditRetention,
];

/// Waits until nobody else changes what documents speak of.
pub(in crate::routes::zone_state) async fn take_turn(change: &mut ZoneChange<'_>) -> Result<(), Refusal> {
    for turn in TURNS {
        change.lock(turn).await?;
    }
    Ok(())
}

/// Something that was so when the plan was made is not so any more: the whole request is done again.
pub(in crate::routes::zone_state) fn overtaken() -> Refusal {
    Error::Contended("the zone changed while a document was applied".into()).into()
}
