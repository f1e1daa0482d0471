//! The event about what became of a call that the STS allowed.

use std::{sync::Arc, time::Instant};

use caracal_core::{
    Operation,
    audit::{Draft, EventType},
    claims::{MandateClaims, SubjectType},
};
use caracal_crypto::mandate::fingerprint;
use caracal_service::exchange::UpstreamDirective;
use futures_util::FutureExt as _;
use http::StatusCode;
use serde::Serialize;

use crate::{enforce::Admitted, gateway::Gateway};

caracal_core::words!(
    /// What failed about a call that was allowed: `error_kind` of its event.
    FailureKind {
        /// The body is larger than the Gateway takes.
        RequestTooLarge = "request_too_large",
        /// The body ended before its end.
        RequestCopyFailed = "request_copy_failed",
        /// The caller sent nothing more of the body.
        RequestIdle = "request_idle",
        /// A frame of the caller's is none of a WebSocket.
        RequestFrameInvalid = "request_frame_invalid",
        /// Too many calls to the upstream.
        UpstreamBusy = "upstream_busy",
        /// The upstream did not answer in time.
        UpstreamTimeout = "upstream_timeout",
        /// The upstream could not be reached.
        TransportError = "transport_error",
        /// The head of the answer has more fields or bytes than are read.
        UpstreamHeadTooLarge = "upstream_head_too_large",
        /// The answer cannot be read.
        UpstreamResponseInvalid = "upstream_response_invalid",
        /// The body of the answer is malformed, or broke off, before any of it was passed on.
        UpstreamBodyInvalid = "upstream_body_invalid",
        /// The answer ended before its end.
        ResponseCopyFailed = "response_copy_failed",
        /// The caller took nothing more of the answer.
        ReaderStalled = "reader_stalled",
        /// The upstream sent nothing more of the answer.
        ResponseIdle = "response_idle",
        /// Neither end of the socket sent anything.
        SocketIdle = "socket_idle",
        /// The Gateway stops.
        GatewayDraining = "gateway_draining",
        /// The caller went away, which is nobody's failure here.
        ClientCancelled = "client_cancelled",
    }
);

caracal_core::words!(
    /// Why a destination was refused: `error_kind` of the event.
    Rejection {
        /// It is where nothing may be sent, or no address at all.
        UpstreamNotAddressable = "upstream_not_addressable",
        /// It is on this machine or in a private network, and the operator did not name it.
        UpstreamPrivate = "upstream_private",
        /// The credential is for other hosts.
        ProviderHostNotAllowed = "provider_host_not_allowed",
    }
);

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The response went out whole.
    Executed,
    /// The response was cut because authority ended.
    Revoked,
    /// The upstream could not be reached or failed, or the caller went away.
    Failed(FailureKind),
    /// The destination was refused.
    Rejected(Rejection),
    /// The directive could not be turned into a request.
    Unbuildable,
}

impl End {
    const fn status(self) -> &'static str {
        match self {
            Self::Executed | Self::Revoked => "executed",
            Self::Failed(_) => "upstream_error",
            Self::Rejected(_) => "upstream_rejected",
            Self::Unbuildable => "build_failed",
        }
    }

    pub(crate) const fn error_kind(self) -> Option<&'static str> {
        match self {
            Self::Executed | Self::Revoked => None,
            Self::Failed(kind) => Some(kind.as_str()),
            Self::Rejected(why) => Some(why.as_str()),
            Self::Unbuildable => Some("request_build_failed"),
        }
    }
}

/// Collects what is known for the one event about a call. [`crate::governed::Governed`] ends it.
#[derive(Debug)]
pub(crate) struct Outcome {
    gateway: Arc<Gateway>,
    claims: Arc<MandateClaims>,
    request_id: Arc<str>,
    fingerprint: String,
    resource: String,
    operation: Arc<Operation>,
    once: bool,
    started: Instant,
    auth_mode: &'static str,
    provider_id: Option<String>,
    connection_id: Option<String>,
    upstream_host: Option<String>,
    resend_count: u8,
    trace_id: Option<String>,
    upstream_status: Option<StatusCode>,
    latency_ms: Option<u64>,
    response_bytes: u64,
    /// Bytes from the caller to the upstream, where both send for as long as they like.
    request_bytes: Option<u64>,
}

#[derive(Serialize)]
struct Metadata<'m> {
    application_id: &'m str,
    resource: &'m str,
    subject_fingerprint: &'m str,
    subject_kind: SubjectType,
    jti: &'m str,
    sid: &'m str,
    method: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<&'m str>,
    gateway_status: u16,
    latency_ms: u64,
    response_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_bytes: Option<u64>,
    auth_mode: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_session_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delegation_edge_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_host: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_status: Option<u16>,
    /// How often the request was sent again, if it was.
    #[serde(skip_serializing_if = "is_zero")]
    resend_count: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    result_class: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    revocation_interrupted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_kind: Option<&'m str>,
}

