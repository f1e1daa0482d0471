//! Where a request that policy allows waits for a person, and what releases it.

use caracal_authz::approval::{ApprovalRequirement, ApprovalTier, ApproverClass, merge};
use caracal_core::{
    ApprovalId,
    entity::{Approval, ApprovalState, AuthorityRecord},
};
use caracal_lifecycle::approvals::{
    self, ANSWERED_AGAIN, ApprovalMismatch, Circumstances, EvidenceWriter, Request, Use, difference,
};
use caracal_service::{Refusal, contention::retried};
use caracal_storage::{Access, ZoneWork};
use caracal_wire::{
    ErrorCode,
    approvals::{HUMAN_APPROVAL, MAX_WAIT_SECONDS},
    sts::DenialReason,
};
use http::StatusCode;

use crate::{
    StsDeps,
    authenticate::unavailable,
    case::Context,
    stopped::{Stopped, Why},
};

/// A request that falls under tiers of approval, or presents one.
#[derive(Clone, Copy)]
pub(crate) struct ApprovalAttempt<'a> {
    pub(crate) context: Context<'a>,
    pub(crate) request: Request<'a>,
    pub(crate) circumstances: Circumstances<'a>,
    /// Whether what an approval released a moment ago may be answered again.
    pub(crate) again: bool,
}

/// What releases a request.
pub(crate) struct Release {
    approval: Approval,
    /// It was used a moment ago, for the same request.
    used: bool,
}

impl Stopped {
    fn new(status: StatusCode, code: ErrorCode, text: &'static str, reason: DenialReason) -> Self {
        let refusal = Refusal::new(status, code).describe(text);
        Self::waiting(refusal, reason, None)
    }

    fn waiting(refusal: Refusal, reason: DenialReason, approval: Option<ApprovalId>) -> Self {
        let why = Why {
            held: true,
            approval,
            ..Why::of(reason)
        };
        Self::because(refusal.reason(reason), why)
    }

    fn consumed() -> Self {
        let (status, reason) = (StatusCode::CONFLICT, DenialReason::ApprovalAlreadyConsumed);
        Self::new(
            status,
            ErrorCode::ApprovalConsumed,
            "the approval was used already",
            reason,
        )
    }

    fn rejected(approval: &Approval) -> Self {
        let (text, reason) = if approval.withdrawn_at.is_some() {
            ("approval was taken back", DenialReason::ApprovalWithdrawn)
        } else {
            ("approval was rejected", DenialReason::ApprovalRejected)
        };
        Self::new(StatusCode::FORBIDDEN, ErrorCode::AccessDenied, text, reason)
    }

    /// An approval that is for something else; of a call it is said for what.
    fn foreign(difference: Option<ApprovalMismatch>) -> Self {
        let reason = match difference {
            None => DenialReason::ApprovalInvalid,
            Some(ApprovalMismatch::Resource) => DenialReason::ApprovalOfOtherResource,
            Some(ApprovalMismatch::Session) => DenialReason::ApprovalOfOtherSession,
            Some(ApprovalMismatch::Operation) => DenialReason::ApprovalOfOtherOperation,
            Some(ApprovalMismatch::Arguments) => DenialReason::ApprovalOfOtherArguments,
            Some(ApprovalMismatch::Policy) => DenialReason::ApprovalOfOtherPolicy,
        };
        let text = "approval not found or bindings do not match";
        Self::new(StatusCode::UNAUTHORIZED, ErrorCode::AccessDenied, text, reason)
    }

    /// The answer that clients know a hold by.
    fn held(approval: &Approval, issuer: &str) -> Self {
        let refusal = Refusal::of(ErrorCode::InteractionRequired)
            .describe("a person has to approve this request first")
            .authenticate("Bearer error=\"interaction_required\"")
            .with("approval_id", approval.id.as_str())
            .with("approval_type", HUMAN_APPROVAL)
            .with("state", ApprovalState::Pending.as_str())
            .with("tier", approval.tier.as_str())
            .with("binding", approval.binding_hex())
            .with(
                "approval_expires_at",
                serde_json::to_value(approval.expires_at).unwrap_or_default(),
            )
            .with(
                "approval_wait_url",
                format!(
                    "{}/approvals/{}?wait={MAX_WAIT_SECONDS}",
                    issuer.trim_end_matches('/'),
                    approval.id
                ),
            );
        Self::waiting(refusal, DenialReason::ApprovalRequired, Some(approval.id.clone()))
    }
}

