//! The session and the delegation a request acts under: live, owned, continuous, narrowed over the whole lineage.

use std::{collections::BTreeSet, sync::Arc};

use caracal_authz::narrow::{Authority, LineageError, NarrowingViolation};
use caracal_core::{
    AuthorityRecordId, DelegationId, SessionId, Timestamp, ZoneId,
    claims::{ChainHop, SubjectType},
    entity::{Delegation, Session},
};
use caracal_lifecycle::budgets::Holders;
use caracal_service::{Refusal, zones::DirectoryError};
use caracal_wire::{ErrorCode, sts::DenialReason};

use crate::{
    StsDeps,
    authenticate::unavailable,
    case::{Case, Context},
    stopped::{Stopped, Why},
};

/// The status in the evidence of a request whose references carry no authority.
const UNRESOLVED: &str = "exchange_denied";

/// Who acts, in which session, under which delegation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Actor {
    /// The session the mandate acts in.
    pub(crate) session: Option<Arc<Session>>,
    /// The session that handed the authority on.
    pub(crate) source: Option<Arc<Session>>,
    /// The delegations from root to leaf; empty without a delegation.
    pub(crate) lineage: Option<Arc<[Delegation]>>,
    /// What the lineage allows.
    pub(crate) authority: Option<Authority>,
    /// The record at the root of the authority.
    pub(crate) root_record: Option<AuthorityRecordId>,
    /// The person whose record the session hangs on.
    pub(crate) person: Option<String>,
    /// The earliest end of everything above.
    pub(crate) ends_at: Option<Timestamp>,
}

/// Why the references of a request carry no authority. Clients see 403 `access_denied` with the reason.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ActorError {
    #[error("session is not active or not owned by the application")]
    Session,
    #[error("delegation_edge_id requires agent_session_id")]
    DelegationWithoutSession,
    #[error("delegation is not active")]
    Delegation,
    #[error("delegation is not held by the session")]
    NotHolder,
    #[error("a session of the delegation chain is not active")]
    ChainSession,
    #[error("an application of the delegation chain has ended")]
    ChainApplication,
    #[error("the authority record of a session has ended")]
    Record,
    #[error("revoked")]
    Revoked,
    #[error("the zone is frozen")]
    Frozen,
    #[error("delegation chain is broken")]
    Broken,
    #[error("delegation exceeds its parent ({})", .0.rule())]
    Exceeds(NarrowingViolation),
    #[error("unavailable")]
    Unavailable,
}

impl ActorError {
    /// The machine-readable reason.
    pub(crate) const fn reason(&self) -> DenialReason {
        match self {
            Self::Session => DenialReason::SessionInactive,
            Self::DelegationWithoutSession => DenialReason::SessionRequired,
            Self::Delegation => DenialReason::DelegationInactive,
            Self::NotHolder => DenialReason::DelegationNotHeld,
            Self::ChainSession => DenialReason::DelegationSessionInactive,
            Self::ChainApplication => DenialReason::DelegationApplicationInactive,
            Self::Record => DenialReason::AuthorityRecordInactive,
            Self::Revoked => DenialReason::Revoked,
            Self::Frozen => DenialReason::ZoneFrozen,
            Self::Broken => DenialReason::DelegationChainBroken,
            Self::Exceeds(_) => DenialReason::DelegationExceedsParentAuthority,
            Self::Unavailable => DenialReason::StsUnavailable,
        }
    }

    /// The answer.
    pub(crate) fn refusal(&self) -> Refusal {
        match self {
            Self::Unavailable => unavailable(),
            Self::Exceeds(violation) => self.denied().with_details(violation),
            _ => self.denied(),
        }
    }

    fn denied(&self) -> Refusal {
        Refusal::of(ErrorCode::AccessDenied)
            .describe(self.to_string())
            .reason(self.reason())
    }
}

