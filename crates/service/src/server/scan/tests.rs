//! The scanner against tables, and against hyper itself.

#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "the parser must not panic; its tests may"
)]

use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Empty};
use proptest::prelude::*;
use tokio::io::AsyncWriteExt as _;

use super::*;

/// What came of a stream: the bytes that passed, and the fault.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    passed: Vec<u8>,
    fault: Option<Fault>,
}

/// Gives the scanner `bytes` in pieces that end at `cuts`.
fn scan(bytes: &[u8], cuts: &[usize]) -> Seen {
    let mut scanner = Scanner::new(16 * 1024);
    let mut seen = Seen::default();
    let mut held: Vec<u8> = Vec::new();
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    let mut from = 0;
    for end in ends {
        held.extend_from_slice(&bytes[from..end]);
        from = end;
        let step = scanner.advance(&held);
        seen.passed.extend(held.drain(..step.approved));
        if step.fault.is_some() || scanner.is_over() {
            seen.fault = step.fault;
            break;
        }
    }
    seen
}

/// The heads that pass, by giving bytes one by one.
fn targets(bytes: &[u8]) -> Vec<String> {
    let mut scanner = Scanner::new(16 * 1024);
    let mut held: Vec<u8> = Vec::new();
    let mut targets = Vec::new();
    for byte in bytes {
        held.push(*byte);
        let before = scanner.heads;
        let step = scanner.advance(&held);
        let passed: Vec<u8> = held.drain(..step.approved).collect();
        if scanner.heads != before {
            let head = String::from_utf8_lossy(&passed).into_owned();
            targets.push(head.split(' ').nth(1).unwrap_or_default().to_owned());
        }
        if step.fault.is_some() || scanner.is_over() {
            break;
        }
    }
    targets
}

/// The requests hyper finds in `bytes`.
fn hyper_targets(bytes: &[u8]) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let found = Arc::new(Mutex::new(Vec::new()));
        let (mut client, server) = tokio::io::duplex(1 << 20);
        client.write_all(bytes).await.unwrap();
        client.shutdown().await.unwrap();
        let recorded = found.clone();
        let service = hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
            recorded.lock().unwrap().push(request.uri().to_string());
            async move {
                let _ = request.into_body().collect().await;
                Ok::<_, std::convert::Infallible>(http::Response::new(Empty::<bytes::Bytes>::new()))
            }
        });
        let _ = hyper::server::conn::http1::Builder::new()
            .header_read_timeout(None)
            .half_close(true)
            .serve_connection(hyper_util::rt::TokioIo::new(server), service)
            .await;
        drop(client);
        found.lock().unwrap().clone()
    })
}

/// Pieces that requests are made of, good and bad.
fn piece() -> impl Strategy<Value = String> {
    let parts: Vec<&'static str> = vec![
        "GET /a HTTP/1.1\r\nHost: gw\r\n\r\n",
        "POST /b HTTP/1.1\r\nHost: gw\r\nContent-Length: 5\r\n\r\nhello",
        "POST /c HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /d HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n",
        "POST /e HTTP/1.1\r\nHost: gw\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /f HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
        "POST /g HTTP/1.0\r\nContent-Length: 2\r\n\r\nab",
        "5\r\nhello\r\n",
        "3\r\nabc\r\n",
        "0\r\n\r\n",
        "0\r\nA: b\r\n\r\n",
        "a;x=\"y\"\r\n0123456789\r\n",
        "3;a=\"\r\n\"\r\nabc\r\n",
        "3 ;a\r\nabc\r\n",
        "3 \r\nabc\r\n",
        "ffffffffffffffff\r\n",
        "\r\n",
        "\n",
        "\r",
        " ",
        "X: y\r\n",
        ": ",
        "0",
        "Host: gw\r\n",
        "HTTP/1.1",
        "hello",
        "\"",
        "\\",
        ";",
    ];
    prop_oneof![
        8 => proptest::sample::select(parts).prop_map(str::to_owned),
        1 => "[\\x20-\\x7e]{0,4}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn cutting_a_stream_elsewhere_changes_nothing(
        pieces in prop::collection::vec(piece(), 0..8),
        cuts in prop::collection::vec(any::<usize>(), 0..6),
    ) {
        let stream = pieces.concat();
        let (whole, cut) = (scan(stream.as_bytes(), &[]), scan(stream.as_bytes(), &cuts));
        prop_assert_eq!(whole.fault, cut.fault);
        // Bytes of a body may pass before the fault in it is seen, and a cut decides how many.
        prop_assert!(whole.passed.starts_with(&cut.passed) || cut.passed.starts_with(&whole.passed));
    }

    #[test]
    fn hyper_finds_the_same_requests_in_what_passes(pieces in prop::collection::vec(piece(), 0..8)) {
        let stream = pieces.concat();
        let ours = targets(stream.as_bytes());
        let cuts: Vec<usize> = (0..stream.len()).collect();
        let passed = scan(stream.as_bytes(), &cuts).passed;
        let hypers = hyper_targets(&passed);
        // After a request of HTTP/1.0 hyper ends the connection.
        let last = ours.iter().position(|target| target == "/g");
        let expected = last.map_or(ours.as_slice(), |last| &ours[..=last]);
        prop_assert_eq!(hypers.as_slice(), expected, "{:?}", stream);
    }

    #[test]
    fn no_bytes_make_it_panic_or_pass_what_is_no_request(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(scan(&bytes, &[1, 2, 3, 50]).passed.is_empty());
    }
}

