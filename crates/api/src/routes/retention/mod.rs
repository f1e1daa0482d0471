//! `/v1/audit-retention` and what zones say of it: how long events are kept, and which are held. The Audit role acts on it.

pub(super) mod holds;

use std::time::Duration;

use caracal_crypto::sha256_hex;
use caracal_service::{
    Refusal,
    front::{Body, IfMatch, NoContent, Tagged},
};
use caracal_storage::{Access, RetentionDays, RetentionSetting};
use caracal_wire::{
    ErrorCode,
    control::retention::{Keeping, Retention, SetRetention},
};

use crate::{
    call::{Call, ZoneCall, require_zone},
    change::Done,
};

const DAY: Duration = Duration::from_hours(24);

/// The longest that the deployment keeps events.
fn most(call: &Call) -> Option<u32> {
    let longest = call.role.config.event_retention?;
    u32::try_from(longest.as_secs() / DAY.as_secs()).ok()
}

/// What is in force where `said` is what somebody said.
fn in_force(call: &Call, said: Option<RetentionDays>) -> Retention {
    let max_days = most(call);
    let days = said.as_ref().map(|said| said.days);
    let (updated_by, updated_at) = said.map(|said| (said.updated_by, said.updated_at)).unzip();
    Retention {
        retention_days: days.into_iter().chain(max_days).min(),
        max_days,
        updated_by,
        updated_at,
    }
}

/// Tells what was said apart from what somebody said before or after: a tag for `If-Match`. Where nothing was said there is
/// a tag for that.
fn tag(said: Option<&RetentionDays>) -> String {
    let text = said.map(|said| {
        let at = said.updated_at.to_rfc3339_micros();
        format!("{}\n{}\n{at}", said.days, said.updated_by)
    });
    sha256_hex(text.unwrap_or_default().as_bytes())
}

/// What is in force, with the tag of what was said.
fn answer(call: &Call, said: Option<RetentionDays>) -> Tagged<Retention> {
    let tag = tag(said.as_ref());
    Tagged(in_force(call, said), tag)
}

/// What the caller asks for, if it may be.
pub(in crate::routes) fn requested(call: &Call, body: &SetRetention) -> Result<RetentionDays, Refusal> {
    let days = body.retention_days.0;
    if let Some(max) = most(call).filter(|max| days > *max) {
        return Err(Refusal::of(ErrorCode::RetentionAboveLimit)
            .describe("AUDIT_RETENTION_DAYS is the limit")
            .at("retention_days")
            .with("max_days", max));
    }
    Ok(RetentionDays {
        days,
        updated_by: call.caller.attributed_to(),
        updated_at: call.now(),
    })
}

/// What the record says of a retention that was made, or taken away.
pub(in crate::routes) fn days_noted(done: Done<'_>, days: Option<u32>) -> Done<'_> {
    let done = done.note(Keeping::MEMBER, Keeping::Retention { days });
    match days {
        Some(days) => done.note("retention_days", days),
        None => done,
    }
}

pub(crate) async fn get(call: Call) -> Result<Tagged<Retention>, Refusal> {
    let mut work = call.role.store.global(Access::Read).await?;
    let said = work.retention_days().days().await?;
    Ok(answer(&call, said))
}

pub(crate) async fn put(
    call: Call,
    wanted: IfMatch,
    Body(body): Body<SetRetention>,
) -> Result<Tagged<Retention>, Refusal> {
    let said = requested(&call, &body)?;
    let mut change = call.global_change().await?;
    expect(change.retention_days(), &wanted).await?;
    change.retention_days().set_days(Some(&said)).await?;
    let done = days_noted(Done::ok(), Some(said.days));
    change.commit(None, done).await?;
    Ok(answer(&call, Some(said)))
}

/// The zone's own setting, or else the deployment's.
pub(crate) async fn get_of_zone(call: ZoneCall) -> Result<Tagged<Retention>, Refusal> {
    let own = call.read().await?.retention_days().days().await?;
    let mut work = call.role.store.global(Access::Read).await?;
    let own_tag = tag(own.as_ref());
    let said = match own {
        Some(own) => Some(own),
        None => work.retention_days().days().await?,
    };
    // Only the zone's own is changed here.
    Ok(Tagged(in_force(&call, said), own_tag))
}

pub(crate) async fn put_of_zone(
    call: ZoneCall,
    wanted: IfMatch,
    Body(body): Body<SetRetention>,
) -> Result<Tagged<Retention>, Refusal> {
    let said = requested(&call, &body)?;
    let mut change = call.change().await?;
    require_zone(&mut *change).await?;
    expect(change.retention_days(), &wanted).await?;
    change.retention_days().set_days(Some(&said)).await?;
    let done = days_noted(Done::ok(), Some(said.days));
    change.commit(done).await?;
    Ok(answer(&call, Some(said)))
}

/// Refuses to change another setting than the one that is `wanted`.
async fn expect(setting: &mut dyn RetentionSetting, wanted: &IfMatch) -> Result<(), Refusal> {
    setting.lock().await?;
    let before = setting.days().await?;
    wanted.allows(tag(before.as_ref()))
}

/// From here on the deployment's setting counts.
pub(crate) async fn delete_of_zone(call: ZoneCall, wanted: IfMatch) -> Result<NoContent, Refusal> {
    let mut change = call.change().await?;
    expect(change.retention_days(), &wanted).await?;
    change.retention_days().set_days(None).await?;
    change.commit(days_noted(Done::no_content(), None)).await?;
    Ok(NoContent)
}
