//! Stands between a socket and hyper: passes on whole, unambiguous requests, and keeps the time.
//!
//! A head that is refused never reaches hyper. In its place hyper reads a request of our own that asks to close, and
//! [`super::connection`] answers it with the refusal: answers before it stay in order, are flushed, and the refusal
//! gets its id, log line and metric like any other. A body that is malformed or late ends with an error.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use super::{ServerLimits, head::Fault, scan::Scanner, shared::Shared};

/// What hyper reads in place of a refused head.
const REFUSED_HEAD: &[u8] = b"GET / HTTP/1.1\r\nHost: refused\r\nConnection: close\r\n\r\n";

/// How long, and how much, is read of what a refused client still sends. Closing a socket with unread bytes resets
/// it, and the client would lose the answer that tells it what was wrong.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);
const DRAIN_BYTES: usize = 1 << 20;

/// What comes behind the bytes that wait to be passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// More from the socket.
    More,
    /// The answer says: requests, or another protocol.
    Answer,
    /// Whatever comes: the connection is another protocol's.
    Everything,
    /// The request that stands for a refused head, once those before it are answered.
    Refusal(Fault),
    /// Nothing, but the connection stays open for the answer.
    Silence,
    /// An error: the body is malformed or late.
    Broken(Fault),
}

/// A socket that only lets requests through.
#[derive(Debug)]
pub(super) struct Guard<S> {
    socket: S,
    scanner: Scanner,
    /// Bytes of a head that is not complete, or approved bytes that had no room; `ready` of them may go.
    held: Vec<u8>,
    ready: usize,
    then: Then,
    shared: Arc<Shared>,
    limits: ServerLimits,
    alarm: Pin<Box<Sleep>>,
    /// Since when the client is waited for.
    waiting: Option<Instant>,
    /// How long the present body was waited for, in all.
    waited: Duration,
    /// Since when the head that is held is not complete.
    quiet_since: Instant,
    heads_seen: u64,
    peer_ended: bool,
    /// Until when, and how many bytes, are read after the last answer.
    lingering: Option<(Instant, usize)>,
}

impl<S> Guard<S> {
    pub(super) fn new(socket: S, limits: ServerLimits, shared: Arc<Shared>) -> Self {
        let now = Instant::now();
        Self {
            socket,
            scanner: Scanner::new(limits.max_head_bytes),
            held: Vec::new(),
            ready: 0,
            then: Then::More,
            shared,
            limits,
            alarm: Box::pin(sleep_until(now + limits.header_read_timeout)),
            waiting: None,
            waited: Duration::ZERO,
            quiet_since: now,
            heads_seen: 0,
            peer_ended: false,
            lingering: None,
        }
    }

    /// Whether `deadline` has passed; otherwise the task is woken then. The alarm is only ever moved forward.
    fn passed(&mut self, cx: &mut Context<'_>, deadline: Instant) -> bool {
        if self.alarm.deadline() > deadline {
            self.alarm.as_mut().reset(deadline);
        }
        while self.alarm.as_mut().poll(cx).is_ready() {
            if Instant::now() >= deadline {
                return true;
            }
            self.alarm.as_mut().reset(deadline);
        }
        false
    }

