//! Every way a call is refused before the STS is asked, and how each is answered.

use caracal_crypto::ClaimError;
use caracal_service::{Refusal, possession::NotHolder};
use caracal_wire::{ErrorCode, gateway::Reason};
use http::StatusCode;

use crate::{operation::Unreadable, routes::hold};

/// Why a call goes no further.
#[derive(Debug)]
pub(crate) enum Denial {
    /// The revocation state is too old to decide on.
    RevocationStale,
    /// Reads differently to different readers.
    Ambiguous,
    /// A method that reflects headers or opens tunnels.
    Method,
    /// A header names another method than the request line.
    MethodOverride,
    /// No bearer token.
    MissingBearer,
    /// A bearer token that is too long.
    BearerTooLarge,
    /// Not a compact JWS with an expiry.
    BearerMalformed,
    /// Too little time left to use it.
    Expiring,
    /// The caller names its own client id.
    ClientIdHeader,
    /// No resource named, by header or by address.
    MissingResource,
    /// The approval named is none, or there are several.
    ApprovalHeader,
    /// The token names no zone.
    MissingZone,
    /// The token names no client.
    MissingClient,
    /// The path leads out of its directory, or is no path.
    Path,
    /// The announced body is too large.
    BodyTooLarge,
    /// What it asks for cannot be told.
    Unreadable(Unreadable),
    /// Not signed by a key of the zone.
    Signature,
    /// The keys of the zone cannot be read now.
    KeysUnavailable,
    /// Signed, but not for here and now.
    Claims(ClaimError),
    /// Presented by somebody who did not prove to hold its key, or as if there were one.
    NotHeld(NotHolder),
    /// Something the mandate hangs on has ended.
    Revoked,
    /// The STS cannot be asked now.
    ExchangeUnavailable(Box<Refusal>),
    /// Used before.
    Replayed,
    /// Minted before the memory of used mandates was lost, so whether it was used can never be known.
    ReplayForgotten,
    /// Whether it was used before cannot be known now.
    ReplayUnknown,
}

impl Denial {
    /// The reason: metric label, `evaluation_status` of the event, member of the answer. One word everywhere.
    pub(crate) const fn reason(&self) -> Reason {
        match self {
            Self::RevocationStale => Reason::RevocationStale,
            Self::Ambiguous => Reason::AmbiguousRequest,
            Self::Method => Reason::MethodNotAllowed,
            Self::MethodOverride => Reason::MethodOverride,
            Self::MissingBearer => Reason::MissingBearer,
            Self::BearerTooLarge => Reason::BearerTooLarge,
            Self::BearerMalformed => Reason::BearerMalformed,
            Self::Expiring => Reason::CredentialExpiring,
            Self::ClientIdHeader => Reason::ClientIdHeader,
            Self::MissingResource => Reason::MissingResource,
            Self::ApprovalHeader => Reason::ApprovalHeader,
            Self::MissingZone => Reason::MissingZone,
            Self::MissingClient => Reason::MissingClient,
            Self::Path => Reason::PathTraversal,
            Self::BodyTooLarge => Reason::PayloadTooLarge,
            Self::Unreadable(Unreadable::NotJson | Unreadable::Ambiguous(_)) => Reason::OperationUnreadable,
            Self::Unreadable(Unreadable::TooLarge(_)) => Reason::OperationTooLarge,
            Self::Unreadable(Unreadable::Batch) => Reason::OperationBatch,
            Self::Unreadable(Unreadable::HeaderDiffers) => Reason::OperationHeaderDiffers,
            Self::Unreadable(Unreadable::Broken) => Reason::RequestBroken,
            Self::Unreadable(Unreadable::Stalled) => Reason::RequestStalled,
            Self::Signature => Reason::SignatureInvalid,
            Self::KeysUnavailable => Reason::ZoneStateUnavailable,
            Self::Claims(ClaimError::WrongIssuer) => Reason::WrongIssuer,
            Self::Claims(ClaimError::WrongAudience) => Reason::WrongAudience,
            Self::Claims(ClaimError::Expired) => Reason::Expired,
            Self::Claims(ClaimError::NotYetValid) => Reason::NotYetValid,
            Self::Claims(ClaimError::IssuedInFuture) => Reason::IssuedInFuture,
            Self::Claims(ClaimError::LivesTooLong) => Reason::LifetimeTooLong,
            Self::Claims(ClaimError::WrongZone) => Reason::WrongZone,
            Self::Claims(ClaimError::WrongUse) => Reason::WrongUse,
            // What was proved is told apart before: this is where no other check would have to be right.
            Self::Claims(ClaimError::WrongHolder) | Self::NotHeld(NotHolder::BoundToKey) => {
                Reason::BoundToKey
            }
            Self::NotHeld(NotHolder::NotBoundToKey) => Reason::NotBoundToKey,
            Self::NotHeld(NotHolder::ProofMissing) => Reason::ProofMissing,
            Self::NotHeld(NotHolder::ProofInvalid(_)) => Reason::ProofInvalid,
            Self::NotHeld(NotHolder::ProofOfOtherKey) => Reason::ProofOfOtherKey,
            Self::NotHeld(NotHolder::ProofRepeated) => Reason::ProofRepeated,
            Self::Revoked => Reason::SessionRevoked,
            Self::ExchangeUnavailable(_) => Reason::StsCircuitOpen,
            Self::Replayed => Reason::TokenReplay,
            Self::ReplayForgotten => Reason::ReplayStateLost,
            Self::ReplayUnknown => Reason::ReplayStateUnavailable,
        }
    }

