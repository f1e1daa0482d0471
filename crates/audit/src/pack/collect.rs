//! The entries that a pack is asked for.

use std::collections::{BTreeMap, BTreeSet};

use caracal_ledger::{pack::PackQuery, terms::SearchedEvent};
use caracal_storage::{AuditFilter, AuditRow, Ledger, PageRequest};

use super::{NotPacked, PackLimits};

/// Events of a page of the search.
const PAGE: u32 = 500;

/// Entries by their position, as far as a pack may hold them.
struct Collected {
    rows: BTreeMap<i64, AuditRow>,
    bytes: usize,
    size: u64,
    limits: PackLimits,
}

impl Collected {
    fn add(&mut self, row: AuditRow) -> Result<(), NotPacked> {
        // What came after the checkpoint is for another pack.
        if u64::try_from(row.chain_seq).is_ok_and(|position| position <= self.size)
            && !self.rows.contains_key(&row.chain_seq)
        {
            self.bytes = self.bytes.saturating_add(row.received.len());
            self.rows.insert(row.chain_seq, row);
        }
        if self.rows.len() > self.limits.entries || self.bytes > self.limits.bytes {
            return Err(NotPacked::TooLarge(self.limits));
        }
        Ok(())
    }

    async fn search(&mut self, ledger: &mut dyn Ledger, filter: &AuditFilter) -> Result<(), NotPacked> {
        let mut page = PageRequest::first(PAGE);
        loop {
            let found = ledger.search(filter, &page).await?;
            for row in found.items {
                self.add(row)?;
            }
            page.after = found.next;
            if page.after.is_none() {
                return Ok(());
            }
        }
    }
}

/// The entries among the first `size` that are asked for, in the order of the log.
pub(super) async fn rows(
    ledger: &mut dyn Ledger,
    asked: &PackQuery,
    size: u64,
    limits: PackLimits,
) -> Result<Vec<AuditRow>, NotPacked> {
    let mut collected = Collected {
        rows: BTreeMap::new(),
        bytes: 0,
        size,
        limits,
    };
    let filter = AuditFilter {
        since: asked.since,
        until: asked.until,
        session_id: asked.session_id.clone(),
        ..AuditFilter::default()
    };
    if asked.authority_record_ids.is_empty() {
        collected.search(ledger, &filter).await?;
    }
    for record in &asked.authority_record_ids {
        let authority_record_id = Some(record.clone());
        let filter = AuditFilter {
            authority_record_id,
            ..filter.clone()
        };
        collected.search(ledger, &filter).await?;
    }
    if asked.follows_sessions() {
        let events = collected.rows.values().map(|row| SearchedEvent::of(&row.event));
        let sessions: BTreeSet<String> = events.filter_map(|event| event.session_id).collect();
        for session in sessions {
            let filter = AuditFilter {
                session_id: Some(session),
                ..filter.clone()
            };
            collected.search(ledger, &filter).await?;
        }
    }
    if asked.is_about_somebody() {
        let requests = collected.rows.values().map(|row| row.event.request_id.clone());
        for request in requests.collect::<BTreeSet<_>>() {
            let mut page = PageRequest::first(PAGE);
            loop {
                let found = ledger.by_request(&request, &page).await?;
                for row in found.items {
                    collected.add(row)?;
                }
                page.after = found.next;
                if page.after.is_none() {
                    break;
                }
            }
        }
    }
    Ok(collected.rows.into_values().collect())
}
