//! Counts what was decided in a zone of late, for whoever asks.
//!
//! Nobody else pays for it: the first question reads the newest part of the ledger, and each further one what came since, and
//! another part of what was there before, until the whole day is counted. What one question reads is bounded.

use std::{ops::Range, sync::Arc, time::Duration};

use caracal_core::Timestamp;
use caracal_service::{Refusal, turns::Turn};
use parking_lot::Mutex;

use crate::{
    activity::{Counted, Reach, Tally, earliest},
    call::ZoneCall,
    evidence_window::{EventVisitor, Window},
};

/// How far ahead of ours a clock may be whose events are counted.
const AHEAD: Duration = Duration::from_mins(10);
/// The fewest entries that a question reads of what is old, where a store is too slow for more.
const LEAST: u64 = 500;

/// Has `look` look at what is counted of the zone, and from when on it is complete, after what is new was read.
///
/// # Errors
/// 503 where the ledger cannot be read.
pub(crate) async fn of<T>(call: &ZoneCall, look: impl FnOnce(&Tally, Timestamp) -> T) -> Result<T, Refusal> {
    let (counted, turn) = call.role.activity.take(&call.zone).await;
    if let Some(turn) = turn {
        read(call, &counted, call.role.activity.stretch(), &Arc::new(turn)).await?;
    }
    let now = call.now();
    let counted = counted.lock();
    let complete = counted.reach.map_or(now, |reach| reach.complete_since);
    Ok(look(&counted.tally, complete.max(earliest(now))))
}

/// Counts events of a window.
#[derive(Debug)]
struct Reading {
    within: Range<Timestamp>,
    found: Tally,
}

impl EventVisitor for Reading {
    type Part = Tally;

    fn event(&self, body: &str, part: &mut Tally) {
        part.count(body, &self.within);
    }

    fn take(&mut self, part: Tally) {
        self.found.take(&part);
    }
}

/// Counts what came since, and a part of what was before. Only who has the zone's turn does.
async fn read(
    call: &ZoneCall,
    counted: &Mutex<Counted>,
    stretch: u64,
    turn: &Arc<Turn>,
) -> Result<(), Refusal> {
    let now = call.now();
    let size = call.read().await?.ledger().head().await?.size;
    let known = counted.lock().reach;
    // Whatever is further behind is not made up for: counting begins anew at the end, where people look.
    let goes_on = known.filter(|reach| reach.to <= size && size - reach.to <= stretch);
    let mut reach = goes_on.unwrap_or(Reach {
        from: size,
        to: size,
        complete_since: now,
        stretch,
    });
    if goes_on.is_none() {
        counted.lock().tally = Tally::default();
    }
    let (found, left) = count(call, turn, reach.to..size).await?;
    reach.to = size.saturating_sub(left);
    keep(counted, now, &found, reach);
    if reach.complete_since > earliest(now) {
        before(call, counted, turn, reach).await?;
    }
    Ok(())
}

/// Counts a part of what stands before what is counted.
async fn before(
    call: &ZoneCall,
    counted: &Mutex<Counted>,
    turn: &Arc<Turn>,
    mut reach: Reach,
) -> Result<(), Refusal> {
    let now = call.now();
    let from = reach.from.saturating_sub(reach.stretch);
    let blocks = call.read().await?.ledger().blocks(from, 1).await?;
    let (found, left) = count(call, turn, from..reach.from).await?;
    if left > 0 {
        // What is counted has no holes: less of it is tried next time.
        reach.stretch = (reach.stretch / 2).max(LEAST);
        keep(counted, now, &Tally::default(), reach);
        return Ok(());
    }
    reach.from = from;
    // Nothing is in the ledger before it happened, and entries are in the order in which they were taken: what stands before
    // a block happened before the last of it was taken.
    reach.complete_since = match blocks.first() {
        _ if from == 0 => earliest(now),
        Some(block) => block.taken_at.min(reach.complete_since),
        None => reach.complete_since,
    };
    keep(counted, now, &found, reach);
    Ok(())
}

/// What happened in `entries` within the day, and how many of them are left.
async fn count(call: &ZoneCall, turn: &Arc<Turn>, entries: Range<u64>) -> Result<(Tally, u64), Refusal> {
    let now = call.now();
    let within = earliest(now)..now.plus(AHEAD);
    let mut window = Window::of(within.clone(), entries);
    let reading = Reading {
        within,
        found: Tally::default(),
    };
    let reading = window.show(call, turn, u64::MAX, reading).await?;
    Ok((reading.found, window.entries_left()))
}

fn keep(counted: &Mutex<Counted>, now: Timestamp, found: &Tally, reach: Reach) {
    let mut counted = counted.lock();
    counted.tally.take(found);
    counted.tally.forget(earliest(now));
    counted.reach = Some(reach);
}
