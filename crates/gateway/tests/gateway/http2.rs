//! HTTP/2 in, and gRPC through it: frames as real libraries send them, and as none would.

use std::{convert::Infallible, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use caracal_core::{Operation, entity::OperationEnforcement};
use caracal_service::server::ServerLimits;
use http::{HeaderMap, Request, Response, Version};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use crate::stage::{Options, RESOURCE, Stage, TOKEN, directive};

async fn stage() -> Stage {
    stage_with(ServerLimits::default()).await
}

async fn stage_with(limits: ServerLimits) -> Stage {
    let limits = ServerLimits {
        http2: true,
        ..limits
    };
    let stage = Stage::with(Options {
        limits,
        ..Options::default()
    })
    .await;
    stage
        .declare(
            OperationEnforcement::Enforced,
            &[("GRPC", "/chat.Chat/Say"), ("GET", "/a"), ("POST", "/a")],
        )
        .await;
    stage
}

/// Heads that reached the server.
type Heads = mpsc::UnboundedReceiver<http::request::Parts>;

/// A server of gRPC without TLS: says every message back as it comes, then that all is well.
async fn grpc_server() -> (String, Heads) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, heads) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let tell = tell.clone();
            let service = hyper::service::service_fn(move |request: Request<Incoming>| {
                let (head, mut body) = request.into_parts();
                let _ = tell.send(head);
                let (send, receive) = mpsc::channel(8);
                tokio::spawn(async move {
                    while let Some(Ok(frame)) = body.frame().await {
                        if send.send(frame).await.is_err() {
                            return;
                        }
                    }
                    let trailers = [("grpc-status", "0"), ("grpc-message", "fine")];
                    let trailers =
                        trailers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
                    let _ = send.send(Frame::trailers(HeaderMap::from_iter(trailers))).await;
                });
                let response = Response::builder()
                    .header("content-type", "application/grpc")
                    .body(from(receive));
                std::future::ready(Ok::<_, Infallible>(response.unwrap()))
            });
            let serving = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            tokio::spawn(serving.serve_connection(TokioIo::new(stream), service));
        }
    });
    (url, heads)
}

fn from(mut frames: mpsc::Receiver<Frame<Bytes>>) -> Body {
    Body::new(StreamBody::new(futures_util::stream::poll_fn(move |cx| {
        frames.poll_recv(cx).map(|frame| frame.map(Ok::<_, Infallible>))
    })))
}

fn client() -> Client<hyper_util::client::legacy::connect::HttpConnector, Body> {
    Client::builder(TokioExecutor::new())
        .http2_only(true)
        .build_http()
}

/// A message of gRPC with its prefix.
fn message(text: &str) -> Bytes {
    let length = u32::try_from(text.len()).unwrap();
    [&[0], &length.to_be_bytes()[..], text.as_bytes()].concat().into()
}

fn say(stage: &Stage, path: &str, body: Body) -> Request<Body> {
    stage
        .request(&stage.mandate(), path)
        .version(Version::HTTP_2)
        .method("POST")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(body)
        .unwrap()
}

#[tokio::test]
async fn a_call_of_grpc_streams_both_ways_and_ends_with_its_status() {
    let stage = stage().await;
    let (url, mut heads) = grpc_server().await;
    *stage.decision.directive.lock() = directive(&url);
    let (send, receive) = mpsc::channel(8);
    let mut response = client()
        .request(say(&stage, "/chat.Chat/Say", from(receive)))
        .await
        .unwrap();
    assert_eq!(
        (response.status().as_u16(), response.version()),
        (200, Version::HTTP_2)
    );
    let head = heads.recv().await.unwrap();
    assert_eq!(head.version, Version::HTTP_2);
    assert_eq!(head.uri.path(), "/chat.Chat/Say");
    assert_eq!(head.headers["authorization"], format!("Bearer {TOKEN}"));
    assert_eq!(head.headers["te"], "trailers");
    assert!(!head.headers.contains_key("host") && !head.headers.contains_key("x-caracal-resource"));
    for text in ["one", "two"] {
        send.send(Frame::data(message(text))).await.unwrap();
        let frame = response.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(
            frame.into_data().unwrap(),
            message(text),
            "before the next is sent"
        );
    }
    drop(send);
    let trailers = response
        .body_mut()
        .frame()
        .await
        .unwrap()
        .unwrap()
        .into_trailers()
        .unwrap();
    assert_eq!(
        (&trailers["grpc-status"], &trailers["grpc-message"]),
        (&"0".parse().unwrap(), &"fine".parse().unwrap())
    );
    let path = String::from("/chat.Chat/Say");
    assert_eq!(*stage.decision.seen.lock()[0].operation, Operation::Grpc { path });
    assert_eq!(stage.events(1).await.remove(0).evaluation_status, "executed");
}

