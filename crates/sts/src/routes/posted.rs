//! A form as it is posted, and the answer that nobody keeps.

use std::net::IpAddr;

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use caracal_crypto::request_signature::SIGNATURE_HEADER;
use caracal_service::{
    Refusal,
    body::{is_of_type, read_bounded},
    form::FORM,
    request::RequestContext,
    server::{PeerAddr, Standing},
};
use caracal_wire::ErrorCode;
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;

use crate::{StsDeps, authenticate::unavailable, malformed::malformed};

/// Largest form, in bytes.
pub(super) const MAX_BODY: usize = 64 * 1024;
/// Largest form of a Gateway, which may say what a tool is called with: a message of 64 KiB in base64 besides the rest.
const MAX_SIGNED_BODY: usize = 160 * 1024;

/// A request with a form in its body, not looked into.
pub(super) struct Posted {
    pub(super) context: RequestContext,
    pub(super) headers: HeaderMap,
    pub(super) path: String,
    pub(super) peer: Option<IpAddr>,
    pub(super) body: Bytes,
    /// Of its connection.
    pub(super) standing: Option<Standing>,
}

impl Posted {
    /// Reads it.
    ///
    /// # Errors
    /// 400 for parameters in the query, 413 for too many bytes, 415 for another media type.
    pub(super) async fn read(deps: &StsDeps, request: Request) -> Result<Self, Refusal> {
        if request.uri().query().is_some() {
            return Err(malformed("", "parameters belong in the body, not in the query"));
        }
        let (parts, body) = request.into_parts();
        let context = parts.extensions.get::<RequestContext>().cloned();
        let context = context.unwrap_or_else(|| RequestContext::of(&parts.headers, &deps.world));
        if !is_of_type(&parts.headers, FORM) {
            return Err(
                Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::InvalidToken)
                    .describe("send Content-Type: application/x-www-form-urlencoded"),
            );
        }
        let most = if parts.headers.contains_key(SIGNATURE_HEADER) {
            MAX_SIGNED_BODY
        } else {
            MAX_BODY
        };
        Ok(Self {
            context,
            body: read_bounded(body, most).await?,
            path: parts.uri.path().to_owned(),
            standing: parts.extensions.get::<Standing>().cloned(),
            peer: PeerAddr::of(&parts.extensions),
            headers: parts.headers,
        })
    }
}

/// Whoever asked is somebody.
pub(super) fn proved(standing: Option<&Standing>) {
    if let Some(standing) = standing {
        standing.proved();
    }
}

/// An answer with a credential in it: it must not be cached (RFC 6749 §5.1).
pub(super) fn uncached(answer: &impl Serialize) -> Result<Response, Refusal> {
    Ok((
        [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-store"),
            (header::PRAGMA, "no-cache"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ],
        serde_json::to_vec(answer).map_err(|_| unavailable())?,
    )
        .into_response())
}
