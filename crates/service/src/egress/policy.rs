//! Who may be called.

use std::{fmt, net::IpAddr, str::FromStr};

use super::{
    EgressError,
    address::{AddressClass, classify},
};

/// An entry of the allow list: a host, or `*.` and a domain for everything below it. Without port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern(String);

/// The text is not a host pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an allowed host is a name such as api.example.com, an address, or *.example.com")]
pub struct InvalidHostPattern;

impl FromStr for HostPattern {
    type Err = InvalidHostPattern;

    fn from_str(text: &str) -> Result<Self, InvalidHostPattern> {
        let pattern = text.trim().trim_end_matches('.').to_ascii_lowercase();
        let name = pattern.strip_prefix("*.").unwrap_or(&pattern);
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let plain = !bare.is_empty()
            && bare
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':'))
            && (!bare.contains(':') || bare.parse::<IpAddr>().is_ok());
        if !plain {
            return Err(InvalidHostPattern);
        }
        // As destinations say it, whichever way it was written.
        match bare.parse::<IpAddr>() {
            Ok(address) if name == pattern => Ok(Self(address.to_string())),
            Ok(_) => Err(InvalidHostPattern),
            Err(_) => Ok(Self(pattern.replace(['[', ']'], ""))),
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HostPattern {
    /// The one host that it names; nothing where it names those below a domain.
    pub fn host(&self) -> Option<&str> {
        (!self.0.starts_with('*')).then_some(self.0.as_str())
    }

    fn matches(&self, host: &str) -> bool {
        match self.0.strip_prefix('*') {
            // `*.example.com` keeps its dot, so neither `example.com` nor `badexample.com` matches.
            Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
            None => host == self.0,
        }
    }
}

/// What a guard lets through. The default is the strict one: public addresses alone.
#[derive(Debug, Clone, Default)]
pub struct EgressPolicy {
    /// Whether this machine may be called.
    pub allow_loopback: bool,
    /// Whether networks of the operator may be called (RFC 1918, RFC 6598, RFC 4193).
    pub allow_private: bool,
    /// Hosts whose addresses may be of this machine or of networks of the operator.
    pub private_hosts: Vec<HostPattern>,
    /// When not empty, the only hosts that may be called.
    pub host_allowlist: Vec<HostPattern>,
}

impl EgressPolicy {
    /// For destinations that operators provision: this machine and private networks included. Metadata services,
    /// link-local, multicast and reserved addresses stay refused.
    pub fn provisioned() -> Self {
        Self {
            allow_loopback: true,
            allow_private: true,
            ..Self::default()
        }
    }

    /// For destinations that somebody else names, of whom the operator lets some be on this machine or in a private network.
    pub fn named(private_hosts: Vec<HostPattern>) -> Self {
        Self {
            private_hosts,
            ..Self::default()
        }
    }

    /// Whether the allow list lets `host` (lower case, without port and brackets) through.
    pub fn allows_host(&self, host: &str) -> bool {
        self.host_allowlist.is_empty() || self.host_allowlist.iter().any(|pattern| pattern.matches(host))
    }

    /// Whether `address` may be dialled for `host` (lower case, without port and brackets).
    ///
    /// # Errors
    /// [`EgressError::AddressRefused`].
    pub fn vet(&self, host: &str, address: IpAddr) -> Result<(), EgressError> {
        let class = classify(address);
        let named = || self.private_hosts.iter().any(|pattern| pattern.matches(host));
        let allowed = match class {
            AddressClass::Public => true,
            AddressClass::Loopback => self.allow_loopback || named(),
            AddressClass::Private => self.allow_private || named(),
            AddressClass::Metadata
            | AddressClass::LinkLocal
            | AddressClass::Multicast
            | AddressClass::Reserved
            | AddressClass::Tunnel => false,
        };
        if allowed {
            Ok(())
        } else {
            Err(EgressError::AddressRefused(class))
        }
    }
}
