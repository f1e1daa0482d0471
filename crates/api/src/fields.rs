//! Rules that several objects share: texts, absent against null, the platform's own names.

use caracal_core::TextRule;
use caracal_service::Refusal;
use caracal_storage::Error;
use caracal_wire::ErrorCode;
use url::Url;

/// Most characters of a host (RFC 1035 §2.3.4).
const MAX_HOST: usize = 253;

/// A text of 1 to `max` characters without control characters.
pub(crate) fn bounded(code: ErrorCode, path: &str, text: &str, max: usize) -> Result<(), Refusal> {
    TextRule::line(max)
        .check(text)
        .map_err(|problem| Refusal::invalid_field(code, path, problem.to_string()))
}

/// Scopes of a resource: 1 to 64, each 1 to 200 characters, without white space (RFC 6749 §3.3).
pub(crate) fn scopes(code: ErrorCode, path: &str, scopes: &[String]) -> Result<(), Refusal> {
    if !(1..=64).contains(&scopes.len()) {
        return Err(Refusal::invalid_field(code, path, "must hold 1 to 64 scopes"));
    }
    for (position, scope) in scopes.iter().enumerate() {
        let path = format!("{path}.{position}");
        bounded(code, &path, scope, 200)?;
        if scope.chars().any(char::is_whitespace) {
            return Err(Refusal::invalid_field(
                code,
                &path,
                "must not contain white space",
            ));
        }
    }
    Ok(())
}

/// An absolute URL of one of `schemes`, of 1 to `max` characters, with a host and nothing but a path behind it.
pub(crate) fn plain_url(
    code: ErrorCode,
    path: &str,
    text: &str,
    max: usize,
    schemes: &[&str],
) -> Result<(), Refusal> {
    let refused = |message: &str| Refusal::invalid_field(code, path, message);
    bounded(code, path, text, max)?;
    // The parser of URLs drops line ends and tabs without a word; what is stored would then not be what is dialled.
    if text.chars().any(char::is_whitespace) {
        return Err(refused("must not contain white space"));
    }
    let url = Url::parse(text).map_err(|_| refused("must be an absolute URL"))?;
    if !schemes.contains(&url.scheme()) || url.host_str().is_none_or(str::is_empty) {
        return Err(refused(&format!(
            "must be an {} URL with a host",
            schemes.join(" or ")
        )));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("must not contain a user or a password"));
    }
    if url.fragment().is_some() || url.query().is_some() {
        return Err(refused("must not contain a query or a fragment"));
    }
    if !is_as_dialled(text, &url) {
        return Err(refused(
            "must be written as it is dialled: a host name or address in its usual form, no port 0, no segments of \
             dots, no backslashes, no broken or control escapes",
        ));
    }
    Ok(())
}

/// Whether a place that a server publishes may be gone to: an absolute https URL without user, password and fragment.
pub(crate) fn is_https_place(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        url.scheme() == "https"
            && url.host_str().is_some()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    })
}

/// Whether nothing was mended on the way from text to URL. Parsers take `127.1` for an address, `\` for `/`, and leave
/// out `/../`; the next parser may do otherwise, and then what was checked is not what is called.
fn is_as_dialled(text: &str, url: &Url) -> bool {
    let Some((_, rest)) = text.split_once("://") else {
        return false;
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()),
        _ => (authority, url.port_or_known_default()),
    };
    host.len() <= MAX_HOST
        && url
            .host_str()
            .is_some_and(|dialled| dialled.eq_ignore_ascii_case(host))
        && port.is_some_and(|port| port != 0)
        && port == url.port_or_known_default()
        && (path == url.path() || path.is_empty())
        && path.split('%').skip(1).all(is_printable_escape)
}

/// Whether `rest` begins with two hexadecimal digits that stand for no control character.
fn is_printable_escape(rest: &str) -> bool {
    let digits = rest.get(..2).filter(|digits| !digits.starts_with('+'));
    digits
        .and_then(|digits| u8::from_str_radix(digits, 16).ok())
        .is_some_and(|byte| !byte.is_ascii_control())
}

/// 400 for a patch that changes nothing.
pub(crate) fn no_fields() -> Refusal {
    Refusal::invalid_field(ErrorCode::NoFields, "", "name at least one field to change")
}

/// Names that begin like the platform's own, whatever their case and surrounding blanks.
pub(crate) fn is_reserved(prefix: &str, text: &str) -> bool {
    let text = text.trim();
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Prefix of the platform's own zones, applications and policies.
pub(crate) const RESERVED_NAME: &str = "caracal.sys/";
/// Prefix of the platform's own zone slugs.
pub(crate) const RESERVED_SLUG: &str = "caracal-sys-";

/// Whether the zone belongs to the platform.
pub(crate) fn is_reserved_zone(name: &str, slug: &str) -> bool {
    is_reserved(RESERVED_NAME, name) || is_reserved(RESERVED_SLUG, slug)
}

/// 409 for a name of the platform's.
pub(crate) fn reserved_namespace(prefix: &str) -> Refusal {
    Refusal::of(ErrorCode::ReservedNamespace)
        .describe(format!("names beginning with {prefix} belong to the platform"))
}

/// 409 with `code` for a broken uniqueness rule; every other failure as it is.
pub(crate) fn on_conflict(error: Error, code: ErrorCode, description: &'static str) -> Refusal {
    match error {
        Error::Conflict { .. } => Refusal::of(code).describe(description),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_are_found_in_any_case_and_foreign_text_is_not_cut_in_half() {
        assert!(is_reserved(RESERVED_NAME, "  CARACAL.SYS/x"));
        assert!(is_reserved_zone("plain", "caracal-sys-internal"));
        for free in [
            "caracal.sys",
            "my caracal.sys/",
            "",
            "carac\u{e4}\u{e4}\u{e4}\u{e4}",
        ] {
            assert!(!is_reserved(RESERVED_NAME, free), "{free}");
        }
    }

    #[test]
    fn texts_are_counted_in_characters_and_hold_no_control_characters() {
        assert!(bounded(ErrorCode::InvalidBody, "name", "\u{e4}\u{e4}", 2).is_ok());
        for bad in ["", "abc", "a\n"] {
            assert!(
                bounded(ErrorCode::InvalidBody, "name", bad, 2).is_err(),
                "{bad:?}"
            );
        }
    }
}
