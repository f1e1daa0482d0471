//! Verification of the evidence: every hash recomputed from what is stored, every link and head checked, no gap, and no
//! chain missing.

mod chains;
mod faults;
mod findable;
mod gone;
mod log;
mod opened;

use std::{collections::BTreeMap, num::NonZero};

use caracal_core::ZoneId;
use caracal_crypto::HmacRing;
use caracal_ledger::{chain::LogId, merkle::MAX_LEVEL};
use caracal_storage::{Access, Error, LedgerBlock, Log, LogHead, PageRequest, Store};
use caracal_wire::audit::{ChainFault, ChainReport, EvidenceReport, FaultKind};

use tokio::task::JoinHandle;

pub use self::chains::verify_chains;
use self::{
    findable::Secret,
    gone::ReadPrune,
    log::{ComputedTile, LogWalk},
    opened::Opened,
};
use crate::{
    journal::{Journal, WalkParts},
    keeping,
    proof::begins_with,
};

/// Blocks and postings of a log read at a time.
const BLOCKS: u32 = 32;
const POSTINGS: u32 = 10_000;
/// Hashes of entries that are gone read at a time.
const LEAVES: u64 = 16 * 256;
/// Tiles that wait to be compared.
const TILES: usize = 64;

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
    let gone = gone.and_then(|gone| ReadPrune::read(gone).ok());
    let ledger = work.log();
    let head = ledger.head().await?;
    let mut walk = LogWalk::new(log, key, kept, &head, gone.as_ref());
    let earlier = journal.walked(log).and_then(|walked| walked.parts());
    if let Some(earlier) = earlier
        && still_there(ledger, &earlier, &head).await?
    {
        let prune = gone.as_ref().map(|gone| &gone.prune);
        let said = if log.is_administrative() {
            keeping::records_before(ledger, log, earlier.tree.size(), prune).await?
        } else {
            None
        };
        walk.resume(earlier, said);
    }
    let mut from = walk.end();
    let mut opening = Opening::start(log, walk.secret(), ledger.blocks(from, BLOCKS).await?);
    while let Some(last) = opening.last {
        // While some are looked at the next are opened, and while those are opened the ones behind them are read.
        from = last.saturating_add(1);
        let next = Opening::start(log, walk.secret(), ledger.blocks(from, BLOCKS).await?);
        let opened = std::mem::replace(&mut opening, next).opened().await?;
        let mut made = Vec::new();
        for opened in opened {
            fill(ledger, &mut walk, opened.first(), &mut made).await?;
            made.extend(walk.step(opened));
        }
        compare_tiles(ledger, &mut walk, made).await?;
        journal.walking(log, &walk.progress(), &|| walk.walked());
    }
    let mut made = Vec::new();
    fill(ledger, &mut walk, u64::MAX, &mut made).await?;
    compare_tiles(ledger, &mut walk, made).await?;
    find_stray_tiles(ledger, &mut walk).await?;
    take_postings(ledger, &mut walk).await?;
    let said = walk.said();
    let mut report = walk.finish();
    if log.is_administrative()
        && let Some(said) = said
        && let Some(place) = keeping::contradicted(work.as_mut(), &said).await?
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

/// Whether the log that ends with `head` still begins with what was looked at earlier. Another one is looked at from its
/// beginning.
async fn still_there(ledger: &mut dyn Log, earlier: &WalkParts, head: &LogHead) -> Result<bool, Error> {
    Ok(earlier.tree.size() <= head.sealed && begins_with(ledger, &earlier.tree).await?)
}

/// Takes the hashes of entries before `first` whose bodies are gone on purpose.
async fn fill(
    ledger: &mut dyn Log,
    walk: &mut LogWalk<'_>,
    first: u64,
    made: &mut Vec<ComputedTile>,
) -> Result<(), Error> {
    let mut gap = walk.gap(first);
    while !gap.is_empty() {
        let end = gap.end.min(gap.start.saturating_add(LEAVES));
        let leaves = ledger.leaves(gap.start..end).await?;
        if leaves.is_empty() {
            return Ok(());
        }
        gap.start = gap.start.saturating_add(leaves.len() as u64);
        made.extend(walk.step_pruned(leaves));
        if made.len() > TILES {
            compare_tiles(ledger, walk, std::mem::take(made)).await?;
        }
    }
    Ok(())
}

