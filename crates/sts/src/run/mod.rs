//! What the launcher asks for: the variables of a workload, and the credential of each.
//!
//! A workload proves itself with its own secret and gets the credentials of upstreams themselves, where their providers
//! let them out and policy allows it. It is no application: it has no sessions, no delegations and no mandates.

mod credential;
mod evidence;

use std::{net::IpAddr, sync::Arc, time::Duration};

use caracal_authz::PolicySnapshot;
use caracal_core::{
    Secret, Timestamp, WorkloadId,
    audit::{Draft, EventType},
    entity::Workload,
};
use caracal_service::{Refusal, zones::ZoneState};
use caracal_storage::Access;
use caracal_wire::{ErrorCode, run::Manifest, sts::DenialReason};
use http::StatusCode;

pub(crate) use self::credential::{Wanted, credential};
use self::evidence::About;
use crate::{
    StsDeps,
    authenticate::{self, invalid_client, may_ask, stranger, too_often, unavailable, zone_of},
    evidence::record,
    failed_login::{self, Reason},
    fields::Fields,
    limit::per_minute,
    malformed::malformed,
    metrics,
};

/// Who asks, unproven.
pub(crate) struct Login<'f> {
    workload_id: WorkloadId,
    secret: Secret,
    /// Names the launch in evidence; kept if it is a UUID.
    launch_id: Option<&'f str>,
    peer: Option<IpAddr>,
}

impl<'f> Login<'f> {
    /// Reads id and secret.
    ///
    /// # Errors
    /// 400 naming the field.
    pub(crate) fn of(
        fields: &Fields<'_>,
        launch_id: Option<&'f str>,
        peer: Option<IpAddr>,
    ) -> Result<Self, Refusal> {
        let workload_id = fields.id("workload_id", WorkloadId::parse)?;
        let secret = fields.get("secret").filter(|secret| !secret.is_empty());
        Ok(Self {
            workload_id: workload_id.ok_or_else(|| malformed("workload_id", "is required"))?,
            secret: Secret::new(secret.ok_or_else(|| malformed("secret", "is required"))?),
            launch_id: launch_id.filter(|id| is_uuid(id)),
            peer,
        })
    }
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
    /// Proves that the caller knows the workload's secret, and counts the call towards `counter`. An unknown workload
    /// looks like a wrong secret.
    ///
    /// # Errors
    /// 401 `access_denied`; 429 after too many calls, or too many failures from one address; 503 when it cannot be told.
    pub(crate) async fn proven(
        deps: &'l StsDeps,
        login: Login<'l>,
        request_id: &'l str,
        counter: &str,
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
        let key = format!("rl:{counter}:{}", workload.id);
        let limit = per_minute(deps, &zone);
        let counted = deps.limiter.hit(&key, limit, Duration::from_mins(1)).await;
        let counted = counted.map_err(|_| unavailable())?;
        if !counted.allowed {
            return Err(too_often(
                "workloads",
                "the workload asks too often",
                counted.retry_after,
            ));
        }
        let launch = Self {
            deps,
            zone,
            workload,
            id: login.launch_id,
            request_id,
            now: deps.world.now(),
        };
        if launch.zone.zone.frozen_at.is_some() {
            return Err(launch.frozen().await?);
        }
        Ok(launch)
    }

    async fn frozen(&self) -> Result<Refusal, Refusal> {
        let reason = DenialReason::ZoneFrozen;
        let about = About {
            reason: Some(reason),
            ..self.about()
        };
        record(self.deps, &[self.event(about, reason.as_str(), None)]).await?;
        metrics::exchanged("run", "denied");
        Ok(Refusal::of(ErrorCode::AccessDenied)
            .describe("the zone is frozen")
            .reason(reason))
    }

    /// The policy that decides for the workload.
    fn policy(&self) -> &PolicySnapshot {
        self.zone.policy_for(self.workload.id.as_str())
    }

    fn about(&self) -> About<'_> {
        About {
            workload_id: self.workload.id.as_str(),
            workload_name: &self.workload.name,
            launch_id: self.id,
            canary_id: self
                .zone
                .canary_for(self.workload.id.as_str())
                .map(|(canary, _)| &canary.id),
            ..About::default()
        }
    }

    /// The variables.
    ///
    /// # Errors
    /// 404 when there are none; 503 when it cannot be written down.
    pub(crate) async fn manifest(self) -> Result<Manifest, Refusal> {
        if self.workload.bindings.is_empty() {
            return Err(Refusal::of(ErrorCode::ResourceNotFound).describe("the workload has no bindings"));
        }
        let about = About {
            binding_count: Some(self.workload.bindings.len()),
            ..self.about()
        };
        let zone = &self.zone.zone.id;
        let event = Draft::new(
            &self.deps.world,
            zone,
            EventType::RunLaunch,
            self.request_id,
            "allow",
            about,
        );
        record(self.deps, &[event.undecided()]).await?;
        Ok(Manifest {
            zone_id: self.workload.zone_id,
            workload_id: self.workload.id,
            bindings: self.workload.bindings,
        })
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
