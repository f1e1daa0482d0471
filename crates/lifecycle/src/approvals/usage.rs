//! What an approval is used for, once.

use caracal_core::{
    ApplicationId, AuthorityRecordId, Timestamp,
    entity::{Approval, AuthorityRecord},
};
use caracal_storage::ZoneWork;

use super::{
    ANSWERED_AGAIN, CONSUMED,
    evidence::{ApprovalMetadata, EvidenceWriter},
};
use crate::records;

/// What an approval is used for.
#[derive(Debug, Clone, Copy)]
pub enum Use<'u> {
    /// A mandate: its record is made in the same transaction.
    Mandate {
        /// The record.
        id: &'u AuthorityRecordId,
        /// The application it is given to.
        application: &'u ApplicationId,
        /// The record it hangs on, which ends it.
        parent: Option<&'u AuthorityRecordId>,
        /// Its end.
        expires_at: Timestamp,
    },
    /// A credential, which is no record.
    Credential,
    /// One call, by the mandate of this id.
    Call(&'u str),
}

/// Uses the approval up, once; whether it was. The record the request named must still be alive.
///
/// # Errors
/// As the storage.
pub async fn consume(
    work: &mut dyn ZoneWork,
    witness: &EvidenceWriter<'_>,
    approval: &Approval,
    used: Use<'_>,
) -> Result<bool, caracal_storage::Error> {
    let now = witness.world.now();
    if let Some(id) = &approval.authority_record_id {
        let record = work.authority_records().get(id).await?;
        if !record.is_some_and(|record| record.is_live(now)) {
            return Ok(false);
        }
    }
    let record = match used {
        Use::Mandate { id, .. } => Some(id),
        Use::Credential | Use::Call(_) => None,
    };
    if !work.approvals().consume(&approval.id, record, now).await? {
        return Ok(false);
    }
    if let Use::Mandate {
        id,
        application,
        parent,
        expires_at,
    } = used
    {
        // One that was forgotten ended; what hangs on it ends by its other ends.
        let parent = match parent {
            Some(parent) => work
                .authority_records()
                .get(parent)
                .await?
                .map(|record| record.id),
            None => None,
        };
        let record = AuthorityRecord {
            parent_id: parent,
            ..records::begun(work, id, application, now, expires_at)
        };
        work.authority_records().create(&record).await?;
    }
    let noted = ApprovalMetadata {
        authority_record_id: record,
        jti: match used {
            Use::Call(jti) => Some(jti),
            Use::Mandate { .. } | Use::Credential => None,
        },
        ..ApprovalMetadata::default()
    };
    let event = witness.tell(work, CONSUMED, "consumed", approval, noted).await?;
    work.outbox().append(&[event]).await?;
    Ok(true)
}

/// The record that a used approval released, where it may be answered again: a moment ago, and still alive.
///
/// # Errors
/// As the storage.
pub async fn answer_again(
    work: &mut dyn ZoneWork,
    witness: &EvidenceWriter<'_>,
    approval: &Approval,
) -> Result<Option<AuthorityRecord>, caracal_storage::Error> {
    let now = witness.world.now();
    let recent = approval
        .consumed_at
        .is_some_and(|at| now.since(at) <= ANSWERED_AGAIN);
    let Some(id) = approval.consumed_record_id.as_ref().filter(|_| recent) else {
        return Ok(None);
    };
    let record = work.authority_records().get(id).await?;
    let Some(record) = record.filter(|record| record.is_live(now)) else {
        return Ok(None);
    };
    let noted = ApprovalMetadata {
        authority_record_id: Some(id),
        reissued: Some(true),
        ..ApprovalMetadata::default()
    };
    let event = witness.tell(work, CONSUMED, "consumed", approval, noted).await?;
    work.outbox().append(&[event]).await?;
    Ok(Some(record))
}
