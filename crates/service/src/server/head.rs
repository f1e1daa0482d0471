//! What a request head must look like before anybody acts on it (RFC 9112 §2 to §6).
//!
//! Stricter than hyper wherever two readers could take one head for two: refused when in doubt.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use caracal_wire::ErrorCode;
use std::net::Ipv6Addr;

use crate::Refusal;

/// Most header fields of a request.
pub(super) const MAX_FIELDS: usize = 100;

/// How the bytes behind a head belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// So many bytes; none when the head names no length.
    Length(u64),
    /// Chunks and trailers.
    Chunked,
    /// None; what follows is another protocol's if the answer says so, and the next request otherwise.
    Upgrade,
    /// Bytes of a tunnel, which nobody here opens: nothing more is read.
    Tunnel,
}

/// Why bytes are not taken for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The head, or the framing of its body, is none or could be read in two ways.
    Malformed(&'static str),
    /// More than [`MAX_FIELDS`] fields.
    TooManyFields,
    /// The head is longer than the listener takes.
    HeadTooLarge,
    /// The protocol is not HTTP/1.
    Version,
    /// The head did not come in time.
    HeadTimeout,
    /// The body did not come in time.
    BodyTimeout,
    /// Only the permits kept for health and metrics are left.
    Crowded,
}

impl Fault {
    /// The answer.
    pub(crate) fn refusal(self) -> Refusal {
        match self {
            Self::Malformed(what) => Refusal::of(ErrorCode::MalformedRequest).describe(what),
            Self::TooManyFields => Refusal::of(ErrorCode::RequestHeaderFieldsTooLarge)
                .describe("a request has at most 100 header fields"),
            Self::HeadTooLarge => Refusal::of(ErrorCode::RequestHeaderFieldsTooLarge)
                .describe("the request line and header fields are too long"),
            Self::Version => Refusal::of(ErrorCode::HttpVersionNotSupported).describe("send HTTP/1.1"),
            Self::HeadTimeout => {
                Refusal::of(ErrorCode::RequestTimeout).describe("the request head did not arrive in time")
            }
            Self::BodyTimeout => {
                Refusal::of(ErrorCode::RequestTimeout).describe("the request body did not arrive in time")
            }
            Self::Crowded => {
                Refusal::of(ErrorCode::TooManyConnections).describe("every connection is taken, try again")
            }
        }
    }
}

/// Reads a complete head (its blank line included).
pub(super) fn check(bytes: &[u8]) -> Result<Framing, Fault> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(bytes) {
        // Where httparse, and so hyper, sees another end of the head, nobody knows what comes next.
        Ok(httparse::Status::Complete(length)) if length == bytes.len() => {}
        Ok(_) => return Err(Fault::Malformed("the request head ends in two ways")),
        Err(httparse::Error::TooManyHeaders) => return Err(Fault::TooManyFields),
        Err(httparse::Error::Version) => return Err(Fault::Version),
        Err(_) => return Err(Fault::Malformed("the request head is not HTTP/1.1")),
    }
    let (Some(method), Some(target)) = (request.method, request.path) else {
        return Err(Fault::Malformed("the request line is not complete"));
    };
    let is_http_11 = request.version == Some(1);
    check_target(method, target)?;
    let mut hosts = 0_usize;
    let mut codings = 0_usize;
    let mut length: Option<u64> = None;
    let mut upgrades = false;
    for field in request.headers.iter() {
        // The length of a name tells nearly all of them apart.
        match field.name.len() {
            4 if field.name.eq_ignore_ascii_case("host") => {
                hosts = hosts.saturating_add(1);
                if !is_host(trim(field.value)) {
                    return Err(Fault::Malformed("Host is not a host with an optional port"));
                }
            }
            7 if field.name.eq_ignore_ascii_case("upgrade") => {
                upgrades |= trim(field.value).eq_ignore_ascii_case(b"websocket");
            }
            14 if field.name.eq_ignore_ascii_case("content-length") => {
                let given = number(trim(field.value))
                    .ok_or(Fault::Malformed("Content-Length is not one whole number"))?;
                if length.replace(given).is_some_and(|earlier| earlier != given) {
                    return Err(Fault::Malformed("two Content-Length fields disagree"));
                }
            }
            17 if field.name.eq_ignore_ascii_case("transfer-encoding") => {
                codings = codings.saturating_add(1);
                if !trim(field.value).eq_ignore_ascii_case(b"chunked") {
                    return Err(Fault::Malformed(
                        "Transfer-Encoding is something other than chunked, once",
                    ));
                }
            }
            _ => {}
        }
    }
    if hosts > 1 || (hosts == 0 && is_http_11) {
        return Err(Fault::Malformed("a request names its Host exactly once"));
    }
    if codings > 1 {
        return Err(Fault::Malformed("two Transfer-Encoding fields"));
    }
    if codings == 1 && length.is_some() {
        return Err(Fault::Malformed(
            "Transfer-Encoding and Content-Length in one head",
        ));
    }
    if codings == 1 && !is_http_11 {
        return Err(Fault::Malformed("HTTP/1.0 has no Transfer-Encoding"));
    }
    Ok(if method == "CONNECT" {
        Framing::Tunnel
    } else if codings == 1 {
        Framing::Chunked
    } else if upgrades && is_http_11 && length.unwrap_or(0) == 0 {
        Framing::Upgrade
    } else {
        Framing::Length(length.unwrap_or(0))
    })
}