#[tokio::test]
async fn an_end_of_authority_ends_a_call_of_grpc_with_a_status() {
    let stage = stage().await;
    let (url, _heads) = grpc_server().await;
    *stage.decision.directive.lock() = directive(&url);
    let (send, receive) = mpsc::channel(8);
    let request = say(&stage, "/chat.Chat/Say", from(receive));
    let mut response = client().request(request).await.unwrap();
    send.send(Frame::data(message("one"))).await.unwrap();
    assert!(response.body_mut().frame().await.unwrap().unwrap().is_data());
    stage.revocations.mark(["ses-1"]);
    let trailers = response
        .body_mut()
        .frame()
        .await
        .unwrap()
        .unwrap()
        .into_trailers()
        .unwrap();
    assert_eq!(trailers["grpc-status"], "16");
    assert_eq!(trailers["x-caracal-revoked"], "true");
}

#[tokio::test]
async fn a_request_by_http2_goes_up_as_one_of_http1_and_comes_back() {
    let stage = stage().await;
    let request = |method: &str| {
        stage
            .request(&stage.mandate(), "/a?x=%2F")
            .version(Version::HTTP_2)
            .method(method)
    };
    let client = client();
    let answer = client
        .request(request("POST").body(Body::from("hello")).unwrap())
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("x-request-id") && !answer.headers().contains_key("connection"));
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "hello");
    let received = stage.upstream.only();
    assert_eq!(
        (received.target.to_string().as_str(), &received.body[..]),
        ("/a?x=%2F", &b"hello"[..])
    );
    assert_eq!(
        received.header("host"),
        Some(stage.upstream.address().to_string().as_str())
    );
    assert_eq!(
        received.header("x-forwarded-host"),
        Some(stage.address.to_string().as_str())
    );
    assert_eq!(received.header("content-length"), Some("5"));

    let disguised = request("GET")
        .header("host", "other.test")
        .body(Body::empty())
        .unwrap();
    assert_eq!(client.request(disguised).await.unwrap().status(), 400);
    let many = (0..120).fold(request("GET"), |request, number| {
        request.header(format!("x-{number}"), "1")
    });
    assert_eq!(
        client
            .request(many.body(Body::empty()).unwrap())
            .await
            .unwrap()
            .status(),
        431
    );
    assert_eq!(stage.whole_requests(), 1);
    // The same listener goes on speaking HTTP/1.1.
    assert_eq!(stage.get("/a").await.status, 200);
}

#[tokio::test]
async fn a_body_by_http2_that_stops_is_answered_408_and_aborted_upstream() {
    let stage = stage_with(ServerLimits {
        body_read_timeout: Duration::from_millis(300),
        ..ServerLimits::default()
    })
    .await;
    let (send, receive) = mpsc::channel(1);
    send.send(Frame::data(Bytes::from_static(b"hel"))).await.unwrap();
    let request = stage
        .request(&stage.mandate(), "/a")
        .version(Version::HTTP_2)
        .method("POST");
    let answer = client()
        .request(request.body(from(receive)).unwrap())
        .await
        .unwrap();
    assert_eq!(answer.status(), 408);
    assert_eq!(
        stage.whole_requests(),
        0,
        "the upstream took a part for the whole"
    );
    drop(send);
}

