//! Subjects: whoever holds, or held, authority in the zone.

use caracal_core::claims::SubjectType;
use caracal_storage::SubjectSummary;
use caracal_wire::control::subjects::SubjectItem;

pub(super) mod blocked;
pub(super) mod list;
pub(super) mod overview;
pub(super) mod revoke;

fn item(subject: SubjectSummary) -> SubjectItem {
    SubjectItem {
        subject_id: subject.subject_id,
        federated: subject.kind == SubjectType::User && subject.issuer.is_some(),
        application_name: subject.application_name,
        total_sessions: subject.total,
        active_sessions: subject.active,
        revoked_sessions: subject.revoked,
        first_seen: subject.first_seen,
        last_seen: subject.last_seen,
        last_revoked_at: subject.last_revoked_at,
        issuer: subject.issuer,
    }
}
