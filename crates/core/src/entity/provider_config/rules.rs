//! What one field may hold. A rule returns the sentence that completes "the field …".

use serde_json::Value;

use crate::{Secret, TextRule};

pub(super) fn flag(value: &Value) -> Result<bool, &'static str> {
    value.as_bool().ok_or("must be true or false")
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
