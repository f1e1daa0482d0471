//! Which requests are the console's own: those to its host, and those that its own pages made.

use caracal_service::Refusal;
use caracal_wire::ErrorCode;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use url::Url;

/// Where browsers find the console.
#[derive(Debug, Clone)]
pub struct ConsoleOrigin {
    /// The origin, where it was said; else any of this machine's own names.
    origin: Option<String>,
    /// Whether browsers come over TLS.
    secure: bool,
}

/// A header that no other site can send without asking first.
const OURS: &str = "x-caracal-console";

impl ConsoleOrigin {
    /// The console at `url`, or at this machine's own names; `tls` says that its listener speaks TLS itself.
    pub fn new(url: Option<&Url>, tls: bool) -> Self {
        let origin = url.map(|url| url.origin().ascii_serialization());
        Self {
            secure: tls || url.is_some_and(|url| url.scheme() == "https"),
            origin,
        }
    }

    /// Whether browsers come over TLS.
    pub(crate) const fn is_secure(&self) -> bool {
        self.secure
    }

    /// Refuses another host than the console's, so that a name of somebody else that leads here (DNS rebinding) reaches
    /// nothing.
    ///
    /// A target that is a whole address says the host instead of the header (RFC 9112 §3.2.2), and a proxy or a log may go by
    /// either, so both are looked at.
    pub(crate) fn check_host(&self, target: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut hosts = headers.get_all(header::HOST).iter();
        let host = hosts.next().and_then(|host| host.to_str().ok());
        let ours = |host: &str| self.is_ours(&format!("{}{host}", self.scheme()));
        match host {
            Some(host)
                if hosts.next().is_none()
                    && ours(host)
                    && target.authority().is_none_or(|named| ours(named.as_str())) =>
            {
                Ok(())
            }
            _ => Err(
                Refusal::new(StatusCode::MISDIRECTED_REQUEST, ErrorCode::MalformedRequest)
                    .describe("the console is not at this host; CONSOLE_URL says where it is"),
            ),
        }
    }

    /// Refuses what the page of another site made a browser send. A change must come from our own pages; a read may also
    /// be typed into the browser.
    pub(crate) fn check_site(&self, method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
        let refused = || {
            Err(Refusal::of(ErrorCode::CrossSiteRequest)
                .describe("this request was not made by the console's own pages"))
        };
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let reads = matches!(*method, Method::GET | Method::HEAD);
        match text("sec-fetch-site") {
            None | Some("same-origin") => {}
            Some("none") if reads => {}
            Some(_) => return refused(),
        }
        if reads {
            return Ok(());
        }
        // Browsers say where a change comes from, and let no other site send a header of ours without asking.
        match text("origin") {
            Some(origin)
                if self.is_ours(origin) && self.same_host(origin, headers) && headers.contains_key(OURS) =>
            {
                Ok(())
            }
            _ => refused(),
        }
    }

    const fn scheme(&self) -> &'static str {
        if self.secure { "https://" } else { "http://" }
    }

    fn is_ours(&self, origin: &str) -> bool {
        let Ok(url) = Url::parse(origin) else { return false };
        // Nothing but an origin.
        if url.path() != "/" || url.query().is_some() || !url.username().is_empty() {
            return false;
        }
        match &self.origin {
            Some(ours) => url.origin().ascii_serialization() == *ours,
            None => matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")),
        }
    }

    /// Another port of this machine is another site.
    fn same_host(&self, origin: &str, headers: &HeaderMap) -> bool {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let named = host.and_then(|host| Url::parse(&format!("{}{host}", self.scheme())).ok());
        match (named, Url::parse(origin)) {
            (Some(named), Ok(origin)) => named.host() == origin.host() && named.port() == origin.port(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    http::HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn only_the_consoles_own_host_is_served() {
        let url = Url::parse("https://console.example").ok();
        let (public, local) = (
            ConsoleOrigin::new(url.as_ref(), false),
            ConsoleOrigin::new(None, false),
        );
        for (place, host, served) in [
            (&public, "console.example", true),
            (&public, "console.example:443", true),
            (&public, "console.example:8443", false),
            (&public, "localhost:3001", false),
            (&public, "evil.example", false),
            (&public, "console.example@evil.example", false),
            (&local, "localhost:3001", true),
            (&local, "127.0.0.1:9", true),
            (&local, "[::1]:3001", true),
            (&local, "rebound.example:3001", false),
            (&local, "localhost:3001/x", false),
        ] {
            let host_headers: HeaderMap = [(header::HOST, HeaderValue::from_static(host))]
                .into_iter()
                .collect();
            let path = Uri::from_static("/");
            assert_eq!(place.check_host(&path, &host_headers).is_ok(), served, "{host}");
        }
        let two = {
            let mut two = headers(&[("host", "localhost:1")]);
            two.append(header::HOST, HeaderValue::from_static("localhost:1"));
            two
        };
        let path = Uri::from_static("/");
        let none = HeaderMap::new();
        assert!(local.check_host(&path, &two).is_err() && local.check_host(&path, &none).is_err());
        // Whatever the header says, a target names its host as well.
        let host = headers(&[("host", "localhost:3001")]);
        for (target, served) in [
            ("http://localhost:3001/", true),
            ("http://evil/", false),
            ("http://localhost:3001@evil/", false),
        ] {
            let target = Uri::from_static(target);
            assert_eq!(local.check_host(&target, &host).is_ok(), served, "{target}");
        }
    }

    #[test]
    fn a_change_comes_from_our_own_pages_and_nowhere_else() {
        let place = ConsoleOrigin::new(None, false);
        let host = ("host", "localhost:3001");
        let (origin, ours) = (("origin", "http://localhost:3001"), ("x-caracal-console", "1"));
        let post =
            |pairs: &[(&'static str, &'static str)]| place.check_site(&Method::POST, &headers(pairs)).is_ok();
        assert!(post(&[host, origin, ours]));
        assert!(post(&[host, origin, ours, ("sec-fetch-site", "same-origin")]));
        assert!(!post(&[host, origin]));
        assert!(!post(&[host, ours]));
        assert!(!post(&[host, ("origin", "null"), ours]));
        assert!(!post(&[host, ("origin", "http://evil.example"), ours]));
        assert!(
            !post(&[host, ("origin", "http://localhost:4000"), ours]),
            "another port"
        );
        assert!(!post(&[host, ("origin", "https://localhost:3001"), ours]) || !place.is_secure());
        assert!(!post(&[host, origin, ours, ("sec-fetch-site", "same-site")]));
        let get =
            |pairs: &[(&'static str, &'static str)]| place.check_site(&Method::GET, &headers(pairs)).is_ok();
        assert!(get(&[host]) && get(&[host, ("sec-fetch-site", "none")]));
        assert!(!get(&[host, ("sec-fetch-site", "cross-site")]));
    }
}
