//! `GET /approvals/{id}`: how an approval stands, waiting for a decision if asked to; `POST /approvals/{id}/decision`:
//! that of the person the request is made for; `POST /approvals/{id}/withdraw`: whoever asked wants it no more.

use std::{sync::Arc, time::Duration};

use caracal_core::{
    ApprovalId, AuthorityRecordId, ZoneId,
    claims::{MandateClaims, MandateUse, SubjectType},
    entity::{Approval, ApprovalState, ApproverClass},
    text::is_unprintable,
};
use caracal_lifecycle::{
    Error,
    approvals::{Approver, EvidenceWriter, decide, give_up},
};
use caracal_service::{
    Refusal,
    front::{Answer, Body, Inbound, Path, QueryOnce},
    limits::counted_address,
    possession::{NotHolder, Presentation},
    scheme::{challenged_under, presented},
    zones::DirectoryError,
};
use caracal_storage::{Access, ZoneWork};
use caracal_wire::{
    ErrorCode,
    approvals::{ApprovalStatus, Decide, Decision, MAX_WAIT_SECONDS, WaitFor},
};
use http::StatusCode;
use serde::Deserialize;
use tokio::time::{Instant, sleep_until};

use crate::{
    StsDeps,
    authenticate::{too_often, unavailable},
    malformed::malformed,
    subject,
};

/// Questions from one address in a minute: ids cannot be guessed, and each question costs the store a read.
const QUESTIONS_PER_MINUTE: u32 = 30_000;
/// Longest line of authority records that is followed.
const MAX_ANCESTORS: usize = 64;

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    id: ApprovalId,
}

fn not_found() -> Refusal {
    Refusal::of(ErrorCode::ResourceNotFound).describe("no such approval")
}

fn storage(error: &caracal_storage::Error) -> Refusal {
    tracing::error!(error = %caracal_service::error_chain(error), "an approval could not be read or written");
    Refusal {
        contended: matches!(error, caracal_storage::Error::Contended(_)),
        ..unavailable()
    }
}

pub(super) async fn get(
    call: Arc<Inbound<StsDeps>>,
    Path(Named { id }): Path<Named>,
    QueryOnce(query): QueryOnce<WaitFor>,
) -> Result<Answer<ApprovalStatus>, Refusal> {
    let deps = &call.role;
    let wait = query.wait.as_deref().map(str::parse::<u64>).transpose();
    let wait = wait.map_err(|_| malformed("wait", "must be a whole number of seconds"))?;
    let wait = wait.unwrap_or(0).min(MAX_WAIT_SECONDS);
    let counted = deps
        .limiter
        .hit(
            &format!("rl:approvals:{}", counted_address(call.peer)),
            QUESTIONS_PER_MINUTE,
            Duration::from_mins(1),
        )
        .await
        .map_err(|_| unavailable())?;
    if !counted.allowed {
        return Err(too_often(
            "approvals",
            "too many questions from this address",
            counted.retry_after,
        ));
    }
    let zone = zone_of(deps, &id).await?;
    // From here on every decision wakes, so none is missed between the read and the wait.
    let mut waiter = (wait > 0).then(|| deps.waiting.begin(&id)).flatten();
    let deadline = Instant::now() + Duration::from_secs(wait);
    loop {
        let approval = read(deps, &zone, &id).await?;
        let now = deps.world.now();
        let state = approval.state(now);
        let over = Instant::now() >= deadline;
        let Some(waiter) = waiter
            .as_mut()
            .filter(|_| state == ApprovalState::Pending && !over)
        else {
            return Ok(Answer(status(approval, state)));
        };
        let end = Instant::now() + approval.expires_at.since(now);
        call.release_turn();
        tokio::select! {
            () = waiter.decided() => {}
            () = sleep_until(deadline.min(end)) => {}
        }
    }
}

