//! Evidence packs: made from the ledger, written as a tar archive, and verified from one.

mod archive;
mod collect;
mod verify;

use std::io;

use caracal_core::ZoneId;
use caracal_ledger::{
    log_keys::NotSigned,
    merkle::{Tiles, inclusion_ranges},
    note::NoteKey,
    pack::{CHECKPOINT, ENTRIES, FORMAT, PackManifest, PackQuery, PackedEntry, PackedFile},
};
use caracal_storage::{Access, AuditRow, Error, Ledger, LogId};
use uuid::Uuid;

pub use self::verify::{PackUnverified, verify_pack};
use crate::{
    Checkpoints,
    proof::{LogUnsigned, NotPublished},
};

/// Proofs made from one fetch of tiles.
const PROVED_AT_ONCE: usize = 256;

/// The second verifier, which goes with every pack.
const VERIFIER: &[u8] = include_bytes!("../../../../docs/ledger/verify.py");

/// How much one pack may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackLimits {
    /// Entries.
    pub entries: usize,
    /// Bytes of events.
    pub bytes: usize,
}

impl PackLimits {
    /// Of one made by the command.
    pub const COMMAND: Self = Self {
        entries: 100_000,
        bytes: 512 << 20,
    };
    /// Of one answered over HTTP.
    pub const ANSWER: Self = Self {
        entries: 2_000,
        bytes: 8 << 20,
    };
}

/// Why there is no pack.
#[derive(Debug, thiserror::Error)]
pub enum NotPacked {
    /// The zone has no log.
    #[error("the zone has no log")]
    NoLog,
    /// No event is what was asked for.
    #[error("the log has no such event")]
    Nothing,
    /// There is more than one pack may hold.
    #[error("there are more than {} events or {} bytes of them", .0.entries, .0.bytes)]
    TooLarge(PackLimits),
    /// The log, or the pack, is not signed.
    #[error("the log is not signed")]
    NotSigned(#[from] LogUnsigned),
    /// The ledger cannot be read.
    #[error("the ledger cannot be read")]
    Ledger(#[from] Error),
    /// The pack cannot be written.
    #[error("the pack cannot be written")]
    Write(#[from] io::Error),
}

impl From<NotPublished> for NotPacked {
    fn from(error: NotPublished) -> Self {
        match error {
            NotPublished::Storage(error) => Self::Ledger(error),
            error => Self::NotSigned(LogUnsigned(error)),
        }
    }
}

impl From<NotSigned> for NotPacked {
    fn from(error: NotSigned) -> Self {
        NotPublished::from(error).into()
    }
}

/// Writes what of the zone's log was asked for, with all that proves it, and says what was written.
///
/// Everything is read and proved before the first byte is written.
///
/// # Errors
/// [`NotPacked`].
pub async fn pack(
    checkpoints: &Checkpoints,
    zone: &ZoneId,
    asked: PackQuery,
    limits: PackLimits,
    write: impl io::Write,
) -> Result<PackManifest, NotPacked> {
    let log = LogId::Ledger(zone.clone());
    let checkpoint = checkpoints.cosigned_now(&log).await?.ok_or(NotPacked::NoLog)?;
    let size = checkpoint.checkpoint().size;
    // Later than the checkpoint, so that the ledger has all of its entries.
    let mut work = checkpoints.store.zone(zone, Access::Read).await?;
    let rows = collect::rows(work.ledger(), &asked, size, limits).await?;
    if rows.is_empty() {
        return Err(NotPacked::Nothing);
    }
    let log = log.name();
    let entries = prove(work.ledger(), &log, size, &rows).await?;
    drop(work);
    let (keys, world) = (&checkpoints.keys, &checkpoints.world);
    let public: Vec<String> = keys.public().map(NoteKey::encode).collect();
    let public = public.join("\n") + "\n";
    let note = checkpoint.encode();
    let readme = readme(keys.host(), &public);
    let files = [
        (CHECKPOINT, note.as_bytes()),
        ("keys", public.as_bytes()),
        ("README.txt", readme.as_bytes()),
        ("verify.py", VERIFIER),
        (ENTRIES, entries.as_slice()),
    ];
    let id: Uuid = world.uuid_v7();
    let manifest = PackManifest {
        format: FORMAT.to_owned(),
        pack: id.to_string(),
        made_at: world.now().to_rfc3339_micros(),
        origin: keys.origin(&log),
        zone_id: zone.clone(),
        size,
        completeness: completeness(&asked, size),
        asked,
        entries: rows.len() as u64,
        files: files
            .iter()
            .map(|(name, bytes)| PackedFile::of(name, bytes))
            .collect(),
    };
    let text = serde_json::to_vec_pretty(&manifest).map_err(io::Error::from)?;
    let seconds = u64::try_from(world.now().unix_seconds()).unwrap_or(0);
    let signature = keys.sign(
        &PackManifest::log(&manifest.pack),
        1,
        PackManifest::leaf(&text),
        seconds,
    )?;
    archive::write(write, &text, signature.encode().as_bytes(), &files)?;
    Ok(manifest)
}

/// The lines of the entries, each with its way to the root of the tree of `size` entries.
async fn prove(
    ledger: &mut dyn Ledger,
    log: &str,
    size: u64,
    rows: &[AuditRow],
) -> Result<Vec<u8>, NotPacked> {
    let missing = || Error::Corrupt(String::from("the tree of the log has not what its head says"));
    let mut lines = Vec::new();
    for some in rows.chunks(PROVED_AT_ONCE) {
        let entries: Vec<_> = some.iter().map(|row| row.entry(log)).collect();
        let ranges = entries.iter().map(|entry| inclusion_ranges(entry.index, size));
        let ranges: Vec<_> = ranges.collect::<Option<_>>().ok_or_else(missing)?;
        let mut tiles = Tiles::default();
        for tile in Tiles::needed(size, &ranges.concat()) {
            let hashes = ledger.tile(&tile).await?.ok_or_else(missing)?;
            tiles.add(tile.level, tile.index, hashes);
        }
        for (entry, ranges) in entries.iter().zip(&ranges) {
            let proof = tiles.roots(ranges).ok_or_else(missing)?;
            serde_json::to_writer(&mut lines, &PackedEntry::of(entry, &proof)).map_err(io::Error::from)?;
            lines.push(b'\n');
        }
    }
    Ok(lines)
}

fn completeness(asked: &PackQuery, size: u64) -> String {
    let more = if asked.is_about_somebody() {
        ", with those of the sessions that they name where authority records were asked for, and every other event of the \
         same requests"
    } else {
        ""
    };
    format!(
        "The deployment says that these are all events among the first {size} of the log that meet what was asked{more}. \
         That each is in the log is proved here; that no other one meets it can be checked only by who has the whole log."
    )
}

fn readme(host: &str, keys: &str) -> String {
    let arguments: Vec<String> = keys.lines().map(|key| format!("    --key '{key}'")).collect();
    let arguments = arguments.join(" \\\n");
    format!(
        "Evidence of what a Caracal deployment ({host}) decided.

manifest.json says what was asked for and what is here; manifest.checkpoint has its signature. entries.ndjson has the
events as they arrived, each with its proof that the log under `checkpoint` holds it.

To verify all of it, offline, with Python 3.9 and its package `cryptography` (47 or newer):

  python3 verify.py pack PACK.tar \\\n{arguments}

or with Caracal's own program: caracald audit verify --pack PACK.tar --trust KEYS

Take keys, and verify.py, from somewhere else than this pack, such as whoever vouches for the deployment: what comes with
evidence cannot vouch for it. The copies here are for comparison.
"
    )
}
