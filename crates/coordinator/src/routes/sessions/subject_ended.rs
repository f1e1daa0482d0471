//! A session that acts for a person ends when the person's record does.

use caracal_core::{
    claims::SubjectType,
    entity::{Session, SessionStatus},
};
use caracal_lifecycle as lifecycle;
use caracal_service::Refusal;
use caracal_storage::ZoneWork;
use caracal_wire::ErrorCode;

use crate::call::Call;

/// Whether the session hangs on a person's record that has ended. An application's record only says how the
/// session was started; the application itself proves every call anew.
pub(super) async fn is(call: &Call, work: &mut dyn ZoneWork, session: &Session) -> Result<bool, Refusal> {
    let record = work
        .authority_records()
        .get(&session.subject_authority_record_id)
        .await?;
    Ok(record.is_none_or(|record| record.subject_type == SubjectType::User && !record.is_live(call.now())))
}

/// Ends the session for it and says so.
pub(super) async fn end(
    call: &Call,
    mut work: Box<dyn ZoneWork>,
    session: &Session,
) -> Result<Refusal, Refusal> {
    lifecycle::lock_both(work.as_mut()).await?;
    let reason = "subject_authority_inactive";
    lifecycle::end_session(
        work.as_mut(),
        &call.role.world,
        &session.id,
        SessionStatus::Terminated,
        reason,
    )
    .await?;
    work.commit().await?;
    call.role.outbox.announce().await;
    Ok(Refusal::of(ErrorCode::SessionSubjectInactive).describe("the person's authority record has ended"))
}
