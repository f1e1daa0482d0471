//! What of the head of an upstream's answer comes back.

use caracal_service::egress::Target;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::{
    download::REVOKED,
    outbound::{is_hop_by_hop, is_order_to_proxy, named_by_connection, trailer_names},
};

/// The upstream's headers that the caller gets. `target` is where the resource lives, `cookies` whether it lets cookies
/// pass.
pub(crate) fn headers(mut upstream: HeaderMap, target: &Target, cookies: bool) -> HeaderMap {
    let named = named_by_connection(&upstream);
    let mut headers = HeaderMap::with_capacity(upstream.keys_len().saturating_add(4));
    let mut trailers = Some(REVOKED.as_str().to_owned());
    let mut name: Option<HeaderName> = None;
    for (next, value) in upstream.drain() {
        if next.is_some() {
            name = next;
        }
        let Some(name) = &name else { continue };
        if *name == header::TRAILER {
            trailers = trailer_names(&value, trailers);
        } else if *name == header::LOCATION || *name == header::CONTENT_LOCATION {
            // Most frameworks answer with their whole address.
            let inner = value
                .to_str()
                .ok()
                .map(|reference| target.without_origin(reference));
            if let Some(value) = inner.and_then(|reference| reword(reference, target.path())) {
                headers.append(name.clone(), value);
            }
        } else if !(is_hop_by_hop(name.as_str())
            || is_withheld(name.as_str())
            || (!cookies && *name == header::SET_COOKIE)
            || named.contains(name))
        {
            headers.append(name.clone(), value);
        }
    }
    if let Some(trailers) = trailers.and_then(|names| HeaderValue::from_str(&names).ok()) {
        headers.insert(header::TRAILER, trailers);
    }
    headers
}

/// What describes the upstream's machinery, orders ours about, speaks for a whole origin, or is ours to say.
fn is_withheld(name: &str) -> bool {
    matches!(
        name,
        "server"
            | "x-powered-by"
            | "x-aspnet-version"
            | "x-aspnetmvc-version"
            | "refresh"
            | "x-request-id"
            // Of proofs that are ours to check.
            | "dpop-nonce"
            // The origin that the caller sees is ours, with every other resource behind it.
            | "alt-svc"
            | "clear-site-data"
            | "strict-transport-security"
            | "nel"
            | "report-to"
            | "reporting-endpoints"
    ) || name.starts_with("x-caracal-")
        || is_order_to_proxy(name)
}

/// A reference of the upstream as the caller must read it: paths begin where the resource does, not where its upstream
/// does. Nothing when it leads away from the resource, which the caller cannot follow through us.
fn reword(reference: &str, base: &str) -> Option<HeaderValue> {
    if !is_relative(reference) {
        return None;
    }
    let base = base.trim_end_matches('/');
    if base.is_empty() {
        return HeaderValue::from_str(reference).ok();
    }
    let end = reference.find(['?', '#']).unwrap_or(reference.len());
    let (path, rest) = reference.split_at(end);
    // Out of the base by climbing, in either spelling of a dot.
    let climbs = |segment: &str| {
        matches!(
            segment.to_ascii_lowercase().replace("%2e", ".").as_str(),
            ".." | "."
        )
    };
    if path.split('/').any(climbs) {
        return None;
    }
    if !path.starts_with('/') {
        return HeaderValue::from_str(reference).ok();
    }
    match path.strip_prefix(base)? {
        "" => HeaderValue::from_str(&["/", rest].concat()).ok(),
        // Two slashes at the front would name a host.
        inner if inner.starts_with('/') && !inner.starts_with("//") => {
            HeaderValue::from_str(&[inner, rest].concat()).ok()
        }
        _ => None,
    }
}

/// Whether a reference stays with us: neither a scheme nor a host, not even to a lenient reader. A redirect must not
/// carry the caller around the Gateway.
fn is_relative(reference: &str) -> bool {
    let before_path = reference.split(['/', '?', '#']).next().unwrap_or_default();
    !reference.is_empty()
        && !reference.starts_with("//")
        && !reference.contains('\\')
        && !before_path.contains(':')
        && reference.bytes().all(|byte| byte > b' ' && byte != 0x7f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_relative_references_come_back() {
        for kept in [
            "/a",
            "a/b",
            "?q=1",
            "#f",
            "/a:b",
            "./a",
            "/redirect?to=https://x.test",
        ] {
            assert!(is_relative(kept), "{kept}");
        }
        for gone in [
            "",
            "http://x.test/",
            "HTTPS://x.test",
            "//x.test",
            "/\\x.test",
            "\\\\x.test",
            "javascript:x",
            "a b",
            "mailto:a",
        ] {
            assert!(!is_relative(gone), "{gone}");
        }
    }

    #[test]
    fn references_begin_where_the_resource_does() {
        for (base, reference, reworded) in [
            ("/", "/items/5?a=/v1", Some("/items/5?a=/v1")),
            ("/v1", "/v1/items/5", Some("/items/5")),
            ("/v1/", "/v1/items/5?x=1#y", Some("/items/5?x=1#y")),
            ("/v1", "/v1", Some("/")),
            ("/v1", "/v1?x=1", Some("/?x=1")),
            ("/v1", "items/5", Some("items/5")),
            ("/v1", "?x=1", Some("?x=1")),
            ("/v1", "/v10/items", None),
            ("/v1", "/login", None),
            ("/v1", "/v1//evil.test/x", None),
            ("/v1", "/v1/../admin", None),
            ("/v1", "%2e%2E/admin", None),
            ("/v1", "http://upstream.test/v1/items", None),
        ] {
            let value = reword(reference, base);
            let value = value.as_ref().map(|value| value.to_str().unwrap());
            assert_eq!(value, reworded, "{base} {reference}");
        }
    }
}
