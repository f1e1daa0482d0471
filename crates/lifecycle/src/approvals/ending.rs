//! The requests of a caller that is no more.

use caracal_core::entity::ApproverClass;
use caracal_storage::{Error, Verdict, ZoneWork};

use super::{
    DECIDED,
    evidence::{ApprovalMetadata, EvidenceWriter},
};

/// Says no to whatever a caller asked for and has not used, what was approved included: an application or a workload that
/// was put away. Whoever waits is told with the commit. Returns how many those were; `by` is who put it away.
///
/// # Errors
/// As the storage; nothing of the unit of work may be committed then.
pub async fn end_of_caller(
    work: &mut dyn ZoneWork,
    witness: &EvidenceWriter<'_>,
    principal_id: &str,
    by: &str,
    reason: &str,
) -> Result<usize, Error> {
    let now = witness.world.now();
    let verdict = Verdict {
        approve: false,
        approver_id: by.to_owned(),
        approver_record_id: None,
        class: ApproverClass::Operator,
        reason: Some(reason.to_owned()),
        at: now,
    };
    let ended = work.approvals().end_of_caller(principal_id, &verdict).await?;
    for approval in &ended {
        let word = match approval.withdrawn_at {
            Some(_) => "withdrawn",
            None => "rejected",
        };
        let noted = ApprovalMetadata {
            approver_plane: Some("operator"),
            approver_subject_id: Some(by),
            reason: Some(reason),
            ..ApprovalMetadata::default()
        };
        let event = witness.tell(work, DECIDED, word, approval, noted).await?;
        let told = witness.decided(approval, now)?;
        work.outbox().append(&[event, told]).await?;
    }
    Ok(ended.len())
}