/// Refuses what is asked for in a zone that is frozen, of kinds that act under no session.
///
/// # Errors
/// 403 with the reason.
pub(crate) fn thawed(context: Context<'_>) -> Result<(), Stopped> {
    if context.zone.zone.frozen_at.is_none() {
        return Ok(());
    }
    let refusal = ActorError::Frozen.refusal();
    Err(Stopped::denied(refusal, DenialReason::ZoneFrozen))
}

impl From<ActorError> for Stopped {
    fn from(error: ActorError) -> Self {
        if matches!(error, ActorError::Unavailable) {
            return error.refusal().into();
        }
        let why = Why {
            status: UNRESOLVED,
            ..Why::of(error.reason())
        };
        Self::because(error.refusal(), why)
    }
}

impl From<DirectoryError> for ActorError {
    fn from(_: DirectoryError) -> Self {
        Self::Unavailable
    }
}

/// Validates the references of a request.
///
/// # Errors
/// [`ActorError`].
pub(crate) async fn resolve(
    case: &Case<'_>,
    session: Option<&SessionId>,
    delegation: Option<&DelegationId>,
) -> Result<Actor, ActorError> {
    let Case { deps, zone, now, .. } = case;
    if zone.zone.frozen_at.is_some() {
        return Err(ActorError::Frozen);
    }
    let (now, application, own_end) = (*now, &case.application.id, case.application.expires_at);
    let Some(session) = session else {
        return if delegation.is_some() {
            Err(ActorError::DelegationWithoutSession)
        } else {
            Ok(Actor {
                ends_at: own_end,
                ..Actor::default()
            })
        };
    };
    let zone_id = &zone.zone.id;
    let target = live_session(deps, zone_id, session, now)
        .await?
        .ok_or(ActorError::Session)?;
    if target.application_id != *application {
        return Err(ActorError::Session);
    }
    let behind = record_behind(deps, zone_id, &target, now).await?;
    let mut ends_at = target.ends_at().min(own_end.unwrap_or(NEVER)).min(behind.ends_at);
    let Some(delegation) = delegation else {
        return Ok(Actor {
            root_record: Some(target.subject_authority_record_id.clone()),
            session: Some(target),
            person: behind.person,
            ends_at: Some(ends_at),
            ..Actor::default()
        });
    };

    let lineage = deps.authority.lineage(zone_id, delegation).await?;
    let leaf = lineage.last().ok_or(ActorError::Delegation)?;
    if leaf.target_session_id != *session || leaf.receiver_application_id != *application {
        return Err(ActorError::NotHolder);
    }
    if lineage
        .iter()
        .any(|edge| deps.revocations.is_revoked(edge.id.as_str()))
    {
        return Err(ActorError::Revoked);
    }
    let authority = Authority::of_lineage(lineage.iter(), now, |id| {
        zone.resource(id.as_str())
            .map(|resource| resource.resource.identifier.as_str().into())
    })
    .map_err(|error| match error {
        LineageError::Empty | LineageError::NotLive(_) => ActorError::Delegation,
        LineageError::Broken(_) => ActorError::Broken,
        LineageError::Exceeds(violation) => ActorError::Exceeds(violation),
    })?;
    ends_at = ends_at.min(authority.expires_at());

    // Every session along the way must still run: authority does not outlive whoever handed it on.
    let mut source = None;
    let mut root_record = None;
    for edge in lineage.iter() {
        let from = live_session(deps, zone_id, &edge.source_session_id, now)
            .await?
            .ok_or(ActorError::ChainSession)?;
        if from.application_id != edge.issuer_application_id {
            return Err(ActorError::Broken);
        }
        // Nor does it outlive the application that runs the session: past its end, what it handed on is gone.
        let issuer = zone
            .live_application(&edge.issuer_application_id, now)
            .ok_or(ActorError::ChainApplication)?;
        ends_at = ends_at
            .min(from.ends_at())
            .min(issuer.expires_at.unwrap_or(NEVER))
            .min(record_behind(deps, zone_id, &from, now).await?.ends_at);
        root_record.get_or_insert_with(|| from.subject_authority_record_id.clone());
        source = Some(from);
    }
    Ok(Actor {
        session: Some(target),
        source,
        authority: Some(authority),
        lineage: Some(lineage),
        root_record,
        person: behind.person,
        ends_at: Some(ends_at),
    })
}