/// The four forms of a target, each with the methods that have it (RFC 9112 §3.2).
pub(super) fn check_target(method: &str, target: &str) -> Result<(), Fault> {
    // A fragment is cut off by one reader and part of the path to another; other text is escaped in a URL.
    if !target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return Err(Fault::Malformed(
            "the request target has a fragment or a character that is not escaped",
        ));
    }
    let fits = if target.starts_with('/') {
        method != "CONNECT"
    } else if target == "*" {
        method == "OPTIONS"
    } else if method == "CONNECT" {
        is_host(target.as_bytes())
    } else {
        absolute_authority(target).is_some_and(|authority| is_host(authority.as_bytes()))
    };
    if fits {
        Ok(())
    } else {
        Err(Fault::Malformed(
            "the request target is not a path or an http URL",
        ))
    }
}

fn absolute_authority(target: &str) -> Option<&str> {
    let (scheme, rest) = target.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    rest.split(['/', '?']).next()
}

/// A host name, an IPv4 address, or an IPv6 address in brackets; then, perhaps, a port.
pub(super) fn is_host(value: &[u8]) -> bool {
    let Ok(value) = std::str::from_utf8(value) else {
        return false;
    };
    let (host, port) = match value.strip_prefix('[') {
        Some(rest) => {
            let Some((address, behind)) = rest.split_once(']') else {
                return false;
            };
            if address.parse::<Ipv6Addr>().is_err() {
                return false;
            }
            match behind.strip_prefix(':') {
                Some(port) => ("v6", Some(port)),
                None if behind.is_empty() => ("v6", None),
                None => return false,
            }
        }
        None => match value.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (value, None),
        },
    };
    let named = (1..=255).contains(&host.len())
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~'));
    let ported = port.is_none_or(|port| {
        port.len() <= 5 && number(port.as_bytes()).is_some_and(|port| (1..=65_535).contains(&port))
    });
    named && ported
}

/// Digits and nothing else, and no more than a length can be.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    i64::try_from(value).is_ok().then_some(value)
}

