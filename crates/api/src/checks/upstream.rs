//! Whether an upstream refuses mandates that nobody issued.

use std::time::Duration;

use bytes::Bytes;
use caracal_core::{
    ApplicationId, AuthorityRecordId, KeyId,
    claims::{MandateClaims, MandateUse, SubjectType},
    entity::Resource,
};
use caracal_crypto::{mandate, zone_key::SigningKey};
use caracal_service::{Refusal, egress::Target};
use caracal_wire::{
    ErrorCode,
    control::checks::{CheckStep, ResourceCheck, ResourceCheckStatus},
};
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::Empty;

use super::steps::{Steps, Unreached};
use crate::call::ZoneCall;

/// Longest wait for the upstream's answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long the mandate would be good.
const LIFETIME: Duration = Duration::from_mins(1);

/// Sends an upstream a mandate that is right in everything but its key, which no key set has: whoever lets it in verifies
/// nothing.
///
/// # Errors
/// 500 when there is no key to be had.
pub(crate) async fn check_upstream(
    call: &ZoneCall,
    resource: &Resource,
    url: &str,
) -> Result<ResourceCheck, Refusal> {
    let token = unissued(call, resource)?;
    let mut steps = Steps::default();
    let status = match steps.reach(&call.role.egress, url).await {
        Err(Unreached::Settings | Unreached::Network) => ResourceCheckStatus::Unreachable,
        Ok(target) => {
            let asked = tokio::time::timeout(TIMEOUT, ask(call, &target, &token)).await;
            tell(&mut steps, asked.ok().flatten())
        }
    };
    let (detail, steps) = steps.finish();
    Ok(ResourceCheck {
        status,
        detail,
        checked_at: call.now(),
        steps,
    })
}

fn tell(steps: &mut Steps, answer: Option<StatusCode>) -> ResourceCheckStatus {
    let Some(status) = answer else {
        let fix = "see whether the server has too much to do";
        steps.failed(CheckStep::Answer, "the upstream did not answer in time", fix);
        return ResourceCheckStatus::Unreachable;
    };
    let found = format!("the upstream answered with status {}", status.as_u16());
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            steps.passed(
                CheckStep::Answer,
                "the upstream refuses a mandate that nobody issued",
            );
            ResourceCheckStatus::Guarded
        }
        status if status.is_success() => {
            let found = "the upstream let a mandate in that nobody issued";
            let fix = "let the upstream verify mandates against the zone's keys, as the handbook says";
            steps.failed(CheckStep::Answer, found, fix);
            ResourceCheckStatus::Unverified
        }
        _ => {
            let fix = "correct upstream_url; what answers HEAD with 401 or 403 there can be verified";
            steps.failed(CheckStep::Answer, found, fix);
            ResourceCheckStatus::EndpointError
        }
    }
}

async fn ask(call: &ZoneCall, target: &Target, token: &HeaderValue) -> Option<StatusCode> {
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.method_mut() = Method::HEAD;
    *request.uri_mut() = target.uri().ok()?;
    let headers = request.headers_mut();
    headers.insert(header::HOST, target.host_header().clone());
    headers.insert(header::USER_AGENT, HeaderValue::from_static("caracal"));
    headers.insert(header::AUTHORIZATION, token.clone());
    let answer = call.role.egress.client().request(request).await;
    answer.ok().map(|response| response.status())
}

/// A mandate for the resource by a key that is made for it and forgotten.
fn unissued(call: &ZoneCall, resource: &Resource) -> Result<HeaderValue, Refusal> {
    let failed = || Refusal::of(ErrorCode::InternalError);
    let world = &call.role.world;
    let now = world.now();
    let named = format!("caracal-verify-probe-{}", world.uuid_v7());
    let key = KeyId::parse(&named)
        .ok()
        .and_then(|id| SigningKey::generate(world, id).ok())
        .ok_or_else(failed)?;
    let sid = AuthorityRecordId::generate(world);
    let claims = MandateClaims {
        iss: call.role.issuer.clone(),
        sub: "caracal-verification-probe".into(),
        aud: vec![resource.identifier.as_str().into()],
        exp: now.plus(LIFETIME).unix_seconds(),
        iat: now.unix_seconds(),
        nbf: None,
        jti: world.uuid_v7().to_string().into(),
        zone_id: call.zone.clone(),
        client_id: ApplicationId::generate(world),
        scope: Some(resource.scopes.to_claim()),
        root_sid: sid.clone(),
        sid,
        mandate_use: MandateUse::Resource,
        sub_type: SubjectType::Application,
        target: vec![resource.identifier.as_str().into()],
        agent_session_id: None,
        delegation_edge_id: None,
        source_session_id: None,
        target_session_id: None,
        delegation_path: Vec::new(),
        delegation_chain: Vec::new(),
        hop_count: 0,
        delegation_graph_epoch: 0,
        cnf: None,
    };
    let token = mandate::sign(&claims, &key).map_err(|_| failed())?;
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| failed())?;
    value.set_sensitive(true);
    Ok(value)
}