async fn live_session(
    deps: &StsDeps,
    zone: &ZoneId,
    id: &SessionId,
    now: Timestamp,
) -> Result<Option<Arc<Session>>, ActorError> {
    if deps.revocations.is_revoked(id.as_str()) {
        return Err(ActorError::Revoked);
    }
    Ok(deps
        .authority
        .session(zone, id)
        .await?
        .filter(|session| session.is_live(now)))
}

const NEVER: Timestamp = Timestamp::from_micros(i64::MAX);

/// The record that a session hangs on.
struct Behind {
    ends_at: Timestamp,
    person: Option<String>,
}

/// The record behind a session, and when it ends. An application proves itself again with its secret on every mint, so only
/// a person's record bounds the session by its time; a revoked record ends either.
async fn record_behind(
    deps: &StsDeps,
    zone: &ZoneId,
    session: &Session,
    now: Timestamp,
) -> Result<Behind, ActorError> {
    let id = &session.subject_authority_record_id;
    if deps.revocations.is_revoked(id.as_str()) {
        return Err(ActorError::Revoked);
    }
    match deps.authority.record(zone, id).await? {
        Some(record) if record.subject_type == SubjectType::User => {
            if record.is_live(now) {
                Ok(Behind {
                    ends_at: record.expires_at,
                    person: Some(record.subject_id.clone()),
                })
            } else {
                Err(ActorError::Record)
            }
        }
        // Application records are forgotten some time after their end.
        Some(_) | None => Ok(Behind {
            ends_at: NEVER,
            person: None,
        }),
    }
}

impl Actor {
    /// The chain as the mandate carries it: one hop per delegation, then the holder.
    pub(crate) fn chain(&self) -> Vec<ChainHop> {
        let Some(lineage) = &self.lineage else {
            return Vec::new();
        };
        let mut chain: Vec<ChainHop> = lineage
            .iter()
            .map(|edge| ChainHop {
                application_id: edge.issuer_application_id.clone(),
                agent_session_id: Some(edge.source_session_id.clone()),
                delegation_edge_id: Some(edge.id.clone()),
            })
            .collect();
        if let Some(leaf) = lineage.last() {
            chain.push(ChainHop {
                application_id: leaf.receiver_application_id.clone(),
                agent_session_id: Some(leaf.target_session_id.clone()),
                delegation_edge_id: None,
            });
        }
        chain
    }

    /// Whose budgets a call is made from. A session that was started by another is that one's work as well.
    ///
    /// # Errors
    /// [`ActorError::Unavailable`]
    pub(crate) async fn holders(&self, case: &Case<'_>) -> Result<Holders, ActorError> {
        let lineage = self.lineage.iter().flat_map(|lineage| lineage.iter());
        let delegations = lineage.clone().map(|edge| edge.id.clone()).collect();
        let own = self.session.iter().map(|session| session.id.clone());
        let mut wanted: Vec<SessionId> = (lineage.map(|edge| edge.source_session_id.clone()))
            .chain(own)
            .collect();
        let mut sessions = BTreeSet::new();
        while let Some(id) = wanted.pop() {
            if sessions.contains(&id) {
                continue;
            }
            // What is gone has no budget left, and is found to be gone when it is charged.
            let session = case.deps.authority.session(&case.zone.zone.id, &id).await?;
            wanted.extend(session.and_then(|session| session.parent_id.clone()));
            sessions.insert(id);
        }
        Ok(Holders {
            sessions,
            delegations,
        })
    }

    /// The leaf delegation.
    pub(crate) fn delegation(&self) -> Option<&Delegation> {
        self.lineage.as_ref().and_then(|lineage| lineage.last())
    }
}
