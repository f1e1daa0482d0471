//! Searching: blocks are found by terms, and their events looked at one by one.

use std::collections::HashSet;

use caracal_ledger::{
    chain::Chain,
    terms::{Indexed, MAX_SPAN, Term},
};
use caracal_storage::{
    AuditFilter, AuditRow, Error, LogHead, Order, PAGE_BYTES, Page, PageKey, PageRequest, Total,
};

use super::{
    blocks::Item,
    query::Query,
    scan::{Blocks, Scan},
};
use crate::{log_unit::LogUnit, paging::not_had};

/// Blocks of the first step of a search, doubled with each up to the last.
const FIRST_STEP: u32 = 2;
pub(super) const LAST_STEP: u32 = 16;
/// Blocks that one page opens, however little it found in them: what one caller's search may keep a core busy with.
const MOST_OPENED: usize = 128;
/// Requests that postings are asked for at a time.
const REQUESTS: usize = 64;

/// An entry that is searched for.
pub(super) struct Match {
    at: i64,
    id: String,
    item: Item,
}

impl Match {
    fn key(&self) -> (i64, &str) {
        (self.at, &self.id)
    }

    fn page_key(&self) -> PageKey {
        PageKey {
            at_micros: self.at,
            id: self.id.clone(),
            name: None,
        }
    }
}

/// Those among `items` that are `wanted`.
pub(super) fn matches(
    log: Chain<'_>,
    items: Vec<Item>,
    mut wanted: impl FnMut(&Indexed) -> bool,
) -> Result<Vec<Match>, Error> {
    let mut found = Vec::new();
    for item in items {
        let said = item.indexed(log)?;
        if wanted(&said) {
            found.push(Match {
                at: said.occurred_at().as_micros(),
                id: said.id().to_owned(),
                item,
            });
        }
    }
    Ok(found)
}

/// The entries of `blocks` that may say `values`, opened on another thread.
pub(super) async fn opened_beside(blocks: Blocks, values: &[&str]) -> Result<Vec<Item>, Error> {
    let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
    let opening = tokio::task::spawn_blocking(move || {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        blocks.open(&values)
    });
    opening
        .await
        .map_err(|ended| Error::Unavailable(Box::new(ended)))?
}

