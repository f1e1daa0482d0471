//! A person's yes or no, and a yes that is taken back.

use caracal_core::{
    ApprovalId, AuthorityRecordId, Timestamp,
    entity::{Approval, ApprovalState, ApproverClass, PrivacyMode},
};
use caracal_storage::{Verdict, ZoneWork};
use caracal_wire::ErrorCode;

use super::{
    DECIDED,
    evidence::{ApprovalMetadata, EvidenceWriter},
    pseudonym,
};
use crate::{Denial, Error};

/// Who decides.
#[derive(Debug, Clone, Copy)]
pub enum Approver<'a> {
    /// Someone who operates the zone, by the name they are known under.
    Operator(&'a str),
    /// The person, with the record of their session mandate.
    Subject(&'a str, &'a AuthorityRecordId),
}

impl Approver<'_> {
    const fn class(&self) -> ApproverClass {
        match self {
            Self::Operator(_) => ApproverClass::Operator,
            Self::Subject(..) => ApproverClass::Subject,
        }
    }

    /// What is kept of who it was.
    fn kept(&self, approval: &Approval) -> String {
        match self {
            Self::Operator(name) => (*name).to_owned(),
            Self::Subject(subject, _) => match approval.privacy_mode {
                PrivacyMode::Identified => format!("subject:{subject}"),
                PrivacyMode::Pseudonymous => {
                    format!("subject:pseudonym:{}", pseudonym(&approval.zone_id, subject))
                }
                PrivacyMode::Anonymous => String::from("subject:redacted"),
            },
        }
    }
}

/// Decides: yes or no, with a reason. Whoever waits is told with the commit.
///
/// # Errors
/// 404 `approval_not_found`; 403 `subject_approval_required` for an operator where only the person may; 409
/// `approval_not_decidable` with how it stands.
pub async fn decide(
    work: &mut dyn ZoneWork,
    witness: &EvidenceWriter<'_>,
    id: &ApprovalId,
    by: Approver<'_>,
    (approve, reason): (bool, Option<&str>),
) -> Result<Approval, Error> {
    let now = witness.world.now();
    let approval = work.approvals().get(id).await?.ok_or_else(not_found)?;
    let verdict = Verdict {
        approve,
        approver_id: by.kept(&approval),
        approver_record_id: match by {
            Approver::Operator(_) => None,
            Approver::Subject(_, record) => Some(record.clone()),
        },
        class: by.class(),
        reason: reason.filter(|reason| !reason.is_empty()).map(str::to_owned),
        at: now,
    };
    if !work.approvals().decide(id, &verdict).await? {
        let approval = work.approvals().get(id).await?.ok_or_else(not_found)?;
        return Err(not_decidable(&approval, by.class(), now).into());
    }
    let decided = work.approvals().get(id).await?.ok_or_else(not_found)?;
    let (plane, record) = match by {
        Approver::Operator(_) => ("operator", None),
        Approver::Subject(_, record) => ("subject", Some(record)),
    };
    let noted = ApprovalMetadata {
        approver_plane: Some(plane),
        approver_subject_id: Some(&verdict.approver_id),
        approver_session_id: record,
        reason: verdict.reason.as_deref(),
        ..ApprovalMetadata::default()
    };
    let word = if approve { "approved" } else { "rejected" };
    let mut messages = vec![witness.tell(work, DECIDED, word, &decided, noted).await?];
    if decided.state(now) != ApprovalState::Pending {
        messages.push(witness.decided(&decided, now)?);
    }
    work.outbox().append(&messages).await?;
    Ok(decided)
}

/// Takes back a yes that nobody has used: from then on it is a no.
///
/// # Errors
/// 404 `approval_not_found`; 409 `approval_not_decidable` with how it stands.
pub async fn withdraw(
    work: &mut dyn ZoneWork,
    witness: &EvidenceWriter<'_>,
    id: &ApprovalId,
    name: &str,
    reason: Option<&str>,
) -> Result<Approval, Error> {
    let now = witness.world.now();
    let verdict = Verdict {
        approve: false,
        approver_id: name.to_owned(),
        approver_record_id: None,
        class: ApproverClass::Operator,
        reason: reason.filter(|reason| !reason.is_empty()).map(str::to_owned),
        at: now,
    };
    let withdrawn = work.approvals().withdraw(id, &verdict).await?;
    let approval = work.approvals().get(id).await?.ok_or_else(not_found)?;
    if !withdrawn {
        let denial =
            Denial::of(ErrorCode::ApprovalNotDecidable).describe("there is no yes that nobody has used");
        let state = Some(approval.state(now));
        return Err(Denial { state, ..denial }.into());
    }
    let noted = ApprovalMetadata {
        approver_plane: Some("operator"),
        approver_subject_id: Some(&verdict.approver_id),
        reason: verdict.reason.as_deref(),
        ..ApprovalMetadata::default()
    };
    let event = witness.tell(work, DECIDED, "withdrawn", &approval, noted).await?;
    work.outbox().append(&[event]).await?;
    Ok(approval)
}

/// Whoever asked, as the one who decided: it names nobody, since who it is stands in the approval already.
const ASKER: &str = "asker";

/// Gives up what nobody has decided yet, for whoever asked for it. Whoever waits is told with the commit.
///
/// # Errors
/// 404 `approval_not_found`; 409 `approval_not_decidable` with how it stands.
pub async fn give_up(
    work: &mut dyn ZoneWork,
    witness: &EvidenceWriter<'_>,
    id: &ApprovalId,
    record: &AuthorityRecordId,
) -> Result<Approval, Error> {
    let now = witness.world.now();
    let verdict = Verdict {
        approve: false,
        approver_id: ASKER.to_owned(),
        approver_record_id: Some(record.clone()),
        class: ApproverClass::Any,
        reason: None,
        at: now,
    };
    let given_up = work.approvals().give_up(id, &verdict).await?;
    let approval = work.approvals().get(id).await?.ok_or_else(not_found)?;
    if !given_up {
        let denial = Denial::of(ErrorCode::ApprovalNotDecidable).describe("the approval is decided or over");
        let state = Some(approval.state(now));
        return Err(Denial { state, ..denial }.into());
    }
    let noted = ApprovalMetadata {
        approver_plane: Some(ASKER),
        approver_subject_id: Some(ASKER),
        approver_session_id: Some(record),
        ..ApprovalMetadata::default()
    };
    let event = witness.tell(work, DECIDED, "withdrawn", &approval, noted).await?;
    let told = witness.decided(&approval, now)?;
    work.outbox().append(&[event, told]).await?;
    Ok(approval)
}

fn not_found() -> Denial {
    Denial::of(ErrorCode::ApprovalNotFound).describe("no such approval")
}

fn not_decidable(approval: &Approval, class: ApproverClass, now: Timestamp) -> Denial {
    let state = approval.state(now);
    if state == ApprovalState::Pending
        && class == ApproverClass::Operator
        && approval.approver_class == ApproverClass::Subject
    {
        return Denial::of(ErrorCode::SubjectApprovalRequired)
            .describe("only the person the request is made for can decide");
    }
    Denial {
        state: Some(state),
        ..Denial::of(ErrorCode::ApprovalNotDecidable).describe("the approval is not open to this decision")
    }
}
