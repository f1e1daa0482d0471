//! The upstream does what the tests of a gateway rely on, seen over plain sockets.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use caracal_testkit::upstream::{Answer, Gate, Upstream};
use http::StatusCode;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const TIMEOUT: Duration = Duration::from_secs(20);

/// Sends `request` on a connection of its own.
async fn send(upstream: &Upstream, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(upstream.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Everything up to the end of the connection, and whether it ended without an error.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap()
}

/// Reads until `text` has arrived.
async fn arrived(stream: &mut TcpStream, text: &str) -> String {
    let (mut seen, mut buffer) = (String::new(), [0; 1024]);
    while !seen.contains(text) {
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "the connection ended before {text:?}: {seen:?}");
        seen.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
    }
    seen
}

const GET: &str = "GET /a?b=c HTTP/1.1\r\nhost: up\r\nconnection: close\r\n\r\n";
const POST: &str = "POST /echo HTTP/1.1\r\nhost: up\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\
                    x-two: 1\r\nx-two: 2\r\nconnection: close\r\n\r\nhello";

#[tokio::test]
async fn an_upstream_nobody_asked_is_untouched() {
    let upstream = Upstream::start().await;
    upstream.assert_untouched();
    drop(TcpStream::connect(upstream.address()).await.unwrap());
    upstream.assert_untouched();
}

#[tokio::test]
#[should_panic(expected = "the upstream was reached")]
async fn an_upstream_somebody_asked_is_not_untouched() {
    let upstream = Upstream::start().await;
    rest(&mut send(&upstream, GET).await).await;
    upstream.assert_untouched();
}

#[tokio::test]
async fn requests_are_remembered_as_they_arrived() {
    let upstream = Upstream::start().await;
    let answer = rest(&mut send(&upstream, POST).await).await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nhello"),
        "{answer}"
    );
    let received = upstream.only();
    assert_eq!(
        (received.method.as_str(), received.target.to_string().as_str()),
        ("POST", "/echo")
    );
    assert_eq!(
        (received.body.as_ref(), received.complete),
        (b"hello".as_slice(), true)
    );
    assert_eq!(received.header("content-type"), Some("text/plain"));
    assert_eq!(received.header("absent"), None);
    assert_eq!(received.headers.get_all("x-two").iter().count(), 2);
    rest(&mut send(&upstream, GET).await).await;
    assert_eq!((upstream.requests(), upstream.connections()), (2, 2));
    assert_eq!(upstream.received()[1].target, "/a?b=c");
}

#[tokio::test]
async fn queued_answers_come_before_the_standing_one() {
    let upstream = Upstream::start().await;
    upstream.always(Answer::fixed(StatusCode::NO_CONTENT, ""));
    upstream.next(
        Answer::json(StatusCode::IM_A_TEAPOT, "{}")
            .with_header("x-a", "1")
            .with_header("x-a", "2"),
    );
    let first = rest(&mut send(&upstream, GET).await).await;
    assert!(
        first.starts_with("HTTP/1.1 418") && first.matches("x-a: ").count() == 2,
        "{first}"
    );
    for _ in 0..2 {
        assert!(
            rest(&mut send(&upstream, GET).await)
                .await
                .starts_with("HTTP/1.1 204")
        );
    }
}