impl LogUnit<'_> {
    /// The entries that are in no posting yet and may say `values`.
    pub(super) async fn unsealed(&mut self, log: &LogHead, values: &[&str]) -> Result<Vec<Item>, Error> {
        self.some_items(log.number, log.sealed..log.size, values).await
    }

    pub(super) async fn search_events(
        &mut self,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditRow>, Error> {
        let query = Query::of_events(filter);
        let wanted = |said: &Indexed| matches!(said, Indexed::Event(event) if filter.passes(event));
        let found = self.search(query, wanted, page).await?;
        found.try_map(|item| item.into_row(&self.name))
    }

    /// Entries that are `wanted` and have what `page` searches for, in the order that it asks for.
    pub(super) async fn search(
        &mut self,
        query: Query<'_>,
        wanted: impl Fn(&Indexed) -> bool,
        page: &PageRequest,
    ) -> Result<Page<Item>, Error> {
        let everything = query.everything && page.search.is_none();
        let wanted =
            |said: &Indexed| wanted(said) && page.search.as_deref().is_none_or(|text| said.holds(text));
        let mut read = self.found(&query, &wanted, page).await?;
        if page.count {
            // What begins and ends on this page is counted by now.
            read.total = Some(match (&page.after, &read.next) {
                (None, None) => Total::of(read.items.len() as u64, true),
                _ if everything => self.count_all().await?,
                _ => self.count_wanted(&query, &wanted).await?,
            });
        }
        Ok(read)
    }

    /// A page of entries that are `wanted`.
    async fn found(
        &mut self,
        query: &Query<'_>,
        wanted: &impl Fn(&Indexed) -> bool,
        page: &PageRequest,
    ) -> Result<Page<Item>, Error> {
        let newest_first = match page.order {
            Order::Newest => true,
            Order::Oldest => false,
            Order::Name | Order::NameBackwards => return Err(not_had()),
        };
        let chain_of = self.log.clone();
        let chain = chain_of.chain();
        let Some(log) = self.head().await? else {
            return Ok(Page::new(Vec::new(), None));
        };
        let limit = page.limit.max(1) as usize;
        let after = page.after.as_ref().map(|key| (key.at_micros, key.id.as_str()));
        let in_order = |one: (i64, &str), other: (i64, &str)| {
            if newest_first {
                other.cmp(&one)
            } else {
                one.cmp(&other)
            }
        };
        let wanted = |said: &Indexed| {
            let key = (said.occurred_at().as_micros(), said.id());
            wanted(said) && after.is_none_or(|after| in_order(after, key).is_lt())
        };
        let values = &query.values;
        let (since, until) = match (query.span(), after) {
            ((since, until), Some((at, _))) if newest_first => (since, until.min(at)),
            ((since, until), Some((at, _))) => (since.max(at), until),
            (span, None) => span,
        };
        let mut found = matches(chain, self.unsealed(&log, values).await?, wanted)?;
        let of = (&log, chain);
        let mut scan = Scan::new(self.tx, of, query.terms.clone(), (since, until), newest_first).await?;
        let (mut step, mut opened) = (FIRST_STEP, 0);
        let mut blocks = scan.next(self.tx, step).await?;
        // Nothing that comes before this is still to come.
        let horizon = loop {
            let (done, reached) = (scan.done, scan.reached());
            step = (step * 2).min(LAST_STEP);
            // Where as many as before will not do, the next are read while these are opened.
            let each = found.len().checked_div(opened).unwrap_or(limit);
            opened += blocks.counted;
            let too_few =
                found.len() + each.saturating_add(1) * blocks.counted <= limit && opened < MOST_OPENED;
            let (items, next) = if done || !too_few {
                (blocks.open(values)?, None)
            } else {
                let (next, items) = tokio::join!(scan.next(self.tx, step), opened_beside(blocks, values));
                (items?, Some(next?))
            };
            found.extend(matches(chain, items, wanted)?);
            found.sort_unstable_by(|one, other| in_order(one.key(), other.key()));
            found.truncate(limit + 1);
            if done {
                break None;
            }
            if found.len() > limit || opened >= MOST_OPENED {
                let horizon = scan.horizon(self.tx, reached).await?;
                let ready = found.partition_point(|event| scan.is_before(event.at, horizon));
                // Of blocks that overlap, the oldest may be followed by something older yet.
                if ready > limit || opened >= MOST_OPENED && scan.is_past(horizon) {
                    found.truncate(ready);
                    break Some(horizon);
                }
            }
            blocks = match next {
                Some(next) => next,
                None => scan.next(self.tx, step).await?,
            };
        };
        let (mut items, mut bytes) = (Vec::new(), 0);
        let mut found = found.into_iter().peekable();
        while let Some(event) = found.next() {
            bytes += event.item.kept.body.len();
            let key = event.page_key();
            items.push(event.item);
            let follows = found.peek().is_some() || horizon.is_some();
            if follows && (items.len() == limit || bytes > PAGE_BYTES) {
                let next = Some(key);
                return Ok(Page::new(items, next));
            }
        }
        // Where the page ends before it is full, everything up to there was looked at.
        let next = horizon.map(|horizon| PageKey {
            at_micros: if newest_first {
                horizon
            } else {
                horizon.saturating_sub(1)
            },
            id: String::from(char::MAX),
            name: None,
        });
        Ok(Page::new(items, next))
    }

    pub(super) async fn events_of_request(
        &mut self,
        request: &str,
        page: &PageRequest,
    ) -> Result<Page<AuditRow>, Error> {
        // The empty request id is shared by everything that had none.
        let Some(log) = self.head().await?.filter(|_| !request.is_empty()) else {
            return Ok(Page::new(Vec::new(), None));
        };
        let limit = page.limit.max(1) as usize;
        // A cursor of another listing names no entry: from its instant on.
        let after = (page.after.as_ref()).map(|key| (key.at_micros, key.id.parse::<u64>().unwrap_or(0)));
        let since = after.map_or(i64::MIN, |(at, _)| at);
        let wanted = |said: &Indexed| matches!(said, Indexed::Event(event) if event.request_id == request);
        let (chain_of, terms) = (self.log.clone(), vec![vec![Term::Request(request).hash()]]);
        let chain = chain_of.chain();
        let mut scan = Scan::new(self.tx, (&log, chain), terms, (since, i64::MAX), false).await?;
        let (mut found, mut more) = (Vec::new(), false);
        let mut items = self.unsealed(&log, &[request]).await?;
        loop {
            found.extend(matches(chain, items, wanted)?);
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
            let horizon = scan
                .reached()
                .map_or(i64::MIN, |(until, _)| until)
                .saturating_sub(MAX_SPAN);
            if scan.done || full && found.last().is_some_and(|last| last.at < horizon) {
                more |= full && !scan.done;
                break;
            }
            items = scan.next(self.tx, LAST_STEP).await?.open(&[request])?;
        }
        let last = found.last().filter(|_| more);
        let next = last.map(|last| PageKey {
            at_micros: last.at,
            id: last.item.index.to_string(),
            name: None,
        });
        let rows = found.into_iter().map(|event| event.item.into_row(&self.name));
        let items = rows.collect::<Result<_, _>>()?;
        Ok(Page::new(items, next))
    }

    pub(super) async fn events_of_requests(
        &mut self,
        requests: &[String],
        event_type: &str,
        limit: u32,
    ) -> Result<Vec<AuditRow>, Error> {
        let asked: HashSet<&str> = requests.iter().map(String::as_str).collect();
        let asked: HashSet<&str> = asked.into_iter().filter(|request| !request.is_empty()).collect();
        let Some(log) = self.head().await?.filter(|_| !asked.is_empty()) else {
            return Ok(Vec::new());
        };
        let limit = limit as usize;
        let wanted = |said: &Indexed| {
            matches!(said, Indexed::Event(event)
                if event.event_type == event_type && asked.contains(event.request_id.as_str()))
        };
        let chain_of = self.log.clone();
        let chain = chain_of.chain();
        let mut found = matches(chain, self.unsealed(&log, &[event_type]).await?, wanted)?;
        let all: Vec<i64> = asked
            .iter()
            .map(|request| Term::Request(request).hash())
            .collect();
        // Two of them may be in one block.
        let mut seen: HashSet<u64> = found.iter().map(|event| event.item.index).collect();
        for some in all.chunks(REQUESTS) {
            let terms = vec![some.to_vec(), vec![Term::Type(event_type).hash()]];
            let mut scan = Scan::new(self.tx, (&log, chain), terms, (i64::MIN, i64::MAX), true).await?;
            while !scan.done && found.len() < limit {
                let blocks = scan.next(self.tx, LAST_STEP).await?;
                let more = matches(chain, blocks.open(&[event_type])?, wanted)?.into_iter();
                found.extend(more.filter(|event| seen.insert(event.item.index)));
            }
        }
        found.truncate(limit);
        let rows = found.into_iter();
        rows.map(|event| event.item.into_row(&self.name)).collect()
    }
}
