//! Searching: blocks are found by terms, and their events looked at one by one.

use std::collections::HashSet;

use caracal_core::{Timestamp, audit::AuditEvent};
use caracal_ledger::terms::{MAX_SPAN, Searched, Term};
use caracal_storage::{AuditFilter, AuditRow, Error, LogHead, Page, PageKey, PageRequest};

use super::{blocks::Item, scan::Scan};
use crate::{paging::PAGE_BYTES, work::ZoneUnit};

/// Blocks of the first step of a search, doubled with each up to the last.
const FIRST_STEP: u32 = 2;
const LAST_STEP: u32 = 16;
/// Blocks that one page opens, however little it found in them: what one caller's search may keep a core busy with.
const MOST_OPENED: usize = 128;
/// Types that postings are asked for; with more, blocks are found by what else is searched for.
const MOST_TYPES: usize = 32;
/// Requests that postings are asked for at a time.
const REQUESTS: usize = 64;

/// An event that is searched for.
struct Match {
    at: i64,
    item: Item,
    event: AuditEvent,
}

impl Match {
    fn key(&self) -> (i64, &str) {
        (self.at, &self.event.id)
    }

    fn page_key(&self) -> PageKey {
        PageKey {
            at_micros: self.at,
            id: self.event.id.clone(),
        }
    }
}

/// Opens the events among `items` that are `wanted`.
fn matches(items: Vec<Item>, mut wanted: impl FnMut(&Searched) -> bool) -> Result<Vec<Match>, Error> {
    let mut found = Vec::new();
    for item in items {
        if wanted(&item.searched()?) {
            let event = item.event()?;
            found.push(Match {
                at: event.occurred_at.as_micros(),
                item,
                event,
            });
        }
    }
    Ok(found)
}

/// Texts that every event says that is searched for.
fn values(filter: &AuditFilter) -> Vec<&str> {
    let one_type = match filter.event_types.as_slice() {
        [one] => Some(one),
        _ => None,
    };
    let texts = [
        filter.request_id.as_ref(),
        filter.decision.as_ref(),
        filter.application_id.as_ref(),
        filter.session_id.as_ref(),
        filter.authority_record_id.as_ref(),
        filter.label.as_ref(),
        one_type,
    ];
    texts.into_iter().flatten().map(String::as_str).collect()
}

/// The terms of which a block must have one each.
pub(super) fn terms(filter: &AuditFilter) -> Vec<Vec<i64>> {
    let decision = filter.decision.as_deref();
    let types: Vec<&str> = filter.event_types.iter().map(String::as_str).collect();
    let mut terms = Vec::new();
    if let Some(request) = filter.request_id.as_deref().filter(|request| !request.is_empty()) {
        terms.push(vec![Term::Request(request)]);
    }
    if let Some(record) = &filter.authority_record_id {
        terms.push(vec![Term::AuthorityRecord(record)]);
    }
    if let Some(session) = &filter.session_id {
        terms.push(vec![match decision {
            Some(decision) => Term::SessionDecision(session, decision),
            None => Term::Session(session),
        }]);
    }
    if let Some(label) = &filter.label {
        terms.push(vec![Term::Label(label)]);
    }
    let some_types = (1..=MOST_TYPES).contains(&types.len());
    if let Some(application) = &filter.application_id {
        if some_types {
            let of = types.iter().map(|kind| Term::ApplicationType(application, kind));
            terms.push(of.collect());
        }
        match decision {
            Some(decision) => terms.push(vec![Term::ApplicationDecision(application, decision)]),
            None if !some_types => terms.push(vec![Term::Application(application)]),
            None => {}
        }
    }
    match decision {
        Some(decision) if some_types => {
            let of = types.iter().map(|kind| Term::TypeDecision(kind, decision));
            terms.push(of.collect());
        }
        Some(decision) if terms.is_empty() => terms.push(vec![Term::Decision(decision)]),
        None if some_types && filter.application_id.is_none() => {
            terms.push(types.iter().map(|kind| Term::Type(kind)).collect());
        }
        _ => {}
    }
    let hash = |alternatives: Vec<Term<'_>>| alternatives.into_iter().map(Term::hash).collect();
    terms.into_iter().map(hash).collect()
}

impl ZoneUnit {
    /// The entries that are in no posting yet and may say `values`.
    async fn unsealed(&mut self, log: &LogHead, values: &[&str]) -> Result<Vec<Item>, Error> {
        self.some_items(log.number, log.sealed..log.size, values).await
    }

