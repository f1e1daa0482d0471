//! Which headers pass.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use percent_encoding::percent_decode_str;
use smallvec::SmallVec;

pub(crate) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(crate) const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
pub(crate) const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const BAGGAGE: HeaderName = HeaderName::from_static("baggage");

/// Names that a `Connection` header lists.
pub(crate) type ConnectionNames = SmallVec<[HeaderName; 4]>;

/// Whether a header is between two neighbours (RFC 9110 §7.6.1).
pub(crate) fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "proxy-connection"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "http2-settings"
    )
}

/// Every name that any `Connection` line lists. Framing and host stay whatever it says: a caller must not be able
/// to strip what tells one message from the next.
pub(crate) fn named_by_connection(headers: &HeaderMap) -> ConnectionNames {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .filter(|token| !token.eq_ignore_ascii_case("close") && !token.eq_ignore_ascii_case("keep-alive"))
        .filter_map(|token| HeaderName::from_bytes(token.as_bytes()).ok())
        .filter(|name| *name != header::CONTENT_LENGTH && *name != header::HOST)
        .collect()
}

/// Whether a caller's header is ours to set, or nobody's business upstream. Servers that speak CGI read `_` as
/// `-`, so both spellings count.
fn is_ours(name: &str) -> bool {
    in_either_spelling(name, |name| {
        matches!(
            name,
            "authorization"
                | "dpop"
                | "host"
                | "expect"
                | "x-request-id"
                | "forwarded"
                | "x-real-ip"
                // By these a proxy tells what it rewrote; from a caller they lead past the path that was decided on.
                | "x-original-url"
                | "x-original-uri"
                | "x-original-method"
                | "x-rewrite-url"
                | "x-rewrite-uri"
                | "x-override-url"
                | "x-envoy-original-path"
                | "x-original-host"
                | "x-replaced-path"
                | "x-host"
                // By these a proxy tells who it took the caller for; from a caller they are claims of its own.
                | "true-client-ip"
                | "cf-connecting-ip"
                | "cf-connecting-ipv6"
                | "fastly-client-ip"
                | "fly-client-ip"
                | "x-client-ip"
                | "x-cluster-client-ip"
                | "x-remote-ip"
                | "x-remote-addr"
                | "x-remote-user"
                | "remote-user"
                | "remote-addr"
                // CGI makes a variable of it that clients of the upstream obey (httpoxy).
                | "proxy"
        ) || name.starts_with("x-caracal-")
            || name.starts_with("x-forwarded-")
    })
}

fn in_either_spelling(name: &str, is_meant: impl Fn(&str) -> bool) -> bool {
    is_meant(name) || (name.contains('_') && is_meant(&name.replace('_', "-")))
}

/// Whether a header asks a framework to take the request for one of another method.
pub(crate) fn overrides_method(name: &str) -> bool {
    name.starts_with('x')
        && in_either_spelling(name, |name| {
            matches!(
                name,
                "x-http-method-override" | "x-method-override" | "x-http-method"
            )
        })
}

/// Whether an upstream's header is an order to a reverse proxy in front of it: to serve a file, to fetch another
/// address, to change how it passes the answer on.
pub(crate) fn is_order_to_proxy(name: &str) -> bool {
    name.starts_with("x-accel-")
        || name.starts_with("x-lighttpd-")
        || name.starts_with("x-litespeed-")
        || matches!(
            name,
            "x-sendfile" | "x-sendfile2" | "x-reproxy-url" | "x-reproxy-file"
        )
}

/// The caller's headers that an upstream gets, in one pass. `credential` is the header that will carry the real
/// credential: whatever the caller put there goes. `cookies` says whether the resource lets cookies pass.
pub(crate) fn forwardable(
    mut inbound: HeaderMap,
    credential: Option<&HeaderName>,
    cookies: bool,
) -> HeaderMap {
    let named = named_by_connection(&inbound);
    let mut headers = HeaderMap::with_capacity(inbound.keys_len().saturating_add(8));
    let mut trailers = None;
    let mut name = None;
    for (next, value) in inbound.drain() {
        // Further values of one name come without it.
        if next.is_some() {
            name = next;
        }
        let Some(name) = &name else { continue };
        let text = name.as_str();
        if *name == header::TRAILER {
            trailers = trailer_names(&value, trailers);
        } else if *name == BAGGAGE {
            if let Some(value) = foreign_baggage(&value) {
                headers.append(BAGGAGE, value);
            }
        } else if !(is_hop_by_hop(text)
            || is_ours(text)
            || (!cookies && *name == header::COOKIE)
            || named.contains(name)
            || credential.is_some_and(|credential| is_spelling_of(text, credential.as_str())))
        {
            headers.append(name.clone(), value);
        }
    }
    if let Some(trailers) = trailers
        && let Ok(value) = HeaderValue::from_str(&trailers)
    {
        headers.insert(header::TRAILER, value);
    }
    headers
}

fn is_spelling_of(name: &str, credential: &str) -> bool {
    let dash = |byte: u8| if byte == b'_' { b'-' } else { byte };
    name.len() == credential.len() && name.bytes().map(dash).eq(credential.bytes().map(dash))
}

/// The members of a `Trailer` header that may pass, added to those found before.
pub(crate) fn trailer_names(value: &HeaderValue, found: Option<String>) -> Option<String> {
    let Ok(value) = value.to_str() else { return found };
    value
        .split(',')
        .map(str::trim)
        .filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok())
        .filter(trailer_may_pass)
        .fold(found, |found, name| {
            Some(match found {
                Some(list) => [&list, ", ", name.as_str()].concat(),
                None => name.as_str().to_owned(),
            })
        })
}