/// A connection that writes frames of its own.
struct Raw(TcpStream);

impl Raw {
    async fn connect(stage: &Stage) -> Self {
        let mut stream = TcpStream::connect(stage.address).await.unwrap();
        stream
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .await
            .unwrap();
        let mut raw = Self(stream);
        assert!(raw.send(4, 0, 0, &[]).await, "settings");
        raw
    }

    /// Whether a frame could be written.
    async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> bool {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        self.0.write_all(&[&head, payload].concat()).await.is_ok()
    }

    /// The kinds of frames about `stream`, or that end everything, until there is one that settles the request.
    async fn verdict(&mut self) -> &'static str {
        loop {
            let mut head = [0; 9];
            if self.0.read_exact(&mut head).await.is_err() {
                return "closed";
            }
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length as usize];
            if self.0.read_exact(&mut payload).await.is_err() {
                return "closed";
            }
            match head[3] {
                1 => return "answered",
                3 => return "reset",
                7 => return "goaway",
                _ => {}
            }
        }
    }
}

/// Fields as literals that no table holds (RFC 7541 §6.2.2).
fn fields(list: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| -> Vec<u8> {
        let mut length = text.len();
        let mut bytes = Vec::new();
        if length < 127 {
            bytes.push(u8::try_from(length).unwrap());
        } else {
            bytes.push(127);
            length -= 127;
            while length >= 128 {
                bytes.push(u8::try_from(length % 128).unwrap() | 0x80);
                length /= 128;
            }
            bytes.push(u8::try_from(length).unwrap());
        }
        bytes.extend(text.bytes());
        bytes
    };
    list.iter()
        .flat_map(|(name, value)| [vec![0], text(name), text(value)].concat())
        .collect()
}

#[tokio::test]
async fn what_would_be_another_request_to_a_server_of_http1_is_none() {
    let stage = stage().await;
    let bearer = format!("Bearer {}", stage.mandate());
    let authority = stage.address.to_string();
    let pseudo = |path: &'static str| {
        [
            (":method", "GET"),
            (":scheme", "http"),
            (":path", path),
            (":authority", &authority),
        ]
    };
    let credentials = [
        ("authorization", bearer.as_str()),
        ("x-caracal-resource", RESOURCE),
    ];
    let smuggled = "x\r\n\r\nGET /admin HTTP/1.1\r\nhost: a";
    for (what, list) in [
        (
            "a coding",
            [
                &pseudo("/a")[..],
                &credentials,
                &[("transfer-encoding", "chunked")],
            ]
            .concat(),
        ),
        (
            "a connection",
            [&pseudo("/a")[..], &credentials, &[("connection", "close")]].concat(),
        ),
        (
            "a line end in a value",
            [&pseudo("/a")[..], &credentials, &[("x-a", smuggled)]].concat(),
        ),
        (
            "a line end in a name",
            [&pseudo("/a")[..], &credentials, &[("x-a: b\r\nx-c", "1")]].concat(),
        ),
        (
            "a name in upper case",
            [&pseudo("/a")[..], &credentials, &[("X-A", "1")]].concat(),
        ),
        (
            "a line end in the path",
            [&pseudo("/a HTTP/1.1\r\nx: y")[..], &credentials].concat(),
        ),
        (
            "a space in the path",
            [&pseudo("/a b")[..], &credentials].concat(),
        ),
        ("a path that is none", [&pseudo("a")[..], &credentials].concat()),
        (
            "two paths",
            [&pseudo("/a")[..], &[(":path", "/admin")], &credentials].concat(),
        ),
        (
            "an unknown pseudo-header",
            [&pseudo("/a")[..], &[(":x", "1")], &credentials].concat(),
        ),
        (
            "a pseudo-header too late",
            [&credentials[..], &pseudo("/a")].concat(),
        ),
        (
            "no path",
            [
                &[
                    (":method", "GET"),
                    (":scheme", "http"),
                    (":authority", &authority),
                ][..],
                &credentials,
            ]
            .concat(),
        ),
        (
            "another host",
            [&pseudo("/a")[..], &credentials, &[("host", "other.test")]].concat(),
        ),
        (
            "no host",
            [
                &[(":method", "GET"), (":scheme", "http"), (":path", "/a")][..],
                &credentials,
            ]
            .concat(),
        ),
        (
            "a body that is not there",
            [&pseudo("/a")[..], &credentials, &[("content-length", "5")]].concat(),
        ),
        (
            "two lengths",
            [
                &pseudo("/a")[..],
                &credentials,
                &[("content-length", "0"), ("content-length", "5")],
            ]
            .concat(),
        ),
        (
            "a tunnel",
            [
                &[(":method", "CONNECT"), (":authority", "127.0.0.1:1")][..],
                &credentials,
            ]
            .concat(),
        ),
        (
            "a socket",
            [
                &[(":method", "CONNECT"), (":protocol", "websocket")][..],
                &pseudo("/a")[1..],
                &credentials,
            ]
            .concat(),
        ),
    ] {
        let mut raw = Raw::connect(&stage).await;
        // The end of the head and of the request.
        assert!(raw.send(1, 0x5, 1, &fields(&list)).await);
        raw.verdict().await;
        stage.upstream.assert_untouched();
        assert!(stage.decision.seen.lock().is_empty(), "{what}");
    }
    let mut raw = Raw::connect(&stage).await;
    assert!(
        raw.send(1, 0x5, 1, &fields(&[&pseudo("/a")[..], &credentials].concat()))
            .await
    );
    assert_eq!(raw.verdict().await, "answered", "the mandate is unspent");
    assert_eq!(stage.upstream.requests(), 1);
}

