//! A destination, read one way only.

use std::net::IpAddr;

use http::{HeaderValue, uri};
use url::{Host, Url};

/// Longest destination accepted, in bytes.
const MAX_URL_BYTES: usize = 2048;

/// Why a text is not a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTarget {
    /// Longer than 2048 bytes.
    #[error("url is too long")]
    TooLong,
    /// Not an absolute URL, or one that readers disagree about: white space, control characters, backslashes.
    #[error("not an absolute url")]
    Malformed,
    /// Neither `http` nor `https`.
    #[error("scheme is neither http nor https")]
    Scheme,
    /// Has a user name or password, which also hides the real host from the eye.
    #[error("url carries user information")]
    UserInfo,
    /// Has no host, or one that is no name.
    #[error("url has no usable host")]
    Host,
    /// Port 0.
    #[error("port is not usable")]
    Port,
}

/// An `http` or `https` destination with its base path and query. The fragment is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    scheme: uri::Scheme,
    authority: uri::Authority,
    host_header: HeaderValue,
    host: Box<str>,
    host_and_port: Box<str>,
    ip: Option<IpAddr>,
    path: Box<str>,
    query: Option<Box<str>>,
}

impl Target {
    /// Reads `text` as browsers do (WHATWG URL), so that `127.1`, `0x7f.1` and full-width digits are the addresses
    /// they mean, and refuses what different readers read differently.
    ///
    /// # Errors
    /// [`InvalidTarget`].
    pub fn parse(text: &str) -> Result<Self, InvalidTarget> {
        if text.len() > MAX_URL_BYTES {
            return Err(InvalidTarget::TooLong);
        }
        if text
            .bytes()
            .any(|byte| byte <= b' ' || byte == 0x7f || byte == b'\\')
        {
            return Err(InvalidTarget::Malformed);
        }
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::EmptyHost | url::ParseError::IdnaError => InvalidTarget::Host,
            url::ParseError::InvalidPort => InvalidTarget::Port,
            _ => InvalidTarget::Malformed,
        })?;
        let scheme = match url.scheme() {
            "http" => uri::Scheme::HTTP,
            "https" => uri::Scheme::HTTPS,
            _ => return Err(InvalidTarget::Scheme),
        };
        // `http:host` and `http:///host` parse, with a host the author may not have meant.
        let after_scheme = text.get(url.scheme().len()..).unwrap_or_default();
        if !after_scheme.starts_with("://") || after_scheme.starts_with(":///") {
            return Err(InvalidTarget::Malformed);
        }
        let authority_end = after_scheme.get(3..).unwrap_or_default().find(['/', '?', '#']);
        let authority_text = after_scheme
            .get(3..authority_end.map_or(after_scheme.len(), |end| end.saturating_add(3)))
            .unwrap_or_default();
        if !url.username().is_empty() || url.password().is_some() || authority_text.contains('@') {
            return Err(InvalidTarget::UserInfo);
        }
        let (host, ip) = match url.host().ok_or(InvalidTarget::Host)? {
            Host::Domain(name) => (name.trim_end_matches('.').to_ascii_lowercase(), None),
            Host::Ipv4(address) => (address.to_string(), Some(IpAddr::V4(address))),
            Host::Ipv6(address) => (address.to_string(), Some(IpAddr::V6(address))),
        };
        if host.is_empty() || host.len() > 253 || host.contains("..") || host.contains('%') {
            return Err(InvalidTarget::Host);
        }
        let port = url
            .port_or_known_default()
            .filter(|port| *port != 0)
            .ok_or(InvalidTarget::Port)?;
        let named = if matches!(ip, Some(IpAddr::V6(_))) {
            format!("[{host}]")
        } else {
            host.clone()
        };
        let authority_text = match url.port() {
            Some(port) => format!("{named}:{port}"),
            None => named.clone(),
        };
        let authority: uri::Authority = authority_text
            .parse()
            .map_err(|_: uri::InvalidUri| InvalidTarget::Host)?;
        Ok(Self {
            scheme,
            host_header: HeaderValue::from_str(&authority_text).map_err(|_| InvalidTarget::Host)?,
            authority,
            host: host.into(),
            host_and_port: format!("{named}:{port}").into(),
            ip,
            path: url.path().into(),
            query: url.query().map(Into::into),
        })
    }

    /// `http` or `https`.
    pub const fn scheme(&self) -> &uri::Scheme {
        &self.scheme
    }

    /// Host, and port unless it is the scheme's own.
    pub const fn authority(&self) -> &uri::Authority {
        &self.authority
    }

    /// Value of the `Host` header.
    pub const fn host_header(&self) -> &HeaderValue {
        &self.host_header
    }

    /// The whole of it, as a client asks for it.
    ///
    /// # Errors
    /// When path and query do not go into a request.
    pub fn uri(&self) -> Result<uri::Uri, http::Error> {
        let path = match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.to_string(),
        };
        uri::Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(path)
            .build()
    }

    /// Host in lower case, without port and brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Host with port, always.
    pub fn host_and_port(&self) -> &str {
        &self.host_and_port
    }

    /// `reference` without scheme, host and port where they are this target's: what is left begins with `/`.
    /// Any other reference stays as it is.
    pub fn without_origin<'r>(&self, reference: &'r str) -> &'r str {
        let after = |text: &'r str, with: &str| {
            let (head, rest) = text.split_at_checked(with.len())?;
            head.eq_ignore_ascii_case(with).then_some(rest)
        };
        let local = |authority: &str| {
            let rest = after(reference, self.scheme.as_str())?.strip_prefix("://")?;
            match after(rest, authority)? {
                "" => Some("/"),
                // A longer name and another port are other places.
                rest => rest.starts_with('/').then_some(rest),
            }
        };
        local(self.authority.as_str())
            .or_else(|| local(&self.host_and_port))
            .unwrap_or(reference)
    }

    /// The host as an address, when it is one.
    pub const fn ip(&self) -> Option<IpAddr> {
        self.ip
    }

    /// Base path, `/` when the URL has none. Escapes are kept as written.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Base query.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }
}
