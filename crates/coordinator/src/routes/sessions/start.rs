//! `POST /zones/{zone}/agents`: starts a session.

use caracal_core::{
    JsonObject, SessionId, Timestamp,
    entity::{Application, AuthorityRecord, Lifecycle, RegistrationMethod, Session, SessionStatus},
};
use caracal_lifecycle::{self as lifecycle, Events};
use caracal_service::{
    Refusal,
    front::{Body, Made},
    limits::too_many,
};
use caracal_storage::{Access, ZoneWork};
use caracal_wire::{
    ErrorCode,
    coordinator::{
        Warning,
        sessions::{ParentAuthority, SessionStarted, StartSession},
    },
};

use super::{ENTITY, describe, inheritance, not_owner, request::Start as Asked};
use crate::{
    auth::subject::{self, Anchor},
    call::{Call, Entity},
    idempotency, metrics,
};

/// Deepest session; a root is at 0.
const MAX_DEPTH: u32 = 10;
/// When a full zone, application or parent is worth another try, in seconds.
const RETRY_WHEN_FULL: u32 = 5;

pub(crate) async fn handle(
    call: Call,
    Body(body): Body<StartSession>,
) -> Result<Made<SessionStarted>, Refusal> {
    let asked = Asked::check(body)?;
    call.about().application_id = Some(asked.application_id.clone());
    call.about().parent_id.clone_from(&asked.parent_id);
    call.about().labels.clone_from(&asked.labels);
    if !call.caller.may_run(&asked.application_id) {
        return Err(not_owner());
    }
    call.zone().await?;
    let anchor = subject::resolve(
        &call.role,
        &call.caller,
        &asked.application_id,
        asked.subject_session_id.as_ref(),
        asked.subject_token.as_deref(),
    )
    .await?;
    let keyed = call.idempotency_key.as_ref().map(|key| {
        let canonical = asked.canonical(&call.caller);
        let scope = asked.application_id.as_str();
        call.role
            .receipts
            .keyed(idempotency::SESSION_START, scope, key, &canonical)
    });

    let mut work = call.work(Access::Write).await?;
    let now = call.now();
    if let Some(receipt) = call.claim(keyed.as_ref(), work.as_mut(), now).await? {
        let session = match SessionId::parse(&receipt.resource_id) {
            Ok(id) => work.sessions().get(&id).await?,
            Err(_) => None,
        };
        let live = session.filter(|session| session.holds_slot(now));
        let live = live.inspect(|session| describe(&call, session)).is_some();
        return call.repeat(receipt, live).await;
    }
    let started = start(&call, work.as_mut(), &asked, &anchor, now).await?;
    let entity = Entity {
        kind: ENTITY,
        id: started.session.agent_session_id.as_str(),
    };
    call.commit_made(work, keyed.as_ref(), entity, &started, now)
        .await?;
    metrics::session_started(asked.lifecycle.as_str());
    Ok(Made::New(started))
}

/// Checks, in order, everything that storage knows, then inserts.
async fn start(
    call: &Call,
    work: &mut dyn ZoneWork,
    asked: &Asked,
    anchor: &Anchor,
    now: Timestamp,
) -> Result<SessionStarted, Refusal> {
    let inherits = asked.parent_id.is_some() && asked.parent_authority == ParentAuthority::Inherit;
    if inherits {
        work.lock(lifecycle::DELEGATIONS).await?;
    }
    let application = work
        .applications()
        .get(&asked.application_id)
        .await?
        .filter(|application| application.is_live(now))
        .ok_or_else(|| Refusal::of(ErrorCode::ApplicationNotFound))?;
    let short_lived = application.registration_method == RegistrationMethod::Dcr;
    // A root session of a managed application joins no tree, so only these need to be one after another.
    if asked.parent_id.is_some() || short_lived {
        work.lock(lifecycle::SESSIONS).await?;
    }
    if short_lived {
        check_short_lived(asked)?;
    }
    let record = anchor
        .load(&call.role, work, &call.caller, &asked.application_id)
        .await?;
    call.about().record_id = Some(record.id.clone());
    check_room(call, work, &application, now).await?;
    let parent = match &asked.parent_id {
        Some(id) => Some(parent(call, work, id, asked.lifecycle, now).await?),
        None => None,
    };

    let mut warnings = Vec::new();
    let ttl_seconds = clamp(asked.ttl_seconds, parent.as_ref(), now, &mut warnings)?;
    let session = build(call, asked, &record, parent.as_ref(), ttl_seconds, now);
    describe(call, &session);
    work.sessions().create(&session).await?;

    let zone_id = call.zone_id().clone();
    let app = call.role.clone();
    let mut events = Events::new(&app.world, &zone_id);
    events.spawn(&session);
    let inherited = match (&parent, inherits) {
        (Some(parent), true) => {
            let explicit = asked.inherit_parent_edge_id.as_ref();
            inheritance::inherit(call, work, parent, &session, explicit, now).await?
        }
        _ => None,
    };
    if let Some(delegation) = &inherited {
        call.about().delegation_edge_id = Some(delegation.id.clone());
        let epoch = work.delegations().epoch().await?;
        events.edge_create(delegation, epoch);
    }
    work.outbox().append(&events.into_messages()?).await?;

    Ok(SessionStarted {
        session: (&session).into(),
        delegation_edge_id: inherited.map(|delegation| delegation.id),
        warnings,
    })
}

