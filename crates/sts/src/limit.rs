//! How often an application may mint.

use std::time::Duration;

use caracal_events::shortlived::Hit;
use caracal_service::{Refusal, zones::ZoneState};

use crate::{
    authenticate::{too_often, unavailable},
    case::Case,
    deps::StsDeps,
    metrics,
};

/// How often in a minute: what the deployment allows, or less where the zone says so.
pub(crate) fn per_minute(deps: &StsDeps, zone: &ZoneState) -> u32 {
    let most = deps.config.mint_rate_limit_per_min;
    zone.zone.mint_limit_per_minute.map_or(most, |own| own.min(most))
}

/// Charged once per mint and resource; the Gateway's exchange of the same call is free. All names that are no resource
/// count as one: each of their refusals is written down.
pub(crate) async fn limit(case: &Case<'_>, resources: &[String]) -> Result<(), Refusal> {
    let (deps, zone, application) = (case.deps, &case.zone, &case.application);
    let key = |resource: &str| format!("rl:{}:{resource}:{}", zone.zone.id, application.id);
    let mut counted = Vec::with_capacity(resources.len());
    let mut unknown = None;
    for name in resources {
        match zone.resource(name) {
            Some(found) => counted.push((
                found.resource.identifier.as_str(),
                key(found.resource.id.as_str()),
            )),
            None => unknown = Some(name.as_str()),
        }
    }
    if let Some(name) = unknown {
        counted.push((name, key("unknown")));
    }
    let hits: Vec<Hit<'_>> = counted
        .iter()
        .map(|(_, key)| Hit {
            key,
            limit: per_minute(deps, zone),
            window: Duration::from_mins(1),
        })
        .collect();
    let decisions = deps.limiter.hit_all(&hits).await.map_err(|_| unavailable())?;
    let refused = counted
        .iter()
        .zip(decisions)
        .find(|(_, decision)| !decision.allowed);
    let Some(((resource, _), decision)) = refused else {
        return Ok(());
    };
    metrics::exchanged("mint", "rate_limited");
    Err(too_often("mints", "mint rate limit reached", decision.retry_after).with("resource", *resource))
}
