//! Live tails: a zone's events as server-sent events (WHATWG HTML §9.2), each with its position in the log as its id, so
//! that a client that comes again with `Last-Event-ID` misses none and sees none twice.
//!
//! A tail follows what the database committed, so it does not matter which process took an event. Where that was this
//! one, the tail is woken; otherwise it looks once in a while.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::Poll,
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use caracal_core::ZoneId;
use caracal_storage::{Access, AuditFilter, AuditRow, Error, Store};
use caracal_wire::ErrorCode;
use http::HeaderMap;
use metrics::{counter, gauge};
use parking_lot::Mutex;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{Refusal, error_chain, front::Events, metrics as names};

/// Events read at a time.
const PAGE: u32 = 100;
/// Events that wait for a reader.
const QUEUE: usize = 32;
/// Events of a burst come in one look.
const BATCH_DELAY: Duration = Duration::from_millis(25);
/// Longest wait for one look at the ledger.
const READ_WITHIN: Duration = Duration::from_secs(10);
/// How long whoever is refused for load should wait.
const RETRY_AFTER_SECONDS: u32 = 10;

/// Bounds of the tails of a process.
#[derive(Debug, Clone, Copy)]
pub struct TailLimits {
    /// Tails of one principal.
    pub of_one: usize,
    /// Tails of all.
    pub in_all: usize,
    /// How often a tail looks for what other processes took.
    pub poll: Duration,
    /// How often a quiet tail says that it lives, and its reader is asked whether it may still read.
    pub heartbeat: Duration,
    /// How long a reader may leave a full queue before it is cut.
    pub slow: Duration,
}

impl Default for TailLimits {
    fn default() -> Self {
        Self {
            of_one: 8,
            in_all: 64,
            poll: Duration::from_secs(1),
            heartbeat: Duration::from_secs(15),
            slow: Duration::from_secs(15),
        }
    }
}

/// The tails of a process.
#[derive(Debug)]
pub struct Tails {
    limits: TailLimits,
    shutdown: CancellationToken,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    by_principal: HashMap<String, usize>,
    /// Those of each share, in the order in which they began.
    shares: HashMap<String, Vec<(u64, CancellationToken)>>,
    began: u64,
    /// Woken when this process adds to the log of a zone that somebody follows.
    zones: HashMap<ZoneId, watch::Sender<()>>,
}

/// Checks again whether the reader may read.
pub type Check = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), Refusal>> + Send>> + Send + Sync>;

/// What a tail shows of an event.
pub type Show = Box<dyn Fn(&AuditRow) -> serde_json::Result<String> + Send + Sync>;

/// A tail that is asked for.
pub struct Tail {
    /// The ledger.
    pub store: Arc<dyn Store>,
    /// Whose events.
    pub zone: ZoneId,
    /// Which of them.
    pub filter: AuditFilter,
    /// The position that the client has seen, where it says so.
    pub after: Option<u64>,
    /// Whose tails are counted together.
    pub principal: String,
    /// Whose part of all tails it is of: of a zone, whoever asks in it. Where all are taken, the share with most of them makes
    /// room for one that has less.
    pub share: String,
    /// How an event is shown.
    pub show: Show,
    /// Whether the reader may still read.
    pub check: Check,
}

/// A place among the tails, given back when it is dropped.
struct OpenTail {
    tails: Arc<Tails>,
    principal: String,
    share: String,
    id: u64,
    /// Cancelled when it makes room.
    cut: CancellationToken,
    zone: ZoneId,
    grown: Option<watch::Receiver<()>>,
}

impl Drop for OpenTail {
    fn drop(&mut self) {
        self.grown = None;
        let mut open = self.tails.open.lock();
        if let Some(count) = open.by_principal.get_mut(&self.principal) {
            *count = count.saturating_sub(1);
        }
        open.by_principal.retain(|_, count| *count > 0);
        if let Some(share) = open.shares.get_mut(&self.share) {
            share.retain(|(id, _)| *id != self.id);
        }
        open.shares.retain(|_, share| !share.is_empty());
        let unfollowed = |sender: &watch::Sender<()>| sender.receiver_count() == 0;
        if open.zones.get(&self.zone).is_some_and(unfollowed) {
            open.zones.remove(&self.zone);
        }
        gauge!(names::TAILS).decrement(1);
    }
}