/// Whether a field may arrive behind a body (RFC 9110 §6.5.1): nothing that frames, routes, authenticates or that
/// is ours to say. A receiver that merges trailers into headers must not be fooled.
pub(crate) fn trailer_may_pass(name: &HeaderName) -> bool {
    let text = name.as_str();
    !(is_hop_by_hop(text)
        || is_ours(text)
        || overrides_method(text)
        || is_order_to_proxy(text)
        || matches!(
            text,
            "content-length"
                | "content-encoding"
                | "content-type"
                | "content-range"
                | "cookie"
                | "set-cookie"
                | "cache-control"
                | "location"
                | "traceparent"
                | "tracestate"
                | "baggage"
                | "www-authenticate"
        ))
}

/// Baggage (W3C) without our own members, which describe the caller to us and to nobody else.
fn foreign_baggage(value: &HeaderValue) -> Option<HeaderValue> {
    let Ok(text) = value.to_str() else { return None };
    let ours = |member: &&str| {
        let key = member.split(['=', ';']).next().unwrap_or_default().trim();
        percent_decode_str(key)
            .decode_utf8_lossy()
            .to_ascii_lowercase()
            .starts_with("caracal.")
    };
    if !text.split(',').any(|member| ours(&member)) {
        return Some(value.clone());
    }
    let kept: Vec<&str> = text
        .split(',')
        .filter(|member| !ours(member))
        .map(str::trim)
        .collect();
    if kept.is_empty() {
        None
    } else {
        HeaderValue::from_str(&kept.join(",")).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    name.parse::<HeaderName>().unwrap(),
                    HeaderValue::from_str(value).unwrap(),
                )
            })
            .fold(HeaderMap::new(), |mut headers, (name, value)| {
                headers.append(name, value);
                headers
            })
    }

    #[test]
    fn every_connection_line_is_honoured_and_framing_is_not_strippable() {
        let inbound = headers(&[
            ("connection", "close, x-one"),
            ("connection", "X-Two, content-length, host"),
            ("x-one", "1"),
            ("x-two", "2"),
            ("x-three", "3"),
            ("content-length", "5"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("http2-settings", "AAMAAABk"),
            ("proxy-authorization", "Basic x"),
        ]);
        let passed = forwardable(inbound, None, false);
        let mut names: Vec<&str> = passed.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["content-length", "x-three"]);
    }

    #[test]
    fn what_is_ours_to_say_is_dropped_in_every_spelling() {
        let inbound = headers(&[
            ("authorization", "Bearer x"),
            ("x-caracal-resource", "r"),
            ("x-caracal-identity", "spoofed"),
            ("x_caracal_identity", "spoofed"),
            ("x-forwarded-for", "1.2.3.4"),
            ("x_forwarded_for", "1.2.3.4"),
            ("forwarded", "for=1.2.3.4"),
            ("x-real-ip", "1.2.3.4"),
            ("x_real_ip", "1.2.3.4"),
            ("x-original-url", "/admin"),
            ("x_original_url", "/admin"),
            ("x-original-uri", "/admin"),
            ("x-original-method", "DELETE"),
            ("x-rewrite-url", "/admin"),
            ("x-rewrite-uri", "/admin"),
            ("x-override-url", "/admin"),
            ("x-envoy-original-path", "/admin"),
            ("x-original-host", "inside.example"),
            ("x-replaced-path", "/admin"),
            ("x-host", "inside.example"),
            ("true-client-ip", "1.2.3.4"),
            ("True_Client_IP", "1.2.3.4"),
            ("cf-connecting-ip", "1.2.3.4"),
            ("fastly-client-ip", "1.2.3.4"),
            ("x-client-ip", "1.2.3.4"),
            ("x-cluster-client-ip", "1.2.3.4"),
            ("x-remote-user", "root"),
            ("remote-user", "root"),
            ("remote_user", "root"),
            ("remote-addr", "1.2.3.4"),
            ("proxy", "http://attacker.example"),
            ("x-request-id", "theirs"),
            ("x-api-key", "theirs"),
            ("x_api_key", "theirs"),
            ("cookie", "a=1"),
            ("accept", "a"),
            ("accept", "b"),
        ]);
        let passed = forwardable(inbound, Some(&HeaderName::from_static("x-api-key")), false);
        let names: Vec<&str> = passed.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["accept", "accept"]);
    }

    #[test]
    fn an_order_to_a_proxy_in_front_of_us_is_known_whatever_server_it_is_for() {
        for order in [
            "x-accel-redirect",
            "x-sendfile",
            "x-lighttpd-send-file",
            "x-litespeed-location",
            "x-litespeed-cache-control",
            "x-reproxy-url",
        ] {
            assert!(is_order_to_proxy(order), "{order}");
        }
        assert!(!is_order_to_proxy("x-request-cost"));
    }

    #[test]
    fn our_baggage_stays_here() {
        for (sent, passed) in [
            ("a=1", Some("a=1")),
            ("caracal.session=x", None),
            ("a=1, caracal.session=x ,b=2;p=q", Some("a=1,b=2;p=q")),
            ("Caracal.x=1", None),
            ("%63aracal.x=1", None),
            ("xcaracal.y=1", Some("xcaracal.y=1")),
        ] {
            let value = foreign_baggage(&HeaderValue::from_static(sent));
            assert_eq!(
                value.as_ref().map(|value| value.to_str().unwrap()),
                passed,
                "{sent}"
            );
        }
    }

    #[test]
    fn trailers_carry_no_authority() {
        let announced = HeaderValue::from_static(
            "X-Sum, Authorization, Transfer-Encoding, X-Caracal-Identity, grpc-status",
        );
        assert_eq!(trailer_names(&announced, None).unwrap(), "x-sum, grpc-status");
    }
}