/// Without optional white space on either side (RFC 9110 §5.6.3); a vertical tab is none.
fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(start: &str, lines: &str) -> Result<Framing, Fault> {
        check(format!("{start}\r\n{lines}\r\n").as_bytes())
    }

    #[test]
    fn a_host_is_a_name_or_an_address_and_a_port() {
        for good in [
            "gw",
            "gw:80",
            "a.b-c_d.example:65535",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:8081",
        ] {
            assert_eq!(
                of("GET / HTTP/1.1", &format!("Host: {good}\r\n")),
                Ok(Framing::Length(0)),
                "{good}"
            );
        }
        for bad in [
            "", "g w", "gw/a", "gw?a", "gw#a", "u@gw", "u:p@gw", "a, b", "a,b", "gw:", "gw:0", "gw:65536",
            "gw:8o", "gw:+80", "gw:1:2", "[::1", "::1", "[::1]x", "[gw]", "[::1]:", "gw\\", "%67w", "gw;a",
        ] {
            assert!(
                of("GET / HTTP/1.1", &format!("Host: {bad}\r\n")).is_err(),
                "{bad:?}"
            );
        }
        assert!(of("GET / HTTP/1.1", "").is_err(), "no host");
        assert!(of("GET / HTTP/1.0", "").is_ok(), "HTTP/1.0 names none");
        assert!(
            of("GET / HTTP/1.1", "Host: a\r\nHost: a\r\n").is_err(),
            "two hosts"
        );
    }

    #[test]
    fn a_coding_is_chunked_once_or_refused() {
        let with = |lines: &str| of("POST / HTTP/1.1", &format!("Host: gw\r\n{lines}"));
        assert_eq!(with("Transfer-Encoding: Chunked \r\n"), Ok(Framing::Chunked));
        for bad in [
            "Transfer-Encoding: chunked, chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked;a=b\r\n",
            "Transfer-Encoding: \"chunked\"\r\n",
            "Transfer-Encoding:\r\n",
            "Content-Length: +1\r\n",
            "Content-Length: 1, 1\r\n",
            "Content-Length: 18446744073709551615\r\n",
            "Content-Length: 1\r\nContent-Length: 2\r\n",
            "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
        ] {
            assert!(with(bad).is_err(), "{bad:?}");
        }
        assert!(of("POST / HTTP/1.0", "Transfer-Encoding: chunked\r\n").is_err());
    }

    #[test]
    fn only_a_request_without_a_body_may_be_the_last_of_its_connection() {
        let with =
            |version: &str, lines: &str| of(&format!("GET / {version}"), &format!("Host: gw\r\n{lines}"));
        let upgrade = "Upgrade: WebSocket \r\n";
        assert_eq!(with("HTTP/1.1", upgrade), Ok(Framing::Upgrade));
        assert_eq!(
            with("HTTP/1.1", "Upgrade: websocket\r\nContent-Length: 0\r\n"),
            Ok(Framing::Upgrade)
        );
        assert_eq!(
            with("HTTP/1.1", "Upgrade: websocket\r\nContent-Length: 3\r\n"),
            Ok(Framing::Length(3))
        );
        assert_eq!(
            with("HTTP/1.1", "Upgrade: websocket\r\nTransfer-Encoding: chunked\r\n"),
            Ok(Framing::Chunked)
        );
        assert_eq!(with("HTTP/1.1", "Upgrade: h2c\r\n"), Ok(Framing::Length(0)));
        assert_eq!(with("HTTP/1.0", upgrade), Ok(Framing::Length(0)));
    }

    #[test]
    fn a_target_fits_its_method() {
        let with = |start: &str| of(start, "Host: gw\r\n");
        for good in [
            "GET /a?b HTTP/1.1",
            "OPTIONS * HTTP/1.1",
            "GET http://gw/a HTTP/1.1",
            "CONNECT gw:443 HTTP/1.1",
        ] {
            assert!(with(good).is_ok(), "{good}");
        }
        for bad in [
            "GET * HTTP/1.1",
            "GET gw:80 HTTP/1.1",
            "GET gw HTTP/1.1",
            "GET ftp://gw/ HTTP/1.1",
            "GET http:///a HTTP/1.1",
            "GET http://u@gw/a HTTP/1.1",
            "GET /a#b HTTP/1.1",
            "GET http://gw/a#b HTTP/1.1",
            "GET /\u{e4} HTTP/1.1",
            "CONNECT /a HTTP/1.1",
        ] {
            assert!(with(bad).is_err(), "{bad}");
        }
        assert_eq!(with("GET / HTTP/2.0"), Err(Fault::Version));
    }
}
