//! `/v1/zones/{zoneId}/audit-holds`: events that are not deleted, however old they are.

use caracal_service::{
    Refusal,
    front::{Answer, Body, ById, Created, Listed, NoContent, Path, SearchedByTime},
};
use caracal_storage::Hold;
use caracal_wire::{
    ErrorCode, Listing,
    control::retention::{HoldItem, Keeping, PlaceHold},
};

use crate::{
    answer::listed,
    call::{ZoneCall, require_zone},
    change::Done,
};

fn item(hold: Hold) -> HoldItem {
    HoldItem {
        id: hold.id,
        subject_id: hold.subject,
        reason: hold.reason,
        placed_by: hold.placed_by,
        placed_at: hold.placed_at,
    }
}

pub(crate) async fn list(
    call: ZoneCall,
    Listed(page): SearchedByTime<200, 500>,
) -> Result<Answer<Listing<HoldItem>>, Refusal> {
    let mut work = call.read().await?;
    Ok(listed(work.retention().list_holds(&page).await?, item))
}

/// In force when it is answered: a deletion that runs is waited for.
pub(crate) async fn place(call: ZoneCall, Body(body): Body<PlaceHold>) -> Result<Created<HoldItem>, Refusal> {
    let hold = Hold {
        id: call.role.world.uuid_v7().to_string(),
        subject: body.subject_id.map(|subject| subject.0),
        reason: body.reason.0,
        placed_by: call.caller.attributed_to(),
        placed_at: call.now(),
    };
    let mut change = call.change().await?;
    require_zone(&mut *change).await?;
    change.retention().place(&hold).await?;
    let keeping = Keeping::Held {
        hold_id: hold.id.clone(),
        subject_id: hold.subject.clone(),
    };
    let mut done = Done::created(&hold.id)
        .note("reason", hold.reason.as_str())
        .note(Keeping::MEMBER, keeping);
    if let Some(subject) = &hold.subject {
        done = done.note("subject_id", subject.as_str());
    }
    let placed = item(hold.clone());
    Ok(Created(change.answer(done, placed).await?))
}

pub(crate) async fn lift(
    call: ZoneCall,
    Path(ById { id }): Path<ById<String>>,
) -> Result<NoContent, Refusal> {
    let mut change = call.change().await?;
    let by = call.caller.attributed_to();
    let none = || Refusal::of(ErrorCode::AuditHoldNotFound).describe("no such hold is in force");
    let holds = change.retention().holds().await?;
    let hold = holds.into_iter().find(|hold| hold.id == id).ok_or_else(none)?;
    if !change.retention().lift(&id, &by, call.now()).await? {
        return Err(none());
    }
    // The record says what is let go, and not only which: the hold itself is out of sight from here on.
    let mut done = Done::no_content()
        .note("hold_id", id.as_str())
        .note("reason", hold.reason)
        .note("placed_by", hold.placed_by)
        .note(Keeping::MEMBER, Keeping::Lifted { hold_id: id.clone() });
    if let Some(subject) = hold.subject {
        done = done.note("subject_id", subject);
    }
    change.commit(done).await?;
    Ok(NoContent)
}
