//! What a call asks for: its head says it, or, to a resource that speaks MCP, its message. A request for a WebSocket is one
//! where the resource declares it; elsewhere it is an ordinary request, and the wish to change protocols ends here.
//!
//! What a resource declares says how it is spoken to. The kind of a call must not be the caller's choice: where two
//! protocols meet the same request, the one with less in the head to be told by wins, and what cannot be told is
//! refused.

pub(crate) mod content;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod inspect;
mod message;
pub(crate) mod opening;
mod strict;

use std::time::Duration;

use axum::body::Body;
use caracal_core::Operation;
use caracal_service::zones::ResourceState;
use http::{HeaderMap, Method, header, request::Parts};

use self::inspect::inspect;

pub(crate) use self::inspect::essence;

/// Why it cannot be told what a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// The body is of a type, or in a coding, that is not read.
    NotJson,
    /// What is read is larger than this many bytes, the most that is read of it.
    TooLarge(usize),
    /// The body broke off.
    Broken,
    /// The body did not come in time.
    Stalled,
    /// Several messages at once.
    Batch,
    /// No message, or one that two readers could read differently.
    Ambiguous(&'static str),
    /// A header says something else than the body.
    HeaderDiffers,
}

/// What a call asks for.
#[derive(Debug)]
pub(crate) struct RequestedOperation {
    /// What is decided.
    pub(crate) operation: Operation,
    /// What a tool is called with, as JSON.
    pub(crate) arguments: Option<Box<str>>,
}

impl From<Operation> for RequestedOperation {
    fn from(operation: Operation) -> Self {
        Self {
            operation,
            arguments: None,
        }
    }
}

/// What a call to `path` asks for, as policies read it, of a resource that is spoken to as it declares. `timeout` is
/// how long a body that is read may take.
///
/// # Errors
/// [`Unreadable`].
pub(crate) async fn read(
    resource: Option<&ResourceState>,
    head: &Parts,
    path: String,
    body: &mut Body,
    timeout: Duration,
) -> Result<RequestedOperation, Unreadable> {
    if let Some(resource) = resource
        && opening::is_asked_for(head)
        && resource.opens_websocket(&path)
    {
        opening::check(head).map_err(Unreadable::Ambiguous)?;
        return Ok(Operation::WebSocket { path }.into());
    }
    // Whatever else says more than its head is a POST.
    if let Some(resource) = resource
        && head.method == Method::POST
    {
        if resource.reads_mcp() && path == "/" {
            let message::MessageCall { call, arguments } = inspect(&head.headers, body, timeout).await?;
            return Ok(RequestedOperation {
                operation: Operation::Mcp { call },
                arguments,
            });
        }
        if resource.reads_grpc() && is_grpc(&head.headers)? {
            return Ok(Operation::Grpc { path }.into());
        }
    }
    Ok(Operation::Http {
        method: head.method.as_str().to_owned(),
        path,
    }
    .into())
}

/// Whether a server of gRPC takes the call for one: `application/grpc`, with or without a `+` and a coding.
///
/// # Errors
/// [`Unreadable::Ambiguous`] where there is more than one type.
pub(crate) fn is_grpc(headers: &HeaderMap) -> Result<bool, Unreadable> {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else {
        return if headers.contains_key(header::CONTENT_TYPE) {
            Err(Unreadable::Ambiguous("there is more than one content type"))
        } else {
            Ok(false)
        };
    };
    let essence = essence(only.as_bytes()).to_ascii_lowercase();
    let rest = essence.strip_prefix(b"application/grpc");
    Ok(rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"+")))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_grpc_call_is_told_by_its_one_content_type() {
        let is_grpc = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::CONTENT_TYPE, HeaderValue::from_static(value));
            }
            is_grpc(&headers).ok()
        };
        for (values, grpc) in [
            (&["application/grpc"][..], Some(true)),
            (&["Application/gRPC+proto; x=1"], Some(true)),
            (&["application/grpc-web"], Some(false)),
            (&["application/grpcx"], Some(false)),
            (&["application/json"], Some(false)),
            (&[], Some(false)),
            (&["application/json", "application/grpc"], None),
        ] {
            assert_eq!(is_grpc(values), grpc, "{values:?}");
        }
    }
}
