//! Everything that a database says of a log, row by row, as lines for a program that reads no database and unpacks no block.
//!
//! Nothing is compared here: what is wrong in the database is wrong in the lines, and who reads them finds it.

use std::{io, ops::Range};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_ledger::{
    block,
    chain::LogId,
    merkle::{MAX_LEVEL, TILE_WIDTH},
    prune::SignedPrune,
};
use caracal_storage::{Access, ChainSet, LedgerBlock, Log, LogHead, PageRequest, Posting, Store};
use serde::Serialize;

use crate::export::ExportError;

/// Blocks, postings and hashes read at a time.
const BLOCKS: u32 = 32;
const POSTINGS: u32 = 10_000;
const TILES: usize = 64;
const LEAVES: u64 = 16 * TILE_WIDTH;

/// A row of the database, or an entry of the block before it.
#[derive(Serialize)]
#[serde(tag = "row", rename_all = "snake_case")]
enum Row<'r> {
    /// All logs of the deployment, in the order of their numbers, and what is said of them together.
    Chains {
        used: bool,
        chains: Vec<(i64, String)>,
        summary: Option<Summary<'r>>,
    },
    Log {
        log: &'r str,
        number: i64,
        size: u64,
        frontier: Vec<String>,
        root: &'r str,
        root_hmac: &'r str,
        sealed: u64,
    },
    /// What rows say is kept, of a log of records: holds in force with their subjects, and days of events.
    Keeping {
        holds: Vec<(&'r str, Option<&'r str>)>,
        days: Option<u32>,
    },
    Prune {
        size: u64,
        pruned_at: i64,
        note: &'r str,
        tag: &'r str,
    },
    /// Hashes of entries whose bodies are gone.
    Leaves {
        first: u64,
        leaves: String,
    },
    Block {
        first: u64,
        entries: u64,
        occurred_from: i64,
        occurred_until: i64,
        min_id: &'r str,
        max_id: &'r str,
        taken_at: i64,
        /// It cannot be unpacked, or begins elsewhere by its own words; then no entries follow.
        damaged: bool,
    },
    Entry {
        index: u64,
        body: &'r str,
        taken_at: i64,
        producer_key: &'r str,
    },
    Tile {
        level: u8,
        index: u64,
        hashes: String,
    },
    Posting {
        term: i64,
        occurred_until: i64,
        first: u64,
    },
    /// The last line.
    End,
}

#[derive(Serialize)]
struct Summary<'r> {
    count: i64,
    digest: &'r str,
    digest_hmac: &'r str,
}

struct Lines<W>(W);

impl<W: FnMut(&str) -> io::Result<()>> Lines<W> {
    fn add(&mut self, row: &Row<'_>) -> io::Result<()> {
        (self.0)(&serde_json::to_string(row)?)
    }

    fn chains(&mut self, set: &ChainSet, used: bool) -> io::Result<()> {
        let summary = set.summary.as_ref();
        self.add(&Row::Chains {
            used,
            chains: set
                .chains
                .iter()
                .map(|chain| (chain.head.chain_number, chain.log.name()))
                .collect(),
            summary: summary.map(|summary| Summary {
                count: summary.count,
                digest: &summary.digest,
                digest_hmac: &summary.digest_hmac,
            }),
        })
    }

    fn head(&mut self, log: &str, head: &LogHead) -> io::Result<()> {
        self.add(&Row::Log {
            log,
            number: head.number,
            size: head.size,
            frontier: head.peaks.iter().map(hex::encode).collect(),
            root: &head.root,
            root_hmac: &head.root_hmac,
            sealed: head.sealed,
        })
    }

    /// A block with its entries; how many these are, where it can be read.
    fn block(&mut self, stored: &LedgerBlock) -> io::Result<Option<u64>> {
        let entries = match block::decode(&stored.block) {
            Ok((begins, entries)) if begins == stored.first => Some(entries),
            _ => None,
        };
        self.add(&Row::Block {
            first: stored.first,
            entries: stored.entries,
            occurred_from: stored.occurred_from.as_micros(),
            occurred_until: stored.occurred_until.as_micros(),
            min_id: &stored.ids.0,
            max_id: &stored.ids.1,
            taken_at: stored.taken_at.as_micros(),
            damaged: entries.is_none(),
        })?;
        for (index, kept) in (stored.first..).zip(entries.iter().flatten()) {
            self.add(&Row::Entry {
                index,
                body: &kept.body,
                taken_at: kept.taken_at.as_micros(),
                producer_key: &kept.producer_key,
            })?;
        }
        Ok(entries.map(|entries| entries.len() as u64))
    }

