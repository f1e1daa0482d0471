//! Bodies stream both ways, bounded in memory, and end when the authority behind them ends.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use caracal_core::audit::AuditEvent;
use caracal_storage::{Access, Store as _};
use caracal_testkit::upstream::{Answer, Gate};
use http::HeaderName;
use http_body_util::BodyExt as _;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use crate::{
    client::read_all,
    stage::{Options, Stage, directive},
};

async fn metadata(stage: &Stage) -> (String, Value) {
    let event = stage.events(1).await.remove(0);
    (
        event.evaluation_status,
        serde_json::from_str(event.metadata_json.unwrap().get()).unwrap(),
    )
}

#[tokio::test]
async fn events_pass_one_by_one() {
    let stage = Stage::new().await;
    let (mut response, stream) = stage.stream("text/event-stream").await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    for text in ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"] {
        assert!(stream.send(text).await);
        // The next is sent only after this one arrived: nothing waits for more.
        let frame = response.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), text);
    }
    drop(stream);
    assert!(response.body_mut().frame().await.is_none());
    let (status, event) = metadata(&stage).await;
    assert_eq!(
        (status.as_str(), event["response_bytes"].as_u64()),
        ("executed", Some(27))
    );
}

#[tokio::test]
async fn revocation_cuts_an_idle_stream_at_once_with_a_trailer_for_those_who_take_trailers() {
    let stage = Stage::new().await;
    let request = stage
        .request(&stage.mandate(), "/a")
        .header("te", "trailers")
        .body(Body::empty())
        .unwrap();
    let stream = stage.streams("text/plain");
    let mut response = stage.open(request).await;
    assert!(stream.send("first").await);
    assert!(response.body_mut().frame().await.unwrap().unwrap().is_data());
    stage.revocations.mark(["somebody-else"]);
    assert!(stream.send("second").await);
    assert!(
        response.body_mut().frame().await.unwrap().unwrap().is_data(),
        "others' revocations change nothing"
    );
    // Now nothing flows; the upstream stays silent and open.
    stage.revocations.mark(["del-1"]);
    let frame = response.body_mut().frame().await.unwrap().unwrap();
    assert_eq!(frame.into_trailers().unwrap()["x-caracal-revoked"], "true");
    stream.abandoned().await;
    let (status, event) = metadata(&stage).await;
    assert_eq!(
        (status.as_str(), &event["revocation_interrupted"]),
        ("executed", &Value::Bool(true))
    );
}

#[tokio::test]
async fn what_streams_with_the_token_of_a_connected_account_is_cut_when_that_is_revoked() {
    let stage = Stage::new().await;
    stage.decision.directive.lock().connection_id = Some(String::from("con-1"));
    let (mut response, stream) = stage.stream("text/plain").await;
    assert!(stream.send("first").await);
    assert!(response.body_mut().frame().await.unwrap().unwrap().is_data());
    stage.revocations.mark(["con-2"]);
    assert!(stream.send("second").await);
    assert!(response.body_mut().frame().await.unwrap().unwrap().is_data());
    stage.revocations.mark(["con-1"]);
    assert!(response.body_mut().frame().await.unwrap().is_err());
    stream.abandoned().await;
    let (_, event) = metadata(&stage).await;
    assert_eq!(
        (&event["connection_id"], &event["revocation_interrupted"]),
        (&Value::from("con-1"), &Value::Bool(true))
    );
    // A token that was brokered in the moment of the revocation goes nowhere.
    let before = stage.upstream.received().len();
    let request = stage.request(&stage.mandate(), "/a").body(Body::empty()).unwrap();
    let refused = stage.send(request).await;
    assert_eq!(refused.refusal().0, 401);
    assert_eq!(stage.upstream.received().len(), before);
}

