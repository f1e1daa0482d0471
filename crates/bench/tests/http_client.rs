//! The generator's client against servers that behave and servers that do not.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use caracal_bench::{
    http::{Connection, HttpError},
    upstream::Upstream,
};
use caracal_core::World;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::{
    Request, Response,
    body::{Frame, Incoming},
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

/// A server that sends `answer` in pieces of `step` bytes for every request, then closes if `close`.
async fn scripted(answer: &'static [u8], step: usize, close: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                for piece in answer.chunks(step) {
                    stream.write_all(piece).await.unwrap();
                    tokio::time::sleep(Duration::from_micros(100)).await;
                }
                if close {
                    break;
                }
            }
        }
    });
    address
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

async fn exchange(answer: &'static [u8], step: usize, close: bool) -> Result<(u16, Vec<u8>), HttpError> {
    let mut connection = Connection::new(scripted(answer, step, close).await);
    connection
        .exchange(REQUEST)
        .await
        .map(|answer| (answer.status, answer.body.to_vec()))
}

#[tokio::test]
async fn answers_that_cannot_be_trusted_are_errors() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\n\r\nno length"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"SSH-2.0-x\r\n\r\n",
    ] {
        let found = exchange(answer, 4096, false).await;
        assert!(matches!(found, Err(HttpError::Malformed(_))), "{found:?}");
    }
}

#[tokio::test]
async fn an_answer_cut_short_is_an_error() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200",
    ] {
        let found = exchange(answer, 4096, true).await;
        assert!(matches!(found, Err(HttpError::Closed)), "{found:?}");
    }
}

#[tokio::test]
async fn an_answer_is_the_same_however_it_arrives() {
    let plain = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello";
    let chunked =
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
    for step in [1, 7, 4096] {
        for answer in [&plain[..], &chunked[..]] {
            assert_eq!(
                exchange(answer, step, false).await.unwrap(),
                (201, b"hello".to_vec())
            );
        }
    }
}

#[tokio::test]
async fn a_closed_connection_is_replaced_for_the_next_request() {
    let answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
    let mut connection = Connection::new(scripted(answer, 4096, true).await);
    for _ in 0..3 {
        assert_eq!(connection.exchange(REQUEST).await.unwrap().body, b"ok");
    }
}

#[tokio::test]
async fn a_connection_recovers_after_a_failed_exchange() {
    // The peer closes without saying so.
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let mut connection = Connection::new(scripted(answer, 4096, true).await);
    assert_eq!(connection.exchange(REQUEST).await.unwrap().body, b"ok");
    assert!(connection.exchange(REQUEST).await.is_err());
    assert_eq!(connection.exchange(REQUEST).await.unwrap().body, b"ok");
}

#[tokio::test]
async fn the_client_and_hyper_agree_over_a_kept_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let echo = service_fn(|request: Request<Incoming>| async move {
            let stream = request.uri().path() == "/stream";
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let body = if stream {
                // No known length, so hyper sends chunks.
                let frames = [body.slice(..body.len() / 2), body.slice(body.len() / 2..)];
                let frames = frames.map(|bytes| Ok::<_, Infallible>(Frame::data(bytes)));
                StreamBody::new(futures_stream(frames)).boxed()
            } else {
                Full::new(body).boxed()
            };
            Ok::<_, Infallible>(Response::new(body))
        });
        // One accept: a client that reconnects would wait for ever.
        hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), echo)
            .await
            .unwrap();
    });
    let mut connection = Connection::new(address);
    for size in [0, 1, 100, 8 * 1024, 100_000, 1_000_000] {
        for path in ["/plain", "/stream"] {
            let body: Vec<u8> = (0..size)
                .map(|index| u8::try_from(index % 251).unwrap())
                .collect();
            let mut request =
                format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n").into_bytes();
            request.extend_from_slice(&body);
            let answer = connection.exchange(&request).await.unwrap();
            assert_eq!(
                (answer.status, answer.body),
                (200, body.as_slice()),
                "{path} {size}"
            );
        }
    }
}

fn futures_stream<T>(items: [T; 2]) -> impl futures_util::Stream<Item = T> {
    futures_util::stream::iter(items)
}

#[tokio::test]
async fn the_upstream_serves_only_who_brings_the_key_and_no_mandate() {
    let upstream = Upstream::start(&World::for_tests(), 3).await.unwrap();
    let mut connection = Connection::new(upstream.address());
    let key = upstream.key().expose().to_owned();
    let mut status = async |fields: &str| {
        let request = format!("GET /bench HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
        connection.exchange(request.as_bytes()).await.unwrap().status
    };
    assert_eq!(status("").await, 401);
    assert_eq!(status("X-Api-Key: wrong\r\n").await, 401);
    assert_eq!(
        status(&format!("X-Api-Key: {key}\r\nAuthorization: Bearer m\r\n")).await,
        401
    );
    assert_eq!(status(&format!("x-api-key: {key}\r\n")).await, 200);
    assert_eq!((upstream.served(), upstream.refused()), (1, 3));
}

#[tokio::test]
async fn the_upstream_reads_bodies_of_both_framings_and_answers_the_payload() {
    let upstream = Upstream::start(&World::for_tests(), 1000).await.unwrap();
    let mut connection = Connection::new(upstream.address());
    let key = upstream.key().expose();
    for body in [
        "Content-Length: 5\r\n\r\nhello",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ] {
        let request = format!("POST /bench HTTP/1.1\r\nHost: x\r\nX-Api-Key: {key}\r\n{body}");
        let answer = connection.exchange(request.as_bytes()).await.unwrap();
        assert_eq!((answer.status, answer.body.len()), (200, 1000));
    }
    assert_eq!(upstream.served(), 2);
}
