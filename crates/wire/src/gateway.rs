//! The Gateway: what it tells of a resource that has an address there, and why a call was refused or brought no answer.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::reason::reasons;

/// What a client needs to know of a protected resource before it has a token (RFC 9728 §2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProtectedResource {
    /// Its identifier: the address it is called at, and the `resource` of a request for a token.
    pub resource: String,
    /// Who issues tokens for it: the issuer of mandates.
    pub authorization_servers: Vec<String>,
    /// Its scopes.
    pub scopes_supported: Vec<String>,
    /// `header`: tokens come in `Authorization` and nowhere else.
    pub bearer_methods_supported: Vec<String>,
    /// What the proofs are signed with that come with tokens which are bound to a key (RFC 9449 §5.1).
    pub dpop_signing_alg_values_supported: Vec<String>,
}

reasons! {
    /// The member `reason` of the Gateway's refusals; metrics and evidence use the same word.
    Reason
    RevocationStale "revocation_stale" "What is known of ended authority is too old to decide on.";
    AmbiguousRequest "ambiguous_request" "Two readers could read the request differently.";
    MethodNotAllowed "method_not_allowed" "The method reflects headers or opens a tunnel.";
    MethodOverride "method_override" "A header names another method than the request line.";
    MissingBearer "missing_bearer" "There is no bearer token.";
    BearerTooLarge "bearer_too_large" "The bearer token is too long.";
    BearerMalformed "bearer_malformed" "The bearer token is not a mandate.";
    CredentialExpiring "credential_expiring" "The mandate ends too soon to be used.";
    ClientIdHeader "client_id_header" "The caller names its own client id.";
    MissingResource "missing_resource" "`X-Caracal-Resource` is missing, and the path is the address of no resource.";
    ApprovalHeader "approval_header" "`X-Caracal-Approval` is no id of an approval, or is there twice.";
    MissingZone "missing_zone" "The mandate names no zone.";
    MissingClient "missing_client" "The mandate names no client.";
    PathTraversal "path_traversal" "The path leads out of its directory, or is no path.";
    PayloadTooLarge "payload_too_large" "The body is larger than the Gateway forwards.";
    OperationUnreadable "operation_unreadable" "The body does not say in one way what is asked for, to a resource that has it read.";
    OperationTooLarge "operation_too_large" "The body is larger than the Gateway reads to learn what is asked for.";
    OperationBatch "operation_batch" "The body asks for several things at once.";
    OperationHeaderDiffers "operation_header_differs" "A header says that something else is asked for than the body does.";
    SignatureInvalid "signature_invalid" "The mandate is not signed by a key of its zone.";
    ZoneStateUnavailable "zone_state_unavailable" "The keys of the zone cannot be read now.";
    WrongIssuer "wrong_issuer" "The mandate was issued elsewhere.";
    WrongAudience "wrong_audience" "The mandate is for another audience.";
    Expired "expired" "The mandate has ended.";
    NotYetValid "not_yet_valid" "The mandate is not valid yet.";
    IssuedInFuture "issued_in_future" "The mandate was issued in the future.";
    LifetimeTooLong "lifetime_too_long" "The mandate lives longer than any is issued for.";
    WrongZone "wrong_zone" "The mandate is of another zone.";
    WrongUse "wrong_use" "The mandate is for another use.";
    BoundToKey "bound_to_key" "The mandate is bound to a key, and came as that of a bearer.";
    NotBoundToKey "not_bound_to_key" "The mandate came as one that is bound to a key, and is not.";
    ProofMissing "proof_missing" "No proof that the key is held came with a mandate that is bound to it, or several did.";
    ProofInvalid "proof_invalid" "The proof that the key is held does not hold, or is of another call or another mandate.";
    ProofOfOtherKey "proof_of_other_key" "The proof is by another key than the mandate is bound to.";
    ProofRepeated "proof_repeated" "The proof that the key is held was used before.";
    SessionRevoked "session_revoked" "Something that the mandate hangs on has ended.";
    StsCircuitOpen "sts_circuit_open" "The STS has not answered of late, so it is not asked.";
    TokenReplay "token_replay" "The mandate was used before.";
    ReplayStateLost "replay_state_lost" "Whether the mandate was used can never be known; mint another.";
    ReplayStateUnavailable "replay_state_unavailable" "Whether the mandate was used cannot be known now.";
    UpstreamNotConfigured "upstream_not_configured" "The resource has no upstream.";
    ProviderHostNotAllowed "provider_host_not_allowed" "The credential must not be sent to the upstream's host.";
    EgressDenied "egress_denied" "The upstream's address must not be reached from here.";
    UpstreamPrivate "upstream_private" "The upstream is on the Gateway's machine or in a private network, and `CARACAL_PRIVATE_EGRESS_HOSTS` does not name its host.";
    RequestBuildFailed "request_build_failed" "No request to the upstream could be made of the call.";
    RequestBroken "request_broken" "The caller's body broke off.";
    RequestStalled "request_stalled" "The caller's body stopped coming.";
    UpstreamBusy "upstream_busy" "The upstream has as many calls as it may have.";
    UpstreamTimeout "upstream_timeout" "The upstream did not answer in time.";
    UpstreamUnreachable "upstream_unreachable" "The upstream cannot be reached.";
    UpstreamHeadTooLarge "upstream_head_too_large" "The head of the upstream's answer is too large.";
    UpstreamResponseInvalid "upstream_response_invalid" "The upstream's answer cannot be read as HTTP.";
    UpstreamBodyInvalid "upstream_body_invalid" "The body of the upstream's answer is malformed, or broke off before its first piece.";
}