#[tokio::test]
async fn what_streams_in_a_zone_is_cut_when_the_zone_is_frozen() {
    let stage = Stage::new().await;
    let request = stage.request(&stage.mandate(), "/a").body(Body::empty()).unwrap();
    let stream = stage.streams("text/plain");
    let mut response = stage.open(request).await;
    assert!(stream.send("first").await);
    assert!(response.body_mut().frame().await.unwrap().unwrap().is_data());
    let mut work = stage.store.global(Access::Write).await.unwrap();
    let mut zone = work.zones().get(&stage.zone).await.unwrap().unwrap();
    zone.frozen_at = Some(stage.world.now());
    assert!(work.zones().update(&zone).await.unwrap());
    work.commit().await.unwrap();
    stage.parts.zones.reload(&stage.zone).await.unwrap();
    // As the follower of events does once the zone is another.
    stage.revocations.mark(["somebody-else"]);
    assert!(response.body_mut().frame().await.unwrap().is_err());
    stream.abandoned().await;
}

#[tokio::test]
async fn without_trailers_a_cut_is_a_broken_transfer_never_a_complete_one() {
    let stage = Stage::new().await;
    let (mut response, stream) = stage.stream("text/plain").await;
    assert!(stream.send("first").await);
    assert!(response.body_mut().frame().await.unwrap().unwrap().is_data());
    stage.revocations.mark(["ses-1"]);
    assert!(response.body_mut().frame().await.unwrap().is_err());
    stream.abandoned().await;
}

#[tokio::test]
async fn revocation_reaches_a_call_that_waits_for_its_upstream() {
    let stage = Stage::new().await;
    stage.upstream.next(Answer::Hang);
    let call = stage.send(stage.request(&stage.mandate(), "/a").body(Body::empty()).unwrap());
    let revoke = async {
        let within = Duration::from_secs(30);
        stage
            .upstream
            .until("the call arrives", within, |received| !received.is_empty())
            .await;
        stage.revocations.mark(["rec-0"]);
    };
    let (answer, ()) = tokio::join!(call, revoke);
    assert_eq!(
        answer.refusal(),
        (401, "invalid_token".into(), "session revoked".into())
    );
    let (status, event) = metadata(&stage).await;
    assert_eq!(
        (status.as_str(), &event["revocation_interrupted"]),
        ("executed", &Value::Bool(true))
    );
}

#[tokio::test]
async fn trailers_come_back_without_authority() {
    let stage = Stage::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    *stage.decision.directive.lock() = directive(&format!("http://{}", listener.local_addr().unwrap()));
    tokio::spawn(async move {
        // Sends its trailers whether asked or not, as many servers do.
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = [0; 4096];
            let _ = socket.read(&mut head).await;
            let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, Set-Cookie\r\n\r\n\
                          3\r\nall\r\n0\r\nX-Sum: 7\r\nSet-Cookie: a=1\r\nX-Caracal-Revoked: true\r\n\r\n";
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let request = stage
        .request(&stage.mandate(), "/a")
        .header("te", "trailers")
        .body(Body::empty())
        .unwrap();
    let response = stage.open(request).await;
    assert_eq!(response.headers()["trailer"], "x-caracal-revoked, x-sum");
    let collected = response.into_body().collect().await.unwrap();
    let trailers = collected.trailers().cloned().unwrap();
    assert_eq!(
        trailers.keys().map(HeaderName::as_str).collect::<Vec<_>>(),
        ["x-sum"]
    );
    assert_eq!(collected.to_bytes(), "all");
    assert_eq!(metadata(&stage).await.0, "executed");
    // Whoever did not ask for trailers gets the body alone.
    assert_eq!(&stage.get("/a").await.body[..], b"all");
}

#[tokio::test]
async fn a_server_that_sends_trailers_only_to_who_asks_is_asked_for_a_caller_who_does() {
    let stage = Stage::new().await;
    for asks in [true, false] {
        let (answer, stream) = Answer::live("text/plain");
        stage.upstream.next(answer.with_header("trailer", "x-sum"));
        let mut request = stage.request(&stage.mandate(), "/a");
        if asks {
            request = request.header("te", "trailers");
        }
        let response = stage.open(request.body(Body::empty()).unwrap()).await;
        assert!(stream.send("all").await);
        let trailers = [("x-sum".parse().unwrap(), "7".parse().unwrap())]
            .into_iter()
            .collect();
        stream.trailers(trailers).await;
        let collected = response.into_body().collect().await.unwrap();
        let sum = collected.trailers().and_then(|trailers| trailers.get("x-sum"));
        assert_eq!(sum.is_some(), asks);
        assert_eq!(collected.to_bytes(), "all");
    }
}

/// Answers the first request of each connection and hangs up on the second, as a server does whose idle connections
/// end just as they are used again. Gives the methods it read.
async fn forgetful() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = heard.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let log = log.clone();
            tokio::spawn(async move {
                for answered in [true, false] {
                    let mut head = [0; 4096];
                    let Ok(read @ 1..) = socket.read(&mut head).await else {
                        return;
                    };
                    let text = String::from_utf8_lossy(&head[..read]).into_owned();
                    log.lock()
                        .push(text.split(' ').next().unwrap_or_default().to_owned());
                    if answered {
                        socket
                            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                            .await
                            .unwrap();
                    }
                }
            });
        }
    });
    (address, heard)
}

