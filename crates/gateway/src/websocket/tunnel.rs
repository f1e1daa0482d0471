//! Both directions of an open WebSocket, under governance until either side, or we, end it.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    time::{Instant, Sleep, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use super::frames::{FrameFault, Frames, Sender, close};
use crate::{
    governed::{Cut, Governed},
    outcome::{End, FailureKind},
};

/// Bytes read at once in each direction.
const BUFFER_BYTES: usize = 16 * 1024;
/// How long the other side may take to hang up once one has, or has said that it will, and how long a last word of ours
/// may take.
const HANG_UP: Duration = Duration::from_secs(5);
const LAST_WORD: Duration = Duration::from_millis(500);

/// Why a socket is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CloseCause {
    /// Both sides hung up, or one did and the other had its time to.
    HungUp(Sender),
    /// A side cannot be read from or written to.
    Broken(Sender),
    /// A side sent what is no WebSocket, or too much at once.
    Faulty(Sender, FrameFault),
    Cut(Cut),
    /// The listener drains.
    Draining,
}

/// What happened in one direction.
enum Step {
    /// So many bytes were passed on.
    Passed(usize),
    /// Its sender hung up, and everything was passed on.
    Ended,
    Closed(CloseCause),
}

/// One direction.
struct Pipe {
    sender: Sender,
    frames: Frames,
    buffer: Box<[u8]>,
    /// What of the buffer is still to be passed on.
    from: usize,
    to: usize,
    unflushed: bool,
    ended: bool,
}

impl Pipe {
    fn new(sender: Sender, extended: bool, max_message: u64) -> Self {
        Self {
            sender,
            frames: Frames::new(sender, extended, max_message),
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            from: 0,
            to: 0,
            unflushed: false,
            ended: false,
        }
    }

    /// Whether its sender said that it closes, and that was passed on.
    const fn has_closed(&self) -> bool {
        self.from == self.to && self.frames.is_closed() && self.frames.is_between_frames()
    }

    /// Whether a frame of ours may follow what was passed on.
    fn is_between_frames(&self) -> bool {
        self.from == self.to && self.frames.is_between_frames() && !self.frames.is_closed() && !self.ended
    }

    fn poll<R, W>(&mut self, cx: &mut Context<'_>, reader: &mut R, writer: &mut W) -> Poll<Step>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let other = match self.sender {
            Sender::Caller => Sender::Upstream,
            Sender::Upstream => Sender::Caller,
        };
        loop {
            if self.from < self.to {
                let left = self.buffer.get(self.from..self.to).unwrap_or_default();
                match ready!(Pin::new(&mut *writer).poll_write(cx, left)) {
                    Ok(written) if written > 0 => {
                        self.from = self.from.saturating_add(written);
                        self.unflushed = true;
                        return Poll::Ready(Step::Passed(written));
                    }
                    _ => return Poll::Ready(Step::Closed(CloseCause::Broken(other))),
                }
            }
            if self.ended {
                return Poll::Pending;
            }
            let mut buffer = ReadBuf::new(&mut self.buffer);
            match Pin::new(&mut *reader).poll_read(cx, &mut buffer) {
                // Flushed when there is nothing to send along.
                Poll::Pending if self.unflushed => {
                    if ready!(Pin::new(&mut *writer).poll_flush(cx)).is_err() {
                        return Poll::Ready(Step::Closed(CloseCause::Broken(other)));
                    }
                    self.unflushed = false;
                    return Poll::Pending;
                }
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => return Poll::Ready(Step::Closed(CloseCause::Broken(self.sender))),
                Poll::Ready(Ok(())) => {}
            }
            (self.from, self.to) = (0, buffer.filled().len());
            if self.to == 0 {
                self.ended = true;
                return Poll::Ready(Step::Ended);
            }
            if let Err(fault) = self.frames.advance(buffer.filled()) {
                self.to = 0;
                return Poll::Ready(Step::Closed(CloseCause::Faulty(self.sender, fault)));
            }
        }
    }
}

/// An open socket.
pub(super) struct Tunnel<C, U> {
    caller: C,
    upstream: U,
    up: Pipe,
    down: Pipe,
    governed: Governed,
    /// Who hung up first, and until when the other may take.
    hung_up: Option<(Sender, Pin<Box<Sleep>>)>,
}

