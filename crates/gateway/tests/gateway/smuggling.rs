//! Requests that two readers could read as two. Either an answer that ends the connection and an upstream that heard
//! nothing, or exactly one clean request upstream.

use std::time::Duration;

use caracal_service::server::ServerLimits;

use crate::stage::{Options, Stage};

/// What may have reached the upstream.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Upstream {
    Nothing,
    /// One request, with this body.
    One(&'static str),
}

async fn case(name: &str, raw: impl Fn(&str) -> Vec<u8>, statuses: &[u16], expected: Upstream) {
    let stage = Stage::new().await;
    let auth = stage.credentials();
    let answer = stage.raw(&raw(&auth)).await;
    let received = stage.upstream.received();
    match expected {
        Upstream::Nothing => assert_eq!(stage.upstream.requests(), 0, "{name}: {received:?}"),
        Upstream::One(body) => {
            assert_eq!(stage.upstream.requests(), 1, "{name}: {answer}");
            assert!(received[0].complete, "{name}");
            assert_eq!(received[0].body, body, "{name}");
            let (length, coding) = (
                received[0].header("content-length"),
                received[0].header("transfer-encoding"),
            );
            assert!(length.is_none() || coding.is_none(), "{name}: framed twice");
            assert_eq!(received[0].target, "/a", "{name}");
        }
    }
    let status: Option<u16> = answer
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3)?.parse().ok());
    match status {
        Some(status) => assert!(statuses.contains(&status), "{name}: {answer}"),
        None => assert!(statuses.is_empty() && answer.is_empty(), "{name}: {answer}"),
    }
    let answers = answer.matches("HTTP/1.1 ").count();
    assert!(
        answers <= 1 || expected != Upstream::Nothing,
        "{name}: went on after a refusal: {answer}"
    );
}

fn head(auth: &str, lines: &str, body: &str) -> Vec<u8> {
    format!("POST /a HTTP/1.1\r\nHost: gw\r\n{auth}{lines}\r\n{body}").into_bytes()
}

#[tokio::test]
async fn lengths_and_codings_that_contradict_each_other() {
    use Upstream::{Nothing, One};
    let smuggled = "GET /admin HTTP/1.1\r\nHost: gw\r\n\r\n";
    // RFC 9112 §6.3 lets the coding win; whoever stands before us may have believed the length.
    for (name, body) in [
        ("CL.TE", "0\r\n\r\nX".to_owned()),
        ("TE.CL", format!("0\r\n\r\n{smuggled}")),
    ] {
        for lines in [
            "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        ] {
            case(name, |a| head(a, lines, &body), &[400], Nothing).await;
        }
    }
    for (name, lines) in [
        ("two lengths", "Content-Length: 3\r\nContent-Length: 5\r\n"),
        ("a list of lengths", "Content-Length: 3, 5\r\n"),
        ("a length with a sign", "Content-Length: +3\r\n"),
        ("a negative length", "Content-Length: -3\r\n"),
        ("a length in hex", "Content-Length: 0x3\r\n"),
        ("a length with a space", "Content-Length: 3 3\r\n"),
        ("a length with letters", "Content-Length: 3a\r\n"),
        ("an empty length", "Content-Length:\r\n"),
        ("an endless length", "Content-Length: 99999999999999999999999\r\n"),
        ("a coding of nothing", "Transfer-Encoding:\r\n"),
        ("chunked not last", "Transfer-Encoding: chunked, identity\r\n"),
        ("chunked misspelt", "Transfer-Encoding: xchunked\r\n"),
        ("an unknown coding", "Transfer-Encoding: cow\r\n"),
        ("space before the colon", "Transfer-Encoding : chunked\r\n"),
        ("space before the colon of a length", "Content-Length : 3\r\n"),
        ("a tab before the colon", "Transfer-Encoding\t: chunked\r\n"),
        ("a folded coding", "Transfer-Encoding:\r\n chunked\r\n"),
        ("a folded header", "X-A: 1\r\n 2\r\n"),
        ("a vertical tab in a coding", "Transfer-Encoding: \x0bchunked\r\n"),
        ("a NUL in a value", "X-A: 1\x002\r\n"),
        ("a NUL in a name", "X-\x00A: 1\r\n"),
        ("a bare CR in a value", "X-A: 1\rX-B: 2\r\n"),
        ("a line without a colon", "nonsense\r\n"),
        ("an empty name", ": x\r\n"),
    ] {
        case(name, |a| head(a, lines, "abc"), &[400, 413, 431, 501], Nothing).await;
    }
    // The same length twice is one length.
    case(
        "one length twice",
        |a| head(a, "Content-Length: 3\r\nContent-Length: 3\r\n", "abc"),
        &[200, 400],
        One("abc"),
    )
    .await;
}

