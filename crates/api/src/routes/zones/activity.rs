//! `GET /v1/zones/{zoneId}/activity`

use std::{cmp::Reverse, ops::Range, time::Duration};

use caracal_core::{ApplicationId, Timestamp};
use caracal_service::{
    Refusal,
    front::{Answer, Query},
};
use caracal_wire::{
    ErrorCode,
    control::activity::{
        ActivitySlot, ApplicationActivity, ApplicationCounted, AskActivity, ReasonCount, ZoneActivity,
    },
};

use crate::{
    activity::{Count as _, SLOT, Slot, Tally, WIDEST, begin},
    call::ZoneCall,
    counting,
};

/// Hours of which nothing is said, and the most.
const HOURS: u32 = 24;
/// Applications and reasons that are told apart.
const TOLD: usize = 20;

/// Tells what was decided in a zone of late. It is counted for whoever asks; nothing is changed.
pub(crate) async fn handle(
    call: ZoneCall,
    Query(query): Query<AskActivity>,
) -> Result<Answer<ZoneActivity>, Refusal> {
    let hours = query.hours.unwrap_or(HOURS);
    // As many slots as a chart has room for.
    let width = match hours {
        1..=2 => 1,
        3..=8 => 2,
        9..=HOURS => WIDEST,
        _ => {
            let rule = format!("must be a whole number from 1 to {HOURS}");
            return Err(Refusal::invalid_field(ErrorCode::InvalidQuery, "hours", rule));
        }
    };
    let now = call.now();
    let wide = SLOT.saturating_mul(width);
    let since = begin(now.minus(Duration::from_hours(u64::from(hours))), width);
    let last = begin(now, width).plus(wide);
    let told = counting::of(&call, |tally, complete| {
        let all = tally.over(since..last);
        (slots(tally, since..last, wide), all, complete.max(since))
    });
    let (slots, all, complete_since) = told.await?;
    let (applications, other_applications) = applications(&call, &all).await?;
    let (reasons, other_reasons) = reasons(&all);
    Ok(Answer(ZoneActivity {
        zone_id: call.zone.clone(),
        since,
        until: now,
        complete_since,
        complete: complete_since <= since,
        slot_seconds: wide.as_secs(),
        slots,
        total: all.counts(),
        applications,
        other_applications,
        reasons,
        other_reasons,
    }))
}

fn slots(tally: &Tally, span: Range<Timestamp>, wide: Duration) -> Vec<ActivitySlot> {
    let mut slots = Vec::new();
    let mut at = span.start;
    while at < span.end {
        let next = at.plus(wide);
        slots.push(ActivitySlot {
            at,
            counts: tally.counts(at..next),
        });
        at = next;
    }
    slots
}

/// Those that called or were denied most, with their names, and the others together.
async fn applications(
    call: &ZoneCall,
    all: &Slot,
) -> Result<(Vec<ApplicationActivity>, ApplicationCounted), Refusal> {
    let mut known: Vec<_> = all.applications.known.iter().collect();
    known.sort_by_key(|(id, counted)| (Reverse(counted.calls + counted.denied), (*id).clone()));
    let mut others = all.applications.others;
    for (_, counted) in known.iter().skip(TOLD) {
        others.add(**counted);
    }
    let mut work = call.read().await?;
    let mut told = Vec::with_capacity(known.len().min(TOLD));
    for (id, counted) in known.into_iter().take(TOLD) {
        let name = match id.parse::<ApplicationId>() {
            Ok(id) => work.applications().get(&id).await?,
            Err(_) => None,
        };
        told.push(ApplicationActivity {
            application_id: id.to_string(),
            name: name.map(|application| application.name),
            counted: *counted,
        });
    }
    Ok((told, others))
}

fn reasons(all: &Slot) -> (Vec<ReasonCount>, u64) {
    let mut known: Vec<_> = all.reasons.known.iter().collect();
    known.sort_by_key(|(reason, denied)| (Reverse(**denied), (*reason).clone()));
    let further: u64 = known.iter().skip(TOLD).map(|(_, denied)| **denied).sum();
    let told = known.into_iter().take(TOLD).map(|(reason, denied)| ReasonCount {
        reason: reason.to_string(),
        denied: *denied,
    });
    (told.collect(), all.reasons.others + further)
}