/// Where a client goes on: what its browser remembers, else what its address says.
///
/// # Errors
/// 400 where `Last-Event-ID` is no position.
pub fn resumed(headers: &HeaderMap, cursor: Option<u64>) -> Result<Option<u64>, Refusal> {
    let Some(last) = headers.get("last-event-id") else {
        return Ok(cursor);
    };
    let text = last.to_str().unwrap_or_default();
    match text.parse() {
        Ok(position) => Ok(Some(position)),
        Err(_) if text.is_empty() => Ok(cursor),
        Err(_) => Err(Refusal::invalid_field(
            ErrorCode::InvalidQuery,
            "Last-Event-ID",
            "must be the id of an event of this tail",
        )),
    }
}

impl Open {
    /// Ends the newest tail of the share with most, if `share` has less even with one more. Whether it did.
    fn make_room_for(&mut self, share: &str) -> bool {
        let own = self.shares.get(share).map_or(0, Vec::len);
        let most = self.shares.values_mut().max_by_key(|tails| tails.len());
        let newest = most.filter(|tails| tails.len() > own + 1).and_then(Vec::pop);
        newest.is_some_and(|(_, cut)| {
            cut.cancel();
            true
        })
    }
}

impl Tails {
    /// Tails within `limits`, which end at `shutdown`.
    pub fn new(limits: TailLimits, shutdown: CancellationToken) -> Arc<Self> {
        Arc::new(Self {
            limits,
            shutdown,
            open: Mutex::default(),
        })
    }

    /// Says that the log of `zone` grew.
    pub fn grew(&self, zone: &ZoneId) {
        if let Some(sender) = self.open.lock().zones.get(zone) {
            sender.send_replace(());
        }
    }

    fn register(
        self: &Arc<Self>,
        principal: String,
        share: String,
        zone: ZoneId,
    ) -> Result<OpenTail, Refusal> {
        let mut open = self.open.lock();
        let all: usize = open.shares.values().map(Vec::len).sum();
        let own = open.by_principal.get(&principal).copied().unwrap_or(0);
        if own >= self.limits.of_one || (all >= self.limits.in_all && !open.make_room_for(&share)) {
            return Err(Refusal::of(ErrorCode::RateLimited)
                .describe("too many live tails are open; close one, or try again")
                .retry_after(RETRY_AFTER_SECONDS));
        }
        open.by_principal.insert(principal.clone(), own + 1);
        open.began += 1;
        let (id, cut) = (open.began, CancellationToken::new());
        open.shares
            .entry(share.clone())
            .or_default()
            .push((id, cut.clone()));
        let sender = open.zones.entry(zone.clone());
        let grown = sender.or_insert_with(|| watch::Sender::new(())).subscribe();
        gauge!(names::TAILS).increment(1);
        Ok(OpenTail {
            tails: self.clone(),
            principal,
            share,
            id,
            cut,
            zone,
            grown: Some(grown),
        })
    }

    /// Begins a tail: behind the position that the client has seen, or with what comes from now on.
    ///
    /// # Errors
    /// 400 for a position that the log has not, 429 where too many are open, 503 where the ledger cannot be read.
    pub async fn follow(self: &Arc<Self>, tail: Tail) -> Result<Events, Refusal> {
        let place = self.register(tail.principal.clone(), tail.share.clone(), tail.zone.clone())?;
        let size = {
            let mut work = tail.store.zone(&tail.zone, Access::Read).await?;
            work.ledger().head().await?.size
        };
        let after = tail.after.unwrap_or(size);
        if after > size {
            return Err(Refusal::invalid_field(
                ErrorCode::InvalidQuery,
                "cursor",
                format!("is {after}, and the log has {size} entries"),
            ));
        }
        let (sender, mut receiver) = mpsc::channel(QUEUE);
        let ended = Arc::new(OnceLock::new());
        let mut following = Following {
            tail,
            limits: self.limits,
            after,
            sender,
        };
        let (why, shutdown) = (ended.clone(), self.shutdown.clone());
        tokio::spawn(async move {
            let mut place = place;
            let (gone, cut) = (following.sender.clone(), place.cut.clone());
            let reason = tokio::select! {
                // Nobody is told.
                () = gone.closed() => "reader_gone",
                () = shutdown.cancelled() => "shutdown",
                () = cut.cancelled() => "made_room",
                reason = following.run(&mut place) => reason,
            };
            counter!(names::TAILS_ENDED, "reason" => reason).increment(1);
            // Before the channel closes: a reader that comes to its end finds it.
            let _ = why.set(reason);
        });
        let mut over = false;
        Ok(Events(Body::from_stream(futures_util::stream::poll_fn(
            move |cx| {
                let next = std::task::ready!(receiver.poll_recv(cx));
                if next.is_none() && !over {
                    over = true;
                    let reason = ended.get().copied().unwrap_or("failed");
                    let last = Bytes::from(format!("event: end\ndata: {{\"reason\":\"{reason}\"}}\n\n"));
                    return Poll::Ready(Some(Ok::<_, std::convert::Infallible>(last)));
                }
                Poll::Ready(next.map(Ok))
            },
        ))))
    }
}

