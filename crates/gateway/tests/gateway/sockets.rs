//! WebSockets through the Gateway: a real client, a real server, and what is refused or cut.

mod peers;

use std::time::Duration;

use caracal_core::Operation;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::tungstenite::Message;

use self::peers::{Reached, close_of, gone, metadata, open, opening, refused, stage, stage_with};
use crate::{
    client::read_all,
    stage::{Options, RESOURCE, TOKEN, directive, upstream_answer},
};

#[tokio::test]
async fn a_declared_socket_opens_with_the_real_credential_and_carries_what_both_say() {
    let (stage, mut reached) = stage().await;
    let token = stage.mandate();
    let (mut socket, headers) = open(&stage, &token, "/feed/7?since=1").await.unwrap();
    assert_eq!(headers["sec-websocket-protocol"], "chat");
    assert!(headers.contains_key("x-request-id") && !headers.contains_key("trailer"));
    let Some(Reached::Opening(target, heads)) = reached.recv().await else {
        panic!("the server saw no opening");
    };
    assert_eq!(target, "/base/feed/7?since=1");
    assert_eq!(heads["authorization"], format!("Bearer {TOKEN}"));
    assert_eq!(
        (&heads["upgrade"], &heads["connection"]),
        (&"websocket".parse().unwrap(), &"upgrade".parse().unwrap())
    );
    assert_eq!(heads["origin"], "https://app.example");
    assert!(!heads.contains_key("x-caracal-resource") && !heads.contains_key("te"));

    let large = Message::binary(vec![7_u8; 60_000]);
    for message in [Message::text("héllo"), large, Message::text("")] {
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), message);
    }
    socket.send(Message::Ping("still there?".into())).await.unwrap();
    assert_eq!(
        socket.next().await.unwrap().unwrap(),
        Message::Pong("still there?".into())
    );
    socket.send(Message::text("leave")).await.unwrap();
    assert_eq!(close_of(&mut socket).await, (4321, "as told".into()));
    gone(&mut reached).await;

    let path = String::from("/feed/7");
    assert_eq!(
        *stage.decision.seen.lock()[0].operation,
        Operation::WebSocket { path }
    );
    let (status, event) = metadata(&stage).await;
    assert_eq!(
        (status.as_str(), &event["error_kind"]),
        ("executed", &Value::Null)
    );
    assert_eq!(
        (&event["protocol"], &event["method"], &event["gateway_status"]),
        (&"websocket".into(), &"GET".into(), &101.into())
    );
    let bytes = |name: &str| event[name].as_u64().unwrap();
    assert!(bytes("response_bytes") > 60_000 && bytes("request_bytes") > bytes("response_bytes"));
    assert_eq!(
        refused(&stage, opening(&stage, &token, "/feed/7")).await,
        (401, "token_replay".into())
    );
}

#[tokio::test]
async fn where_no_socket_is_declared_the_wish_for_one_ends_here() {
    let (stage, reached) = stage().await;
    *stage.decision.directive.lock() = directive(&stage.upstream.url());
    let (status, _) = refused(&stage, opening(&stage, &stage.mandate(), "/plain")).await;
    assert_eq!(status, 200, "an ordinary answer to an ordinary request");
    let received = stage.upstream.only();
    assert_eq!(
        (received.header("upgrade"), received.header("connection")),
        (None, None)
    );
    assert!(
        matches!(&*stage.decision.seen.lock()[0].operation, Operation::Http { method, .. } if method == "GET")
    );
    drop(reached);
}

#[tokio::test]
async fn an_opening_that_readers_could_differ_about_is_refused_before_it_costs_a_mandate() {
    let (stage, mut reached) = stage().await;
    let token = stage.mandate();
    for (name, value) in [
        ("sec-websocket-version", "8"),
        ("sec-websocket-key", "c2hvcnQ="),
        ("upgrade", "websocket, h2c"),
        ("connection", "close"),
    ] {
        let lines = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let head = lines
            .map(|(line, good)| {
                let value = if line.eq_ignore_ascii_case(name) {
                    value
                } else {
                    good
                };
                format!("{line}: {value}\r\n")
            })
            .concat();
        let request = format!(
            "GET /feed/1 HTTP/1.1\r\nHost: gw\r\nAuthorization: Bearer {token}\r\nX-Caracal-Resource: {RESOURCE}\r\n{head}\r\n"
        );
        let answer = stage.raw(request.as_bytes()).await;
        assert!(
            answer.starts_with("HTTP/1.1 400 ") && answer.contains("operation_unreadable"),
            "{name}: {answer}"
        );
    }
    assert!(reached.try_recv().is_err() && stage.decision.seen.lock().is_empty());
    assert!(open(&stage, &token, "/feed/1").await.is_ok(), "unspent");
}

#[tokio::test]
async fn an_end_of_authority_cuts_a_silent_socket_on_both_sides() {
    let (stage, mut reached) = stage().await;
    let (mut socket, _) = open(&stage, &stage.mandate(), "/feed/1").await.unwrap();
    socket.send(Message::text("hello")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("hello"));
    stage.revocations.mark(["somebody-else"]);
    socket.send(Message::text("again")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("again"));
    stage.revocations.mark(["del-1"]);
    assert_eq!(close_of(&mut socket).await, (1008, "authority ended".into()));
    gone(&mut reached).await;
    let (status, event) = metadata(&stage).await;
    assert_eq!(
        (status.as_str(), &event["revocation_interrupted"]),
        ("executed", &Value::Bool(true))
    );
}

