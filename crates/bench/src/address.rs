//! Addresses of this machine, and no others: a load generator must not be pointed at a stranger.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Why a URL is not a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not `http://HOST:PORT` with nothing but an optional slash behind.
    #[error("{0:?} is not of the form http://HOST:PORT")]
    Form(String),
    /// The host is not a loopback address.
    #[error("{0:?} is not on this machine; only loopback addresses are measured")]
    Foreign(String),
}

/// Reads `http://HOST:PORT`, where the host is a loopback address or `localhost`.
///
/// Names are not resolved, so nothing but `localhost` can be a name.
///
/// # Errors
/// [`AddressError`] for any other URL.
pub fn parse_local(url: &str) -> Result<SocketAddr, AddressError> {
    let form = || AddressError::Form(url.to_owned());
    let rest = url.strip_prefix("http://").ok_or_else(form)?;
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = authority.rsplit_once(':').ok_or_else(form)?;
    let port: u16 = port.parse().map_err(|_| form())?;
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let ip = match (bracketed, host) {
        (Some(v6), _) => IpAddr::V6(v6.parse::<Ipv6Addr>().map_err(|_| form())?),
        (None, "localhost") => IpAddr::V4(Ipv4Addr::LOCALHOST),
        (None, host) => match host.parse::<Ipv4Addr>() {
            Ok(v4) => IpAddr::V4(v4),
            Err(_) if host.is_empty() || host.contains(['/', '@', ':', '?', '#']) => return Err(form()),
            Err(_) => return Err(AddressError::Foreign(url.to_owned())),
        },
    };
    if !ip.is_loopback() {
        return Err(AddressError::Foreign(url.to_owned()));
    }
    Ok(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_refused() {
        for url in [
            "http://192.0.2.1:80",
            "http://0.0.0.0:80",
            "http://example.com:80",
            "http://localhost.example.com:80",
            "http://[2001:db8::1]:80",
        ] {
            assert_eq!(parse_local(url), Err(AddressError::Foreign(url.to_owned())));
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for url in [
            "",
            "127.0.0.1:80",
            "https://127.0.0.1:80",
            "http://127.0.0.1",
            "http://127.0.0.1:80/path",
            "http://127.0.0.1:80@192.0.2.1:80",
            "http://user@127.0.0.1:80",
            "http://127.0.0.1:99999",
            "http://:80",
        ] {
            assert_eq!(parse_local(url), Err(AddressError::Form(url.to_owned())), "{url}");
        }
    }

    #[test]
    fn this_machine_is_accepted_in_its_spellings() {
        for (url, address) in [
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://127.9.9.9:1/", "127.9.9.9:1"),
            ("http://localhost:3000", "127.0.0.1:3000"),
            ("http://[::1]:4000", "[::1]:4000"),
        ] {
            assert_eq!(parse_local(url).unwrap().to_string(), address);
        }
    }
}