#[tokio::test]
async fn a_dead_idle_connection_costs_a_safe_call_nothing_and_an_unsafe_one_is_never_repeated() {
    let stage = Stage::new().await;
    let (address, heard) = forgetful().await;
    *stage.decision.directive.lock() = directive(&format!("http://{address}"));
    assert_eq!(stage.get("/a").await.status, 200);
    assert_eq!(
        stage.get("/a").await.status,
        200,
        "sent again on a new connection"
    );
    assert_eq!(*heard.lock(), ["GET", "GET", "GET"]);
    let resent: Vec<_> = stage.events(2).await.iter().map(resend_count).collect();
    assert_eq!(
        resent,
        [None, Some(1)],
        "the evidence tells what the upstream saw"
    );
    let post = stage
        .request(&stage.mandate(), "/a")
        .method("POST")
        .body(Body::from("x"))
        .unwrap();
    assert_eq!(
        stage.send(post).await.refusal(),
        (502, "internal_error".into(), "upstream unreachable".into())
    );
    assert_eq!(heard.lock().iter().filter(|method| *method == "POST").count(), 1);
    assert_eq!(resend_count(&stage.events(1).await[0]), None);
    assert_eq!(stage.decision.seen.lock().len(), 3, "one question per call");
}

fn resend_count(event: &AuditEvent) -> Option<u64> {
    let metadata: Value = serde_json::from_str(event.metadata_json.as_ref().unwrap().get()).unwrap();
    metadata.get("resend_count")?.as_u64()
}

/// Takes every request and ends its connection without an answer; counts them.
async fn silent() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let taken = count.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = [0; 4096];
            if socket.read(&mut head).await.is_ok_and(|read| read > 0) {
                taken.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    (address, count)
}

#[tokio::test]
async fn a_safe_call_is_sent_twice_at_most_and_its_refusal_says_so() {
    let stage = Stage::new().await;
    let (address, count) = silent().await;
    *stage.decision.directive.lock() = directive(&format!("http://{address}"));
    for (method, sent) in [("GET", 2), ("HEAD", 2), ("OPTIONS", 2), ("DELETE", 1), ("PUT", 1)] {
        count.store(0, Ordering::SeqCst);
        let request = stage.request(&stage.mandate(), "/a").method(method);
        let answer = stage.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 502, "{method}");
        assert_eq!(count.load(Ordering::SeqCst), sent, "{method}");
        let event = &stage.events(1).await[0];
        assert_eq!(event.evaluation_status, "upstream_error", "{method}");
        assert_eq!(resend_count(event).unwrap_or(0) + 1, sent as u64, "{method}");
    }
}

#[tokio::test]
async fn an_upstream_that_switches_protocols_is_refused() {
    let stage = Stage::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    *stage.decision.directive.lock() = directive(&format!("http://{}", listener.local_addr().unwrap()));
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = [0; 4096];
            let _ = socket.read(&mut head).await;
            let _ = socket
                .write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
                .await;
        }
    });
    assert_eq!(stage.get("/a").await.status, 502);
}