/// Compares tiles, which follow each other in each level, with the stored ones.
async fn compare_tiles(
    ledger: &mut dyn Log,
    walk: &mut LogWalk<'_>,
    made: Vec<ComputedTile>,
) -> Result<(), Error> {
    let mut stored = BTreeMap::new();
    for level in 0..=MAX_LEVEL {
        let of_level = made.iter().filter(|made| made.level == level);
        let indexes: Vec<u64> = of_level.map(|made| made.index).collect();
        for some in indexes.chunks(TILES) {
            let [first, ..] = some else { continue };
            let tiles = *first..first.saturating_add(some.len() as u64);
            let tiles = ledger.stored_tiles(level, tiles).await?.into_iter();
            stored.extend(tiles.map(|(index, hashes)| ((level, index), hashes)));
        }
    }
    for made in &made {
        walk.compare_tile(made, stored.get(&(made.level, made.index)).map(Vec::as_slice));
    }
    Ok(())
}

/// Finds tiles that are stored and that the log has not come to.
async fn find_stray_tiles(ledger: &mut dyn Log, walk: &mut LogWalk<'_>) -> Result<(), Error> {
    for level in 0..=MAX_LEVEL {
        let stray = ledger
            .stored_tiles(level, walk.full_tiles(level)..u64::MAX)
            .await?;
        for (index, _) in stray {
            walk.stray_tile(level, index);
        }
    }
    Ok(())
}

/// Takes all postings. Some are hashed while the next are read.
async fn take_postings(ledger: &mut dyn Log, walk: &mut LogWalk<'_>) -> Result<(), Error> {
    let secret = walk.secret();
    let mut page = ledger.postings(None, POSTINGS).await?;
    while let Some(last) = page.last().copied() {
        let hashed = tokio::task::spawn_blocking(move || secret.hash_all(&page));
        page = ledger.postings(Some(last), POSTINGS).await?;
        for (first, hash) in hashed.await.map_err(ended)? {
            walk.posting(first, hash);
        }
    }
    Ok(())
}

fn ended(error: tokio::task::JoinError) -> Error {
    Error::Unavailable(Box::new(error))
}

/// Blocks that are opened, on as many threads as there are.
struct Opening {
    /// Index of the first entry of the last of them; none where there are none.
    last: Option<u64>,
    tasks: Vec<JoinHandle<Vec<Opened>>>,
}

impl Opening {
    fn start(log: &LogId, secret: Secret, blocks: Vec<LedgerBlock>) -> Self {
        let last = blocks.last().map(|block| block.first);
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let share = blocks.len().div_ceil(threads).max(1);
        let mut blocks = blocks.into_iter();
        let mut tasks = Vec::new();
        while blocks.len() > 0 {
            let (log, some): (_, Vec<LedgerBlock>) = (log.clone(), blocks.by_ref().take(share).collect());
            tasks.push(tokio::task::spawn_blocking(move || {
                let opened = some.into_iter().map(|block| Opened::new(&log, secret, block));
                opened.collect::<Vec<_>>()
            }));
        }
        Self { last, tasks }
    }

    /// All of them, in their order.
    async fn opened(self) -> Result<Vec<Opened>, Error> {
        let mut opened = Vec::new();
        for task in self.tasks {
            opened.extend(task.await.map_err(ended)?);
        }
        Ok(opened)
    }
}

/// Verifies everything, or one `zone`: ledgers, administrative records, and that no log is missing. `None` when the zone has
/// no ledger and none was kept. `journal` hears how far it is, and says where one that was interrupted goes on.
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
