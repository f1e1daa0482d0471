//! Accepting, recording and answering.

use std::{
    collections::VecDeque,
    future::pending,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Body as _, Frame, Incoming};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, futures::Notified, watch},
};

use super::{Answer, Received};

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// What the upstream remembers, and how it answers.
#[derive(Debug)]
pub(super) struct State {
    received: Mutex<Vec<Received>>,
    queued: Mutex<VecDeque<Answer>>,
    otherwise: Mutex<Answer>,
    changed: Notify,
    connections: AtomicUsize,
    open: AtomicUsize,
    stopped: watch::Sender<bool>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            received: Mutex::default(),
            queued: Mutex::default(),
            otherwise: Mutex::new(Answer::Echo),
            changed: Notify::new(),
            connections: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            stopped: watch::Sender::new(false),
        }
    }
}

impl State {
    pub(super) fn always(&self, answer: Answer) {
        *self.otherwise.lock() = answer;
    }

    pub(super) fn next(&self, answer: Answer) {
        self.queued.lock().push_back(answer);
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.received.lock().clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(super) fn open_connections(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// Completes at the next change after this call.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Closes every connection.
    pub(super) fn stop(&self) {
        self.stopped.send_replace(true);
    }

    fn answer(&self) -> Answer {
        let queued = self.queued.lock().pop_front();
        queued.unwrap_or_else(|| self.otherwise.lock().clone())
    }

    /// Notes the head of a request; returns its place.
    fn arrived(&self, request: &Request<Incoming>) -> usize {
        let mut received = self.received.lock();
        received.push(Received {
            method: request.method().clone(),
            target: request.uri().clone(),
            headers: request.headers().clone(),
            body: Bytes::new(),
            complete: request.body().is_end_stream(),
            trailers: HeaderMap::new(),
        });
        let place = received.len() - 1;
        drop(received);
        self.changed.notify_waiters();
        place
    }

    fn update(&self, place: usize, change: impl FnOnce(&mut Received)) {
        if let Some(received) = self.received.lock().get_mut(place) {
            change(received);
        }
        self.changed.notify_waiters();
    }
}

/// Takes connections until it is aborted.
pub(super) async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        state.connections.fetch_add(1, Ordering::SeqCst);
        state.open.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(connection(stream, state.clone()));
    }
}

