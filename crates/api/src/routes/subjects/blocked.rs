//! `GET /v1/zones/{zoneId}/subjects/blocked` and `POST /v1/zones/{zoneId}/subjects/unblock`

use caracal_service::{
    Refusal,
    front::{Answer, Body, Listed, Query, Searched},
};
use caracal_storage::BlockedSubject;
use caracal_wire::{
    ErrorCode, Listing,
    control::authority::{BlockedSubjectItem, ListBlocked, SubjectUnblocked, UnblockSubject},
};

use crate::{answer::listed, call::ZoneCall, change::Done};

/// Whoever is kept out.
pub(crate) async fn list(
    call: ZoneCall,
    Query(query): Query<ListBlocked>,
    Listed(page): Searched<100, 200>,
) -> Result<Answer<Listing<BlockedSubjectItem>>, Refusal> {
    let subject = query.subject_id.map(|id| id.0);
    let mut work = call.read().await?;
    let read = work.subjects().list_blocked(subject.as_deref(), &page).await?;
    Ok(listed(read, item))
}

fn item(blocked: BlockedSubject) -> BlockedSubjectItem {
    BlockedSubjectItem {
        subject_id: blocked.subject_id,
        reason: blocked.reason,
        blocked_by: blocked.blocked_by,
        blocked_at: blocked.blocked_at,
    }
}

/// Lets a subject in again. What it held stays ended.
pub(crate) async fn unblock(
    call: ZoneCall,
    Body(body): Body<UnblockSubject>,
) -> Result<Answer<SubjectUnblocked>, Refusal> {
    let subject = body.subject_id.0;
    let mut change = call.change().await?;
    if !change.subjects().unblock(&subject).await? {
        return Err(
            Refusal::of(ErrorCode::SubjectNotFound).describe("the subject is not kept out of this zone")
        );
    }
    let done = Done::ok().note("subject_id", subject.as_str());
    let unblocked = SubjectUnblocked {
        subject_id: subject.clone(),
        blocked: false,
    };
    Ok(Answer(change.answer(done, unblocked).await?))
}
