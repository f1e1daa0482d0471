//! The evidence of a window of time, gone through in the order of the ledger.
//!
//! Packed blocks come from the store in short units of work, and are unpacked and looked at side by side on threads that may
//! block, while the next ones are read; what is found is added up in the order of the ledger. What is held at once is a few
//! blocks, however long the window is. Whoever no longer waits ends it: at most the stretch under way is still looked at.

use std::{ops::Range, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::Timestamp;
use caracal_ledger::block;
use caracal_service::{Refusal, turns::Turn};
use caracal_storage::{Error, LedgerBlock};
use caracal_wire::ErrorCode;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::call::ZoneCall;

/// Longest window.
const MAX_HOURS: u32 = 90 * 24;
/// Blocks read at a time.
const STRETCH: u32 = 8;
/// How long is looked before there is an answer with what there is.
const LONGEST: Duration = Duration::from_secs(10);

/// Something that looks at events.
pub(crate) trait EventVisitor: Send + Sync + 'static {
    /// What it finds in a part of the ledger.
    type Part: Send + Default + 'static;

    /// Looks at an event as it stands in the ledger. Not all are of the window. Many threads do, each with a part of its own.
    fn event(&self, body: &str, part: &mut Self::Part);

    /// Adds up what was found in a part. Parts come in the order of the ledger.
    fn take(&mut self, part: Self::Part);
}

/// A window, and how far it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    /// When what is looked for happened.
    pub(crate) within: Range<Timestamp>,
    /// Entries of the ledger that are left to be looked at. What is appended later is none of them, so that answers add up.
    left: Range<u64>,
}

/// What a caller says of a window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WindowQuery<'a> {
    pub(crate) hours: Option<u32>,
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) cursor: Option<&'a str>,
    /// How many hours the window has of which nothing is said.
    pub(crate) otherwise: u32,
}

/// A window on its way through a caller.
#[derive(Serialize, Deserialize)]
struct Cursor {
    since: i64,
    until: i64,
    next: u64,
    end: u64,
}

fn invalid(field: &str, rule: impl Into<String>) -> Refusal {
    Refusal::invalid_field(ErrorCode::InvalidBody, field, rule)
}

impl WindowQuery<'_> {
    /// When what is asked for happened.
    fn within(&self, now: Timestamp) -> Result<Range<Timestamp>, Refusal> {
        let hours = |hours: u32| Duration::from_hours(u64::from(hours));
        let until = self.until.unwrap_or(now);
        let since = match (self.hours, self.since) {
            (Some(_), Some(_)) => return Err(invalid("hours", "cannot be combined with since")),
            (Some(asked @ 1..=MAX_HOURS), None) => until.minus(hours(asked)),
            (Some(_), None) => {
                return Err(invalid(
                    "hours",
                    format!("must be a whole number from 1 to {MAX_HOURS}"),
                ));
            }
            (None, Some(since)) => since,
            (None, None) => until.minus(hours(self.otherwise)),
        };
        if since >= until {
            return Err(invalid("until", "must be after since"));
        }
        if until.since(since) > hours(MAX_HOURS) {
            return Err(invalid(
                "since",
                format!("must be at most {MAX_HOURS} hours before until"),
            ));
        }
        Ok(since..until)
    }
}

impl Window {
    /// The window that is asked for, from where the cursor says.
    pub(crate) async fn open(call: &ZoneCall, asked: WindowQuery<'_>) -> Result<Self, Refusal> {
        let size = call.read().await?.ledger().head().await?.size;
        match asked.cursor {
            Some(cursor) => Self::from_cursor(cursor, size).ok_or_else(|| {
                Refusal::invalid_field(
                    ErrorCode::InvalidCursor,
                    "cursor",
                    "is not a cursor of this answer",
                )
            }),
            None => Ok(Self {
                within: asked.within(call.now())?,
                left: 0..size,
            }),
        }
    }

    /// What happened in `within`, as far as it stands in `entries`.
    pub(crate) const fn of(within: Range<Timestamp>, entries: Range<u64>) -> Self {
        Self {
            within,
            left: entries,
        }
    }

    fn from_cursor(cursor: &str, size: u64) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let cursor: Cursor = serde_json::from_slice(&bytes).ok()?;
        let asked = WindowQuery {
            hours: None,
            since: Some(Timestamp::from_micros(cursor.since)),
            until: Some(Timestamp::from_micros(cursor.until)),
            cursor: None,
            otherwise: 1,
        };
        let within = asked.within(Timestamp::default()).ok()?;
        let left = cursor.next..cursor.end;
        (!left.is_empty() && left.end <= size).then_some(Self { within, left })
    }

    /// Where to go on, unless all was looked at.
    pub(crate) fn cursor(&self) -> Option<String> {
        let cursor = Cursor {
            since: self.within.start.as_micros(),
            until: self.within.end.as_micros(),
            next: self.left.start,
            end: self.left.end,
        };
        // Four numbers cannot fail to serialise.
        let text = || URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).unwrap_or_default());
        (!self.left.is_empty()).then(text)
    }

    /// Most events that are left.
    pub(crate) fn entries_left(&self) -> u64 {
        self.left.end.saturating_sub(self.left.start)
    }

    /// Shows `look` the events of the window, up to `limit` entries of the ledger or until it has taken long enough; the window
    /// is then what is left of it.
    ///
    /// # Errors
    /// 503 where the ledger cannot be read.
    pub(crate) async fn show<L: EventVisitor>(
        &mut self,
        call: &ZoneCall,
        turn: &Arc<Turn>,
        limit: u64,
        mut look: L,
    ) -> Result<L, Refusal> {
        let enough = Instant::now() + LONGEST;
        let stop = self.left.end.min(self.left.start.saturating_add(limit));
        let mut blocks = self.read(call, self.left.start..stop).await?;
        while let Some(last) = blocks.last() {
            let reached = last.first.saturating_add(last.entries).min(stop);
            let entries = self.left.start..reached;
            let looking = side_by_side(blocks, entries, look, turn);
            let (ahead, looked) = tokio::join!(self.read(call, reached..stop), looking);
            look = looked?;
            self.left.start = reached;
            blocks = ahead?;
            if Instant::now() >= enough && reached < stop {
                return Ok(look);
            }
        }
        self.left.start = stop;
        Ok(look)
    }

    async fn read(&self, call: &ZoneCall, entries: Range<u64>) -> Result<Vec<LedgerBlock>, Refusal> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let mut work = call.read().await?;
        let within = self.within.clone();
        Ok(work.ledger().blocks_within(entries, within, STRETCH).await?)
    }
}