async fn connection(stream: TcpStream, state: Arc<State>) {
    let mut stopped = state.stopped.subscribe();
    let service = hyper::service::service_fn(|request| handle(request, state.clone()));
    // Half-closed clients are gone clients: a gateway never half-closes.
    let serving = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::select! {
        // A broken connection is the client's affair; what arrived is remembered.
        _ = serving => {}
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
    state.open.fetch_sub(1, Ordering::SeqCst);
    state.changed.notify_waiters();
}

async fn handle(mut request: Request<Incoming>, state: Arc<State>) -> Result<Response<Body>, io::Error> {
    let place = state.arrived(&request);
    let mut answer = state.answer();
    let mut pause = Duration::ZERO;
    loop {
        answer = match answer {
            Answer::ReadSlowly { pause: asked, then } => {
                pause = asked;
                *then
            }
            Answer::Behind { gate, then } => {
                gate.passed().await;
                *then
            }
            other => break answer_with(other, &mut request, &state, place, pause).await,
        };
    }
}

async fn answer_with(
    answer: Answer,
    request: &mut Request<Incoming>,
    state: &State,
    place: usize,
    pause: Duration,
) -> Result<Response<Body>, io::Error> {
    if matches!(answer, Answer::EchoUpgrade) {
        return upgrade(request);
    }
    if matches!(answer, Answer::Drop) {
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    let body = read(request.body_mut(), state, place, pause).await?;
    let mut response = Response::new(whole(Bytes::new()));
    match answer {
        Answer::Fixed {
            status,
            headers,
            body,
        } => {
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            *response.body_mut() = whole(body);
        }
        Answer::Paced {
            content_type,
            chunks,
            pause,
        } => {
            response.headers_mut().insert(header::CONTENT_TYPE, content_type);
            *response.body_mut() = paced(chunks, pause);
        }
        Answer::Live(live) => {
            *response.headers_mut() = live.headers;
            let frames = stream::unfold(live.frames, |frames| async move {
                let frame = frames.lock().await.recv().await?;
                Some((
                    frame.ok_or_else(|| io::ErrorKind::ConnectionAborted.into()),
                    frames,
                ))
            });
            *response.body_mut() = StreamBody::new(frames).boxed_unsync();
        }
        Answer::Cut { body } => {
            let announced = HeaderValue::from(body.len() + 1);
            response.headers_mut().insert(header::CONTENT_LENGTH, announced);
            let cut = Err(io::ErrorKind::ConnectionAborted.into());
            *response.body_mut() = streamed(paused(vec![Ok(body), cut]));
        }
        Answer::Hang => pending::<()>().await,
        Answer::Echo => {
            if let Some(content_type) = request.headers().get(header::CONTENT_TYPE) {
                response
                    .headers_mut()
                    .insert(header::CONTENT_TYPE, content_type.clone());
            }
            *response.body_mut() = whole(body);
        }
        Answer::Drop | Answer::EchoUpgrade | Answer::ReadSlowly { .. } | Answer::Behind { .. } => {
            unreachable!("answered before the body was read")
        }
    }
    Ok(response)
}

/// Reads the whole body, noting it as it comes.
async fn read(body: &mut Incoming, state: &State, place: usize, pause: Duration) -> Result<Bytes, io::Error> {
    let mut whole = Vec::new();
    loop {
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        let Some(frame) = body.frame().await else { break };
        match frame.map_err(io::Error::other)?.into_data() {
            Ok(data) => {
                whole.extend_from_slice(&data);
                state.update(place, |received| received.body = whole.clone().into());
            }
            Err(frame) => {
                let trailers = frame.into_trailers().unwrap_or_default();
                state.update(place, |received| received.trailers = trailers);
            }
        }
    }
    state.update(place, |received| received.complete = true);
    Ok(whole.into())
}

/// Switches to the protocol asked for, and returns every byte.
fn upgrade(request: &mut Request<Incoming>) -> Result<Response<Body>, io::Error> {
    let protocol = request
        .headers()
        .get(header::UPGRADE)
        .cloned()
        .ok_or(io::ErrorKind::InvalidInput)?;
    let upgraded = hyper::upgrade::on(request);
    tokio::spawn(async move {
        if let Ok(upgraded) = upgraded.await {
            let (mut from, mut to) = tokio::io::split(TokioIo::new(upgraded));
            let _ = tokio::io::copy(&mut from, &mut to).await;
        }
    });
    let mut response = Response::new(whole(Bytes::new()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    response.headers_mut().insert(header::UPGRADE, protocol);
    Ok(response)
}

fn whole(body: Bytes) -> Body {
    Full::new(body).map_err(|never| match never {}).boxed_unsync()
}

fn paced(chunks: Vec<Bytes>, pause: Duration) -> Body {
    let chunks = chunks.into_iter().map(Ok).enumerate();
    streamed(stream::unfold(chunks, move |mut chunks| async move {
        let (index, chunk) = chunks.next()?;
        if index > 0 {
            tokio::time::sleep(pause).await;
        }
        Some((chunk, chunks))
    }))
}

/// The parts one after another, each flushed to the network before the next: hyper writes what it has when a body
/// is not ready.
fn paused(parts: Vec<Result<Bytes, io::Error>>) -> impl stream::Stream<Item = Result<Bytes, io::Error>> {
    stream::unfold(parts.into_iter(), |mut parts| async move {
        let part = parts.next()?;
        if part.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Some((part, parts))
    })
}

fn streamed(chunks: impl stream::Stream<Item = Result<Bytes, io::Error>> + Send + 'static) -> Body {
    StreamBody::new(futures_util::StreamExt::map(chunks, |chunk| {
        chunk.map(Frame::data)
    }))
    .boxed_unsync()
}
