//! `POST /zones/{zone}/agents/{id}/heartbeat`: renews a service's lease.
//!
//! One read and one compare-and-set. It takes no lock of the zone, writes no event and no administrative record:
//! a renewal changes nobody's authority, and a fleet renews all the time.

use axum::{response::Response, routing::MethodFilter};
use caracal_core::entity::{Lifecycle, SessionStatus};
use caracal_service::Refusal;
use caracal_storage::Access;
use caracal_wire::{
    ErrorCode,
    coordinator::sessions::{Heartbeat as Body, HeartbeatNoted, LeasedSession},
};
use http::StatusCode;

use super::{
    SessionPath,
    lease::{check_identity, expire},
    not_found, not_owner, subject_ended,
};
use crate::{
    auth::Capability,
    call::{self, Call, Input, JsonBody, NoQuery, Route},
};

/// The route.
pub(crate) struct Heartbeat;

impl Route for Heartbeat {
    const METHOD: MethodFilter = MethodFilter::POST;
    const PATH: &'static str = "/zones/{zone}/agents/{id}/heartbeat";
    const CAPABILITY: Capability = Capability::mandate("session.heartbeat");
    type Path = SessionPath;
    type Query = NoQuery;
    type Body = JsonBody<Body>;

    async fn answer(call: &mut Call, input: Input<Self>) -> Result<Response, Refusal> {
        let (id, body) = (input.path.id, input.body.0);
        if body.lease_generation < 1 {
            return Err(Refusal::invalid_field(
                ErrorCode::InvalidBody,
                "lease_generation",
                "a whole number from 1",
            ));
        }
        tracing::trace!(session.id = %id, status = ?body.status.unwrap_or_default(), "heartbeat");
        let mut work = call.work(Access::Write).await?;
        let session = work.sessions().get(&id).await?.ok_or_else(not_found)?;
        if !call.principal.may_run(&session.application_id) {
            return Err(not_owner());
        }
        if matches!(session.status, SessionStatus::Terminated | SessionStatus::Expired) {
            return Err(Refusal::of(ErrorCode::SessionNotLive));
        }
        if session.lifecycle != Lifecycle::Service {
            return Err(Refusal::of(ErrorCode::SessionNotService));
        }
        if subject_ended::is(call, work.as_mut(), &session).await? {
            return Err(subject_ended::end(call, work, &session).await?);
        }
        if session.lease_generation != body.lease_generation {
            return Err(Refusal::of(ErrorCode::SessionLeaseFenced));
        }
        if session.status == SessionStatus::Active && session.ends_at() <= call.now() {
            return Err(expire(call, work, &session).await?);
        }
        check_identity(call, work.as_mut(), &session.application_id).await?;
        if body.service_id.is_some() {
            return Err(Refusal::of(ErrorCode::AgentServiceNotFound));
        }

        let now = call.now();
        let until = now.plus(call.app.config.service_lease);
        if !work
            .sessions()
            .heartbeat(&id, body.lease_generation, until, now)
            .await?
        {
            // Between the read and here somebody took over or ended it.
            return Err(Refusal::of(ErrorCode::SessionLeaseFenced));
        }
        work.commit().await?;
        Ok(call::json(
            StatusCode::OK,
            &HeartbeatNoted {
                agent: LeasedSession {
                    id: session.id,
                    zone_id: session.zone_id,
                    application_id: session.application_id,
                    status: session.status,
                    last_active_at: now,
                    last_heartbeat_at: now,
                    heartbeat_deadline_at: until,
                    lease_generation: body.lease_generation,
                },
                service: None,
                active_invocations: body.active_invocations.unwrap_or(0),
            },
        ))
    }
}
