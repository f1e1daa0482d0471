//! What one field may hold. A rule returns the sentence that completes "the field …".

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{Secret, TextRule};

pub(super) fn flag(value: &Value) -> Result<bool, &'static str> {
    value.as_bool().ok_or("must be true or false")
}

pub(super) fn text(value: &Value) -> Result<String, &'static str> {
    line(value).map(str::to_owned)
}

fn line(value: &Value) -> Result<&str, &'static str> {
    let line = value
        .as_str()
        .filter(|text| TextRule::line(512).check(text).is_ok());
    line.ok_or("must be a text of 1 to 512 characters without control characters")
}

pub(super) fn secret(value: &Value) -> Result<Secret, &'static str> {
    let text = value.as_str().map(str::trim).filter(|text| !text.is_empty());
    let text = text.ok_or("must be a text that is not empty")?;
    if text.chars().any(char::is_control) || text.len() > 8192 {
        return Err("must have at most 8192 bytes, none of them control characters");
    }
    Ok(Secret::new(text))
}

/// A private key in PEM form (RFC 7468), which has lines.
pub(super) fn private_key(value: &Value) -> Result<Secret, &'static str> {
    let text = value.as_str().map(str::trim).unwrap_or_default();
    let block = text.starts_with("-----BEGIN ") && text.ends_with(" PRIVATE KEY-----");
    let plain = |byte: u8| matches!(byte, b'\r' | b'\n' | b' '..=b'~');
    if block && text.len() <= 16 * 1024 && text.bytes().all(plain) {
        Ok(Secret::new(text))
    } else {
        Err("must be one private key in PEM form")
    }
}

/// Certificates in PEM form (RFC 7468), the one that counts first.
pub(super) fn certificates(value: &Value) -> Result<String, &'static str> {
    let text = value.as_str().map(str::trim).unwrap_or_default();
    let blocks =
        text.starts_with("-----BEGIN CERTIFICATE-----") && text.ends_with("-----END CERTIFICATE-----");
    let plain = |byte: u8| matches!(byte, b'\r' | b'\n' | b' '..=b'~');
    // What is shown in clear must not be where a key was put by mistake.
    if blocks && !text.contains("PRIVATE KEY") && text.len() <= 32 * 1024 && text.bytes().all(plain) {
        Ok(text.to_owned())
    } else {
        Err("must be certificates in PEM form, without their key")
    }
}

/// An endpoint of an OAuth server: what is sent there are secrets.
pub(super) fn endpoint(value: &Value) -> Result<String, &'static str> {
    const FORM: &str = "must be an https URL with a host, without user and fragment";
    let url = value.as_str().filter(|url| url.len() <= 2048).ok_or(FORM)?;
    let rest = url.strip_prefix("https://").ok_or(FORM)?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => {
            let number = port.parse::<u16>().is_ok_and(|port| port != 0);
            Some(host).filter(|_| number && port.bytes().all(|byte| byte.is_ascii_digit()))
        }
        _ => Some(authority),
    };
    let bracketed = |host: &str| {
        let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        inside.is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok())
    };
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#' | b'"' | b'<' | b'>');
    if host.is_some_and(|host| is_host(host) || bracketed(host)) && rest.bytes().all(plain) {
        Ok(url.to_owned())
    } else {
        Err(FORM)
    }
}

/// The host of an https URL that [`endpoint`] takes, in lower case.
pub(super) fn host_of(url: &str) -> Option<String> {
    endpoint(&Value::from(url)).ok()?;
    let authority = url.strip_prefix("https://")?.split(['/', '?']).next()?;
    let host = match authority.rsplit_once(':') {
        Some((host, _)) if !authority.ends_with(']') => host,
        _ => authority,
    };
    Some(host.to_ascii_lowercase())
}

/// Where a browser comes back to: an absolute URI without a fragment (RFC 6749 §3.1.2), which carries a code and so is
/// plain HTTP on this machine alone.
pub(super) fn redirect_uri(value: &Value) -> Result<String, &'static str> {
    const FORM: &str =
        "must be an absolute URI without fragment; http goes to localhost, 127.0.0.1 and [::1] alone";
    let uri = value.as_str().filter(|uri| uri.len() <= 2048).ok_or(FORM)?;
    let (scheme, rest) = uri.split_once(':').ok_or(FORM)?;
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#' | b'"' | b'<' | b'>');
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.bytes().all(letters);
    if !named || rest.is_empty() || !rest.bytes().all(plain) {
        return Err(FORM);
    }
    let allowed = match scheme.to_ascii_lowercase().as_str() {
        "https" => endpoint(value).is_ok(),
        "http" => {
            let authority = rest.strip_prefix("//").unwrap_or_default();
            let authority = authority.split(['/', '?']).next().unwrap_or_default();
            ["localhost", "127.0.0.1", "[::1]"].iter().any(|host| {
                let port = authority.strip_prefix(host);
                let number = |port: &str| {
                    port.strip_prefix(':')
                        .is_some_and(|port| port.parse::<u16>().is_ok())
                };
                port.is_some_and(|port| port.is_empty() || number(port))
            })
        }
        "javascript" | "data" | "vbscript" | "file" => false,
        _ => true,
    };
    if allowed { Ok(uri.to_owned()) } else { Err(FORM) }
}

