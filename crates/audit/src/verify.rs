//! Verification of the evidence: every hash recomputed from what is stored, every link and head checked, no gap, and no
//! chain missing.

mod chains;
mod faults;
mod gone;
mod log;

use std::num::NonZero;

use caracal_core::ZoneId;
use caracal_crypto::HmacRing;
use caracal_ledger::chain::LogId;
use caracal_storage::{Access, Error, LedgerBlock, Log, PageRequest, Store};
use caracal_wire::audit::{ChainFault, ChainReport, EvidenceReport, FaultKind};

pub use self::chains::verify_chains;
use self::{
    gone::Gone,
    log::{LogWalk, Made, Opened},
};
use crate::{keeping, lines::Journal};

/// Blocks and postings of a log read at a time.
const BLOCKS: u32 = 32;
const POSTINGS: u32 = 10_000;
/// Hashes of entries that are gone read at a time.
const LEAVES: u64 = 16 * 256;

/// The end of a chain as somebody else kept it: a part of an earlier [`ChainReport`].
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct KeptHead {
    /// Zone; absent for the deployment's own log.
    pub zone_id: Option<ZoneId>,
    /// Entries there were.
    pub entries: i64,
    /// Root of the log, lower-case hex.
    pub head: String,
}

/// The ends that somebody else kept: a part of an earlier [`EvidenceReport`].
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct KeptHeads {
    /// Of ledgers.
    pub zones: Vec<KeptHead>,
    /// Of logs of administrative records.
    #[serde(default)]
    pub administrative: Vec<KeptHead>,
}

impl KeptHeads {
    fn of(&self, log: &LogId) -> Option<&KeptHead> {
        let kept = if log.is_administrative() {
            &self.administrative
        } else {
            &self.zones
        };
        kept.iter().find(|kept| kept.zone_id.as_ref() == log.zone())
    }

    /// The logs that they are of.
    fn logs(&self) -> impl Iterator<Item = LogId> {
        let ledgers = self.zones.iter().filter_map(|kept| kept.zone_id.clone());
        let records = self.administrative.iter();
        ledgers
            .map(LogId::Ledger)
            .chain(records.map(|kept| LogId::records(kept.zone_id.as_ref())))
    }
}

/// Verifies the whole ledger of a zone. With `key` the keyed links and the head are verified as well.
///
/// # Errors
/// As the storage; faults are not errors but the report.
pub async fn verify_zone(
    store: &dyn Store,
    zone: &ZoneId,
    key: Option<&HmacRing>,
) -> Result<ChainReport, Error> {
    verify_log(store, &LogId::Ledger(zone.clone()), key, None).await
}

/// As [`verify_zone`] of a zone that somebody names. `None` for one that nothing is known of. One that has administrative
/// records and no ledger made no decision yet, where the chains as a set hold; where they do not, its ledger may be the one
/// that is missing, and that is a fault.
///
/// # Errors
/// As [`verify_zone`].
pub(crate) async fn verify_one(
    store: &dyn Store,
    zone: &ZoneId,
    key: Option<&HmacRing>,
) -> Result<Option<ChainReport>, Error> {
    let mut work = store.global(Access::Read).await?;
    let set = work.chains().set().await?;
    drop(work);
    let mut logs = set.chains.iter().map(|chain| &chain.log);
    let has_ledger = logs.clone().any(|log| *log == LogId::Ledger(zone.clone()));
    if !has_ledger && logs.all(|log| log.zone() != Some(zone)) {
        return Ok(None);
    }
    let mut report = verify_zone(store, zone, key).await?;
    if !has_ledger && !verify_chains(&set, true, key).faults.is_empty() {
        report.fault_count = report.fault_count.saturating_add(1);
        report.faults.push(ChainFault {
            chain_seq: 0,
            event_id: String::new(),
            kind: FaultKind::WrongHead,
        });
    }
    Ok(Some(report))
}

/// As [`verify_zone`] of any log, and it must still contain the end that was kept elsewhere: whoever has an older state of
/// the database can put it back, and it holds by itself.
///
/// # Errors
/// As [`verify_zone`].
pub async fn verify_log(
    store: &dyn Store,
    log: &LogId,
    key: Option<&HmacRing>,
    kept: Option<&KeptHead>,
) -> Result<ChainReport, Error> {
    walk(store, log, key, kept, &mut ()).await
}