#[tokio::test]
async fn chunks_that_are_none_abort_the_upload() {
    for (name, body) in [
        ("no size", "\r\nabc\r\n0\r\n\r\n"),
        ("a negative size", "-3\r\nabc\r\n0\r\n\r\n"),
        ("a size in 0x", "0x3\r\nabc\r\n0\r\n\r\n"),
        ("a size that overflows", "fffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
        ("a chunk longer than said", "3\r\nabcd\r\n0\r\n\r\n"),
        ("a bare LF behind the size", "3\nabc\r\n0\r\n\r\n"),
        ("an extension with a bare LF", "3;x\nabc\r\n0\r\n\r\n"),
    ] {
        let stage = Stage::new().await;
        let auth = stage.credentials();
        let answer = stage
            .raw(&head(&auth, "Transfer-Encoding: chunked\r\n", body))
            .await;
        assert_eq!(
            stage.whole_requests(),
            0,
            "{name}: the upstream took it for complete"
        );
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{name}: {answer}"
        );
    }
    // An extension is legal and goes no further.
    let extended = "3;a=b\r\nabc\r\n0\r\n\r\n";
    case(
        "an extension",
        |a| head(a, "Transfer-Encoding: chunked\r\n", extended),
        &[200],
        Upstream::One("abc"),
    )
    .await;
}

#[tokio::test]
async fn hosts_and_targets_that_contradict_each_other() {
    use Upstream::{Nothing, One};
    let with = |auth: &str, start: &str, lines: &str| format!("{start}\r\n{lines}{auth}\r\n").into_bytes();
    for (name, start, lines) in [
        ("no host", "GET /a HTTP/1.1", ""),
        ("two hosts", "GET /a HTTP/1.1", "Host: gw\r\nHost: evil.test\r\n"),
        (
            "an absolute target under another host",
            "GET http://evil.test/a HTTP/1.1",
            "Host: gw\r\n",
        ),
        ("an asterisk", "OPTIONS * HTTP/1.1", "Host: gw\r\n"),
        (
            "a tunnel",
            "CONNECT evil.test:443 HTTP/1.1",
            "Host: evil.test:443\r\n",
        ),
        ("an old version", "GET /a HTTP/0.9", "Host: gw\r\n"),
        ("a new version", "GET /a HTTP/3.0", "Host: gw\r\n"),
        ("spaces in the target", "GET /a b HTTP/1.1", "Host: gw\r\n"),
        ("a NUL in the target", "GET /a\x00b HTTP/1.1", "Host: gw\r\n"),
        ("a fragment of a method", "GE T /a HTTP/1.1", "Host: gw\r\n"),
        (
            "traversal in an absolute target",
            "GET http://gw/../a HTTP/1.1",
            "Host: gw\r\n",
        ),
    ] {
        case(name, |auth| with(auth, start, lines), &[400, 405, 505], Nothing).await;
    }
    case(
        "an absolute target",
        |auth| with(auth, "GET http://gw/a HTTP/1.1", "Host: gw\r\n"),
        &[200],
        One(""),
    )
    .await;
    case("an upgrade", |auth| with(auth, "GET /a HTTP/1.1", "Host: gw\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"), &[200], One("")).await;
    case(
        "expectations",
        |auth| {
            with(
                auth,
                "POST /a HTTP/1.1",
                "Host: gw\r\nExpect: 100-continue\r\nContent-Length: 0\r\n",
            )
        },
        &[100, 200],
        One(""),
    )
    .await;
}