impl<C, U> Tunnel<C, U>
where
    C: AsyncRead + AsyncWrite + Unpin,
    U: AsyncRead + AsyncWrite + Unpin,
{
    /// `extended` says whether caller and upstream agreed on an extension.
    pub(super) fn new(caller: C, upstream: U, extended: bool, governed: Governed) -> Self {
        let most = governed.gateway().deps.config.max_request_bytes;
        Self {
            caller,
            upstream,
            up: Pipe::new(Sender::Caller, extended, most),
            // What a resource sends is as long as it likes, as with every answer.
            down: Pipe::new(Sender::Upstream, extended, u64::MAX),
            governed,
            hung_up: None,
        }
    }

    /// Carries the socket until it is over, and records how it ended.
    pub(super) async fn run(mut self, draining: CancellationToken) {
        // Authority may have ended while the socket was opened.
        let over = if self.governed.is_revoked() {
            CloseCause::Cut(Cut::Revoked)
        } else {
            tokio::select! {
                biased;
                () = draining.cancelled() => CloseCause::Draining,
                over = poll_fn(|cx| self.poll(cx)) => over,
            }
        };
        self.end(over).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<CloseCause> {
        loop {
            match (self.up.has_closed(), self.down.has_closed()) {
                (true, true) => return Poll::Ready(CloseCause::HungUp(Sender::Upstream)),
                (true, false) => self.waits_for_hanging_up(Sender::Caller),
                (false, true) => self.waits_for_hanging_up(Sender::Upstream),
                (false, false) => {}
            }
            let Self {
                caller,
                upstream,
                up,
                down,
                governed,
                hung_up,
            } = self;
            let polled = governed.poll(cx, |cx| {
                if let Poll::Ready(step) = down.poll(cx, upstream, caller) {
                    return Poll::Ready((Sender::Upstream, step));
                }
                if let Poll::Ready(step) = up.poll(cx, caller, upstream) {
                    return Poll::Ready((Sender::Caller, step));
                }
                if let Some((_, until)) = hung_up {
                    ready!(until.as_mut().poll(cx));
                    return Poll::Ready((Sender::Caller, Step::Closed(CloseCause::HungUp(Sender::Caller))));
                }
                Poll::Pending
            });
            match ready!(polled) {
                Err(cut) => return Poll::Ready(CloseCause::Cut(cut)),
                Ok((Sender::Upstream, Step::Passed(bytes))) => governed.outcome.passed_on(bytes),
                Ok((Sender::Caller, Step::Passed(bytes))) => governed.outcome.passed_up(bytes),
                Ok((sender, Step::Ended)) => {
                    if let Some((first, _)) = hung_up {
                        return Poll::Ready(CloseCause::HungUp(*first));
                    }
                    // The other side may still have to say its last.
                    let told = match sender {
                        Sender::Caller => Pin::new(upstream).poll_shutdown(cx),
                        Sender::Upstream => Pin::new(caller).poll_shutdown(cx),
                    };
                    if let Poll::Ready(Err(_)) = told {
                        return Poll::Ready(CloseCause::HungUp(sender));
                    }
                    self.waits_for_hanging_up(sender);
                }
                Ok((_, Step::Closed(CloseCause::HungUp(_)))) => {
                    let first = hung_up.as_ref().map_or(Sender::Caller, |(first, _)| *first);
                    return Poll::Ready(CloseCause::HungUp(first));
                }
                Ok((_, Step::Closed(over))) => return Poll::Ready(over),
            }
        }
    }

    fn waits_for_hanging_up(&mut self, first: Sender) {
        let until = || (first, Box::pin(sleep_until(Instant::now() + HANG_UP)));
        self.hung_up.get_or_insert_with(until);
    }

    /// Tells both sides, where that can be told, and records the end.
    async fn end(mut self, over: CloseCause) {
        let end = self.recorded(over);
        // First: nothing may pass any more, and whoever reads the evidence need not wait for two sides to hang up.
        match over {
            CloseCause::Cut(cut @ Cut::Revoked) => self.governed.cut(cut),
            _ => self.governed.end(end),
        }
        let word = match over {
            CloseCause::Cut(Cut::Revoked) => Some((1008, "authority ended")),
            CloseCause::Cut(Cut::Idle) => Some((1001, "nothing was said for too long")),
            CloseCause::Draining => Some((1012, "the gateway restarts")),
            CloseCause::Faulty(Sender::Caller, FrameFault::Invalid) => {
                Some((1002, "not a frame of a WebSocket"))
            }
            CloseCause::Faulty(Sender::Caller, FrameFault::TooLarge) => {
                Some((1009, "the message is too large"))
            }
            CloseCause::Faulty(Sender::Upstream, _) => Some((1011, "the upstream broke the protocol")),
            CloseCause::Broken(Sender::Upstream) => Some((1011, "the upstream broke off")),
            CloseCause::Broken(Sender::Caller) | CloseCause::HungUp(_) => None,
        };
        let mut mask = [0; 4];
        self.governed.gateway().deps.world.random.fill(&mut mask);
        let (to_caller, to_upstream) = match word {
            Some((code, reason)) => (
                (self.down.is_between_frames()).then(|| close(Sender::Upstream, code, reason, mask)),
                // Why is between the caller and us.
                (self.up.is_between_frames()).then(|| close(Sender::Caller, 1001, "", mask)),
            ),
            None => (None, None),
        };
        let (caller, upstream) = (&mut self.caller, &mut self.upstream);
        let _ = timeout(LAST_WORD, async {
            tokio::join!(last_word(caller, to_caller), last_word(upstream, to_upstream))
        })
        .await;
    }

    fn recorded(&self, over: CloseCause) -> End {
        match over {
            // One of them said that it would.
            CloseCause::HungUp(_) | CloseCause::Broken(_)
                if self.up.frames.is_closed() || self.down.frames.is_closed() =>
            {
                End::Executed
            }
            CloseCause::HungUp(Sender::Caller) | CloseCause::Broken(Sender::Caller) => {
                End::Failed(FailureKind::ClientCancelled)
            }
            CloseCause::HungUp(Sender::Upstream) | CloseCause::Broken(Sender::Upstream) => {
                End::Failed(FailureKind::ResponseCopyFailed)
            }
            CloseCause::Faulty(Sender::Caller, FrameFault::TooLarge) => {
                End::Failed(FailureKind::RequestTooLarge)
            }
            CloseCause::Faulty(Sender::Caller, FrameFault::Invalid) => {
                End::Failed(FailureKind::RequestFrameInvalid)
            }
            CloseCause::Faulty(Sender::Upstream, _) => End::Failed(FailureKind::UpstreamResponseInvalid),
            CloseCause::Cut(Cut::Revoked) => End::Revoked,
            CloseCause::Cut(Cut::Idle) => End::Failed(FailureKind::SocketIdle),
            CloseCause::Draining => End::Failed(FailureKind::GatewayDraining),
        }
    }
}

async fn last_word(side: &mut (impl AsyncWrite + Unpin), word: Option<Vec<u8>>) -> io::Result<()> {
    if let Some(word) = word {
        side.write_all(&word).await?;
    }
    side.flush().await?;
    side.shutdown().await
}