async fn walk(
    store: &dyn Store,
    log: &LogId,
    key: Option<&HmacRing>,
    kept: Option<&KeptHead>,
    journal: &mut dyn Journal,
) -> Result<ChainReport, Error> {
    let mut work = store.log(log, Access::Read).await?;
    // One that cannot be read permits nothing.
    let gone = work.retention().newest_prune().await?;
    let gone = gone.and_then(|gone| Gone::read(gone).ok());
    let ledger = work.log();
    let head = ledger.head().await?;
    let mut walk = LogWalk::new(log, key, kept, &head, gone.as_ref());
    let mut blocks = ledger.blocks(0, BLOCKS).await?;
    while let Some(last) = blocks.last() {
        // The next are read while these are opened.
        let from = last.first.saturating_add(1);
        let (opened, next) = tokio::try_join!(open(log, blocks), ledger.blocks(from, BLOCKS))?;
        blocks = next;
        for opened in opened {
            fill(ledger, &mut walk, opened.first()).await?;
            for made in walk.step(opened) {
                compare_tile(ledger, &mut walk, &made).await?;
            }
        }
        journal.reached(log, &walk.progress());
    }
    fill(ledger, &mut walk, u64::MAX).await?;
    let mut after = None;
    loop {
        let postings = ledger.postings(after, POSTINGS).await?;
        for posting in &postings {
            walk.posting(posting);
        }
        match postings.last() {
            Some(last) => after = Some(*last),
            None => break,
        }
    }
    drop(work);
    let mut report = walk.finish();
    if log.is_administrative()
        && let Some(place) = keeping::contradicted(store, log).await?
    {
        report.fault_count += 1;
        report.faults.push(ChainFault {
            chain_seq: i64::try_from(place.index.saturating_add(1)).unwrap_or(i64::MAX),
            event_id: place.record,
            kind: FaultKind::KeepingDiffers,
        });
    }
    Ok(report)
}

/// Takes the hashes of entries before `first` whose bodies are gone on purpose.
async fn fill(ledger: &mut dyn Log, walk: &mut LogWalk<'_>, first: u64) -> Result<(), Error> {
    let mut gap = walk.gap(first);
    while !gap.is_empty() {
        let end = gap.end.min(gap.start.saturating_add(LEAVES));
        let leaves = ledger.leaves(gap.start..end).await?;
        if leaves.is_empty() {
            return Ok(());
        }
        gap.start = gap.start.saturating_add(leaves.len() as u64);
        for made in walk.step_pruned(leaves) {
            compare_tile(ledger, walk, &made).await?;
        }
    }
    Ok(())
}

async fn compare_tile(ledger: &mut dyn Log, walk: &mut LogWalk<'_>, made: &Made) -> Result<(), Error> {
    let stored = ledger.stored_tile(made.level, made.index).await?;
    walk.compare_tile(made, stored.as_deref());
    Ok(())
}

/// Opens blocks on as many threads as there are, in their order.
async fn open(log: &LogId, blocks: Vec<LedgerBlock>) -> Result<Vec<Opened>, Error> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let share = blocks.len().div_ceil(threads).max(1);
    let mut blocks = blocks.into_iter();
    let mut working = Vec::new();
    while blocks.len() > 0 {
        let (log, some): (_, Vec<LedgerBlock>) = (log.clone(), blocks.by_ref().take(share).collect());
        working.push(tokio::task::spawn_blocking(move || {
            let opened = some.into_iter().map(|block| Opened::new(&log, block));
            opened.collect::<Vec<_>>()
        }));
    }
    let mut opened = Vec::new();
    for task in working {
        let some = task.await.map_err(|error| Error::Unavailable(Box::new(error)))?;
        opened.extend(some);
    }
    Ok(opened)
}

/// Verifies everything, or one `zone`: ledgers, administrative records, and that no log is missing. `None` when the zone has
/// no ledger and none was kept. `journal` hears how far it is, and is not asked where to begin: what a head says is of all
/// entries.
///
/// # Errors
/// As [`verify_zone`].
pub async fn verify_evidence(
    store: &dyn Store,
    zone: Option<&ZoneId>,
    key: Option<&HmacRing>,
    kept: &KeptHeads,
    journal: &mut dyn Journal,
) -> Result<Option<EvidenceReport>, Error> {
    let mut work = store.global(Access::Read).await?;
    let set = work.chains().set().await?;
    let used = !work
        .zones()
        .list_with_archived(&PageRequest::first(1))
        .await?
        .items
        .is_empty();
    drop(work);
    let mut logs: Vec<LogId> = set.chains.iter().map(|chain| chain.log.clone()).collect();
    // One that was erased as a whole shows as one without the entries it had.
    for log in kept.logs() {
        if !logs.contains(&log) {
            logs.push(log);
        }
    }
    if let Some(zone) = zone {
        logs.retain(|log| log.zone() == Some(zone));
        if logs.iter().all(LogId::is_administrative) {
            return Ok(None);
        }
    }
    let (mut zones, mut administrative) = (Vec::new(), Vec::new());
    for log in &logs {
        let report = walk(store, log, key, kept.of(log), journal).await?;
        if log.is_administrative() {
            administrative.push(report);
        } else {
            zones.push(report);
        }
    }
    let chains = zone.is_none().then(|| verify_chains(&set, used, key));
    let holds = zones.iter().chain(&administrative).all(ChainReport::holds)
        && chains.as_ref().is_none_or(|chains| chains.faults.is_empty());
    Ok(Some(EvidenceReport {
        holds,
        zones,
        administrative,
        chains,
    }))
}
