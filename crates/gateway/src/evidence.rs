//! Events about calls that were refused here.

use caracal_core::{
    audit::{Draft, EventType},
    claims::MandateClaims,
};
use caracal_crypto::mandate::fingerprint;
use caracal_wire::gateway::Reason;
use http::request::Parts;
use serde::Serialize;

use crate::{address::Address, denial::Denial, gateway::Gateway, inbound};

#[derive(Serialize)]
struct Metadata<'m> {
    jti: &'m str,
    sid: &'m str,
    resource: &'m str,
    client_id: &'m str,
    subject_fp: &'m str,
    request_id: &'m str,
    reason: Reason,
    method: &'m str,
    /// Which refusal of this mandate it is; the first few are all recorded, later ones at powers of two.
    #[serde(skip_serializing_if = "is_first")]
    times: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_session_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delegation_edge_id: Option<&'m str>,
}

/// Records one refusal. It is answered either way: a refusal that cannot be recorded is still a refusal.
pub(crate) async fn denied(
    gateway: &Gateway,
    claims: &MandateClaims,
    head: &Parts,
    request_id: &str,
    denial: &Denial,
    times: u64,
) {
    let replayed = matches!(denial, Denial::Replayed);
    let event_type = if replayed {
        EventType::ReplayDetected
    } else {
        EventType::GatewayRequestDenied
    };
    let fingerprint = inbound::bearer(&head.headers)
        .map(|(_, token)| fingerprint(token))
        .unwrap_or_default();
    let named = inbound::resource(&head.headers).unwrap_or_default();
    let address = Address::of(gateway.origin(), head.uri.path());
    let metadata = Metadata {
        jti: &claims.jti,
        sid: claims.sid.as_str(),
        resource: named
            .or(address.as_ref().map(|address| address.identifier.as_str()))
            .unwrap_or_default(),
        client_id: claims.client_id.as_str(),
        subject_fp: &fingerprint,
        request_id,
        reason: denial.reason(),
        method: head.method.as_str(),
        times,
        agent_session_id: claims.agent_session_id.as_ref().map(AsRef::as_ref),
        delegation_edge_id: claims.delegation_edge_id.as_ref().map(AsRef::as_ref),
    };
    let (world, zone) = (&gateway.deps.world, &claims.zone_id);
    let mut event = Draft::new(world, zone, event_type, request_id, "deny", metadata).undecided();
    event.evaluation_status = denial.reason().as_str();
    if replayed {
        tracing::warn!(zone.id = %claims.zone_id, request.id = request_id, jti = %claims.jti, "a mandate was presented twice");
    }
    if let Err(error) = gateway.deps.spool.append_async(&[event]).await {
        gateway.metrics.evidence_lost();
        tracing::error!(zone.id = %claims.zone_id, request.id = request_id, %error, "could not record a refused call");
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde calls")]
const fn is_first(times: &u64) -> bool {
    *times == 1
}
