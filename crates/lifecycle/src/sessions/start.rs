//! How a session starts.

use std::sync::Arc;

use caracal_core::{
    ApplicationId, DelegationId, JsonObject, SessionId, Timestamp,
    entity::{
        Application, AuthorityRecord, Delegation, Lifecycle, RegistrationMethod, Session, SessionStatus,
    },
};
use caracal_storage::ZoneWork;
use caracal_wire::{
    ErrorCode,
    coordinator::{Warning, sessions::ParentAuthority},
};
use serde_json::{Map, Value};

use crate::{Act, Denial, Error, ResourceLookup, delegations, events::Events, locks, records::Anchor};

/// Deepest session; a root is at 0.
const MAX_DEPTH: u32 = 10;

/// A session to start.
#[derive(Debug)]
pub struct Start {
    /// Owner.
    pub application_id: ApplicationId,
    /// Session that starts it.
    pub parent_id: Option<SessionId>,
    /// Task or service.
    pub lifecycle: Lifecycle,
    /// Labels that policy reads.
    pub labels: Vec<Arc<str>>,
    /// Set for tasks.
    pub ttl_seconds: Option<u32>,
    /// Whether a child goes on with what its parent holds.
    pub parent_authority: ParentAuthority,
    /// Which of the parent's delegations, where it has several.
    pub inherit_parent_edge_id: Option<DelegationId>,
    /// Free object given by the application.
    pub metadata: Map<String, Value>,
}

/// A session that started.
#[derive(Debug)]
pub struct Started {
    /// The session.
    pub session: Session,
    /// What it inherited.
    pub inherited: Option<Delegation>,
    /// What the caller should know about it.
    pub warnings: Vec<Warning>,
}

/// Checks, in order, everything that storage knows, then inserts.
///
/// # Errors
/// When the application, the record or the parent does not allow it, or there is no room.
pub async fn start(
    work: &mut dyn ZoneWork,
    act: &Act<'_>,
    resources: ResourceLookup<'_>,
    asked: &Start,
    anchor: &Anchor,
) -> Result<Started, Error> {
    let now = act.now();
    let application = work
        .applications()
        .get(&asked.application_id)
        .await?
        .filter(|application| application.is_live(now))
        .ok_or_else(|| Denial::of(ErrorCode::ApplicationNotFound))?;
    let short_lived = application.registration_method == RegistrationMethod::Dcr;
    if short_lived {
        // It has one session, so its starts are one after another. Others wait for nobody: whoever ends or pauses a
        // parent waits for its row, which `parent` holds, and then looks for children again.
        locks::sessions(work).await?;
        check_short_lived(asked)?;
    }
    let inherits = asked.parent_authority == ParentAuthority::Inherit;
    let holder = asked.parent_id.as_ref().filter(|_| inherits);
    let named = asked.inherit_parent_edge_id.as_ref();
    let graph = match holder {
        Some(holder) => delegations::lock_to_inherit(work, holder, &asked.application_id, named).await?,
        None => false,
    };
    let record = anchor.load(work, act, &asked.application_id).await?;
    act.about().record_id = Some(record.id.clone());
    check_room(work, act, &application, now).await?;
    let parent = match &asked.parent_id {
        Some(id) => Some(parent(work, act, id, asked.lifecycle, now).await?),
        None => None,
    };

    let mut warnings = Vec::new();
    let ttl_seconds = clamp(asked.ttl_seconds, parent.as_ref(), now, &mut warnings)?;
    let session = build(act, asked, &record, parent.as_ref(), ttl_seconds, now);
    act.about().session(&session);
    work.sessions().create(&session).await?;

    let zone = work.zone_id().clone();
    let mut events = Events::new(act.world, &zone);
    events.spawn(&session);
    let inherited = match (&parent, inherits) {
        (Some(parent), true) => {
            delegations::check_locked(work, graph, parent, &session).await?;
            delegations::inherit(work, act, resources, parent, &session, named, now).await?
        }
        _ => None,
    };
    if let Some(delegation) = &inherited {
        act.about().delegation_edge_id = Some(delegation.id.clone());
        let epoch = work.delegations().epoch().await?;
        events.edge_create(delegation, epoch);
    }
    work.outbox().append(&events.into_messages()?).await?;
    Ok(Started {
        session,
        inherited,
        warnings,
    })
}

/// A short-lived application is one task: no service, no child, one session.
fn check_short_lived(asked: &Start) -> Result<(), Denial> {
    if asked.lifecycle == Lifecycle::Service {
        return Err(Denial::of(ErrorCode::DcrApplicationCannotHostService));
    }
    if asked.parent_id.is_some() {
        return Err(Denial::of(ErrorCode::DcrApplicationCannotBeChild));
    }
    Ok(())
}

