//! Verification of the evidence: every hash recomputed from what is stored, every link and head checked, no gap, and no
//! chain missing.

mod chains;
mod gone;
mod log;
mod walk;

use std::num::NonZero;

use caracal_core::ZoneId;
use caracal_crypto::HmacRing;
use caracal_ledger::chain::{Chain, record_hash};
use caracal_storage::{
    Access, AdminChainRow, ChainHead, ChainKind, Error, Ledger, LedgerBlock, LedgerHead, PageRequest, Store,
};
use caracal_wire::audit::{ChainReport, EvidenceReport};

pub use self::chains::verify_chains;
pub(crate) use self::{
    chains::name,
    walk::{Link, Walk},
};
use self::{
    gone::Gone,
    log::{LogWalk, Made, Opened},
};

/// Records read at a time.
const PAGE: u32 = 1000;
/// Blocks and postings of a log read at a time.
const BLOCKS: u32 = 32;
const POSTINGS: u32 = 10_000;
/// Hashes of entries that are gone read at a time.
const LEAVES: u64 = 16 * 256;

/// The end of a chain as somebody else kept it: a part of an earlier [`ChainReport`].
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct KeptHead {
    /// Zone; absent for the deployment's own chain.
    pub zone_id: Option<ZoneId>,
    /// Entries there were.
    pub entries: i64,
    /// Root of the log, or content hash of the last record, lower-case hex.
    pub head: String,
}

/// The ends that somebody else kept: a part of an earlier [`EvidenceReport`].
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct KeptHeads {
    /// Of ledgers.
    pub zones: Vec<KeptHead>,
    /// Of administrative chains.
    #[serde(default)]
    pub administrative: Vec<KeptHead>,
}

impl KeptHeads {
    fn of(&self, chain: Chain<'_>) -> Option<&KeptHead> {
        let (kept, zone) = match chain {
            Chain::Ledger(zone) => (&self.zones, Some(zone)),
            Chain::Admin(zone) => (&self.administrative, Some(zone)),
            Chain::Deployment => (&self.administrative, None),
        };
        kept.iter().find(|kept| kept.zone_id.as_ref() == zone)
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
    verify_zone_against(store, zone, key, None).await
}

/// As [`verify_zone`], and the chain must still contain the end that was kept elsewhere: whoever has an older state of
/// the database can put it back, and it holds by itself.
///
/// # Errors
/// As [`verify_zone`].
pub async fn verify_zone_against(
    store: &dyn Store,
    zone: &ZoneId,
    key: Option<&HmacRing>,
    kept: Option<&KeptHead>,
) -> Result<ChainReport, Error> {
    let mut work = store.zone(zone, Access::Read).await?;
    // One that cannot be read permits nothing.
    let gone = work.retention().newest_prune().await?;
    let gone = gone.and_then(|gone| Gone::read(gone).ok());
    let ledger = work.ledger();
    let head = ledger.head().await?;
    let mut walk = LogWalk::new(zone, key, kept, &head, gone.as_ref());
    let mut blocks = ledger.blocks(0, BLOCKS).await?;
    while let Some(last) = blocks.last() {
        // The next are read while these are opened.
        let from = last.first.saturating_add(1);
        let (opened, next) = tokio::try_join!(open(zone, blocks), ledger.blocks(from, BLOCKS))?;
        blocks = next;
        for opened in opened {
            fill(ledger, &mut walk, opened.first()).await?;
            for made in walk.step(opened) {
                compare_tile(ledger, &mut walk, &made).await?;
            }
        }
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
            None => return Ok(walk.finish()),
        }
    }
}

/// Takes the hashes of entries before `first` whose bodies are gone on purpose.
async fn fill(ledger: &mut dyn Ledger, walk: &mut LogWalk<'_>, first: u64) -> Result<(), Error> {
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

async fn compare_tile(ledger: &mut dyn Ledger, walk: &mut LogWalk<'_>, made: &Made) -> Result<(), Error> {
    let stored = ledger.stored_tile(made.level, made.index).await?;
    walk.compare_tile(made, stored.as_deref());
    Ok(())
}

/// Opens blocks on as many threads as there are, in their order.
async fn open(zone: &ZoneId, blocks: Vec<LedgerBlock>) -> Result<Vec<Opened>, Error> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let share = blocks.len().div_ceil(threads).max(1);
    let mut blocks = blocks.into_iter();
    let mut working = Vec::new();
    while blocks.len() > 0 {
        let (zone, some): (_, Vec<LedgerBlock>) = (zone.clone(), blocks.by_ref().take(share).collect());
        working.push(tokio::task::spawn_blocking(move || {
            let opened = some.into_iter().map(|block| Opened::new(&zone, block));
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

/// Verifies everything, or one `zone`: ledgers, administrative chains, and that none is missing. `None` when the zone has
/// no ledger and none was kept.
///
/// # Errors
/// As [`verify_zone`].
pub async fn verify_evidence(
    store: &dyn Store,
    zone: Option<&ZoneId>,
    key: Option<&HmacRing>,
    kept: &KeptHeads,
) -> Result<Option<EvidenceReport>, Error> {
    // One look at all heads and administrative chains; ledgers follow in looks of their own.
    let mut work = store.global(Access::Read).await?;
    let set = work.chains().set().await?;
    let used = !work
        .zones()
        .list_with_archived(&PageRequest::first(1))
        .await?
        .items
        .is_empty();
    let mut heads = set.chains.clone();
    // One that was erased as a whole shows as one without the entries it had.
    add_kept(&mut heads, ChainKind::Ledger, &kept.zones);
    add_kept(&mut heads, ChainKind::Admin, &kept.administrative);
    if let Some(zone) = zone {
        heads.retain(|chain| chain.zone.as_ref() == Some(zone));
        if !heads.iter().any(|chain| chain.kind == ChainKind::Ledger) {
            return Ok(None);
        }
    }
    let mut administrative = Vec::new();
    for chain in heads.iter().filter(|chain| chain.kind == ChainKind::Admin) {
        let name = name(chain);
        let mut walk = Walk::new(name, key, kept.of(name), chain.pruned.as_ref());
        loop {
            let rows = work
                .chains()
                .admin_range(chain.zone.as_ref(), walk.read(), PAGE)
                .await?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                walk.step(&admin_link(name, row));
            }
        }
        administrative.push(walk.finish(&chain.head));
    }
    drop(work);
    let mut zones = Vec::new();
    for chain in &heads {
        if let Chain::Ledger(zone) = name(chain) {
            zones.push(verify_zone_against(store, zone, key, kept.of(Chain::Ledger(zone))).await?);
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

fn add_kept(heads: &mut Vec<ChainHead>, kind: ChainKind, kept: &[KeptHead]) {
    for kept in kept {
        if !heads
            .iter()
            .any(|chain| chain.kind == kind && chain.zone == kept.zone_id)
        {
            heads.push(ChainHead {
                kind,
                zone: kept.zone_id.clone(),
                head: LedgerHead::default(),
                pruned: None,
            });
        }
    }
}

/// An administrative record as an entry of `chain`.
pub(crate) fn admin_link<'r>(chain: Chain<'_>, row: &'r AdminChainRow) -> Link<'r> {
    Link {
        chain_seq: row.chain_seq,
        id: &row.id,
        hash_version: row.hash_version,
        computed: record_hash(chain, position(row.chain_seq), &row.record_json),
        content: &row.content_sha256,
        previous: &row.prev_content_sha256,
        chain_hmac: &row.chain_hmac,
        copies_agree: row.copies_agree,
    }
}

/// A position as it is hashed; they start at 1.
fn position(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or(0)
}
