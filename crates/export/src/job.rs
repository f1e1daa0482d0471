//! The job: parts of every log, as soon as their period is over or they are full.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use caracal_audit::Checkpoints;
use caracal_core::{Timestamp, World, ZoneId};
use caracal_ledger::{chain::Chain, merkle::Frontier};
use caracal_service::{error_chain, rounds::rounds};
use caracal_storage::{Access, AuditRow, Error, LogId, Store};
use metrics::{counter, gauge};
use parking_lot::Mutex;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    ExportTarget, Part, PartFormat, PartLimits, PartName, TableError,
    failure::NotExported,
    metrics as names,
    part::{FORMAT, zone_directory},
};

/// Longest time between two rounds over all zones.
const ROUND: Duration = Duration::from_secs(20);
/// Zones at work at the same time.
const PARALLEL: usize = 2;
/// Longest stay with one zone in one round.
const ZONE_WITHIN: Duration = Duration::from_mins(10);
/// Rows read at a time.
const PAGE: u32 = 1000;
/// Dates in which the newest part of a zone is looked for: an entry that comes late may be of the day before.
const LOOKED_THROUGH: usize = 2;

/// What exports.
#[derive(Debug)]
pub struct Export {
    checkpoints: Arc<Checkpoints>,
    store: Arc<dyn Store>,
    world: World,
    target: ExportTarget,
    form: PartFormat,
    limits: PartLimits,
    /// Behind which entry the next part of each zone begins, as far as it is known.
    known: Mutex<HashMap<ZoneId, u64>>,
}

impl Export {
    /// Exports the logs of `store`, signed by `checkpoints`, to `target` in this form, in parts of this size.
    pub fn new(
        checkpoints: Arc<Checkpoints>,
        store: Arc<dyn Store>,
        world: World,
        target: ExportTarget,
        form: PartFormat,
        limits: PartLimits,
    ) -> Self {
        Self {
            checkpoints,
            store,
            world,
            target,
            form,
            limits,
            known: Mutex::default(),
        }
    }

    /// Exports until `shutdown`. What was under way is done again by the next one.
    pub async fn run(self, shutdown: CancellationToken) {
        let this = Arc::new(self);
        for reason in ["storage", "target", "unsigned", "contradicts"] {
            counter!(names::FAILURES, "reason" => reason).absolute(0);
        }
        rounds(this.limits.period.min(ROUND), &shutdown, || this.round()).await;
    }

    /// Exports what is ready of every zone. One that fails is tried again in the next round, and delays no other.
    pub async fn round(self: &Arc<Self>) {
        let mut grown = match self.grown().await {
            Ok(grown) => grown,
            Err(error) => {
                counter!(names::FAILURES, "reason" => "storage").increment(1);
                tracing::warn!(error = error_chain(&error), "could not look for logs to export");
                return;
            }
        };
        let (mut running, mut oldest) = (JoinSet::new(), None::<Timestamp>);
        loop {
            while running.len() < PARALLEL
                && let Some(zone) = grown.pop()
            {
                let this = self.clone();
                running.spawn(async move { this.zone(&zone).await });
            }
            match running.join_next().await {
                None => break,
                Some(Ok(waiting)) => oldest = oldest.into_iter().chain(waiting).min(),
                Some(Err(_)) => {}
            }
        }
        let lag = oldest.map_or(0, |oldest| self.world.now().since(oldest).as_secs());
        #[expect(clippy::cast_precision_loss, reason = "seconds of a gauge")]
        gauge!(names::LAG).set(lag as f64);
    }

    /// Zones whose logs have more than is known to be exported.
    async fn grown(&self) -> Result<Vec<ZoneId>, Error> {
        let mut work = self.store.global(Access::Read).await?;
        let chains = work.chains().set().await?.chains;
        let known = self.known.lock();
        let grown = chains.into_iter().filter_map(|chain| {
            let LogId::Ledger(zone) = chain.log else {
                return None;
            };
            let size = u64::try_from(chain.head.chain_seq).unwrap_or(0);
            let done = known.get(&zone).copied().unwrap_or(0);
            (size > done).then_some(zone)
        });
        Ok(grown.collect())
    }