    /// Whether the caller may be somebody we know, so that the refusal belongs into a zone's evidence. The others
    /// are decided before anything in the token is believed, and stay metrics.
    pub(crate) const fn is_attributable(&self) -> bool {
        !matches!(
            self,
            Self::RevocationStale
                | Self::Ambiguous
                | Self::Method
                | Self::MethodOverride
                | Self::MissingBearer
                | Self::BearerTooLarge
                | Self::BearerMalformed
                | Self::Expiring
                | Self::MissingZone
                | Self::MissingClient
                | Self::Signature
                | Self::KeysUnavailable
        )
    }

    /// The answer.
    pub(crate) fn into_refusal(self) -> Refusal {
        let reason = self.reason();
        let invalid = |status: StatusCode, text: &'static str| {
            Refusal::new(status, ErrorCode::InvalidToken).describe(text)
        };
        let refusal = match self {
            Self::RevocationStale => unavailable("revocation state unavailable"),
            Self::Ambiguous => Refusal::of(ErrorCode::InvalidRequest)
                .describe("the request can be read in more than one way"),
            Self::Method => Refusal::of(ErrorCode::MethodNotAllowed),
            Self::MethodOverride => Refusal::of(ErrorCode::InvalidRequest)
                .describe("the method is that of the request line; send no header that overrides it"),
            // RFC 6750 §3.1: no error code where no credential was presented.
            Self::MissingBearer => {
                return unauthorized("missing bearer token")
                    .reason(reason)
                    .authenticate("Bearer");
            }
            Self::BearerTooLarge => unauthorized("bearer token too large"),
            Self::BearerMalformed => unauthorized("malformed bearer token"),
            Self::Expiring => Refusal::of(ErrorCode::CredentialExpiredNotRenewable)
                .describe("credential expiring within pre-flight window"),
            Self::ClientIdHeader => invalid(
                StatusCode::BAD_REQUEST,
                "client identity derives from the bearer token",
            ),
            Self::MissingResource => invalid(StatusCode::BAD_REQUEST, "missing routing headers"),
            Self::ApprovalHeader => {
                Refusal::of(ErrorCode::InvalidRequest).describe("X-Caracal-Approval: one id of an approval")
            }
            Self::MissingZone => unauthorized("missing token zone"),
            Self::MissingClient => unauthorized("missing token client"),
            Self::Path => invalid(StatusCode::BAD_REQUEST, "path traversal not permitted"),
            Self::BodyTooLarge => too_large(),
            Self::Unreadable(unreadable) => self::unreadable(unreadable),
            Self::Signature => unauthorized("bearer signature invalid"),
            Self::KeysUnavailable => unavailable("zone state unavailable"),
            Self::Claims(_) => unauthorized("mandate not valid here"),
            Self::NotHeld(why) => why.refusal(),
            Self::Revoked => return revoked(),
            Self::ExchangeUnavailable(refusal) => *refusal,
            Self::Replayed => unauthorized("token replay detected"),
            Self::ReplayForgotten => unauthorized("the memory of used mandates was lost, mint another"),
            Self::ReplayUnknown => unavailable("replay state unavailable"),
        };
        let refusal = challenge(refusal).reason(reason);
        hold(&refusal);
        refusal
    }
}