    pub(super) async fn search_events(
        &mut self,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditRow>, Error> {
        let Some(log) = self.log().await? else {
            return Ok(Page {
                items: Vec::new(),
                next: None,
            });
        };
        let limit = page.limit.max(1) as usize;
        let after = page.after.as_ref().map(|key| (key.at_micros, key.id.as_str()));
        let wanted = |event: &Searched| {
            filter.passes(event)
                && after.is_none_or(|after| (event.occurred_at.as_micros(), event.id.as_str()) < after)
        };
        let since = filter.since.map_or(i64::MIN, Timestamp::as_micros);
        let before = filter
            .until
            .map_or(i64::MAX, |until| until.as_micros().saturating_sub(1));
        let until = after.map_or(before, |(at, _)| at.min(before));
        let values = values(filter);
        let mut found = matches(self.unsealed(&log, &values).await?, wanted)?;
        let mut scan = Scan::new(&self.tx, &log, terms(filter), (since, until), true).await?;
        let (mut step, mut opened) = (FIRST_STEP, 0);
        // Nothing that is later than this is still to come.
        let horizon = loop {
            let blocks = scan.next(&self.tx, step, &values).await?;
            opened += blocks.opened;
            found.extend(matches(blocks.items, wanted)?);
            found.sort_unstable_by(|one, other| other.key().cmp(&one.key()));
            found.truncate(limit + 1);
            if scan.done {
                break None;
            }
            let horizon = scan.reached().unwrap_or(i64::MAX);
            let ready = found.partition_point(|event| event.at > horizon);
            if ready > limit || opened >= MOST_OPENED {
                found.truncate(ready);
                break Some(horizon);
            }
            step = (step * 2).min(LAST_STEP);
        };
        let (mut items, mut bytes) = (Vec::new(), 0);
        let mut found = found.into_iter().peekable();
        while let Some(event) = found.next() {
            bytes += event.item.kept.body.len();
            let key = event.page_key();
            items.push(event.item.with_event(event.event, &self.zone));
            let follows = found.peek().is_some() || horizon.is_some();
            if follows && (items.len() == limit || bytes > PAGE_BYTES) {
                let next = Some(key);
                return Ok(Page { items, next });
            }
        }
        // Where the page ends before it is full, everything up to there was looked at.
        let next = horizon.map(|horizon| PageKey {
            at_micros: horizon,
            id: String::from(char::MAX),
        });
        Ok(Page { items, next })
    }

    pub(super) async fn events_of_request(
        &mut self,
        request: &str,
        page: &PageRequest,
    ) -> Result<Page<AuditRow>, Error> {
        // The empty request id is shared by everything that had none.
        let Some(log) = self.log().await?.filter(|_| !request.is_empty()) else {
            return Ok(Page {
                items: Vec::new(),
                next: None,
            });
        };
        let limit = page.limit.max(1) as usize;
        // A cursor of another listing names no entry: from its instant on.
        let after = (page.after.as_ref()).map(|key| (key.at_micros, key.id.parse::<u64>().unwrap_or(0)));
        let since = after.map_or(i64::MIN, |(at, _)| at);
        let wanted = |event: &Searched| event.request_id == request;
        let terms = vec![vec![Term::Request(request).hash()]];
        let mut scan = Scan::new(&self.tx, &log, terms, (since, i64::MAX), false).await?;
        let (mut found, mut more) = (Vec::new(), false);
        let mut items = self.unsealed(&log, &[request]).await?;
        loop {
            found.extend(matches(items, wanted)?);
            found.retain(|event: &Match| after.is_none_or(|after| (event.at, event.item.index) > after));
            found.sort_by_key(|event| (event.at, event.item.index));
            let mut bytes = 0;
            let fits = found.iter().take(limit).take_while(|event| {
                let room = bytes <= PAGE_BYTES;
                bytes += event.item.kept.body.len();
                room
            });
            let fits = fits.count();
            let full = fits == limit || bytes > PAGE_BYTES;
            more |= fits < found.len();
            found.truncate(fits);
            // Whatever follows has nothing before this.
            let horizon = scan.reached().unwrap_or(i64::MIN).saturating_sub(MAX_SPAN);
            if scan.done || full && found.last().is_some_and(|last| last.at < horizon) {
                more |= full && !scan.done;
                break;
            }
            items = scan.next(&self.tx, LAST_STEP, &[request]).await?.items;
        }
        let last = found.last().filter(|_| more);
        let next = last.map(|last| PageKey {
            at_micros: last.at,
            id: last.item.index.to_string(),
        });
        let rows = found.into_iter();
        let items = rows
            .map(|event| event.item.with_event(event.event, &self.zone))
            .collect();
        Ok(Page { items, next })
    }

    pub(super) async fn events_of_requests(
        &mut self,
        requests: &[String],
        event_type: &str,
        limit: u32,
    ) -> Result<Vec<AuditRow>, Error> {
        let asked: HashSet<&str> = requests.iter().map(String::as_str).collect();
        let asked: HashSet<&str> = asked.into_iter().filter(|request| !request.is_empty()).collect();
        let Some(log) = self.log().await?.filter(|_| !asked.is_empty()) else {
            return Ok(Vec::new());
        };
        let limit = limit as usize;
        let wanted =
            |event: &Searched| event.event_type == event_type && asked.contains(event.request_id.as_str());
        let mut found = matches(self.unsealed(&log, &[event_type]).await?, wanted)?;
        let all: Vec<i64> = asked
            .iter()
            .map(|request| Term::Request(request).hash())
            .collect();
        // Two of them may be in one block.
        let mut seen: HashSet<u64> = found.iter().map(|event| event.item.index).collect();
        for some in all.chunks(REQUESTS) {
            let terms = vec![some.to_vec(), vec![Term::Type(event_type).hash()]];
            let mut scan = Scan::new(&self.tx, &log, terms, (i64::MIN, i64::MAX), true).await?;
            while !scan.done && found.len() < limit {
                let blocks = scan.next(&self.tx, LAST_STEP, &[event_type]).await?;
                let more = matches(blocks.items, wanted)?.into_iter();
                found.extend(more.filter(|event| seen.insert(event.item.index)));
            }
        }
        found.truncate(limit);
        let rows = found.into_iter();
        Ok(rows
            .map(|event| event.item.with_event(event.event, &self.zone))
            .collect())
    }
}
