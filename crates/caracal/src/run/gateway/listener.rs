//! An address on this machine for one target.
//!
//! Whoever may open connections on this machine reaches it, so the address has a part that only the program knows; and a
//! web page that a browser on this machine shows is told apart by the `Host` that it cannot choose.

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use http_body_util::{Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::authority::Authority;
use super::forward::Forward;
use super::refused::Refused;

/// Connections of the program at one time; further ones wait.
const MOST_CONNECTIONS: usize = 256;
/// Longest wait for the head of a request.
const HEAD: Duration = Duration::from_secs(30);
/// Pause after a connection could not be taken, as when descriptors ran out.
const BREATH: Duration = Duration::from_millis(100);

type Body = Either<Incoming, Full<Bytes>>;

/// One address.
pub(super) struct Listener {
    name: String,
    socket: TcpListener,
    context: Rc<ListenerContext>,
}

/// What a connection needs.
struct ListenerContext {
    address: SocketAddr,
    /// First part of every path.
    key: String,
    place: usize,
    resource: String,
    authority: Rc<Authority>,
    forward: Rc<Forward>,
}

impl Listener {
    pub(super) async fn open(
        name: String,
        place: usize,
        authority: Rc<Authority>,
        forward: Rc<Forward>,
    ) -> anyhow::Result<Self> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let context = ListenerContext {
            address: socket.local_addr()?,
            key: uuid::Uuid::new_v4().simple().to_string(),
            place,
            resource: authority.resource(place).to_owned(),
            authority,
            forward,
        };
        Ok(Self {
            name,
            socket,
            context: Rc::new(context),
        })
    }

    /// Variable of the program.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What the program is told; paths of the resource follow it.
    pub(super) fn url(&self) -> String {
        format!("http://{}/{}", self.context.address, self.context.key)
    }

    /// Serves for as long as it is polled. Connections go on by themselves.
    pub(super) async fn serve(&self) {
        let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        loop {
            let Ok(place) = places.clone().acquire_owned().await else {
                return;
            };
            match self.socket.accept().await {
                Ok((stream, _)) => {
                    let context = self.context.clone();
                    tokio::task::spawn_local(async move {
                        serve(stream, context).await;
                        drop(place);
                    });
                }
                Err(_) => tokio::time::sleep(BREATH).await,
            }
        }
    }
}

async fn serve(stream: TcpStream, context: Rc<ListenerContext>) {
    let service = service_fn(move |request| {
        let context = context.clone();
        async move { Ok::<_, std::convert::Infallible>(context.answer(request).await) }
    });
    // The end of a connection is the program's business.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

impl ListenerContext {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let Some(path) = self.path(&request) else {
            return refusal(Refused::stranger());
        };
        let mandate = match self.authority.mandate(self.place).await {
            Ok(mandate) => mandate,
            Err(refused) => return refusal(refused),
        };
        match self.forward.send(request, &path, &self.resource, &mandate).await {
            Ok(response) => response.map(Either::Left),
            Err(sentence) => refusal(Refused::unreachable(&sentence)),
        }
    }

    /// The path and query behind the key, of who knows it and names this address as its host.
    fn path(&self, request: &Request<Incoming>) -> Option<String> {
        let host = request.headers().get(HOST)?.to_str().ok()?;
        let port = self.address.port();
        let named = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        if !named.iter().any(|named| named == host) {
            return None;
        }
        let whole = request.uri().path_and_query()?.as_str().strip_prefix('/')?;
        let end = whole.find(['/', '?']).unwrap_or(whole.len());
        let (key, rest) = whole.split_at(end);
        verify_slices_are_equal(key.as_bytes(), self.key.as_bytes()).ok()?;
        Some(if rest.starts_with('/') {
            rest.to_owned()
        } else {
            format!("/{rest}")
        })
    }
}

fn refusal(refused: Refused) -> Response<Body> {
    let mut response = Response::new(Either::Right(Full::from(refused.body)));
    *response.status_mut() = refused.status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