#[tokio::test]
async fn a_socket_on_which_nothing_is_said_is_closed() {
    let mut options = Options::default();
    options.config.stream_idle_timeout = Duration::from_millis(100);
    let (stage, mut reached) = stage_with(options).await;
    let (mut socket, _) = open(&stage, &stage.mandate(), "/feed/1").await.unwrap();
    assert_eq!(close_of(&mut socket).await.0, 1001);
    gone(&mut reached).await;
    assert_eq!(metadata(&stage).await.1["error_kind"], "socket_idle");
}

#[tokio::test]
async fn a_message_past_the_limit_and_what_is_no_frame_end_the_socket() {
    let (stage, mut reached) = stage().await;
    let (mut socket, _) = open(&stage, &stage.mandate(), "/feed/1").await.unwrap();
    // The limit of the stage is 64 KiB.
    let _ = socket.send(Message::binary(vec![0_u8; 70_000])).await;
    assert_eq!(close_of(&mut socket).await.0, 1009);
    gone(&mut reached).await;
    assert_eq!(metadata(&stage).await.1["error_kind"], "request_too_large");

    let (mut socket, _) = open(&stage, &stage.mandate(), "/feed/1").await.unwrap();
    socket
        .get_mut()
        .write_all(b"GET / HTTP/1.1\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(close_of(&mut socket).await.0, 1002);
    gone(&mut reached).await;
    assert_eq!(metadata(&stage).await.1["error_kind"], "request_frame_invalid");
}

#[tokio::test]
async fn an_upstream_that_refuses_or_answers_another_opening_opens_nothing() {
    let (stage, _reached) = stage().await;
    *stage.decision.directive.lock() = directive(&stage.upstream.url());
    stage.upstream.next(upstream_answer(403, &[("x-why", "full")]));
    assert_eq!(
        refused(&stage, opening(&stage, &stage.mandate(), "/feed/1"))
            .await
            .0,
        403
    );

    let liar = TcpListener::bind("127.0.0.1:0").await.unwrap();
    *stage.decision.directive.lock() = directive(&format!("http://{}", liar.local_addr().unwrap()));
    for accept in ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", ""] {
        let lie = async {
            let (mut stream, _) = liar.accept().await.unwrap();
            let mut head = vec![0; 8192];
            let _ = stream.read(&mut head).await.unwrap();
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
        };
        let (answer, ()) = tokio::join!(refused(&stage, opening(&stage, &stage.mandate(), "/feed/1")), lie);
        assert_eq!(answer, (502, "upstream_response_invalid".into()));
    }
}

#[tokio::test]
async fn what_is_sent_behind_an_opening_is_a_request_when_no_socket_opens() {
    let (stage, _reached) = stage().await;
    *stage.decision.directive.lock() = directive(&stage.upstream.url());
    let head = |path: &str, more: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nHost: gw\r\n{}{more}\r\n",
            stage.credentials()
        )
    };
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let bytes = format!(
        "{}{}GET /plain HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n",
        head("/feed/1", upgrade),
        head("/plain", ""),
    );
    let answer = stage.raw(bytes.as_bytes()).await;
    let statuses: Vec<&str> = answer
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|answer| &answer[..3])
        .collect();
    assert_eq!(
        statuses,
        ["200", "200", "401"],
        "each is decided by itself: {answer}"
    );
    let targets: Vec<String> = stage
        .upstream
        .received()
        .iter()
        .map(|received| received.target.to_string())
        .collect();
    assert_eq!(targets, ["/feed/1", "/plain"]);
}

#[tokio::test]
async fn what_is_sent_behind_an_opening_is_the_sockets_when_it_opens() {
    let (stage, mut reached) = stage().await;
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    let mut bytes = format!(
        "GET /feed/1 HTTP/1.1\r\nHost: gw\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{}\r\n",
        stage.credentials()
    )
    .into_bytes();
    bytes.extend([0x81, 0x82, 0, 0, 0, 0, b'h', b'i', 0x88, 0x80, 0, 0, 0, 0]);
    stream.write_all(&bytes).await.unwrap();
    assert!(matches!(reached.recv().await, Some(Reached::Opening(..))));
    assert!(
        matches!(reached.recv().await, Some(Reached::Message(message)) if message == Message::text("hi"))
    );
    let answer = read_all(&mut stream).await;
    assert!(
        answer.starts_with("HTTP/1.1 101 ") && answer.contains("\u{2}hi"),
        "{answer}"
    );
    assert_eq!(metadata(&stage).await.0, "executed");
}

#[tokio::test]
async fn open_sockets_are_told_when_the_listener_drains() {
    let (stage, mut reached) = stage().await;
    let (mut socket, _) = open(&stage, &stage.mandate(), "/feed/1").await.unwrap();
    stage.shutdown.cancel();
    assert_eq!(close_of(&mut socket).await.0, 1012);
    gone(&mut reached).await;
    assert_eq!(metadata(&stage).await.1["error_kind"], "gateway_draining");
    // Its connection is counted until then, and no longer.
    stage.drained().await;
}

#[tokio::test]
async fn a_caller_who_vanishes_is_recorded_as_gone() {
    let (stage, mut reached) = stage().await;
    let (socket, _) = open(&stage, &stage.mandate(), "/feed/1").await.unwrap();
    drop(socket);
    gone(&mut reached).await;
    assert_eq!(metadata(&stage).await.1["error_kind"], "client_cancelled");
}