/// Answers to a call that does not say what it asks for.
fn unreadable(unreadable: Unreadable) -> Refusal {
    let unclear = |text: &'static str| Refusal::of(ErrorCode::InvalidRequest).describe(text);
    match unreadable {
        Unreadable::NotJson => {
            unclear("a message to this resource is one application/json in UTF-8, without a coding")
        }
        Unreadable::Batch => unclear("send one message at a time: batches are not forwarded"),
        Unreadable::Ambiguous(why) => unclear(why),
        Unreadable::HeaderDiffers => unclear("Mcp-Method and Mcp-Name must say what the body says"),
        Unreadable::TooLarge(most) => Refusal::of(ErrorCode::PayloadTooLarge).describe(format!(
            "what is read of a call to this resource has at most {most} bytes"
        )),
        Unreadable::Broken => broken(),
        Unreadable::Stalled => stalled(),
    }
}

/// 400 for a body that broke off.
pub(crate) fn broken() -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, ErrorCode::InternalError).describe("request body broke off")
}

/// 408 for a body that stopped coming.
pub(crate) fn stalled() -> Refusal {
    Refusal::new(StatusCode::REQUEST_TIMEOUT, ErrorCode::InternalError).describe("request body stalled")
}

/// 413 for a body past the limit, announced or sent.
pub(crate) fn too_large() -> Refusal {
    Refusal::of(ErrorCode::PayloadTooLarge).describe("request body too large")
}

/// 401 for authority that has ended, before or during the call.
pub(crate) fn revoked() -> Refusal {
    challenge(unauthorized("session revoked")).reason(Reason::SessionRevoked)
}

fn unauthorized(text: &'static str) -> Refusal {
    Refusal::of(ErrorCode::InvalidToken).describe(text)
}

fn unavailable(text: &'static str) -> Refusal {
    Refusal::of(ErrorCode::StsUnavailable).describe(text)
}

/// Adds the challenge that a 401 must carry (RFC 9110 §15.5.2, RFC 6750 §3), unless it has one.
pub(crate) fn challenge(refusal: Refusal) -> Refusal {
    if refusal.status != StatusCode::UNAUTHORIZED || refusal.authenticate.is_some() {
        return refusal;
    }
    // The registered code for every reason of ours; the STS has further ones of its own.
    let code = if refusal.code == ErrorCode::InteractionRequired {
        ErrorCode::InteractionRequired
    } else {
        ErrorCode::InvalidToken
    };
    let text: String = refusal
        .description
        .as_deref()
        .unwrap_or_default()
        .chars()
        .filter(|character| is_quotable(*character))
        .collect();
    refusal.authenticate(format!("Bearer error=\"{code}\", error_description=\"{text}\""))
}

/// What an `error_description` may hold (RFC 6750 §3).
fn is_quotable(character: char) -> bool {
    matches!(character, '\x20'..='\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e')
}