/// A tail at work.
struct Following {
    tail: Tail,
    limits: TailLimits,
    /// Position of the last event that was looked at.
    after: u64,
    sender: mpsc::Sender<Bytes>,
}

impl Following {
    /// Until something ends it: why.
    async fn run(&mut self, place: &mut OpenTail) -> &'static str {
        let Some(mut grown) = place.grown.take() else {
            return "failed";
        };
        // A client that is cut off before its first event knows where it was.
        if let Err(reason) = self.send(format!("retry: 1000\nid: {}\n\n", self.after)).await {
            return reason;
        }
        let mut checked = Instant::now();
        loop {
            grown.mark_unchanged();
            let more = match self.look().await {
                Ok(more) => more,
                Err(reason) => return reason,
            };
            if checked.elapsed() >= self.limits.heartbeat {
                checked = Instant::now();
                if let Err(refusal) = (self.tail.check)().await {
                    return refusal.code.as_str();
                }
                let beat = format!(": heartbeat\nid: {}\n\n", self.after);
                if let Err(reason) = self.send(beat).await {
                    return reason;
                }
            }
            if !more && matches!(timeout(self.limits.poll, grown.changed()).await, Ok(Ok(()))) {
                tokio::time::sleep(BATCH_DELAY).await;
            }
        }
    }

    /// Sends what is new; whether there may be more.
    async fn look(&mut self) -> Result<bool, &'static str> {
        let rows = match timeout(READ_WITHIN, self.read()).await {
            Ok(Ok(rows)) => rows,
            Ok(Err(error)) if !error.is_retryable() => {
                let error = error_chain(&error);
                tracing::error!(zone.id = %self.tail.zone, error, "a live tail cannot read the ledger");
                return Err("ledger_unreadable");
            }
            // It goes on where it is.
            _ => return Ok(false),
        };
        let more = rows.len() >= PAGE as usize;
        for row in rows {
            let position = u64::try_from(row.chain_seq).unwrap_or(self.after);
            if position > self.after.saturating_add(1) {
                let missing = format!(
                    "event: gap\ndata: {{\"from\":{},\"to\":{}}}\n\n",
                    self.after.saturating_add(1),
                    position.saturating_sub(1)
                );
                self.send(missing).await?;
            }
            self.after = position;
            if self.tail.filter.picks(&row.event) {
                let shown = (self.tail.show)(&row).map_err(|_| "failed")?;
                self.send(format!("id: {position}\ndata: {shown}\n\n")).await?;
            }
        }
        Ok(more)
    }

    async fn read(&self) -> Result<Vec<AuditRow>, Error> {
        let after = i64::try_from(self.after).unwrap_or(i64::MAX);
        let mut work = self.tail.store.zone(&self.tail.zone, Access::Read).await?;
        work.ledger().range(after, PAGE).await
    }

    async fn send(&self, text: String) -> Result<(), &'static str> {
        match self
            .sender
            .send_timeout(Bytes::from(text), self.limits.slow)
            .await
        {
            Ok(()) => Ok(()),
            Err(mpsc::error::SendTimeoutError::Timeout(_)) => Err("slow_reader"),
            Err(mpsc::error::SendTimeoutError::Closed(_)) => Err("reader_gone"),
        }
    }
}
