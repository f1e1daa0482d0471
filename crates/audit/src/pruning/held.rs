//! What the events of held subjects name.

use std::collections::BTreeSet;

use caracal_ledger::terms::Searched;
use caracal_storage::{AuditFilter, Error, Hold, PageRequest, ZoneWork};

/// Events of a page of the search.
const PAGE: u32 = 500;

/// The subjects themselves, their authority records, and the sessions that events name together with those: a session's
/// other events need not name the record.
pub(super) async fn names(work: &mut dyn ZoneWork, holds: &[Hold]) -> Result<BTreeSet<String>, Error> {
    let mut names: BTreeSet<String> = holds.iter().filter_map(|hold| hold.subject.clone()).collect();
    if names.is_empty() {
        return Ok(names);
    }
    let records = work.retention().held_records().await?;
    for record in &records {
        let filter = AuditFilter {
            authority_record_id: Some(record.clone()),
            ..AuditFilter::default()
        };
        let mut page = PageRequest::first(PAGE);
        loop {
            let found = work.ledger().search(&filter, &page).await?;
            names.extend(
                found
                    .items
                    .iter()
                    .filter_map(|row| Searched::of(&row.event).session_id),
            );
            page.after = found.next;
            if page.after.is_none() {
                break;
            }
        }
    }
    names.extend(records);
    Ok(names)
}
