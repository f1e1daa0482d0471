//! What is given back by whoever holds it (RFC 7009), or was stolen: the authority record behind a token ends, with all that
//! hangs on it.

use caracal_core::{
    ApplicationId, AuthorityRecordId, SessionId, ZoneId,
    audit::{Draft, EventType},
};
use caracal_lifecycle::{EndReason, audit_frame, end_record};
use caracal_service::{Refusal, contention::retried};
use caracal_storage::Access;
use serde::Serialize;

use crate::{StsDeps, authenticate::unavailable};

/// A record that its holder wants no more, or must not have any more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GivenBack<'g> {
    pub(crate) zone: &'g ZoneId,
    pub(crate) application: &'g ApplicationId,
    pub(crate) record: &'g AuthorityRecordId,
    /// Whose it is.
    pub(crate) subject: &'g str,
    /// Recorded on rows, and sent to those who ask why.
    pub(crate) reason: &'static str,
    /// The request that is written down for it; absent where an event of its own says what it did.
    pub(crate) request_id: Option<&'g str>,
}

/// What the event says.
#[derive(Serialize)]
struct Metadata<'m> {
    application_id: &'m ApplicationId,
    session_id: &'m AuthorityRecordId,
    subject_id: &'m str,
    revoked_authority_records: usize,
    terminated_sessions: Vec<&'m SessionId>,
    revoked_delegations: usize,
}

/// Ends what hangs on the record, in force here once it is committed; the event is part of the same change. Nothing is left of
/// what has ended before.
///
/// # Errors
/// 503.
pub(crate) async fn end(deps: &StsDeps, given: GivenBack<'_>) -> Result<(), Refusal> {
    let ended = retried(&deps.world, || end_once(deps, given)).await;
    ended.map_err(|_| unavailable())
}

async fn end_once(deps: &StsDeps, given: GivenBack<'_>) -> Result<(), Refusal> {
    let mut work = deps.store.zone(given.zone, Access::Write).await?;
    let why = EndReason::word(given.reason);
    let ended = end_record(work.as_mut(), &deps.world, given.record, why).await?;
    if ended.is_empty() {
        return Ok(());
    }
    if let Some(request_id) = given.request_id {
        let metadata = Metadata {
            application_id: given.application,
            session_id: given.record,
            subject_id: given.subject,
            revoked_authority_records: ended.records.len(),
            terminated_sessions: ended.sessions.iter().map(|session| &session.id).collect(),
            revoked_delegations: ended.delegations.len(),
        };
        let event = Draft::new(
            &deps.world,
            given.zone,
            EventType::MandateRevoked,
            request_id,
            "allow",
            metadata,
        );
        let frame = audit_frame(&deps.world, deps.audit_keys.as_ref(), &event.undecided())?;
        work.outbox().append(&[frame]).await?;
    }
    work.commit().await?;
    deps.outbox.announce().await;
    Ok(())
}
