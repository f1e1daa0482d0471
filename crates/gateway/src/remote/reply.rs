//! What a reply of the STS means.

use std::collections::HashMap;

use bytes::Bytes;
use caracal_core::Secret;
use caracal_service::{
    Refusal,
    exchange::{ExchangeGrant, UpstreamDirective},
};
use caracal_wire::{ErrorCode, OAuthError, gateway::Reason};
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde::Deserialize;

pub(super) struct Read {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    upstreams: HashMap<String, UpstreamDirective>,
}

/// The grant for `resource`, or the refusal to pass on.
pub(super) fn read(reply: &Read, resource: &str) -> Result<ExchangeGrant, Refusal> {
    if reply.status != StatusCode::OK {
        return Err(refusal(reply));
    }
    let invalid = || failed(StatusCode::BAD_GATEWAY, "sts response invalid");
    if !is_json(&reply.headers) {
        return Err(invalid());
    }
    let granted: Granted = serde_json::from_slice(&reply.body).map_err(|_| invalid())?;
    if granted.access_token.is_empty() {
        return Err(invalid());
    }
    let mut upstreams = granted.upstreams;
    let directive = upstreams
        .remove(resource)
        .filter(|directive| !directive.url.is_empty())
        .ok_or_else(|| {
            Refusal::of(ErrorCode::AccessDenied)
                .describe("resource upstream not configured")
                .reason(Reason::UpstreamNotConfigured)
        })?;
    Ok(ExchangeGrant {
        directive,
        mandate: Some(Secret::new(granted.access_token)),
    })
}

/// The STS's own error object whole, so that an approval hold keeps its id. Its request id is replaced by ours on
/// the way out.
fn refusal(reply: &Read) -> Refusal {
    // Nothing but an error may pass for one: a redirect or an empty success is a broken STS.
    let is_error = reply.status.is_client_error() || reply.status.is_server_error();
    let status = if is_error {
        reply.status
    } else {
        StatusCode::BAD_GATEWAY
    };
    let error = serde_json::from_slice::<OAuthError>(&reply.body)
        .ok()
        .filter(|_| is_error);
    let mut refusal = match error {
        Some(error) => {
            let mut refusal = Refusal::new(status, known(status, &error.error));
            refusal.description = error.error_description;
            refusal.members = error.more;
            if let Some(details) = error.details {
                refusal = refusal.with_details(&details);
            }
            match error.reason {
                Some(reason) => refusal.reason(reason),
                None => refusal,
            }
        }
        None => failed(status, status.canonical_reason().unwrap_or("sts unavailable")),
    };
    let text = |name: &HeaderName| reply.headers.get(name).and_then(|value| value.to_str().ok());
    refusal.authenticate = text(&header::WWW_AUTHENTICATE).map(|challenge| challenge.to_owned().into());
    if let Some(seconds) = text(&header::RETRY_AFTER).and_then(|seconds| seconds.trim().parse().ok()) {
        refusal.retry_after = Some(seconds);
    }
    refusal
}

/// The code, or what the status says where it is one of a later release.
fn known(status: StatusCode, code: &str) -> ErrorCode {
    code.parse().unwrap_or_else(|_| {
        tracing::warn!(code, "the STS answered with a code of a later release");
        if status.is_server_error() {
            ErrorCode::InternalError
        } else {
            ErrorCode::AccessDenied
        }
    })
}

/// No usable answer of the STS.
pub(super) fn failed(status: StatusCode, text: &'static str) -> Refusal {
    Refusal::new(status, ErrorCode::StsUnavailable).describe(text)
}

/// No answer at all. Nothing was sent upstream, so the caller may try again with another mandate.
pub(super) fn away(text: &'static str) -> Refusal {
    Refusal::of(ErrorCode::StsUnavailable).describe(text)
}

/// Not asked, because the last answers did not come.
pub(super) fn circuit_open() -> Refusal {
    away("sts unavailable")
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let essence = value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}
