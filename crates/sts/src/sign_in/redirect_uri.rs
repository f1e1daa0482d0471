//! Addresses that a client may have people sent back to.

use url::{Host, Url};

/// Longest address to send people back to.
const MAX_REDIRECT_BYTES: usize = 512;
/// Most of them.
pub(super) const MAX_REDIRECTS: usize = 8;

/// Why an address to send people back to is refused.
pub(super) fn check_redirect(uri: &str) -> Result<Url, &'static str> {
    if uri.is_empty() || uri.len() > MAX_REDIRECT_BYTES || !uri.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("must be 1 to 512 printable ASCII characters");
    }
    let url = Url::parse(uri).map_err(|_| "must be an absolute URI")?;
    if url.fragment().is_some() {
        return Err("must have no fragment");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must have no credentials");
    }
    if matches!(
        url.scheme(),
        "javascript" | "data" | "vbscript" | "file" | "blob" | "about"
    ) {
        return Err("is of a scheme that browsers act on themselves");
    }
    match url.scheme() {
        "http" if !is_loopback(&url) => Err("must be https, or http to the device itself"),
        _ => Ok(url),
    }
}

/// Whether an address is on the device itself.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
