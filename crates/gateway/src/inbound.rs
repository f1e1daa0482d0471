//! What the checks read of a request's head, each header found once.

use caracal_core::ApprovalId;
use caracal_crypto::mandate::MAX_TOKEN_BYTES;
use caracal_service::scheme::{Scheme, presented};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version, header, request::Parts};

use crate::{denial::Denial, outbound::overrides_method};

/// Names the protected resource, by its identifier.
pub(crate) const RESOURCE: HeaderName = HeaderName::from_static("x-caracal-resource");
/// Names the approval that the call was held for.
pub(crate) const APPROVAL: HeaderName = HeaderName::from_static("x-caracal-approval");
/// Must never be sent: the client is whoever the mandate was issued to.
pub(crate) const CLIENT_ID: HeaderName = HeaderName::from_static("x-caracal-client-id");

/// Longest resource identifier and longest method, in bytes: both are recorded.
const MAX_RESOURCE_BYTES: usize = 2048;
const MAX_METHOD_BYTES: usize = 32;

/// Refuses heads that another reader might take for another request: several hosts, several lengths, several
/// resources. The framing itself is the listener's to refuse.
pub(crate) fn unambiguous(head: &Parts) -> Result<(), Denial> {
    let hosts = count(&head.headers, &header::HOST);
    let host_is_clear = hosts == 1 || (hosts == 0 && head.version != Version::HTTP_11);
    let lengths = count(&head.headers, &header::CONTENT_LENGTH);
    let framed_twice = lengths > 1 || (lengths == 1 && head.headers.contains_key(header::TRANSFER_ENCODING));
    // RFC 9112 §3.2: the target names the host when it is absolute, and a different Host is a disguise.
    let disguised = head.uri.authority().is_some_and(|named| {
        head.headers
            .get(header::HOST)
            .is_some_and(|host| !host.as_bytes().eq_ignore_ascii_case(named.as_str().as_bytes()))
    });
    if host_is_clear && !framed_twice && !disguised && count(&head.headers, &RESOURCE) <= 1 {
        Ok(())
    } else {
        Err(Denial::Ambiguous)
    }
}

/// TRACE would show the caller the injected credential; CONNECT asks for a tunnel nobody watches.
pub(crate) fn method_is_forwardable(method: &Method) -> Result<(), Denial> {
    let name = method.as_str();
    if name.len() > MAX_METHOD_BYTES
        || *method == Method::TRACE
        || *method == Method::CONNECT
        || name.eq_ignore_ascii_case("track")
    {
        Err(Denial::Method)
    } else {
        Ok(())
    }
}

/// Frameworks behind us would do what these headers say instead of what was decided on.
pub(crate) fn method_is_not_overridden(headers: &HeaderMap) -> Result<(), Denial> {
    if headers.keys().any(|name| overrides_method(name.as_str())) {
        Err(Denial::MethodOverride)
    } else {
        Ok(())
    }
}

/// The token, of a bounded size, and the way it is presented.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<(Scheme, &str), Denial> {
    let (scheme, token) = presented(headers).ok_or(Denial::MissingBearer)?;
    if token.len() > MAX_TOKEN_BYTES {
        Err(Denial::BearerTooLarge)
    } else {
        Ok((scheme, token))
    }
}

/// Nobody names their own client id.
pub(crate) fn no_client_id(headers: &HeaderMap) -> Result<(), Denial> {
    if headers.contains_key(CLIENT_ID) {
        Err(Denial::ClientIdHeader)
    } else {
        Ok(())
    }
}

/// The identifier of the resource called, where a header names it.
///
/// # Errors
/// [`Denial::MissingResource`] for a header that names none.
pub(crate) fn resource(headers: &HeaderMap) -> Result<Option<&str>, Denial> {
    let Some(value) = headers.get(RESOURCE) else {
        return Ok(None);
    };
    let name = value.to_str().ok().map(str::trim);
    name.filter(|name| (1..=MAX_RESOURCE_BYTES).contains(&name.len()))
        .map(Some)
        .ok_or(Denial::MissingResource)
}

/// The approval that the caller waits for, where a header names one.
///
/// # Errors
/// [`Denial::ApprovalHeader`] for one that is no id, and for two.
pub(crate) fn approval(headers: &HeaderMap) -> Result<Option<ApprovalId>, Denial> {
    let mut values = headers.get_all(APPROVAL).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let id = value.to_str().ok().map(str::trim);
    match (id.map(ApprovalId::parse), values.next()) {
        (Some(Ok(id)), None) => Ok(Some(id)),
        _ => Err(Denial::ApprovalHeader),
    }
}

/// An announced length within the limit; what is not announced is counted as it streams.
pub(crate) fn length_within(headers: &HeaderMap, limit: u64) -> Result<(), Denial> {
    let announced = headers.get(header::CONTENT_LENGTH).map(HeaderValue::to_str);
    match announced {
        Some(Ok(digits)) if digits.trim().parse::<u64>().is_ok_and(|length| length <= limit) => Ok(()),
        Some(_) => Err(Denial::BodyTooLarge),
        None => Ok(()),
    }
}

fn count(headers: &HeaderMap, name: &HeaderName) -> usize {
    headers.get_all(name).iter().take(2).count()
}