#[tokio::test]
async fn an_upload_past_the_limit_is_refused_in_its_middle_and_never_complete_upstream() {
    let stage = Stage::new().await;
    let (sender, receiver) = mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let body = Body::from_stream(stream_of(receiver));
    let call = stage.send(
        stage
            .request(&stage.mandate(), "/a")
            .method("POST")
            .body(body)
            .unwrap(),
    );
    let feed = async { while sender.send(Ok(Bytes::from(vec![b'x'; 16 * 1024]))).await.is_ok() {} };
    let (answer, ()) = tokio::join!(call, feed);
    assert_eq!(
        answer.refusal(),
        (413, "payload_too_large".into(), "request body too large".into())
    );
    let (status, event) = metadata(&stage).await;
    assert_eq!(
        (status.as_str(), event["error_kind"].as_str()),
        ("upstream_error", Some("request_too_large"))
    );
    assert_eq!(stage.whole_requests(), 0, "aborted, not complete");
}

#[tokio::test]
async fn an_upstream_that_does_not_read_holds_the_caller_back() {
    let mut options = Options::default();
    options.config.max_request_bytes = 1 << 30;
    let stage = Stage::with(options).await;
    stage.upstream.next(Answer::Behind {
        gate: Gate::default(),
        then: Box::new(Answer::Echo),
    });
    let mut caller = TcpStream::connect(stage.address).await.unwrap();
    let head = format!(
        "POST /a HTTP/1.1\r\nHost: gw\r\n{}Content-Length: {}\r\n\r\n",
        stage.credentials(),
        1 << 29
    );
    caller.write_all(head.as_bytes()).await.unwrap();
    let block = vec![b'x'; 64 * 1024];
    let mut taken = 0usize;
    // Until the caller is held back for a moment: socket buffers fill, nothing else may.
    while let Ok(Ok(written)) = tokio::time::timeout(Duration::from_secs(1), caller.write(&block)).await {
        taken += written;
        assert!(taken < 64 << 20, "half a gigabyte would be taken");
    }
    assert_eq!(stage.upstream.requests(), 1);
}

#[tokio::test]
async fn silence_ends_a_call_in_whichever_direction_it_is() {
    let mut options = Options::default();
    options.config.upstream_timeout = Duration::from_millis(200);
    options.config.stream_idle_timeout = Duration::from_millis(300);
    let stage = Stage::with(options).await;

    stage.upstream.next(Answer::Hang);
    let answer = stage.get("/a").await;
    assert_eq!(
        answer.refusal(),
        (504, "internal_error".into(), "upstream timeout".into())
    );
    assert_eq!(answer.json()["reason"], "upstream_timeout");
    assert_eq!(metadata(&stage).await.1["error_kind"], "upstream_timeout");

    let head = format!(
        "POST /a HTTP/1.1\r\nHost: gw\r\n{}Content-Length: 10\r\n\r\nabc",
        stage.credentials()
    );
    let mut caller = TcpStream::connect(stage.address).await.unwrap();
    caller.write_all(head.as_bytes()).await.unwrap();
    let answer = read_all(&mut caller).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert_eq!(metadata(&stage).await.1["error_kind"], "request_idle");

    let (mut response, stream) = stage.stream("text/plain").await;
    assert!(stream.send("first").await);
    assert!(response.body_mut().frame().await.unwrap().unwrap().is_data());
    assert!(response.body_mut().frame().await.unwrap().is_err());
    stream.abandoned().await;
    assert_eq!(metadata(&stage).await.1["error_kind"], "response_idle");
}

#[tokio::test]
async fn a_caller_that_leaves_takes_the_upstream_call_with_it() {
    let stage = Stage::new().await;
    let (mut response, stream) = stage.stream("text/plain").await;
    assert!(stream.send("first").await);
    assert!(response.body_mut().frame().await.unwrap().unwrap().is_data());
    drop(response);
    stream.abandoned().await;
    assert_eq!(metadata(&stage).await.0, "upstream_error");
}

fn stream_of<T: Send + 'static>(
    mut receiver: mpsc::Receiver<T>,
) -> impl futures_util::Stream<Item = T> + Send {
    futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx))
}