#[tokio::test]
async fn what_is_pipelined_behind_a_call_needs_its_own_mandate() {
    let stage = Stage::new().await;
    let auth = stage.credentials();
    let first = format!("GET /a HTTP/1.1\r\nHost: gw\r\n{auth}\r\n");
    let answer = stage
        .raw(format!("{first}GET /admin HTTP/1.1\r\nHost: gw\r\n\r\n{first}").as_bytes())
        .await;
    assert_eq!(stage.upstream.only().target, "/a");
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 1, "{answer}");
    assert_eq!(
        answer.matches("HTTP/1.1 401").count(),
        2,
        "missing, then replayed: {answer}"
    );
}

#[tokio::test]
async fn a_refused_upload_is_not_read_as_the_next_request() {
    let stage = Stage::new().await;
    let smuggled = "GET /admin HTTP/1.1\r\nHost: gw\r\n\r\n";
    let raw = format!(
        "POST /a HTTP/1.1\r\nHost: gw\r\nContent-Length: {}\r\n\r\n{smuggled}",
        smuggled.len()
    );
    let answer = stage.raw(raw.as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    assert!(answer.starts_with("HTTP/1.1 401"));
}

#[tokio::test]
async fn an_admitted_call_whose_body_stops_is_answered_408_and_aborted_upstream() {
    let stage = Stage::with(Options {
        limits: ServerLimits {
            body_read_timeout: Duration::from_millis(300),
            ..ServerLimits::default()
        },
        ..Options::default()
    })
    .await;
    for (lines, body) in [
        ("Content-Length: 1000\r\n", ""),
        ("Content-Length: 1000\r\n", "hello"),
        ("Transfer-Encoding: chunked\r\n", "5\r\nhel"),
    ] {
        let auth = stage.credentials();
        let answer = stage.raw(&head(&auth, lines, body)).await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{lines}{body}: {answer}");
        assert!(
            answer.contains("request_timeout") && answer.contains("connection: close"),
            "{answer}"
        );
    }
    assert_eq!(
        stage.whole_requests(),
        0,
        "the upstream took a part for the whole"
    );
}

#[tokio::test]
async fn heads_past_16_kib_are_refused() {
    let long = format!("X-A: {}\r\n", "a".repeat(17 * 1024));
    case("a long header", |a| head(a, &long, ""), &[431], Upstream::Nothing).await;
    let many = (0..200).fold(String::new(), |lines, number| {
        lines + &format!("X-{number}: 1\r\n")
    });
    case("many headers", |a| head(a, &many, ""), &[431], Upstream::Nothing).await;
}

#[tokio::test]
async fn trailers_carry_no_authority_upstream() {
    let stage = Stage::new().await;
    let auth = stage.credentials();
    let body = "3\r\nabc\r\n0\r\nX-Sum: 7\r\nAuthorization: Bearer evil\r\nX-Caracal-Identity: evil\r\n\r\n";
    let lines = "Transfer-Encoding: chunked\r\nTrailer: X-Sum, Authorization, X-Caracal-Identity\r\n";
    let answer = stage.raw(&head(&auth, lines, body)).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let received = stage.upstream.only();
    let names: Vec<&str> = received.trailers.keys().map(http::HeaderName::as_str).collect();
    assert_eq!(names, ["x-sum"]);
    assert_eq!(received.header("trailer"), Some("x-sum"));
    assert_eq!(received.header("authorization"), Some("Bearer real-credential"));
}