/// A short-lived application is one task: no service, no child, one session.
fn check_short_lived(asked: &Asked) -> Result<(), Refusal> {
    if asked.lifecycle == Lifecycle::Service {
        return Err(Refusal::of(ErrorCode::DcrApplicationCannotHostService));
    }
    if asked.parent_id.is_some() {
        return Err(Refusal::of(ErrorCode::DcrApplicationCannotBeChild));
    }
    Ok(())
}

/// Starts in flight do not see each other here, so a limit may be passed by as many as commit at once: it guards
/// capacity, and exactness would make every start wait for the one before.
async fn check_room(
    call: &Call,
    work: &mut dyn ZoneWork,
    application: &Application,
    now: Timestamp,
) -> Result<(), Refusal> {
    let config = &call.role.config;
    let in_zone = work.sessions().count_slots(None, now).await?;
    if in_zone >= config.max_sessions_per_zone {
        return Err(too_many(
            ErrorCode::SessionZoneLimitExceeded,
            config.max_sessions_per_zone,
            RETRY_WHEN_FULL,
        ));
    }
    let of_application = work.sessions().count_slots(Some(&application.id), now).await?;
    if application.registration_method == RegistrationMethod::Dcr && of_application > 0 {
        return Err(Refusal::of(ErrorCode::DcrApplicationAlreadyBound));
    }
    if of_application >= config.max_sessions_per_application {
        return Err(too_many(
            ErrorCode::SessionLimitExceeded,
            config.max_sessions_per_application,
            RETRY_WHEN_FULL,
        ));
    }
    Ok(())
}

/// The parent, held against concurrent change: live, allowed to have this child, and with room for it.
async fn parent(
    call: &Call,
    work: &mut dyn ZoneWork,
    id: &SessionId,
    lifecycle: Lifecycle,
    now: Timestamp,
) -> Result<Session, Refusal> {
    let parent = work
        .sessions()
        .get_locked(id)
        .await?
        .filter(|parent| parent.is_live(now))
        .ok_or_else(|| Refusal::of(ErrorCode::ParentNotFound))?;
    let owner = work.applications().get(&parent.application_id).await?;
    if owner.is_none_or(|owner| owner.registration_method == RegistrationMethod::Dcr) {
        return Err(Refusal::of(ErrorCode::DcrApplicationCannotStartChild));
    }
    if parent.lifecycle == Lifecycle::Task && lifecycle == Lifecycle::Service {
        return Err(Refusal::of(ErrorCode::TaskSessionCannotStartService));
    }
    if !call
        .caller
        .acts_for("coordinator.spawn_under", &parent.application_id)
    {
        return Err(Refusal::of(ErrorCode::ParentOwnershipRequired)
            .describe("the parent belongs to another application"));
    }
    if parent.child_count >= parent.max_children {
        let limit = u64::from(parent.max_children);
        return Err(too_many(
            ErrorCode::SessionChildrenLimitExceeded,
            limit,
            RETRY_WHEN_FULL,
        ));
    }
    if parent.depth >= MAX_DEPTH {
        return Err(too_many(
            ErrorCode::SessionDepthLimitExceeded,
            u64::from(MAX_DEPTH),
            RETRY_WHEN_FULL,
        ));
    }
    Ok(parent)
}

/// A task never outlives the task that started it. A service parent has no end to clamp to: its end takes its
/// children along.
fn clamp(
    asked: Option<u32>,
    parent: Option<&Session>,
    now: Timestamp,
    warnings: &mut Vec<Warning>,
) -> Result<Option<u32>, Refusal> {
    let (Some(seconds), Some(parent)) = (asked, parent.filter(|parent| parent.lifecycle == Lifecycle::Task))
    else {
        return Ok(asked);
    };
    let left = u32::try_from(parent.ends_at().since(now).as_secs()).unwrap_or(u32::MAX);
    if left == 0 {
        return Err(Refusal::of(ErrorCode::ParentNotFound).describe("the parent ends within a second"));
    }
    if seconds > left {
        warnings.push(Warning::TtlClampedToParent);
    }
    Ok(Some(seconds.min(left)))
}

fn build(
    call: &Call,
    asked: &Asked,
    record: &AuthorityRecord,
    parent: Option<&Session>,
    ttl_seconds: Option<u32>,
    now: Timestamp,
) -> Session {
    let service = asked.lifecycle == Lifecycle::Service;
    Session {
        id: SessionId::generate(&call.role.world),
        zone_id: call.zone_id().clone(),
        application_id: asked.application_id.clone(),
        parent_id: parent.map(|parent| parent.id.clone()),
        subject_authority_record_id: record.id.clone(),
        status: SessionStatus::Active,
        lifecycle: asked.lifecycle,
        depth: parent.map_or(0, |parent| parent.depth + 1),
        labels: asked.labels.clone(),
        max_children: call.role.config.max_children,
        child_count: 0,
        ttl_seconds,
        last_heartbeat_at: service.then_some(now),
        heartbeat_deadline_at: service.then(|| now.plus(call.role.config.service_lease)),
        lease_generation: i64::from(service),
        termination_reason: None,
        metadata_json: JsonObject::of(&asked.metadata),
        started_at: now,
        last_active_at: now,
        updated_at: now,
        terminated_at: None,
    }
}