    /// Exports what is ready of one zone; since when the oldest entry waits that is not.
    async fn zone(&self, zone: &ZoneId) -> Option<Timestamp> {
        let exported = tokio::time::timeout(ZONE_WITHIN, self.parts(zone));
        match exported.await.unwrap_or(Err(NotExported::Slow)) {
            Ok(waiting) => waiting,
            Err(error) => {
                counter!(names::FAILURES, "reason" => error.label()).increment(1);
                let text = error_chain(&error);
                if matches!(error, NotExported::Contradicts) {
                    tracing::error!(zone.id = %zone, error = text, "a log was not exported; somebody should look");
                } else {
                    tracing::warn!(zone.id = %zone, error = text, "a log was not exported; trying again");
                }
                // Another process may have gone on.
                let next = self.known.lock().remove(zone);
                self.oldest(zone, next.unwrap_or(0)).await.ok().flatten()
            }
        }
    }

    /// When the entry behind `next` was taken.
    async fn oldest(&self, zone: &ZoneId, next: u64) -> Result<Option<Timestamp>, Error> {
        let mut work = self.store.zone(zone, Access::Read).await?;
        let rows = work.ledger().range(position(next), 1).await?;
        Ok(rows.first().map(|row| row.ingested_at))
    }

    async fn parts(&self, zone: &ZoneId) -> Result<Option<Timestamp>, NotExported> {
        let known = self.known.lock().get(zone).copied();
        let mut next = match known {
            Some(next) => next,
            None => self.resume(zone).await?,
        };
        loop {
            self.known.lock().insert(zone.clone(), next);
            let (rows, closed) = self.rows(zone, next).await?;
            let Some(first) = rows.first() else {
                return Ok(None);
            };
            if !closed {
                return Ok(Some(first.ingested_at));
            }
            next = self.ship(zone, rows).await?;
        }
    }

    /// The rows of the next part, and whether nothing can join them any more.
    async fn rows(&self, zone: &ZoneId, next: u64) -> Result<(Vec<AuditRow>, bool), NotExported> {
        let (mut rows, mut bytes): (Vec<AuditRow>, usize) = (Vec::new(), 0);
        loop {
            let after = rows.last().map_or(position(next), |row| row.chain_seq);
            let mut work = self.store.zone(zone, Access::Read).await?;
            let page = work.ledger().range(after, PAGE).await?;
            drop(work);
            if page.is_empty() {
                let now = self.world.now();
                let over = rows.first().is_some_and(|first| now >= self.limits.closes(first));
                return Ok((rows, over));
            }
            for row in page {
                let other = rows.last().is_some_and(|last| {
                    self.limits.period(last) != self.limits.period(&row)
                        || last.chain_seq + 1 != row.chain_seq
                });
                let full = rows.len() >= self.limits.entries || bytes >= self.limits.bytes;
                if other || full {
                    return Ok((rows, true));
                }
                bytes = bytes.saturating_add(row.received.len());
                rows.push(row);
            }
        }
    }

    /// Writes the part of these rows, or what of it another process wrote; where the next one begins.
    async fn ship(&self, zone: &ZoneId, mut rows: Vec<AuditRow>) -> Result<u64, NotExported> {
        let log = Chain::Ledger(zone).log();
        let Some(row) = rows.first() else {
            return Err(NotExported::Record);
        };
        let first = row.entry(&log).index;
        let name = PartName::new(zone, row.ingested_at, first);
        let existing = self.target.get(&name.beside(&name.record())).await?;
        let part = if let Some(record) = existing {
            read_record(&record)?
        } else {
            let part = self.part(zone, &log, first, &rows).await?;
            let record = serde_json::to_vec_pretty(&part).map_err(|_| NotExported::Record)?;
            if self
                .target
                .put_new(&name.beside(&name.record()), record.into())
                .await?
            {
                part
            } else {
                // Another process was here at the same time: its stretch counts.
                let record = self.target.get(&name.beside(&name.record())).await?;
                read_record(&record.ok_or(NotExported::Record)?)?
            }
        };
        let count = usize::try_from(part.end.saturating_sub(first)).unwrap_or(usize::MAX);
        if count > rows.len() {
            // It saw more than this process does yet.
            rows = self.stretch(zone, first, count).await?;
        }
        rows.truncate(count);
        self.write(&name, &part, rows).await?;
        Ok(part.end)
    }

