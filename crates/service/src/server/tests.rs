//! The listener over raw sockets.

mod http2;

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::{
    Extension,
    extract::State,
    middleware,
    routing::{get, post},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::Notify,
};

use super::*;
use crate::request::{Finish, finish, not_found};

/// A listener with two routes: `/echo` reads a body, `/hold` answers when told.
struct Listening {
    address: SocketAddr,
    shutdown: CancellationToken,
    served: tokio::task::JoinHandle<()>,
    routed: Arc<AtomicUsize>,
    go_on: Arc<Notify>,
}

type Hold = (Arc<AtomicUsize>, Arc<Notify>);

/// Nothing is late that a busy machine delays.
fn limits() -> ServerLimits {
    ServerLimits {
        header_read_timeout: Duration::from_mins(2),
        ..ServerLimits::default()
    }
}

/// Whatever stops is late.
fn impatient() -> ServerLimits {
    ServerLimits {
        header_read_timeout: Duration::from_millis(500),
        body_read_timeout: Duration::from_millis(500),
        ..ServerLimits::default()
    }
}

/// Tells when what holds it is let go.
struct TellWhenDropped(Arc<Notify>);

impl Drop for TellWhenDropped {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

async fn listen(limits: ServerLimits) -> Listening {
    listen_with(limits, None).await
}

async fn listen_with(limits: ServerLimits, tls: Option<Arc<TlsServer>>) -> Listening {
    let hold: Hold = Hold::default();
    let router = Router::new()
        .route(
            "/echo",
            post(
                |State((routed, _)): State<Hold>, request: axum::extract::Request| async move {
                    routed.fetch_add(1, Ordering::SeqCst);
                    crate::body::read_bounded(request.into_body(), 1 << 20).await
                },
            ),
        )
        .route(
            "/hold",
            get(
                |State((routed, go_on)): State<Hold>, Extension(standing): Extension<Standing>| async move {
                    let told = go_on.notified();
                    standing.proved();
                    routed.fetch_add(1, Ordering::SeqCst);
                    told.await;
                    "held"
                },
            ),
        )
        .route(
            "/endless",
            get(|State((routed, go_on)): State<Hold>| async move {
                routed.fetch_add(1, Ordering::SeqCst);
                let ended = TellWhenDropped(go_on);
                axum::body::Body::from_stream(futures_util::stream::repeat_with(move || {
                    let _until_then = &ended;
                    Ok::<_, std::convert::Infallible>(bytes::Bytes::from_static(&[b'x'; 16_000]))
                }))
            }),
        )
        .route("/health", get(|| async { "well" }))
        .fallback(not_found)
        .with_state(hold.clone())
        .layer(middleware::from_fn_with_state(
            Finish {
                role: "test",
                world: caracal_crypto::system_world(),
            },
            finish,
        ));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let served = tokio::spawn(serve(listener, router, limits, tls, shutdown.clone()));
    Listening {
        address,
        shutdown,
        served,
        routed: hold.0,
        go_on: hold.1,
    }
}

impl Listening {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes and reads until the server closes, which it must do by itself.
    async fn closed_after(&self, raw: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(raw).await.unwrap();
        to_end(&mut stream).await
    }

    async fn until_routed(&self, count: usize) {
        while self.routed.load(Ordering::SeqCst) < count {
            tokio::task::yield_now().await;
        }
    }
}

async fn to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_mins(1), stream.read_to_end(&mut bytes)).await;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    read.unwrap_or_else(|_| panic!("stays open after {text}"))
        .unwrap();
    text
}

