//! Why a call that was allowed brought no answer of its upstream, and how that is told.

use std::error::Error as _;

use caracal_core::World;
use caracal_service::{
    Refusal,
    egress::{ClientError, EgressError},
    sampled,
};
use caracal_wire::{ErrorCode, gateway::Reason};
use http::StatusCode;

use crate::{
    denial::{broken, revoked, stalled, too_large},
    outcome::{End, FailureKind, Rejection},
};

/// Why a call that was allowed brought no answer of its upstream.
pub(crate) enum Failure {
    Revoked,
    TooLarge,
    BodyBroken,
    CallerStalled,
    Rejected(Rejection),
    Unbuildable,
    Busy,
    TimedOut,
    Unreachable,
    /// The answer's head has more fields or bytes than we read.
    HeadTooLarge,
    /// The answer is no HTTP, or framed in a way that we do not know the end of.
    Unreadable,
    /// The answer's body cannot be read from its first piece on.
    BodyUnreadable,
}

impl Failure {
    pub(crate) fn end(&self) -> End {
        match self {
            Self::Revoked => End::Revoked,
            Self::TooLarge => End::Failed(FailureKind::RequestTooLarge),
            Self::BodyBroken => End::Failed(FailureKind::RequestCopyFailed),
            Self::CallerStalled => End::Failed(FailureKind::RequestIdle),
            Self::Rejected(why) => End::Rejected(*why),
            Self::Unbuildable => End::Unbuildable,
            Self::Busy => End::Failed(FailureKind::UpstreamBusy),
            Self::TimedOut => End::Failed(FailureKind::UpstreamTimeout),
            Self::Unreachable => End::Failed(FailureKind::TransportError),
            Self::HeadTooLarge => End::Failed(FailureKind::UpstreamHeadTooLarge),
            Self::Unreadable => End::Failed(FailureKind::UpstreamResponseInvalid),
            Self::BodyUnreadable => End::Failed(FailureKind::UpstreamBodyInvalid),
        }
    }

    pub(crate) fn refusal(&self) -> Refusal {
        let internal =
            |status, text: &'static str| Refusal::new(status, ErrorCode::InternalError).describe(text);
        match self {
            Self::Revoked => revoked(),
            Self::TooLarge => too_large().reason(Reason::PayloadTooLarge),
            Self::BodyBroken => broken().reason(Reason::RequestBroken),
            Self::CallerStalled => stalled().reason(Reason::RequestStalled),
            Self::Rejected(Rejection::ProviderHostNotAllowed) => internal(
                StatusCode::BAD_GATEWAY,
                "provider credential not allowed for upstream host",
            )
            .reason(Reason::ProviderHostNotAllowed),
            Self::Rejected(Rejection::UpstreamNotAddressable) => {
                internal(StatusCode::BAD_GATEWAY, "upstream not addressable").reason(Reason::EgressDenied)
            }
            Self::Rejected(Rejection::UpstreamPrivate) => {
                internal(StatusCode::BAD_GATEWAY, "upstream not addressable").reason(Reason::UpstreamPrivate)
            }
            Self::Unbuildable => internal(StatusCode::BAD_REQUEST, "upstream request build failed")
                .reason(Reason::RequestBuildFailed),
            Self::Busy => internal(StatusCode::SERVICE_UNAVAILABLE, "too many calls to this upstream")
                .reason(Reason::UpstreamBusy)
                .retry_after(1),
            Self::TimedOut => {
                internal(StatusCode::GATEWAY_TIMEOUT, "upstream timeout").reason(Reason::UpstreamTimeout)
            }
            Self::Unreachable => {
                internal(StatusCode::BAD_GATEWAY, "upstream unreachable").reason(Reason::UpstreamUnreachable)
            }
            Self::HeadTooLarge => internal(
                StatusCode::BAD_GATEWAY,
                "the head of the upstream's answer is too large",
            )
            .reason(Reason::UpstreamHeadTooLarge),
            Self::Unreadable => internal(
                StatusCode::BAD_GATEWAY,
                "the upstream's answer cannot be read as HTTP",
            )
            .reason(Reason::UpstreamResponseInvalid),
            Self::BodyUnreadable => internal(
                StatusCode::BAD_GATEWAY,
                "the body of the upstream's answer cannot be read",
            )
            .reason(Reason::UpstreamBodyInvalid),
        }
    }
}

/// What it means that the guard does not let anybody go there. Whoever operates the Gateway is told what they can do about it.
pub(crate) fn kept_out(verdict: &EgressError, request_id: &str, world: &World) -> Failure {
    if !verdict.could_be_named() {
        return Failure::Rejected(Rejection::UpstreamNotAddressable);
    }
    if let Some(left_out) = sampled::of_refusal(("gateway", Reason::UpstreamPrivate.as_str()), world) {
        tracing::warn!(
            request.id = request_id,
            left_out,
            "an upstream on this machine or in a private network was not called: name its host in CARACAL_PRIVATE_EGRESS_HOSTS of \
             the Gateway if it is one of yours; the event of the call says which it is"
        );
    }
    Failure::Rejected(Rejection::UpstreamPrivate)
}

/// What it means that the client could not read an answer.
pub(crate) fn not_read(error: &ClientError) -> Failure {
    let mut cause = error.source();
    while let Some(current) = cause {
        if let Some(error) = current.downcast_ref::<hyper::Error>() {
            if error.is_parse_too_large() {
                return Failure::HeadTooLarge;
            }
            if error.is_parse() {
                return Failure::Unreadable;
            }
        }
        cause = current.source();
    }
    Failure::Unreachable
}