fn status(approval: Approval, state: ApprovalState) -> ApprovalStatus {
    ApprovalStatus {
        id: approval.id,
        state,
        expires_at: approval.expires_at,
    }
}

async fn zone_of(deps: &StsDeps, id: &ApprovalId) -> Result<ZoneId, Refusal> {
    let found = async {
        let mut work = deps.store.global(Access::Read).await?;
        work.zone_of_approval(id).await
    };
    found
        .await
        .map_err(|error| storage(&error))?
        .ok_or_else(not_found)
}

async fn read(deps: &StsDeps, zone: &ZoneId, id: &ApprovalId) -> Result<Approval, Refusal> {
    let found = async {
        let mut work = deps.store.zone(zone, Access::Read).await?;
        work.approvals().get(id).await
    };
    found
        .await
        .map_err(|error| storage(&error))?
        .ok_or_else(not_found)
}

pub(super) async fn post(
    call: Arc<Inbound<StsDeps>>,
    Path(Named { id }): Path<Named>,
    Body(body): Body<Decide>,
) -> Result<Answer<ApprovalStatus>, Refusal> {
    let deps = &call.role;
    let reason = body.reason.as_deref().unwrap_or_default();
    if reason.len() > 500 || reason.chars().any(is_unprintable) {
        return Err(malformed(
            "reason",
            "must have at most 500 bytes and no control characters",
        ));
    }
    let (zone, approval, claims) = spoken_of(&call, &id).await?;
    may_decide(deps, &zone, &approval, &claims).await?;
    if body.binding != approval.binding_hex() {
        return Err(conflict("the binding is not that of the approval"));
    }
    let mut work = deps
        .store
        .zone(&zone, Access::Write)
        .await
        .map_err(|error| storage(&error))?;
    let stranger = strangers(work.as_mut(), &claims.sid, approval.authority_record_id.as_ref()).await;
    if !stranger.map_err(|error| storage(&error))? {
        return Err(forbidden(
            "the approver's authority is that of the request itself",
        ));
    }
    let witness = witness(deps, &approval.id);
    let by = Approver::Subject(&claims.sub, &claims.sid);
    let verdict = (body.decision == Decision::Approved, body.reason.as_deref());
    let decided = decide(work.as_mut(), &witness, &id, by, verdict).await;
    settled(deps, work, decided).await
}

pub(super) async fn withdraw(
    call: Arc<Inbound<StsDeps>>,
    Path(Named { id }): Path<Named>,
) -> Result<Answer<ApprovalStatus>, Refusal> {
    let deps = &call.role;
    let (zone, approval, claims) = spoken_of(&call, &id).await?;
    let asked =
        approval.application_id.as_ref() == Some(&claims.client_id) && approval.principal_id == *claims.sub;
    if !asked || !is_live(deps, &zone, &claims).await? {
        return Err(forbidden("only whoever asked gives it up"));
    }
    let mut work = deps
        .store
        .zone(&zone, Access::Write)
        .await
        .map_err(|error| storage(&error))?;
    let witness = witness(deps, &approval.id);
    let given_up = give_up(work.as_mut(), &witness, &id, &claims.sid).await;
    settled(deps, work, given_up).await
}

/// An approval, and the session mandate of whoever speaks of it.
async fn spoken_of(
    call: &Inbound<StsDeps>,
    id: &ApprovalId,
) -> Result<(ZoneId, Approval, Arc<MandateClaims>), Refusal> {
    let deps = &call.role;
    let zone = zone_of(deps, id).await?;
    let approval = read(deps, &zone, id).await?;
    let (scheme, token) = presented(&call.headers).ok_or_else(subject::invalid)?;
    let presentation = Presentation {
        scheme,
        token,
        headers: &call.headers,
        method: call.route.method.as_str(),
        base: Some(&deps.config.issuer),
        path: &call.path,
        now: deps.world.now(),
        window: deps.config.dpop_window,
    };
    let verified = subject::verify_presented(deps, &zone, presentation, MandateUse::Session).await;
    let (claims, holder) = verified.map_err(|refusal| challenged_under(scheme, refusal))?;
    match holder.spend(deps.replay.as_ref(), &zone).await {
        Ok(true) => Ok((zone, approval, claims)),
        Ok(false) => Err(NotHolder::ProofRepeated.refusal()),
        Err(error) => {
            tracing::error!(%error, "cannot tell whether a proof was used");
            Err(unavailable())
        }
    }
}