impl Outcome {
    pub(crate) fn begin(
        gateway: &Arc<Gateway>,
        admitted: Admitted,
        request_id: &Arc<str>,
        directive: &UpstreamDirective,
        started: Instant,
    ) -> Self {
        Self {
            gateway: gateway.clone(),
            request_id: request_id.clone(),
            fingerprint: fingerprint(admitted.mandate.expose()),
            resource: admitted.resource,
            claims: admitted.claims,
            operation: admitted.operation,
            once: admitted.once,
            started,
            auth_mode: directive.auth_mode.as_str(),
            provider_id: directive.provider_id.clone(),
            connection_id: directive.connection_id.clone(),
            upstream_host: None,
            resend_count: 0,
            trace_id: None,
            upstream_status: None,
            latency_ms: None,
            response_bytes: 0,
            request_bytes: None,
        }
    }

    pub(crate) fn claims(&self) -> &MandateClaims {
        &self.claims
    }

    pub(crate) fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// Host and port dialled.
    pub(crate) fn upstream(&mut self, host_and_port: &str) {
        self.upstream_host = Some(host_and_port.to_owned());
    }

    /// The request was sent once more, because the connection ended before an answer came.
    pub(crate) fn resent(&mut self) {
        self.gateway.metrics.resent();
        self.resend_count = self.resend_count.saturating_add(1);
    }

    /// Trace the upstream was told.
    pub(crate) fn trace(&mut self, trace_id: String) {
        self.trace_id = Some(trace_id);
    }

    /// The upstream's response head came.
    pub(crate) fn answered(&mut self, status: StatusCode) {
        let took = self.started.elapsed();
        self.gateway.metrics.answered(took);
        self.latency_ms = Some(millis(took));
        self.upstream_status = Some(status);
    }

    /// Bytes of the body passed on.
    pub(crate) fn passed_on(&mut self, bytes: usize) {
        self.response_bytes = self.response_bytes.saturating_add(bytes as u64);
    }

    /// Bytes of the caller passed to the upstream of a socket.
    pub(crate) fn passed_up(&mut self, bytes: usize) {
        let before = self.request_bytes.unwrap_or(0);
        self.request_bytes = Some(before.saturating_add(bytes as u64));
    }

    pub(crate) fn operation(&self) -> &Operation {
        &self.operation
    }

    /// Whether a person approved this very call, so that it is not sent again.
    pub(crate) const fn is_sent_once(&self) -> bool {
        self.once
    }

    /// Whether the authority behind the call has ended, or the connected account whose token it carries, or nothing in its
    /// zone is allowed.
    pub(crate) fn is_revoked(&self) -> bool {
        let deps = &self.gateway.deps;
        let connection = self.connection_id.as_deref();
        deps.revocations.covers(&self.claims)
            || connection.is_some_and(|id| deps.revocations.is_revoked(id))
            || deps.zones.is_frozen(&self.claims.zone_id)
    }

    /// Records the end. `status` is what the caller got, when it is not the upstream's own.
    pub(crate) fn record(&mut self, end: End, status: Option<StatusCode>) {
        if let Some(kind) = end
            .error_kind()
            .filter(|kind| *kind != FailureKind::ClientCancelled.as_str())
        {
            self.gateway.metrics.upstream_failed(kind);
        }
        let status = status.or(self.upstream_status);
        let metadata = Metadata {
            application_id: self.claims.client_id.as_str(),
            resource: &self.resource,
            subject_fingerprint: &self.fingerprint,
            subject_kind: self.claims.sub_type,
            jti: &self.claims.jti,
            sid: self.claims.sid.as_str(),
            method: self.operation.http_method(),
            protocol: self.operation.protocol(),
            call: self.operation.call(),
            gateway_status: status.map_or(0, |status| status.as_u16()),
            latency_ms: self.latency_ms.unwrap_or_else(|| millis(self.started.elapsed())),
            response_bytes: self.response_bytes,
            request_bytes: self.request_bytes,
            auth_mode: self.auth_mode,
            agent_session_id: self.claims.agent_session_id.as_ref().map(AsRef::as_ref),
            delegation_edge_id: self.claims.delegation_edge_id.as_ref().map(AsRef::as_ref),
            trace_id: self.trace_id.as_deref(),
            upstream_host: self.upstream_host.as_deref(),
            provider_id: self.provider_id.as_deref(),
            connection_id: self.connection_id.as_deref(),
            upstream_status: self.upstream_status.map(|status| status.as_u16()),
            resend_count: self.resend_count,
            result_class: self.upstream_status.map(result_class),
            revocation_interrupted: end == End::Revoked,
            error_kind: end.error_kind(),
        };
        let (world, zone) = (&self.gateway.deps.world, &self.claims.zone_id);
        let event_type = EventType::GatewayResourceRequest;
        let mut event = Draft::new(world, zone, event_type, &self.request_id, "allow", metadata).undecided();
        event.evaluation_status = end.status();
        let event = [event];
        // One poll writes the event and asks for the sync; waiting for the disk here would stall every stream of
        // this thread, and the answer is no longer held back by it.
        if let Some(Err(error)) = self.gateway.deps.spool.append_async(&event).now_or_never() {
            self.gateway.metrics.evidence_lost();
            tracing::error!(
                zone.id = %self.claims.zone_id, request.id = %self.request_id, %error,
                "could not record the outcome of a call"
            );
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_zero(count: &u8) -> bool {
    *count == 0
}

fn millis(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn result_class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        200..=299 => "success",
        300..=399 => "redirect",
        400..=499 => "client_error",
        500..=599 => "server_error",
        _ => "unknown",
    }
}
