//! Verification of the evidence: every hash recomputed from what is stored, every link and head checked, no gap, and no
//! chain missing.

mod chains;
mod walk;

use caracal_core::ZoneId;
use caracal_crypto::HmacRing;
use caracal_ledger::chain::{Chain, Taken, event_hash, record_hash};
use caracal_storage::{
    Access, AdminChainRow, ChainHead, ChainKind, Error, LedgerHead, PageRequest, Store, ZoneWork,
};
use caracal_wire::audit::{ChainReport, EvidenceReport};

pub use self::chains::verify_chains;
pub(crate) use self::{
    chains::name,
    walk::{Link, Walk},
};

/// Rows read at a time.
const PAGE: u32 = 1000;

/// The end of a chain as somebody else kept it: a part of an earlier [`ChainReport`].
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct KeptHead {
    /// Zone; absent for the deployment's own chain.
    pub zone_id: Option<ZoneId>,
    /// Entries there were.
    pub entries: i64,
    /// Content hash of the last of them, lower-case hex.
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
    let mut work: Box<dyn ZoneWork> = store.zone(zone, Access::Read).await?;
    let head = work.ledger().head().await?;
    let mut walk = Walk::new(Chain::Ledger(zone), key, kept, None);
    loop {
        let rows = work.ledger().range(walk.read(), PAGE).await?;
        if rows.is_empty() {
            return Ok(walk.finish(&head));
        }
        for row in &rows {
            let taken = Taken {
                received: &row.received,
                ingested_at: row.ingested_at,
                signature: row.signature.as_deref(),
            };
            walk.step(&Link {
                chain_seq: row.chain_seq,
                id: &row.event.id,
                hash_version: row.hash_version,
                computed: event_hash(zone, position(row.chain_seq), &taken),
                content: &row.content_sha256,
                previous: &row.prev_content_sha256,
                chain_hmac: &row.chain_hmac,
                copies_agree: row.copies_agree,
            });
        }
    }
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