    /// Rows that a record names.
    async fn stretch(&self, zone: &ZoneId, first: u64, count: usize) -> Result<Vec<AuditRow>, NotExported> {
        let mut rows: Vec<AuditRow> = Vec::new();
        while rows.len() < count {
            let after = rows.last().map_or(position(first), |row| row.chain_seq);
            let mut work = self.store.zone(zone, Access::Read).await?;
            let page = work.ledger().range(after, PAGE).await?;
            if page.is_empty() {
                return Err(NotExported::Contradicts);
            }
            rows.extend(page);
        }
        Ok(rows)
    }

    /// What is said of the part of these rows, once they are what the log is signed for.
    async fn part(
        &self,
        zone: &ZoneId,
        log: &str,
        first: u64,
        rows: &[AuditRow],
    ) -> Result<Part, NotExported> {
        let before = self
            .checkpoints
            .prefix(&LogId::Ledger(zone.clone()), first)
            .await?;
        let mut tree = before.clone();
        for row in rows {
            tree.append(row.entry(log).leaf());
        }
        let signed = self
            .checkpoints
            .sign_prefix(&LogId::Ledger(zone.clone()), tree.size())
            .await?;
        if signed.checkpoint().root != tree.root() {
            return Err(NotExported::Contradicts);
        }
        Ok(Part {
            format: FORMAT.to_owned(),
            form: self.form,
            origin: signed.checkpoint().origin.clone(),
            zone_id: zone.clone(),
            first,
            end: tree.size(),
            before: before.peaks().iter().map(hex::encode).collect(),
            checkpoint: signed.encode(),
        })
    }

    async fn write(&self, name: &PartName, part: &Part, rows: Vec<AuditRow>) -> Result<(), NotExported> {
        let entries = name.entries(part.form);
        let (form, count) = (part.form, rows.len() as u64);
        let log = Chain::Ledger(&part.zone_id).log();
        let mut tree: Frontier = part.tree_before().ok_or(NotExported::Record)?;
        let written = tokio::task::spawn_blocking(move || {
            for row in &rows {
                tree.append(row.entry(&log).leaf());
            }
            Ok::<_, TableError>((form.write(&rows)?, tree.root()))
        });
        let written = written
            .await
            .map_err(|error| Error::Unavailable(Box::new(error)))?;
        let (content, root) = written?;
        let signed = caracal_ledger::checkpoint::SignedCheckpoint::parse(part.checkpoint.as_bytes());
        if signed.map_err(|_| NotExported::Record)?.checkpoint().root != root {
            return Err(NotExported::Contradicts);
        }
        if self
            .target
            .put_new(&name.beside(&entries), content.into())
            .await?
        {
            counter!(names::PARTS).increment(1);
            counter!(names::EVENTS).increment(count);
        }
        Ok(())
    }

    /// Where the next part of a zone begins, as its newest record says. Entries that it names and that are not there, since
    /// whoever wrote it was killed, are written now.
    async fn resume(&self, zone: &ZoneId) -> Result<u64, NotExported> {
        let directory = zone_directory(zone);
        let (dates, _) = self.target.below(&[&directory]).await?;
        let mut newest = BTreeSet::new();
        for date in dates.iter().rev().take(LOOKED_THROUGH) {
            let (hours, _) = self.target.below(&[&directory, date]).await?;
            for hour in hours {
                let (_, found) = self.target.below(&[&directory, date, &hour]).await?;
                let named = found.into_iter().filter_map(|name| {
                    PartName::parse(&[directory.clone(), date.clone(), hour.clone(), name])
                });
                newest.extend(named.map(|name| (name.first, name)));
            }
        }
        let Some((first, name)) = newest.pop_last() else {
            return Ok(0);
        };
        let record = self.target.get(&name.beside(&name.record())).await?;
        let part = read_record(&record.ok_or(NotExported::Record)?)?;
        if !self.target.has(&name.beside(&name.entries(part.form))).await? {
            let count = usize::try_from(part.end.saturating_sub(first)).unwrap_or(usize::MAX);
            let mut rows = self.stretch(zone, first, count).await?;
            rows.truncate(count);
            self.write(&name, &part, rows).await?;
        }
        Ok(part.end)
    }
}

fn read_record(bytes: &[u8]) -> Result<Part, NotExported> {
    let part: Part = serde_json::from_slice(bytes).map_err(|_| NotExported::Record)?;
    if part.format == FORMAT && part.end > part.first {
        Ok(part)
    } else {
        Err(NotExported::Record)
    }
}

/// The last position before an index.
fn position(index: u64) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}