/// RFC 6749 §3.3: scope tokens.
pub(super) fn scopes(value: &Value) -> Result<Vec<String>, &'static str> {
    let token = |scope: &str| {
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
        (1..=200).contains(&scope.len()) && scope.bytes().all(plain)
    };
    let list = value.as_array().filter(|list| list.len() <= 64);
    let scopes = list.and_then(|list| {
        let scopes = list.iter().map(Value::as_str);
        scopes
            .map(|scope| scope.filter(|scope| token(scope)).map(str::to_owned))
            .collect()
    });
    scopes.ok_or("must be a list of at most 64 scopes without blanks")
}

/// What the protocol itself puts into a token request.
const TOKEN_REQUEST: [&str; 10] = [
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_verifier",
    "grant_type",
    "redirect_uri",
    "refresh_token",
    "scope",
];

/// Parameters of a token request besides those of the protocol.
pub(super) fn token_params(value: &Value) -> Result<BTreeMap<String, String>, &'static str> {
    params(value, &TOKEN_REQUEST)
}

/// What the protocol itself puts into the address that people are sent to, and what would take its place there: a
/// request object (RFC 9101) could name another challenge, a response mode could bring the code elsewhere.
const AUTHORIZATION_REQUEST: [&str; 10] = [
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "redirect_uri",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
];

/// Parameters of the address that people are sent to besides those of the protocol.
pub(super) fn authorization_params(value: &Value) -> Result<BTreeMap<String, String>, &'static str> {
    params(value, &AUTHORIZATION_REQUEST)
}

/// A parameter of the protocol that the query of `url` names already, however it is escaped.
pub(super) fn reserved_in_query(url: &str) -> Option<&'static str> {
    let (_, query) = url.split_once('?')?;
    let names = query.split('&').filter_map(|pair| pair.split('=').next());
    let names: Vec<String> = names.map(unescaped).collect();
    AUTHORIZATION_REQUEST
        .into_iter()
        .find(|reserved| names.iter().any(|name| name == reserved))
}

/// The text with its escapes of printable characters resolved.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('%');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part
            .get(..2)
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                plain.push(char::from(byte));
                plain.push_str(part.get(2..).unwrap_or_default());
            }
            None => plain.push_str(part),
        }
    }
    plain
}

fn params(value: &Value, reserved: &[&str]) -> Result<BTreeMap<String, String>, &'static str> {
    let given = value.as_object().filter(|given| given.len() <= 32);
    let pair = |(name, value): (&String, &Value)| {
        parameter(&Value::from(name.as_str())).ok()?;
        let value = line(value).ok().filter(|_| !reserved.contains(&name.as_str()))?;
        Some((name.clone(), value.to_owned()))
    };
    given.and_then(|given| given.iter().map(pair).collect()).ok_or(
        "must be an object of at most 32 names (letters, digits and . _ ~ -) with texts, none of them a \
         parameter of the protocol",
    )
}

/// RFC 7617 §2: a colon would end the user name early.
pub(super) fn username(value: &Value) -> Result<String, &'static str> {
    match line(value)? {
        name if name.contains(':') => Err("must not contain a colon"),
        name => Ok(name.to_owned()),
    }
}

pub(super) fn scheme(value: &Value) -> Result<String, &'static str> {
    let text = line(value)?;
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(rest) {
        Ok(text.to_owned())
    } else {
        Err("must be letters, digits and hyphens")
    }
}

pub(super) fn parameter(value: &Value) -> Result<String, &'static str> {
    let text = line(value)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'~' | b'-');
    if text.bytes().all(plain) {
        Ok(text.to_owned())
    } else {
        Err("must be letters, digits and . _ ~ -")
    }
}

pub(super) fn hosts(value: &Value) -> Result<Vec<String>, &'static str> {
    let list = value.as_array().filter(|list| list.len() <= 64);
    let names = list.and_then(|list| {
        let names = list.iter().map(Value::as_str);
        names
            .map(|name| name.filter(|name| is_host(name)).map(str::to_ascii_lowercase))
            .collect()
    });
    names.ok_or("must be a list of host names")
}

fn is_host(host: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    (1..=253).contains(&host.len())
        && host.bytes().all(plain)
        && host.starts_with(|c: char| c.is_ascii_alphanumeric())
        && host.ends_with(|c: char| c.is_ascii_alphanumeric())
        && !host.contains("..")
}

/// Headers that belong to the connection, to proxies or to the platform.
const FORBIDDEN_HEADERS: [&str; 18] = [
    "baggage",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-real-ip",
    "x-request-id",
];

/// Whether a header, by its name in lower case, may never carry a credential.
pub fn is_reserved_header(name: &str) -> bool {
    let ours = ["x-caracal-", "x-forwarded-", "proxy-"];
    FORBIDDEN_HEADERS.contains(&name) || ours.iter().any(|prefix| name.starts_with(prefix))
}

pub(super) fn header(value: &Value) -> Result<String, &'static str> {
    let name = line(value)?;
    // RFC 9110 §5.6.2: a token.
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.bytes().all(token) && !is_reserved_header(&name.to_ascii_lowercase()) {
        Ok(name.to_owned())
    } else {
        Err("is no header that may be set")
    }
}