    /// The socket has nothing: how long may that last?
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.scanner.in_body() {
            let since = *self.waiting.get_or_insert_with(Instant::now);
            let earned =
                Duration::from_secs(self.scanner.body_bytes / u64::from(self.limits.body_min_rate.max(1)));
            let left = (self.limits.body_read_timeout + earned).saturating_sub(self.waited);
            if self.passed(cx, since + left) {
                self.then = Then::Broken(Fault::BodyTimeout);
            }
            return Poll::Pending;
        }
        if self.shared.is_busy() {
            // The client waits for us, and what it sent ahead is not late. Once answered, hyper reads again when
            // something wakes it: the alarm does, should nothing else come.
            self.waiting = None;
            let timeout = if self.held.is_empty() {
                self.limits.idle_timeout
            } else {
                self.limits.header_read_timeout
            };
            self.passed(cx, Instant::now() + timeout);
            return Poll::Pending;
        }
        let answered_at = self.shared.answered_at();
        let since = *self
            .waiting
            .get_or_insert_with(|| answered_at.unwrap_or_else(Instant::now));
        if !self.held.is_empty() {
            let quiet_since = answered_at.map_or(self.quiet_since, |at| self.quiet_since.max(at));
            if self.passed(cx, quiet_since + self.limits.header_read_timeout) {
                self.refuse_head(Fault::HeadTimeout);
            }
            return Poll::Pending;
        }
        if self.shared.ends_when_idle() {
            return Poll::Ready(Ok(()));
        }
        let quiet = if self.scanner.heads == 0 {
            self.limits.header_read_timeout
        } else {
            self.limits.idle_timeout
        };
        if self.passed(cx, since + quiet) {
            // Nothing was asked, so nothing is answered: the end of the stream.
            return Poll::Ready(Ok(()));
        }
        Poll::Pending
    }

    fn refuse_head(&mut self, fault: Fault) {
        self.held.truncate(self.ready);
        self.then = Then::Refusal(fault);
    }

    /// Something came.
    fn came(&mut self) {
        if let Some(since) = self.waiting.take()
            && self.scanner.in_body()
        {
            self.waited += since.elapsed();
        }
    }

    /// Sorts what came: passed on, kept until there is more, or refused.
    fn sort(&mut self, buf: &mut ReadBuf<'_>, before: usize) {
        let step = if self.held.is_empty() {
            let fresh = buf.filled().get(before..).unwrap_or_default();
            let step = self.scanner.advance(fresh);
            if let Some(rest @ [_, ..]) = fresh.get(step.approved..)
                && step.fault.is_none()
            {
                self.held.extend_from_slice(rest);
                self.quiet_since = Instant::now();
            }
            buf.set_filled(before + step.approved);
            step
        } else {
            self.held
                .extend_from_slice(buf.filled().get(before..).unwrap_or_default());
            buf.set_filled(before);
            let step = self.scanner.advance(&self.held);
            self.ready = step.approved;
            if self.ready > 0 {
                self.quiet_since = Instant::now();
            }
            step
        };
        if self.scanner.heads != self.heads_seen {
            self.heads_seen = self.scanner.heads;
            self.waited = Duration::ZERO;
        }
        match step.fault {
            Some(fault) if step.in_body => {
                self.held.truncate(self.ready);
                self.then = Then::Broken(fault);
            }
            Some(fault) => self.refuse_head(fault),
            None if self.scanner.is_over() => {
                self.held.truncate(self.ready);
                self.then = Then::Silence;
            }
            None if self.scanner.is_undecided() => self.then = Then::Answer,
            None => {}
        }
    }

    /// The request that asked for another protocol is answered: what was sent behind it is passed on, or sorted.
    fn decided(&mut self) {
        if self.shared.is_switched() {
            self.ready = self.held.len();
            self.then = Then::Everything;
            return;
        }
        self.scanner.stays_http();
        self.then = Then::More;
        self.waiting = None;
        if !self.held.is_empty() {
            self.sort(&mut ReadBuf::new(&mut []), 0);
        }
    }

    /// Whether every request that was passed on has its answer.
    fn is_answered(&self) -> bool {
        self.shared.answers() >= self.scanner.heads
    }

    /// Hands out held bytes that may go.
    fn hand_out(&mut self, buf: &mut ReadBuf<'_>) {
        let count = self.ready.min(buf.remaining());
        buf.put_slice(self.held.get(..count).unwrap_or_default());
        self.held.drain(..count);
        self.ready -= count;
        if self.held.is_empty() {
            self.held = Vec::new();
        }
    }
}

impl<S> Drop for Guard<S> {
    fn drop(&mut self) {
        self.shared.lets_go();
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let guard = self.get_mut();
        loop {
            if guard.ready > 0 {
                guard.hand_out(buf);
                return Poll::Ready(Ok(()));
            }
            match guard.then {
                Then::More => {}
                Then::Everything => return Pin::new(&mut guard.socket).poll_read(cx, buf),
                Then::Answer => {
                    if !guard.is_answered() {
                        guard.shared.register(cx.waker());
                        // The answer may have ended in between.
                        if !guard.is_answered() {
                            return Poll::Pending;
                        }
                    }
                    guard.decided();
                    continue;
                }
                Then::Refusal(_) | Then::Silence if guard.shared.is_busy() => {
                    guard.shared.register(cx.waker());
                    // The answer may have ended in between.
                    if guard.shared.is_busy() {
                        return Poll::Pending;
                    }
                    continue;
                }
                Then::Refusal(fault) => {
                    guard.shared.refuse(fault);
                    guard.held = REFUSED_HEAD.to_vec();
                    guard.ready = guard.held.len();
                    guard.then = Then::Silence;
                    continue;
                }
                Then::Silence => return Poll::Ready(Ok(())),
                Then::Broken(fault) => {
                    guard.shared.refuse(fault);
                    let kind = match fault {
                        Fault::BodyTimeout => io::ErrorKind::TimedOut,
                        _ => io::ErrorKind::InvalidData,
                    };
                    return Poll::Ready(Err(kind.into()));
                }
            }
            let before = buf.filled().len();
            match Pin::new(&mut guard.socket).poll_read(cx, buf) {
                Poll::Pending => match guard.wait(cx) {
                    // It lasted too long, which is answered at once.
                    Poll::Pending if guard.then != Then::More => {}
                    waited => return waited,
                },
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(())) if buf.filled().len() == before => {
                    guard.peer_ended = true;
                    return Poll::Ready(Ok(()));
                }
                Poll::Ready(Ok(())) => {
                    guard.came();
                    guard.sort(buf, before);
                    if buf.filled().len() > before {
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let guard = self.get_mut();
        let (until, mut left) = if let Some(lingering) = guard.lingering {
            lingering
        } else {
            ready!(Pin::new(&mut guard.socket).poll_shutdown(cx))?;
            let unread = guard.scanner.in_body() || guard.shared.fault().is_some();
            if !unread || guard.peer_ended {
                return Poll::Ready(Ok(()));
            }
            (Instant::now() + DRAIN_TIMEOUT, DRAIN_BYTES)
        };
        let mut scratch = [0_u8; 4096];
        while left > 0 {
            let mut buf = ReadBuf::new(&mut scratch);
            match Pin::new(&mut guard.socket).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {
                    left = left.saturating_sub(buf.filled().len());
                }
                Poll::Ready(_) => break,
                Poll::Pending => {
                    guard.lingering = Some((until, left));
                    if guard.passed(cx, until) {
                        break;
                    }
                    return Poll::Pending;
                }
            }
        }
        guard.lingering = Some((until, 0));
        Poll::Ready(Ok(()))
    }
}