/// Has `look` look at each block on a thread of its own, and take what was found in their order.
async fn side_by_side<L: EventVisitor>(
    blocks: Vec<LedgerBlock>,
    entries: Range<u64>,
    look: L,
    turn: &Arc<Turn>,
) -> Result<L, Refusal> {
    let unfinished = |error: Option<tokio::task::JoinError>| {
        tracing::error!(?error, "going through evidence did not finish");
        Refusal::of(ErrorCode::PolicyVerificationUnavailable)
    };
    let shared = Arc::new(look);
    let looking: Vec<_> = blocks
        .into_iter()
        .map(|block| {
            let (look, entries, turn) = (shared.clone(), entries.clone(), turn.clone());
            tokio::task::spawn_blocking(move || {
                let found = show(&block, &entries, look.as_ref());
                drop((look, turn));
                found
            })
        })
        .collect();
    let mut parts = Vec::with_capacity(looking.len());
    for looked in looking {
        parts.push(looked.await.map_err(|error| unfinished(Some(error)))??);
    }
    let mut look = Arc::into_inner(shared).ok_or_else(|| unfinished(None))?;
    let turn = turn.clone();
    let taking = tokio::task::spawn_blocking(move || {
        for part in parts {
            look.take(part);
        }
        drop(turn);
        look
    });
    taking.await.map_err(|error| unfinished(Some(error)))
}

fn show<L: EventVisitor>(stored: &LedgerBlock, entries: &Range<u64>, look: &L) -> Result<L::Part, Error> {
    let (first, unpacked) = block::decode(&stored.block).map_err(|_| {
        Error::Corrupt(format!(
            "the block at entry {} of a ledger cannot be read",
            stored.first
        ))
    })?;
    let mut part = L::Part::default();
    for (index, kept) in (first..).zip(unpacked) {
        if entries.contains(&index) {
            look.event(&kept.body, &mut part);
        }
    }
    Ok(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_779_364_800_000_000);

    const NOTHING: WindowQuery<'_> = WindowQuery {
        hours: None,
        since: None,
        until: None,
        cursor: None,
        otherwise: 24,
    };

    #[test]
    fn a_window_is_bounded_and_ends_after_it_begins() {
        let hour = Duration::from_hours(1);
        for refused in [
            WindowQuery {
                hours: Some(0),
                ..NOTHING
            },
            WindowQuery {
                hours: Some(MAX_HOURS + 1),
                ..NOTHING
            },
            WindowQuery {
                hours: Some(1),
                since: Some(NOW.minus(hour)),
                ..NOTHING
            },
            WindowQuery {
                since: Some(NOW),
                ..NOTHING
            },
            WindowQuery {
                since: Some(NOW.minus(hour)),
                until: Some(NOW.minus(hour)),
                ..NOTHING
            },
            WindowQuery {
                since: Some(Timestamp::from_micros(i64::MIN)),
                ..NOTHING
            },
            WindowQuery {
                since: Some(Timestamp::from_micros(0)),
                ..NOTHING
            },
        ] {
            let code = refused.within(NOW).map_err(|refusal| refusal.code);
            assert_eq!(code, Err(ErrorCode::InvalidBody), "{refused:?}");
        }
        let day = NOTHING.within(NOW).unwrap();
        assert_eq!((day.end, day.end.since(day.start)), (NOW, 24 * hour));
        let longest = WindowQuery {
            hours: Some(MAX_HOURS),
            ..NOTHING
        };
        assert_eq!(longest.within(NOW).unwrap().end, NOW);
    }

    #[test]
    fn a_cursor_says_the_window_and_noise_is_none() {
        let within = NOTHING.within(NOW).unwrap();
        let window = Window {
            within: within.clone(),
            left: 7..9,
        };
        let cursor = window.cursor().unwrap();
        assert_eq!(Window::from_cursor(&cursor, 9), Some(window));
        assert_eq!(Window::from_cursor(&cursor, 8), None, "of a longer ledger");
        assert_eq!(Window { within, left: 9..9 }.cursor(), None);
        let noise = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for noise in [
            String::new(),
            String::from("%"),
            noise("{}"),
            noise(r#"{"since":9,"until":1,"next":0,"end":1}"#),
            noise(r#"{"since":0,"until":9223372036854775807,"next":0,"end":1}"#),
            noise(r#"{"since":0,"until":1,"next":2,"end":1}"#),
            noise(r#"{"since":0,"until":1,"next":-1,"end":1}"#),
        ] {
            assert_eq!(Window::from_cursor(&noise, 100), None, "{noise}");
        }
    }
}