#[tokio::test]
async fn events_come_one_by_one_and_end_properly() {
    let upstream = Upstream::start().await;
    upstream.next(Answer::events(["data: 1", "data: 2"], Duration::from_millis(1)));
    let answer = rest(&mut send(&upstream, GET).await).await;
    assert!(answer.contains("content-type: text/event-stream"), "{answer}");
    assert!(
        answer.contains("data: 1\n\n") && answer.ends_with("data: 2\n\n\r\n0\r\n\r\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_live_answer_arrives_while_it_is_open_and_notices_the_client_leaving() {
    let upstream = Upstream::start().await;
    let (answer, live) = Answer::live("text/plain");
    upstream.next(answer);
    let mut client = send(&upstream, GET).await;
    assert!(live.send("first").await);
    arrived(&mut client, "first").await;
    assert!(live.send("second").await);
    arrived(&mut client, "second").await;
    drop(client);
    tokio::time::timeout(TIMEOUT, live.abandoned()).await.unwrap();
    assert!(!live.send("nobody").await);
}

#[tokio::test]
async fn a_live_answer_ends_when_dropped_and_breaks_when_cut() {
    let upstream = Upstream::start().await;
    for cut in [false, true] {
        let (answer, live) = Answer::live("text/plain");
        upstream.next(answer);
        let mut client = send(&upstream, GET).await;
        live.send("part").await;
        arrived(&mut client, "part").await;
        if cut {
            live.cut().await;
        } else {
            drop(live);
        }
        assert_eq!(rest(&mut client).await.ends_with("0\r\n\r\n"), !cut, "cut: {cut}");
    }
}

#[tokio::test]
async fn a_cut_answer_is_shorter_than_it_announced() {
    let upstream = Upstream::start().await;
    upstream.next(Answer::Cut { body: "half".into() });
    let answer = rest(&mut send(&upstream, GET).await).await;
    assert!(
        answer.contains("content-length: 5") && answer.ends_with("\r\n\r\nhalf"),
        "{answer}"
    );
    upstream.next(Answer::Drop);
    assert_eq!(rest(&mut send(&upstream, GET).await).await, "");
    assert_eq!(
        upstream.requests(),
        2,
        "a request without an answer is still a request"
    );
}

#[tokio::test]
async fn a_body_waits_behind_a_closed_gate() {
    let upstream = Upstream::start().await;
    let gate = Gate::default();
    upstream.next(Answer::Behind {
        gate: gate.clone(),
        then: Box::new(Answer::Echo),
    });
    let mut client = send(&upstream, POST).await;
    upstream
        .until("the head arrives", TIMEOUT, |received| received.len() == 1)
        .await;
    assert!(!upstream.only().complete && upstream.only().body.is_empty());
    gate.open();
    assert!(rest(&mut client).await.ends_with("hello"));
    assert!(upstream.only().complete);
}

#[tokio::test]
async fn a_slow_reader_reads_to_the_end() {
    let upstream = Upstream::start().await;
    upstream.next(Answer::ReadSlowly {
        pause: Duration::from_millis(1),
        then: Box::new(Answer::Echo),
    });
    assert!(rest(&mut send(&upstream, POST).await).await.ends_with("hello"));
}

#[tokio::test]
async fn a_request_that_breaks_off_stays_incomplete() {
    let upstream = Upstream::start().await;
    let client = send(
        &upstream,
        "POST / HTTP/1.1\r\nhost: up\r\ncontent-length: 10\r\n\r\nhalf",
    )
    .await;
    upstream
        .until("half of it arrives", TIMEOUT, |received| {
            received.iter().any(|r| r.body == "half")
        })
        .await;
    assert_eq!(upstream.open_connections(), 1);
    drop(client);
    upstream
        .until("the connection closes", TIMEOUT, |_| {
            upstream.open_connections() == 0
        })
        .await;
    assert!(!upstream.only().complete);
}

#[tokio::test]
async fn a_hanging_upstream_closes_with_its_test() {
    let upstream = Upstream::start().await;
    upstream.always(Answer::Hang);
    let mut client = send(&upstream, POST).await;
    upstream
        .until("the request arrives", TIMEOUT, |received| {
            received.iter().any(|r| r.complete)
        })
        .await;
    drop(upstream);
    assert_eq!(rest(&mut client).await, "");
}

#[tokio::test]
async fn an_upgraded_connection_returns_every_byte() {
    let upstream = Upstream::start().await;
    upstream.next(Answer::EchoUpgrade);
    let mut client = send(
        &upstream,
        "GET /ws HTTP/1.1\r\nhost: up\r\nconnection: upgrade\r\nupgrade: mirror\r\n\r\n",
    )
    .await;
    let head = arrived(&mut client, "\r\n\r\n").await;
    assert!(
        head.starts_with("HTTP/1.1 101") && head.contains("upgrade: mirror"),
        "{head}"
    );
    client.write_all(b"ping").await.unwrap();
    assert!(arrived(&mut client, "ping").await.ends_with("ping"));
}