fn witness<'w>(deps: &'w StsDeps, id: &'w ApprovalId) -> EvidenceWriter<'w> {
    EvidenceWriter {
        world: &deps.world,
        keys: deps.audit_keys.as_ref(),
        request_id: id.as_str(),
    }
}

/// Makes what changed durable, has whoever waits told, and says how it stands.
async fn settled(
    deps: &StsDeps,
    work: Box<dyn ZoneWork>,
    changed: Result<Approval, Error>,
) -> Result<Answer<ApprovalStatus>, Refusal> {
    let changed = changed.map_err(|error| match error {
        Error::Denied(_) => conflict("approval is not pending"),
        Error::Storage(error) => storage(&error),
    })?;
    work.commit().await.map_err(|error| storage(&error))?;
    deps.outbox.announce().await;
    let state = changed.state(deps.world.now());
    Ok(Answer(status(changed, state)))
}

fn forbidden(text: &'static str) -> Refusal {
    Refusal::of(ErrorCode::AccessDenied).describe(text)
}

fn conflict(text: &'static str) -> Refusal {
    Refusal::new(StatusCode::CONFLICT, ErrorCode::AccessDenied).describe(text)
}

/// Whether the record behind a mandate is live, and nothing that it hangs on has ended.
async fn is_live(deps: &StsDeps, zone: &ZoneId, claims: &MandateClaims) -> Result<bool, Refusal> {
    let record = match deps.authority.record(zone, &claims.sid).await {
        Ok(record) => record,
        Err(DirectoryError::Unknown) => None,
        Err(DirectoryError::Unavailable) => return Err(unavailable()),
    };
    let live = record.is_some_and(|record| record.is_live(deps.world.now()));
    Ok(live && !deps.revocations.covers(claims))
}

/// Whether the bearer is the person who may decide.
async fn may_decide(
    deps: &StsDeps,
    zone: &ZoneId,
    approval: &Approval,
    claims: &MandateClaims,
) -> Result<(), Refusal> {
    if claims.sub_type != SubjectType::User {
        return Err(forbidden("only a person decides"));
    }
    let application = approval.application_id.as_ref();
    let application = application.ok_or_else(|| forbidden("the request is not one of an application"))?;
    if !is_live(deps, zone, claims).await? || claims.client_id != *application {
        return Err(forbidden("authority record is not active"));
    }
    if approval.approver_class == ApproverClass::Operator {
        return Err(forbidden("an operator decides this one"));
    }
    let anchor = approval.subject_anchor.as_deref();
    if anchor.is_some_and(|anchor| anchor != &*claims.sub) {
        return Err(forbidden("another person decides this one"));
    }
    Ok(())
}

/// Whether neither record is, or descends from, the other.
async fn strangers(
    work: &mut dyn ZoneWork,
    approver: &AuthorityRecordId,
    requester: Option<&AuthorityRecordId>,
) -> Result<bool, caracal_storage::Error> {
    let Some(requester) = requester else {
        return Ok(true);
    };
    for (from, to) in [(approver, requester), (requester, approver)] {
        let mut at = Some(from.clone());
        for _ in 0..MAX_ANCESTORS {
            let Some(id) = at else { break };
            if id == *to {
                return Ok(false);
            }
            at = work
                .authority_records()
                .get(&id)
                .await?
                .and_then(|record| record.parent_id);
        }
    }
    Ok(true)
}
