//! Taking turns with whoever else changes what documents speak of.

use caracal_service::Refusal;
use caracal_storage::Error;

use crate::change::ZoneChange;

/// What changes of one kind take turns by, in the order in which all are held.
const TURNS: [&str; 11] = [
    "zone_state",
    "provider_change",
    "resource_change",
    "resource_quota",
    "application_name",
    "subject_issuer",
    "policy_version",
    "policy_set_version",
    "policy_activation",
    "notification_sink",
    "audit_retention",
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
