//! `POST /v1/zones/{zoneId}/approvals/{id}/approve`, `…/reject` and `…/withdraw`

use caracal_core::{ApprovalId, TextRule};
use caracal_lifecycle::approvals::{self, Approver};
use caracal_service::{
    Refusal,
    front::{Answer, ById, OptionalBody, Path},
};
use caracal_wire::{
    ErrorCode,
    control::approvals::{ApprovalDecision, DecideApproval},
};

use crate::{call::ZoneCall, change::Done};

/// What an operator decides.
#[derive(Clone, Copy)]
enum OperatorDecision {
    Approve,
    Reject,
    /// No, after a yes.
    Withdraw,
}

pub(crate) async fn approve(
    call: ZoneCall,
    Path(ById { id }): Path<ById<ApprovalId>>,
    OptionalBody(body): OptionalBody<DecideApproval>,
) -> Result<Answer<ApprovalDecision>, Refusal> {
    decide(call, &id, OperatorDecision::Approve, body.unwrap_or_default()).await
}

pub(crate) async fn reject(
    call: ZoneCall,
    Path(ById { id }): Path<ById<ApprovalId>>,
    OptionalBody(body): OptionalBody<DecideApproval>,
) -> Result<Answer<ApprovalDecision>, Refusal> {
    decide(call, &id, OperatorDecision::Reject, body.unwrap_or_default()).await
}

pub(crate) async fn withdraw(
    call: ZoneCall,
    Path(ById { id }): Path<ById<ApprovalId>>,
    OptionalBody(body): OptionalBody<DecideApproval>,
) -> Result<Answer<ApprovalDecision>, Refusal> {
    decide(call, &id, OperatorDecision::Withdraw, body.unwrap_or_default()).await
}

async fn decide(
    call: ZoneCall,
    id: &ApprovalId,
    decision: OperatorDecision,
    body: DecideApproval,
) -> Result<Answer<ApprovalDecision>, Refusal> {
    let reason = body.reason.filter(|reason| !reason.is_empty());
    if let Some(reason) = &reason {
        TextRule::prose(500).check(reason).map_err(|problem| {
            Refusal::invalid_field(ErrorCode::InvalidBody, "reason", problem.to_string())
        })?;
    }
    // Of the console, the account; the body never says who decides.
    let approver = match &call.caller.account {
        Some(account) => format!("console:{account}"),
        None => call.caller.attributed_to(),
    };
    let witness = call.witness();
    let mut change = call.change().await?;
    let (work, reason) = (change.ending(), reason.as_deref());
    let by = Approver::Operator(&approver);
    let approval = match decision {
        OperatorDecision::Approve => approvals::decide(work, &witness, id, by, (true, reason)).await?,
        OperatorDecision::Reject => approvals::decide(work, &witness, id, by, (false, reason)).await?,
        OperatorDecision::Withdraw => approvals::withdraw(work, &witness, id, &approver, reason).await?,
    };
    let decision = ApprovalDecision {
        state: approval.state(call.now()),
        id: approval.id,
        satisfied_at: approval.satisfied_at,
        rejected_at: approval.rejected_at,
        approver_subject_id: approval.approver_subject_id,
    };
    Ok(Answer(change.answer(Done::ok(), decision).await?))
}