#[tokio::test]
async fn who_resets_or_goes_on_without_end_is_not_served_on() {
    let stage = stage().await;
    let authority = stage.address.to_string();
    let head = fields(&[
        (":method", "GET"),
        (":scheme", "http"),
        (":path", "/a"),
        (":authority", &authority),
    ]);
    // Opens and resets.
    let mut raw = Raw::connect(&stage).await;
    for stream in (1..40_001_u32).step_by(2) {
        if !(raw.send(1, 0x5, stream, &head).await && raw.send(3, 0, stream, &8_u32.to_be_bytes()).await) {
            break;
        }
    }
    while !matches!(raw.verdict().await, "goaway" | "closed") {}
    // A head that has no end.
    let mut raw = Raw::connect(&stage).await;
    assert!(raw.send(1, 0x1, 1, &head).await);
    let more = fields(&[("x-more", &"a".repeat(1000))]);
    for _ in 0..100_000 {
        if !raw.send(9, 0, 1, &more).await {
            break;
        }
    }
    while !matches!(raw.verdict().await, "goaway" | "closed" | "reset") {}
    // Settings and pings that want an answer each.
    let mut raw = Raw::connect(&stage).await;
    for _ in 0..1000 {
        if !(raw.send(4, 0, 0, &[]).await && raw.send(6, 0, 0, &[7; 8]).await) {
            break;
        }
    }
    stage.upstream.assert_untouched();
    assert_eq!(stage.get("/a").await.status, 200, "others are served");
}

#[tokio::test]
async fn a_drain_lets_the_calls_of_a_connection_end() {
    let stage = stage().await;
    let live = stage.streams("text/plain");
    let request = stage
        .request(&stage.mandate(), "/a")
        .version(Version::HTTP_2)
        .body(Body::empty())
        .unwrap();
    let mut response = client().request(request).await.unwrap();
    assert!(live.send("first").await);
    assert!(response.body_mut().frame().await.unwrap().unwrap().is_data());
    stage.shutdown.cancel();
    assert!(live.send("second").await);
    assert!(response.body_mut().frame().await.unwrap().unwrap().is_data());
    drop(live);
    while let Some(frame) = response.body_mut().frame().await {
        assert!(frame.is_ok());
    }
    stage.drained().await;
}