#[test]
fn framing_that_two_readers_could_read_as_two_is_refused() {
    let head = "POST / HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n";
    for good in [
        "3\r\nabc\r\n0\r\n\r\n",
        "3;a=\"b c\";d\r\nabc\r\n0\r\n\r\n",
        "3;a=\"\\\"\"\r\nabc\r\n0\r\nX: y\r\n\r\n",
        "0003\r\nabc\r\n0\r\n\r\n",
    ] {
        let stream = format!("{head}{good}GET / HTTP/1.1\r\nHost: gw\r\n\r\n");
        assert_eq!(scan(stream.as_bytes(), &[]).passed, stream.as_bytes(), "{good:?}");
    }
    for bad in [
        "3;a=\"\r\n\"\r\nabc\r\n0\r\n\r\n",
        "3;a=\"\\\r\nabc\r\n0\r\n\r\n",
        "3;a\nabc\r\n",
        "3\nabc\r\n",
        "3 \r\nabc\r\n",
        "3\r\nabcd\r\n",
        "ffffffffffffffff\r\n",
        "10000000000000000\r\n",
        "-1\r\n",
        "0x3\r\n",
        "\r\n",
        "0\r\nX: y\n\r\n",
        "0\r\n\rX",
    ] {
        let seen = scan(format!("{head}{bad}").as_bytes(), &[]);
        assert!(seen.fault.is_some(), "{bad:?}");
    }
    let endless = format!("{head}3;{}", "a".repeat(2000));
    assert!(
        scan(endless.as_bytes(), &[]).fault.is_some(),
        "an endless extension"
    );
    let endless = format!("{head}0\r\n{}", "A: b\r\n".repeat(3000));
    assert!(scan(endless.as_bytes(), &[]).fault.is_some(), "endless trailers");
}

#[test]
fn a_line_of_a_head_ends_in_cr_lf() {
    for bad in [
        "GET / HTTP/1.1\nHost: gw\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: gw\r\n\n",
        "\nGET",
        "\rGET",
        " GET",
        // The beginning of a TLS hello, which has no line end.
        "\u{16}\u{3}\u{1}",
    ] {
        assert!(scan(bad.as_bytes(), &[]).fault.is_some(), "{bad:?}");
    }
    let empty_lines = "\r\n\r\nGET / HTTP/1.1\r\nHost: gw\r\n\r\n";
    assert_eq!(
        scan(empty_lines.as_bytes(), &[1, 3]).passed,
        empty_lines.as_bytes()
    );
    assert_eq!(
        scan("\r\n".repeat(9000).as_bytes(), &[]).fault,
        Some(Fault::HeadTooLarge)
    );
}