    /// The hashes of entries whose bodies are gone; where they end.
    async fn gone(&mut self, log: &mut dyn Log, mut gap: Range<u64>) -> Result<u64, ExportError> {
        while !gap.is_empty() {
            let end = gap.end.min(gap.start.saturating_add(LEAVES));
            let leaves = log.leaves(gap.start..end).await?;
            if leaves.is_empty() {
                break;
            }
            self.add(&Row::Leaves {
                first: gap.start,
                leaves: STANDARD.encode(leaves.concat()),
            })?;
            gap.start = gap.start.saturating_add(leaves.len() as u64);
        }
        Ok(gap.start)
    }

    /// All full tiles of the log that are stored, those too that a tree of `size` leaves has not come to.
    async fn tiles(&mut self, log: &mut dyn Log, size: u64) -> Result<(), ExportError> {
        let mut width = 1_u64;
        for level in 0..=MAX_LEVEL {
            width = width.saturating_mul(TILE_WIDTH);
            let end = size / width;
            let firsts = (0..end).step_by(TILES);
            let some = firsts.map(|first| first..end.min(first.saturating_add(TILES as u64)));
            for some in some.chain(std::iter::once(end..u64::MAX)) {
                for (index, hashes) in log.stored_tiles(level, some).await? {
                    let hashes = STANDARD.encode(hashes.concat());
                    self.add(&Row::Tile { level, index, hashes })?;
                }
            }
        }
        Ok(())
    }

    fn posting(&mut self, posting: &Posting) -> io::Result<()> {
        self.add(&Row::Posting {
            term: posting.term,
            occurred_until: posting.occurred_until.as_micros(),
            first: posting.first,
        })
    }
}

/// Hands everything that the database says of `log` to `write`, each row as a line without its end, from one view of it.
///
/// # Errors
/// [`ExportError`]; what was written until then stands, without the line that says that it is the last.
pub async fn export_rows(
    store: &dyn Store,
    log: &LogId,
    write: impl FnMut(&str) -> io::Result<()>,
) -> Result<(), ExportError> {
    let mut lines = Lines(write);
    let mut global = store.global(Access::Read).await?;
    let set = global.chains().set().await?;
    let used = global.zones().list_with_archived(&PageRequest::first(1)).await?;
    drop(global);
    lines.chains(&set, !used.items.is_empty())?;
    let mut work = store.log(log, Access::Read).await?;
    lines.head(&log.name(), &work.log().head().await?)?;
    if log.is_administrative() {
        let holds = work.retention().holds().await?;
        lines.add(&Row::Keeping {
            holds: holds
                .iter()
                .map(|hold| (&*hold.id, hold.subject.as_deref()))
                .collect(),
            days: work.retention().said_days().await?,
        })?;
    }
    let pruned = work.retention().newest_prune().await?;
    let rows = work.log();
    let mut end = 0;
    if let Some(kept) = &pruned {
        end = SignedPrune::parse(kept.note.as_bytes()).map_or(0, |signed| signed.prune().size());
        lines.add(&Row::Prune {
            size: kept.size,
            pruned_at: kept.pruned_at.as_micros(),
            note: &kept.note,
            tag: &kept.tag,
        })?;
    }
    // Leaves are counted as they are printed: how many entries a block is said to have may be anything.
    let (mut next, mut from, mut leaves) = (0_u64, 0_u64, 0_u64);
    loop {
        let blocks = rows.blocks(from, BLOCKS).await?;
        for block in &blocks {
            let gone = lines.gone(rows, next..block.first.min(end)).await?;
            let entries = lines.block(block)?;
            leaves = leaves
                .saturating_add(gone.saturating_sub(next))
                .saturating_add(entries.unwrap_or(0));
            next = block
                .first
                .saturating_add(entries.unwrap_or(block.entries))
                .max(gone);
            from = block.first.saturating_add(1);
        }
        if blocks.is_empty() {
            break;
        }
    }
    let gone = lines.gone(rows, next..end).await?;
    lines
        .tiles(rows, leaves.saturating_add(gone.saturating_sub(next)))
        .await?;
    let mut after = None;
    loop {
        let postings = rows.postings(after, POSTINGS).await?;
        for posting in &postings {
            lines.posting(posting)?;
        }
        match postings.last() {
            Some(last) => after = Some(*last),
            None => break,
        }
    }
    lines.add(&Row::End)?;
    Ok(())
}
