//! Rate limits. Callers are limited by who they are; an address only by its refused logins, so that no stranger
//! can lock out a valid token that shares an address.

use std::{net::IpAddr, time::Duration};

use caracal_core::ZoneId;
use caracal_service::Refusal;
use caracal_wire::ErrorCode;

use super::principal::Principal;
use crate::deps::ApiDeps;

const MINUTE: Duration = Duration::from_mins(1);

/// Counts a refused login of an address.
///
/// # Errors
/// 429 past the limit.
pub(crate) async fn count_failure(api: &ApiDeps, peer: Option<IpAddr>) -> Result<(), Refusal> {
    let peer = peer.map_or_else(|| String::from("unknown"), |address| address.to_string());
    hit(
        api,
        &format!("api:admin_auth_fail:{peer}"),
        api.config.auth_fail_limit_per_min,
        MINUTE,
        ErrorCode::RateLimited,
    )
    .await
}

/// Counts a request of a caller.
///
/// # Errors
/// 429 past the limit.
pub(crate) async fn limit_principal(api: &ApiDeps, principal: &Principal) -> Result<(), Refusal> {
    let key = format!("api:v1_rl:{}", principal.limit_key());
    hit(
        api,
        &key,
        api.config.rate_limit_per_min,
        MINUTE,
        ErrorCode::RateLimited,
    )
    .await
}

/// Counts a short-lived application made by a caller.
///
/// # Errors
/// 429 past the limit.
pub(crate) async fn limit_dcr(api: &ApiDeps, zone: &ZoneId, principal: &Principal) -> Result<(), Refusal> {
    let key = format!("rl:dcr:{zone}:{}", principal.limit_key());
    hit(
        api,
        &key,
        api.config.dcr_limit_per_second,
        Duration::from_secs(1),
        ErrorCode::DcrRateLimitExceeded,
    )
    .await
}

async fn hit(api: &ApiDeps, key: &str, limit: u32, window: Duration, code: ErrorCode) -> Result<(), Refusal> {
    if limit == 0 {
        return Ok(());
    }
    match api.limiter.hit(key, limit, window).await {
        Ok(decision) if decision.allowed => Ok(()),
        Ok(decision) => {
            let seconds = u32::try_from(decision.retry_after.as_millis().div_ceil(1000)).unwrap_or(u32::MAX);
            Err(Refusal::of(code)
                .describe("too many requests, try again later")
                .retry_after(seconds.max(1)))
        }
        // Limits bound load, they do not authorise: administration goes on while the counter is away.
        Err(error) => {
            tracing::warn!(%error, "a rate limit could not be counted");
            Ok(())
        }
    }
}