impl ApprovalAttempt<'_> {
    fn witness(&self) -> EvidenceWriter<'_> {
        EvidenceWriter {
            world: &self.context.deps.world,
            keys: self.context.deps.audit_keys.as_ref(),
            request_id: self.context.request_id,
        }
    }

    /// Looks at the approval that the request presents. Whatever of the two does not belong together is one refusal.
    ///
    /// # Errors
    /// 401 when it is not there, for something else, or has ended; 401 with the hold while nobody has decided; 403 when
    /// it was rejected; 409 when it was used.
    pub(crate) async fn presented(&self, id: &ApprovalId) -> Result<Release, Stopped> {
        let mut work = self
            .context
            .deps
            .store
            .zone(&self.context.zone.zone.id, Access::Read)
            .await?;
        let found = work.approvals().get(id).await?;
        drop(work);
        let belongs = |approval: &Approval| {
            approval.principal_id == self.request.principal_id
                && approval.authority_record_id.as_ref() == self.request.record_id
                && approval.binding == self.request.binding()
        };
        let unauthorized =
            |text, reason| Stopped::new(StatusCode::UNAUTHORIZED, ErrorCode::AccessDenied, text, reason);
        let approval = match found {
            Some(approval) if belongs(&approval) => approval,
            Some(other) => return Err(Stopped::foreign(difference(&other, &self.request))),
            None => return Err(Stopped::foreign(None)),
        };
        match approval.state(self.context.now) {
            ApprovalState::Expired => Err(unauthorized("approval expired", DenialReason::ApprovalExpired)),
            _ => self.told(approval),
        }
    }

    /// Opens a hold for the tiers, or finds the one that was opened for the same request.
    ///
    /// # Errors
    /// As [`Self::presented`]; 403 when the tiers need two people that one hold does not have.
    pub(crate) async fn hold(&self, tiers: &[ApprovalTier]) -> Result<Release, Stopped> {
        let Ok(requirement) = merge(tiers) else {
            let text = "approval requires separate operator and subject decisions";
            let reason = DenialReason::ApprovalClassConflict;
            return Err(Stopped::new(
                StatusCode::FORBIDDEN,
                ErrorCode::AccessDenied,
                text,
                reason,
            ));
        };
        if self.request.application_id.is_none() && requirement.as_ref().is_some_and(of_a_person) {
            let text = "a workload acts for nobody who could approve";
            let reason = DenialReason::ApprovalClassConflict;
            let (status, code) = (StatusCode::FORBIDDEN, ErrorCode::AccessDenied);
            return Err(Stopped::new(status, code, text, reason));
        }
        // Without tiers nothing is held, and nobody comes here.
        let requirement = requirement.ok_or_else(unavailable)?;
        let Context { deps, zone, .. } = self.context;
        let asked = retried(&deps.world, || async {
            let mut work = deps.store.zone(&zone.zone.id, Access::Write).await?;
            let witness = self.witness();
            let asked = approvals::ask(
                work.as_mut(),
                &witness,
                &self.request,
                &requirement,
                &self.circumstances,
            );
            let approval = asked.await?;
            work.commit().await?;
            Ok::<_, Stopped>(approval)
        });
        let approval = asked.await?;
        deps.outbox.wake();
        self.told(approval)
    }

    fn told(&self, approval: Approval) -> Result<Release, Stopped> {
        match approval.state(self.context.now) {
            ApprovalState::Approved => Ok(Release {
                approval,
                used: false,
            }),
            ApprovalState::Pending | ApprovalState::Expired => {
                Err(Stopped::held(&approval, &self.context.deps.config.issuer))
            }
            ApprovalState::Rejected => Err(Stopped::rejected(&approval)),
            ApprovalState::Consumed => {
                let recent = approval
                    .consumed_at
                    .is_some_and(|at| self.context.now.since(at) <= ANSWERED_AGAIN);
                if recent && self.again {
                    Ok(Release { approval, used: true })
                } else {
                    Err(Stopped::consumed())
                }
            }
        }
    }
}

fn of_a_person(requirement: &ApprovalRequirement) -> bool {
    requirement.approver == ApproverClass::Subject
}

impl Release {
    /// The approval, as evidence names it.
    pub(crate) fn id(&self) -> &str {
        self.approval.id.as_str()
    }

    /// The record that was released before, where this is the same request once more.
    ///
    /// # Errors
    /// 409 when it is too late for that, or the record has ended.
    pub(crate) async fn answered_before(
        &self,
        deps: &StsDeps,
        request_id: &str,
    ) -> Result<Option<AuthorityRecord>, Stopped> {
        if !self.used {
            return Ok(None);
        }
        let mut work = deps.store.zone(&self.approval.zone_id, Access::Write).await?;
        let witness = EvidenceWriter {
            world: &deps.world,
            keys: deps.audit_keys.as_ref(),
            request_id,
        };
        let record = approvals::answer_again(work.as_mut(), &witness, &self.approval).await?;
        let record = record.ok_or_else(Stopped::consumed)?;
        work.commit().await?;
        deps.outbox.wake();
        Ok(Some(record))
    }

    /// Uses it up, once: of rivals one goes on.
    ///
    /// # Errors
    /// 409 for all the others.
    pub(crate) async fn consume(
        &self,
        deps: &StsDeps,
        request_id: &str,
        used: Use<'_>,
    ) -> Result<(), Stopped> {
        let mut work = deps.store.zone(&self.approval.zone_id, Access::Write).await?;
        self.consume_in(work.as_mut(), deps, request_id, used).await?;
        work.commit().await?;
        deps.outbox.wake();
        Ok(())
    }

    /// Uses it up in a unit of work with something else.
    ///
    /// # Errors
    /// As [`Self::consume`]; nothing of the unit of work may be committed then.
    pub(crate) async fn consume_in(
        &self,
        work: &mut dyn ZoneWork,
        deps: &StsDeps,
        request_id: &str,
        used: Use<'_>,
    ) -> Result<(), Stopped> {
        let witness = EvidenceWriter {
            world: &deps.world,
            keys: deps.audit_keys.as_ref(),
            request_id,
        };
        if self.used || !approvals::consume(work, &witness, &self.approval, used).await? {
            return Err(Stopped::consumed());
        }
        Ok(())
    }
}
