//! What the entries about held subjects name.

use std::collections::BTreeSet;

use caracal_ledger::{chain::LogId, terms::SearchedEvent};
use caracal_storage::{Access, AuditFilter, Error, Hold, PageRequest, Store};

/// Events of a page of the search.
const PAGE: u32 = 500;

/// The subjects themselves, their authority records, and the sessions that events name together with those: a session's
/// other events need not name the record.
pub(super) async fn names(store: &dyn Store, log: &LogId, holds: &[Hold]) -> Result<BTreeSet<String>, Error> {
    let mut names: BTreeSet<String> = holds.iter().filter_map(|hold| hold.subject.clone()).collect();
    let Some(zone) = log.zone().filter(|_| !names.is_empty()) else {
        return Ok(names);
    };
    let mut work = store.zone(zone, Access::Read).await?;
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
                    .filter_map(|row| SearchedEvent::of(&row.event).session_id),
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
