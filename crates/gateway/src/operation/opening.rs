//! What the opening of a WebSocket looks like (RFC 6455 §4.2.1).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version, header, request::Parts};

const KEY: HeaderName = header::SEC_WEBSOCKET_KEY;

/// Whether a request wants to go on as a WebSocket.
pub(crate) fn is_asked_for(head: &Parts) -> bool {
    head.method == Method::GET
        && head.version == Version::HTTP_11
        && lists(&head.headers, &header::UPGRADE, b"websocket")
}

/// Whether the opening is one to every reader (RFC 6455 §4.2.1).
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(head: &Parts) -> Result<(), &'static str> {
    let headers = &head.headers;
    if !only(headers, &header::UPGRADE).is_some_and(|value| value.eq_ignore_ascii_case(b"websocket"))
        || !lists(headers, &header::CONNECTION, b"upgrade")
    {
        return Err("a WebSocket is asked for with one Upgrade and a Connection that names it");
    }
    if only(headers, &header::SEC_WEBSOCKET_VERSION) != Some(b"13") {
        return Err("Sec-WebSocket-Version is not 13");
    }
    let key = only(headers, &KEY).and_then(|key| STANDARD.decode(key).ok());
    if key.is_none_or(|key| key.len() != 16) {
        return Err("Sec-WebSocket-Key is not 16 bytes in base64");
    }
    let length = headers.get(header::CONTENT_LENGTH).map(HeaderValue::as_bytes);
    if length.is_some_and(|length| length != b"0") || headers.contains_key(header::TRANSFER_ENCODING) {
        return Err("the opening of a WebSocket has no body");
    }
    Ok(())
}

/// The only value of a header.
pub(crate) fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h [u8]> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.as_bytes().trim_ascii()),
        _ => None,
    }
}

/// Whether a header that is a list has `token`.
pub(crate) fn lists(headers: &HeaderMap, name: &HeaderName, token: &[u8]) -> bool {
    headers
        .get_all(name)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .any(|listed| listed.trim_ascii().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn opening(lines: &[(&str, &str)]) -> Parts {
        let request = lines
            .iter()
            .fold(Request::builder().uri("/s"), |request, (name, value)| {
                request.header(*name, *value)
            });
        request.body(()).unwrap().into_parts().0
    }

    const GOOD: [(&str, &str); 4] = [
        ("upgrade", "WebSocket"),
        ("connection", "keep-alive, Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    #[test]
    fn an_opening_that_some_reader_would_not_take_for_one_is_none() {
        let good = opening(&GOOD);
        assert!(is_asked_for(&good) && check(&good).is_ok());
        for (place, line) in [
            (0, ("upgrade", "websocket, h2c")),
            (1, ("connection", "keep-alive")),
            (2, ("sec-websocket-version", "8")),
            (3, ("sec-websocket-key", "c2hvcnQ=")),
            (3, ("sec-websocket-key", "not base64 not base64 ==")),
            (3, ("x-other", "1")),
        ] {
            let mut lines = GOOD;
            lines[place] = line;
            assert!(check(&opening(&lines)).is_err(), "{line:?}");
        }
        for more in [
            ("upgrade", "websocket"),
            ("sec-websocket-key", GOOD[3].1),
            ("sec-websocket-version", "13"),
            ("content-length", "3"),
            ("transfer-encoding", "chunked"),
        ] {
            let lines: Vec<_> = GOOD.into_iter().chain([more]).collect();
            assert!(check(&opening(&lines)).is_err(), "{more:?}");
        }
        let mut posted = opening(&GOOD);
        posted.method = Method::POST;
        let mut older = opening(&GOOD);
        older.version = Version::HTTP_10;
        assert!(!is_asked_for(&posted) && !is_asked_for(&older) && !is_asked_for(&opening(&GOOD[1..])));
    }
}
