//! What a client acts in: two sessions of its application that hang on the person's authority record, the second of which
//! holds a delegation from the first for what was agreed to. So everything that ends records, sessions, delegations or
//! applications ends a client as well.

use caracal_core::{
    DelegationId, ScopeSet, SessionId,
    entity::{Application, Constraints, GrantStatus, Lifecycle},
};
use caracal_lifecycle::{
    About, Act, Denial, Error, Principal,
    delegations::{self, End, NewDelegation},
    records::{self, Anchor},
    sessions::{self, Start},
};
use caracal_service::{Refusal, contention::retried, zones::ZoneState};
use caracal_storage::{Access, ZoneWork};
use caracal_wire::{ErrorCode, coordinator::sessions::ParentAuthority};
use parking_lot::Mutex;
use serde_json::{Map, Value};

use super::steps::Consent;
use crate::{StsDeps, authenticate::unavailable};

/// 400 for a grant that gets nothing (RFC 6749 §5.2).
pub(super) fn invalid_grant(why: &'static str) -> Refusal {
    Refusal::of(ErrorCode::InvalidGrant).describe(why)
}

/// What a client acts in.
pub(super) struct ClientSession {
    pub(super) session: SessionId,
    pub(super) delegation: DelegationId,
}

/// Starts it, unless the person took back what they agreed to, or somebody ended it before it began.
///
/// # Errors
/// 400 `invalid_grant` where it cannot be; 503.
pub(super) async fn begin(
    deps: &StsDeps,
    zone: &ZoneState,
    application: &Application,
    agreed: &Consent,
    labels: &[String],
) -> Result<Option<ClientSession>, Refusal> {
    let begin = || begin_once(deps, zone, application, agreed, labels);
    let begun = retried(&deps.world, begin).await;
    begun.map_err(|refusal| {
        if refusal.code == ErrorCode::InvalidGrant {
            refusal
        } else {
            unavailable()
        }
    })
}

async fn begin_once(
    deps: &StsDeps,
    zone: &ZoneState,
    application: &Application,
    agreed: &Consent,
    labels: &[String],
) -> Result<Option<ClientSession>, Refusal> {
    let now = deps.world.now();
    let mut work = deps.store.zone(&agreed.zone, Access::Write).await?;
    let grant = work.grants().get(&agreed.grant, now).await?;
    if !grant.is_some_and(|standing| standing.status == GrantStatus::Active) {
        return Ok(None);
    }
    let trusted = work.subject_issuers().find(&agreed.issuer).await?.is_some();
    if !trusted || !records::extend(work.as_mut(), &agreed.record, now, agreed.ends_at).await? {
        return Ok(None);
    }
    let begun = sessions(deps, work.as_mut(), zone, application, agreed, labels).await;
    let begun = begun.map_err(|error| match error {
        Error::Storage(error) => error.into(),
        Error::Denied(denial) => denied(&denial),
    })?;
    work.commit().await?;
    deps.outbox.announce().await;
    Ok(Some(begun))
}

/// Somebody else may end, and places come free: a client that came too early tries again with its person.
fn denied(denial: &Denial) -> Refusal {
    tracing::warn!(code = %denial.code, "no session was started for a client that somebody signed in with");
    if denial.retry_after.is_some() {
        unavailable()
    } else {
        invalid_grant("what the person agreed to is not there any more")
    }
}

async fn sessions(
    deps: &StsDeps,
    work: &mut dyn ZoneWork,
    zone: &ZoneState,
    application: &Application,
    agreed: &Consent,
    labels: &[String],
) -> Result<ClientSession, Error> {
    let principal = Principal {
        zone: agreed.zone.clone(),
        subject: application.id.as_str().into(),
        application: Some(application.id.clone()),
        record: None,
        scopes: ScopeSet::default(),
    };
    let about = Mutex::new(About::default());
    let act = Act {
        world: &deps.world,
        by: &principal,
        capacity: &deps.config.capacity,
        about: &about,
    };
    let resources = |name: &str| zone.resource(name).map(|state| state.resource.as_ref());
    let anchor = Anchor {
        record: agreed.record.clone(),
        person: Some(agreed.subject.clone()),
        revoked: false,
    };
    let seconds = agreed.ends_at.since(deps.world.now()).as_secs();
    let start = |parent: Option<SessionId>, labels: &[String]| Start {
        application_id: application.id.clone(),
        parent_id: parent,
        lifecycle: Lifecycle::Task,
        labels: labels.iter().map(|label| label.as_str().into()).collect(),
        ttl_seconds: u32::try_from(seconds).ok(),
        parent_authority: ParentAuthority::None,
        inherit_parent_edge_id: None,
        metadata: about_client(agreed),
    };
    let source = sessions::start(work, &act, &resources, &start(None, &[]), &anchor).await?;
    let parent = Some(source.session.id.clone());
    let target = sessions::start(work, &act, &resources, &start(parent, labels), &anchor).await?;
    let asked = NewDelegation {
        source_session_id: source.session.id.clone(),
        target_session_id: target.session.id.clone(),
        issuer_application_id: application.id.clone(),
        receiver_application_id: application.id.clone(),
        parent_edge_id: None,
        resource: Some(agreed.resource.clone()),
        scopes: agreed.scopes.clone(),
        constraints: Constraints::default(),
        end: End::At(agreed.ends_at),
    };
    let made = delegations::create(work, &act, &resources, asked).await?;
    Ok(ClientSession {
        session: target.session.id,
        delegation: made.delegation.id,
    })
}

/// What operators see of a session that a client acts in.
fn about_client(agreed: &Consent) -> Map<String, Value> {
    let host = agreed.client_host.as_deref().map(Value::from);
    let said = [
        ("client_name", Some(Value::from(agreed.client_name.as_str()))),
        ("client_host", host),
        ("grant_id", Some(Value::from(agreed.grant.as_str()))),
    ];
    let said = said
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    said.collect()
}