/// Reads one answer to `marker` and leaves the connection open.
async fn until(stream: &mut TcpStream, marker: &str) -> String {
    let mut text = String::new();
    while !text.contains(marker) {
        let mut bytes = [0_u8; 4096];
        let read = tokio::time::timeout(Duration::from_mins(1), stream.read(&mut bytes));
        let count = read.await.expect("an answer").unwrap();
        assert!(count > 0, "closed after {text}");
        text.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    text
}

fn fields(count: usize) -> String {
    (0..count).fold(String::new(), |lines, number| {
        lines + &format!("X-{number}: 1\r\n")
    })
}

fn assert_refused(answer: &str, status: u16, name: &str) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{name}: {answer}"
    );
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{name}: {answer}");
    for part in [
        "connection: close",
        "x-request-id: ",
        "\"error\":\"",
        "\"requestId\":\"",
    ] {
        assert!(answer.contains(part), "{name}: {part} in {answer}");
    }
}

#[tokio::test]
async fn what_two_readers_could_read_as_two_is_refused_and_closed() {
    let server = listen(limits()).await;
    let post = |lines: &str, body: &str| format!("POST /echo HTTP/1.1\r\nHost: gw\r\n{lines}\r\n{body}");
    let chunked = |body: &str| post("Transfer-Encoding: chunked\r\n", body);
    let host = |host: &str| format!("POST /echo HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n");
    for raw in [
        post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"),
        post(
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "0\r\n\r\n",
        ),
        post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        host("g w"),
        host("gw/a"),
        host("u@gw"),
        host("gw, gw"),
        host("gw:99999"),
        host("[::1"),
        host("gw?a"),
        String::from("GET gw:80 HTTP/1.1\r\nHost: gw\r\n\r\n"),
        String::from("GET * HTTP/1.1\r\nHost: gw\r\n\r\n"),
        String::from("POST /echo HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
    ] {
        let answer = server
            .closed_after(format!("{raw}{}", host("gw")).as_bytes())
            .await;
        assert_refused(&answer, 400, &raw);
    }
    assert_eq!(
        server.routed.load(Ordering::SeqCst),
        0,
        "no route saw any of them"
    );
    for raw in [
        chunked("3;a=\"\r\n\"\r\nabc\r\n0\r\n\r\n"),
        // Answered at once, not when somebody has waited long enough.
        chunked("ffffffffffffffff\r\nabc"),
        chunked("3\r\nabcd\r\n0\r\n\r\n"),
    ] {
        assert_refused(&server.closed_after(raw.as_bytes()).await, 400, &raw);
    }
}

#[tokio::test]
async fn what_came_before_a_refused_head_is_answered_first() {
    let server = listen(limits()).await;
    let good = "POST /echo HTTP/1.1\r\nHost: gw\r\nContent-Length: 3\r\n\r\nabc";
    let answer = server
        .closed_after(format!("{good}{good}GET * HTTP/1.1\r\n\r\n").as_bytes())
        .await;
    assert_eq!(statuses(&answer), ["200", "200", "400"], "{answer}");
    // Also where the answer before needs no wait, and behind a request to tunnel.
    let health = "GET /health HTTP/1.1\r\nHost: gw\r\n\r\n";
    let answer = server.closed_after(format!("{health}\nGET").as_bytes()).await;
    assert_eq!(statuses(&answer), ["200", "400"], "{answer}");
    let answer = server
        .closed_after(b"CONNECT gw:443 HTTP/1.1\r\nHost: gw\r\n\r\n")
        .await;
    assert_eq!(statuses(&answer), ["404"], "{answer}");
}

fn statuses(answer: &str) -> Vec<&str> {
    answer
        .match_indices("HTTP/1.1 ")
        .map(|(at, _)| &answer[at + 9..at + 12])
        .collect()
}

#[tokio::test]
async fn a_head_too_large_or_with_too_many_fields_is_refused_in_the_envelope() {
    let server = listen(limits()).await;
    let with = |lines: &str| format!("GET /health HTTP/1.1\r\nHost: gw\r\n{lines}\r\n");
    let many = fields(100);
    let long = format!("X-A: {}\r\n", "a".repeat(70 * 1024));
    for raw in [with(&many), with(&long)] {
        assert_refused(&server.closed_after(raw.as_bytes()).await, 431, &raw[..80]);
    }
    let most = fields(98);
    let answer = server
        .closed_after(with(&format!("{most}Connection: close\r\n")).as_bytes())
        .await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_answered_408() {
    let server = listen(impatient()).await;
    let head = "POST /echo HTTP/1.1\r\nHost: gw\r\nContent-Length: 1000\r\n\r\n";
    assert_refused(&server.closed_after(head.as_bytes()).await, 408, "no body");
    assert_refused(
        &server.closed_after(format!("{head}hello").as_bytes()).await,
        408,
        "five bytes",
    );
    let chunked = "POST /echo HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel";
    assert_refused(
        &server.closed_after(chunked.as_bytes()).await,
        408,
        "half a chunk",
    );
}

#[tokio::test]
async fn a_body_that_trickles_is_answered_408_and_one_that_keeps_its_rate_is_not() {
    let server = listen(impatient()).await;
    let head = "POST /echo HTTP/1.1\r\nHost: gw\r\nContent-Length: 100000\r\n\r\n";
    let mut slow = server.connect().await;
    slow.write_all(head.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = slow.into_split();
    let trickle = tokio::spawn(async move {
        while writing.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut quick = server.connect().await;
    let head = "POST /echo HTTP/1.1\r\nHost: gw\r\nConnection: close\r\nContent-Length: 100001\r\n\r\n";
    quick
        .write_all(&[head.as_bytes(), &vec![b'x'; 100_000]].concat())
        .await
        .unwrap();

    let mut answer = Vec::new();
    // The trickle may go on into the closed socket, which resets it behind the answer.
    let _ = reading.read_to_end(&mut answer).await;
    assert_refused(&String::from_utf8_lossy(&answer), 408, "a trickle");
    trickle.await.unwrap();

    // By now the other one has waited as long, but has earned 200 seconds.
    quick.write_all(b"x").await.unwrap();
    assert!(to_end(&mut quick).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_slow_head_is_answered_408_while_an_idle_connection_lives_on() {
    let server = listen(impatient()).await;
    let request = b"POST /echo HTTP/1.1\r\nHost: gw\r\nContent-Length: 1\r\n\r\nx";
    let mut idle = server.connect().await;
    idle.write_all(request).await.unwrap();
    until(&mut idle, "\r\n\r\nx").await;

    let answer = server.closed_after(b"POST /echo HTTP/1.1\r\nHost: g").await;
    assert_refused(&answer, 408, "half a head");
    assert_eq!(server.closed_after(b"").await, "", "nothing was asked");

    idle.write_all(request).await.unwrap();
    assert!(until(&mut idle, "\r\n\r\nx").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn an_idle_connection_ends_with_the_idle_timeout() {
    let server = listen(ServerLimits {
        idle_timeout: Duration::from_millis(100),
        ..limits()
    })
    .await;
    let answer = server
        .closed_after(b"POST /echo HTTP/1.1\r\nHost: gw\r\nContent-Length: 1\r\n\r\nx")
        .await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with('x'),
        "{answer}"
    );
    // Whether the answer came at once or was waited for.
    let answer = server
        .closed_after(b"GET /health HTTP/1.1\r\nHost: gw\r\n\r\n")
        .await;
    assert!(answer.ends_with("well"), "{answer}");
    let mut stream = server.connect().await;
    stream
        .write_all(b"GET /hold HTTP/1.1\r\nHost: gw\r\n\r\n")
        .await
        .unwrap();
    server.until_routed(2).await;
    server
        .closed_after(b"GET /health HTTP/1.1\r\nHost: gw\r\n\r\n")
        .await;
    server.go_on.notify_waiters();
    assert!(to_end(&mut stream).await.ends_with("held"));
}

#[tokio::test]
async fn a_client_that_waits_for_a_slow_answer_is_not_late() {
    let server = listen(ServerLimits {
        idle_timeout: Duration::from_millis(100),
        ..impatient()
    })
    .await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"GET /hold HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    server.until_routed(1).await;
    // As long as it takes another one to be late.
    server.closed_after(b"GET").await;
    server.go_on.notify_waiters();
    assert!(to_end(&mut stream).await.ends_with("held"));
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_client_that_never_reads_its_answer_does_not_hold_it_for_ever() {
    let server = listen(ServerLimits {
        write_timeout: Duration::from_millis(500),
        ..limits()
    })
    .await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"GET /endless HTTP/1.1\r\nHost: gw\r\n\r\n")
        .await
        .unwrap();
    // The client stays, and reads nothing.
    tokio::time::timeout(Duration::from_mins(1), server.go_on.notified())
        .await
        .expect("the answer is let go");
    assert_eq!(server.routed.load(Ordering::SeqCst), 1);
    drop(stream);
}

#[tokio::test]
async fn health_answers_when_requests_fill_every_other_place() {
    let server = listen(ServerLimits {
        max_connections: 8,
        ..limits()
    })
    .await;
    let hold = b"GET /hold HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n";
    let mut held = Vec::new();
    for count in 1..=4 {
        let mut stream = server.connect().await;
        stream.write_all(hold).await.unwrap();
        server.until_routed(count).await;
        held.push(stream);
    }
    let answer = server
        .closed_after(b"GET /health HTTP/1.1\r\nHost: gw\r\n\r\n")
        .await;
    assert!(answer.ends_with("well"), "{answer}");
    assert_refused(&server.closed_after(hold).await, 503, "no permit left");
    server.go_on.notify_waiters();
    for stream in &mut held {
        assert!(to_end(stream).await.ends_with("held"));
    }
    let echo = b"POST /echo HTTP/1.1\r\nHost: gw\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx";
    while !server.closed_after(echo).await.starts_with("HTTP/1.1 200") {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn strangers_on_every_connection_give_way_to_whoever_comes_next_and_nobody_who_was_proved_does() {
    let server = listen(ServerLimits {
        max_connections: 8,
        ..limits()
    })
    .await;
    let mut somebody = server.connect().await;
    let hold = b"GET /hold HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n";
    somebody.write_all(hold).await.unwrap();
    server.until_routed(1).await;
    // A head that never ends, a body that never ends, and nothing at all.
    let mut strangers = Vec::new();
    for sent in [
        "GET /echo HT",
        "POST /echo HTTP/1.1\r\nHost: gw\r\nContent-Length: 9\r\n\r\nx",
        "",
    ]
    .iter()
    .cycle()
    .take(30)
    {
        let mut stream = server.connect().await;
        stream.write_all(sent.as_bytes()).await.unwrap();
        strangers.push(stream);
    }
    let echo = b"POST /echo HTTP/1.1\r\nHost: gw\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx";
    let answer = server.closed_after(echo).await;
    assert!(answer.ends_with("\r\n\r\nx"), "{answer}");
    // The first stranger went first.
    let mut rest = Vec::new();
    let _ = strangers[0].read_to_end(&mut rest).await;
    assert!(rest.is_empty(), "{}", String::from_utf8_lossy(&rest));
    server.go_on.notify_waiters();
    assert!(to_end(&mut somebody).await.ends_with("held"));
}

#[tokio::test]
async fn one_address_takes_only_its_share_of_connections() {
    let server = listen(ServerLimits {
        max_connections_per_address: 2,
        ..limits()
    })
    .await;
    let echo = b"POST /echo HTTP/1.1\r\nHost: gw\r\nContent-Length: 1\r\n\r\nx";
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = server.connect().await;
        stream.write_all(echo).await.unwrap();
        until(&mut stream, "\r\n\r\nx").await;
        held.push(stream);
    }
    let mut third = server.connect().await;
    let mut bytes = Vec::new();
    let _ = third.write_all(echo).await;
    let _ = third.read_to_end(&mut bytes).await;
    assert!(bytes.is_empty(), "{}", String::from_utf8_lossy(&bytes));
    held[0].write_all(echo).await.unwrap();
    until(&mut held[0], "\r\n\r\nx").await;
}

#[tokio::test]
async fn requests_on_their_way_when_shutdown_begins_are_answered() {
    let server = listen(ServerLimits {
        idle_drain: Duration::from_secs(20),
        drain: Duration::from_secs(40),
        ..limits()
    })
    .await;
    let echo = b"POST /echo HTTP/1.1\r\nHost: gw\r\nContent-Length: 1\r\n\r\nx";
    let mut idle = server.connect().await;
    idle.write_all(echo).await.unwrap();
    until(&mut idle, "\r\n\r\nx").await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /hold HTTP/1.1\r\nHost: gw\r\n\r\n")
        .await
        .unwrap();
    server.until_routed(2).await;
    // In the backlog: the task that accepts has not run since.
    let mut waiting = std::net::TcpStream::connect(server.address).unwrap();
    std::io::Write::write_all(&mut waiting, echo).unwrap();
    server.shutdown.cancel();
    waiting.set_nonblocking(true).unwrap();
    let mut waiting = TcpStream::from_std(waiting).unwrap();
    assert!(to_end(&mut waiting).await.starts_with("HTTP/1.1 200"));

    idle.write_all(echo).await.unwrap();
    let answer = to_end(&mut idle).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"),
        "{answer}"
    );
    server.go_on.notify_waiters();
    let answer = to_end(&mut busy).await;
    assert!(
        answer.ends_with("held") && answer.contains("connection: close"),
        "{answer}"
    );
    server.served.await.unwrap();
}

/// A certificate for `localhost`, in files.
fn certificate(directory: &std::path::Path) -> (TlsFiles, String) {
    let made = rcgen::generate_simple_self_signed([String::from("localhost")]).unwrap();
    let files = TlsFiles {
        certificate: directory.join("tls.crt"),
        key: directory.join("tls.key"),
    };
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    (files, made.cert.pem())
}

async fn health_over_tls(port: u16, pem: &str) -> Result<u16, crate::egress::EgressError> {
    use crate::egress::{Egress, EgressError, EgressPolicy};
    let egress = Egress::trusting(EgressPolicy::provisioned(), Some(pem.as_bytes())).unwrap();
    let uri: http::Uri = format!("https://localhost:{port}/health").parse().unwrap();
    let request = http::Request::get(uri)
        .body(http_body_util::Empty::<bytes::Bytes>::new())
        .unwrap();
    match egress.client().request(request).await {
        Ok(response) => Ok(response.status().as_u16()),
        Err(error) => Err(EgressError::of(&error)
            .expect("the guard explains itself")
            .clone()),
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_served_after_a_reload_and_a_broken_one_never() {
    use crate::egress::EgressError;
    let directory = tempfile::tempdir().unwrap();
    let (files, first) = certificate(directory.path());
    let tls = Arc::new(TlsServer::open(files.clone()).unwrap());
    let server = listen_with(impatient(), Some(tls.clone())).await;
    let port = server.address.port();
    assert_eq!(health_over_tls(port, &first).await.unwrap(), 200);

    let (_, second) = certificate(directory.path());
    let early = health_over_tls(port, &second).await;
    assert!(
        matches!(early, Err(EgressError::Tls(_))),
        "not read yet: {early:?}"
    );
    tls.reload().unwrap();
    assert_eq!(health_over_tls(port, &second).await.unwrap(), 200);

    std::fs::write(&files.key, "no key").unwrap();
    let refused = tls.reload().unwrap_err();
    assert!(refused.to_string().contains("tls.key"), "{refused}");
    assert_eq!(
        health_over_tls(port, &second).await.unwrap(),
        200,
        "the former stays"
    );
    // A client that does not speak TLS gets no answer, and no permit for ever.
    server
        .closed_after(b"GET /health HTTP/1.1\r\nHost: gw\r\n\r\n")
        .await;
    server.closed_after(b"").await;
}