/// Starts in flight do not see each other here, so a limit may be passed by as many as commit at once: it guards
/// capacity, and exactness would make every start wait for the one before.
async fn check_room(
    work: &mut dyn ZoneWork,
    act: &Act<'_>,
    application: &Application,
    now: Timestamp,
) -> Result<(), Error> {
    let capacity = act.capacity;
    if work.sessions().count_slots(None, now).await? >= capacity.max_sessions_per_zone {
        let limit = capacity.max_sessions_per_zone;
        return Err(Denial::full(ErrorCode::SessionZoneLimitExceeded, limit).into());
    }
    let of_application = work.sessions().count_slots(Some(&application.id), now).await?;
    if application.registration_method == RegistrationMethod::Dcr && of_application > 0 {
        return Err(Denial::of(ErrorCode::DcrApplicationAlreadyBound).into());
    }
    if of_application >= capacity.max_sessions_per_application {
        let limit = capacity.max_sessions_per_application;
        return Err(Denial::full(ErrorCode::SessionLimitExceeded, limit).into());
    }
    Ok(())
}

/// The parent, held against concurrent change: live, allowed to have this child, and with room for it.
async fn parent(
    work: &mut dyn ZoneWork,
    act: &Act<'_>,
    id: &SessionId,
    lifecycle: Lifecycle,
    now: Timestamp,
) -> Result<Session, Error> {
    let parent = work
        .sessions()
        .get_locked(id)
        .await?
        .filter(|parent| parent.is_live(now))
        .ok_or_else(|| Denial::of(ErrorCode::ParentNotFound))?;
    let owner = work.applications().get(&parent.application_id).await?;
    if owner.is_none_or(|owner| owner.registration_method == RegistrationMethod::Dcr) {
        return Err(Denial::of(ErrorCode::DcrApplicationCannotStartChild).into());
    }
    if parent.lifecycle == Lifecycle::Task && lifecycle == Lifecycle::Service {
        return Err(Denial::of(ErrorCode::TaskSessionCannotStartService).into());
    }
    if !act.by.acts_for("coordinator.spawn_under", &parent.application_id) {
        let why = "the parent belongs to another application";
        return Err(Denial::of(ErrorCode::ParentOwnershipRequired)
            .describe(why)
            .into());
    }
    if parent.child_count >= parent.max_children {
        let limit = u64::from(parent.max_children);
        return Err(Denial::full(ErrorCode::SessionChildrenLimitExceeded, limit).into());
    }
    if parent.depth >= MAX_DEPTH {
        return Err(Denial::full(ErrorCode::SessionDepthLimitExceeded, u64::from(MAX_DEPTH)).into());
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
) -> Result<Option<u32>, Denial> {
    let (Some(seconds), Some(parent)) = (asked, parent.filter(|parent| parent.lifecycle == Lifecycle::Task))
    else {
        return Ok(asked);
    };
    let left = u32::try_from(parent.ends_at().since(now).as_secs()).unwrap_or(u32::MAX);
    if left == 0 {
        return Err(Denial::of(ErrorCode::ParentNotFound).describe("the parent ends within a second"));
    }
    if seconds > left {
        warnings.push(Warning::TtlClampedToParent);
    }
    Ok(Some(seconds.min(left)))
}

fn build(
    act: &Act<'_>,
    asked: &Start,
    record: &AuthorityRecord,
    parent: Option<&Session>,
    ttl_seconds: Option<u32>,
    now: Timestamp,
) -> Session {
    let service = asked.lifecycle == Lifecycle::Service;
    Session {
        id: SessionId::generate(act.world),
        zone_id: act.by.zone.clone(),
        application_id: asked.application_id.clone(),
        parent_id: parent.map(|parent| parent.id.clone()),
        subject_authority_record_id: record.id.clone(),
        status: SessionStatus::Active,
        lifecycle: asked.lifecycle,
        depth: parent.map_or(0, |parent| parent.depth + 1),
        labels: asked.labels.clone(),
        max_children: act.capacity.max_children,
        child_count: 0,
        ttl_seconds,
        last_heartbeat_at: service.then_some(now),
        heartbeat_deadline_at: service.then(|| now.plus(act.capacity.service_lease)),
        lease_generation: i64::from(service),
        termination_reason: None,
        metadata_json: JsonObject::of(&asked.metadata),
        started_at: now,
        last_active_at: now,
        updated_at: now,
        terminated_at: None,
    }
}
