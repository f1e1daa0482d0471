//! What the launcher asks for: the variables of a workload, and the credential of each.
//!
//! A workload proves itself with its own secret and gets the credentials of upstreams themselves, where their providers
//! let them out and policy allows it. It is no application: it has no sessions, no delegations and no mandates.

mod credential;
mod manifest;

use std::{net::IpAddr, sync::Arc, time::Duration};

use caracal_core::{Secret, Timestamp, WorkloadId, entity::Workload};
use caracal_service::{Refusal, zones::ZoneState};
use caracal_storage::Access;
use http::StatusCode;

pub(crate) use self::{
    credential::{CredentialRequest, credential},
    manifest::manifest,
};
use crate::{
    StsDeps,
    authenticate::{self, invalid_client, may_ask, stranger, too_often, unavailable, zone_of},
    case::Context,
    evidence::{About, OfLaunch},
    failed_login::{self, Reason},
    limit::per_minute,
};

/// Who asks, unproven.
pub(crate) struct Login<'f> {
    pub(crate) workload_id: WorkloadId,
    pub(crate) secret: Secret,
    /// Names the launch in evidence; kept if it is a UUID.
    pub(crate) launch_id: Option<&'f str>,
    pub(crate) peer: Option<IpAddr>,
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// A workload that proved itself.
pub(crate) struct Launch<'l> {
    deps: &'l StsDeps,
    zone: Arc<ZoneState>,
    workload: Workload,
    /// As the caller names it, if that is a UUID.
    id: Option<&'l str>,
    request_id: &'l str,
    now: Timestamp,
}

impl<'l> Launch<'l> {
    /// Proves that the caller knows the workload's secret. An unknown workload looks like a wrong secret.
    ///
    /// # Errors
    /// 401 `access_denied`; 429 after too many failures from one address; 503 when it cannot be told.
    pub(crate) async fn proven(
        deps: &'l StsDeps,
        login: Login<'l>,
        request_id: &'l str,
    ) -> Result<Self, Refusal> {
        let turn = may_ask(deps, login.peer).await?;
        let found = async {
            let mut work = deps.store.global(Access::Read).await?;
            work.find_workload(&login.workload_id).await
        };
        let found = found.await.map_err(|error| {
            tracing::error!(error = %caracal_service::error_chain(&error), "could not look for a workload");
            unavailable()
        })?;
        drop(turn);
        let wrong = |refusal: Refusal| match refusal.status {
            StatusCode::UNAUTHORIZED => refusal.describe("invalid workload credentials"),
            _ => refusal,
        };
        let Some(workload) = found else {
            let client = login.workload_id.as_str();
            failed_login::tell(&deps.world, Reason::Workload, None, client, login.peer);
            return Err(wrong(stranger(deps, login.peer).await));
        };
        let attempt = authenticate::Login {
            zone: &workload.zone_id,
            client: workload.id.as_str(),
            peer: login.peer,
        };
        let stored = workload.secret_hash.clone();
        if !attempt
            .prove(deps, Reason::Workload, stored, &login.secret)
            .await?
        {
            return Err(wrong(invalid_client()));
        }
        // Its zone may be archived meanwhile.
        let zone = zone_of(deps, &workload.zone_id)
            .await?
            .ok_or_else(|| invalid_client().describe("invalid workload credentials"))?;
        Ok(Self {
            deps,
            zone,
            workload,
            id: login.launch_id.filter(|id| is_uuid(id)),
            request_id,
            now: deps.world.now(),
        })
    }

    /// Counts a request of the workload towards `counter`.
    ///
    /// # Errors
    /// 429 past what an application may mint; 503 when it cannot be counted.
    async fn count(&self, counter: &str) -> Result<(), Refusal> {
        let key = format!("rl:{counter}:{}", self.workload.id);
        let limit = per_minute(self.deps, &self.zone);
        let counted = self.deps.limiter.hit(&key, limit, Duration::from_mins(1)).await;
        let counted = counted.map_err(|_| unavailable())?;
        if counted.allowed {
            return Ok(());
        }
        let text = "the workload asks too often";
        Err(too_often("workloads", text, counted.retry_after))
    }

    fn context(&self) -> Context<'_> {
        Context {
            deps: self.deps,
            zone: &self.zone,
            principal: self.workload.id.as_str(),
            request_id: self.request_id,
            now: self.now,
        }
    }

    /// What every event of it says.
    fn metadata<'e, P, I>(&'e self, about: &About<'e, P, I>) -> OfLaunch<'e> {
        OfLaunch {
            workload_id: self.workload.id.as_str(),
            workload_name: &self.workload.name,
            launch_id: self.id,
            reason: about.reason,
            challenge_id: about.approval,
            canary_id: about.canary,
            ..OfLaunch::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_launch_is_named_by_a_uuid_or_not_at_all() {
        assert!(is_uuid("01890a5d-ac96-774b-bcce-b302099a8057"));
        for other in [
            "",
            "launch-1",
            "01890a5d-ac96-774b-bcce-b302099a805",
            "01890a5dxac96-774b-bcce-b302099a8057",
        ] {
            assert!(!is_uuid(other), "{other}");
        }
    }
}
