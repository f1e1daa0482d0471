//! The audit role: takes signed events off the bus into the hash-linked ledger, and proves that the ledger holds.
//!
//! Ingest is exactly-once in effect: an event is acknowledged after its ledger transaction, and its id makes a
//! second delivery a no-op. What nobody can process goes to the dead letters with a reason. Depends on no other
//! role.

mod batch;
mod earlier;
mod export;
mod frame;
mod ingest;
mod journal;
mod keeping;
mod lines;
mod metrics;
mod pack;
mod packing;
mod proof;
mod pruning;
mod readers;
mod routes;
mod rows;
mod verify;

use std::sync::Arc;

use caracal_core::World;
use caracal_crypto::HmacRing;
use caracal_events::Bus;
use caracal_service::{
    background::Background, bearers::Bearers, known_tokens::KnownTokens, limits::Limits, tail::Tails,
};
use caracal_storage::Store;

pub use earlier::adopt_earlier;
pub use export::{ExportError, ExportFormat, ExportSpan, export, export_entries, export_line};
pub use ingest::{IngestHealth, run};
pub use journal::{Journal, Walked};
pub use lines::{Believed, LinesFault, LinesVerifier, exported_row, read_event, stretches};
pub use metrics::{METRICS, describe as describe_metrics};
pub use pack::{NotPacked, PackLimits, PackUnverified, pack, verify_pack};
pub use packing::Packing;
pub use proof::{
    Checkpoints, Directory, FoundFile, InvalidWitnesses, KeptCheckpoints, KeptPrunes, LogFiles, LogUnsigned,
    NotKept, WitnessClient, publish, verify_against,
};
pub use pruning::{ArchiveDirectory, Pruning};
pub use readers::{Needs, Reader, limits};
pub use routes::{router, table};
pub use rows::export_rows;
pub use verify::{KeptHead, KeptHeads, verify_chains, verify_evidence, verify_log, verify_zone};

/// What the audit role works with. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AuditDeps {
    /// Time and randomness.
    pub world: World,
    /// The ledger.
    pub store: Arc<dyn Store>,
    /// Where events come from.
    pub bus: Arc<dyn Bus>,
    /// Verify frames and links. Without them frames are taken as they are (development only).
    pub audit_keys: Option<HmacRing>,
    /// Bearer of the operator routes; without it they do not exist.
    pub admin_tokens: Bearers,
    /// How often readers may ask: [`limits`].
    pub limits: Arc<Limits>,
    /// Sessions that need not be guesses.
    pub known_tokens: Arc<KnownTokens>,
    /// Name of this consumer within the group.
    pub consumer: String,
    /// Signs and proves what the ledger holds; absent where nobody gave it a key.
    pub checkpoints: Option<Arc<Checkpoints>>,
    /// Live tails of this process.
    pub tails: Arc<Tails>,
    /// Packs that are made.
    pub packing: Packing,
    /// Where events are stored and checkpoints made.
    pub background: Background,
    /// How ingest goes.
    pub health: Arc<IngestHealth>,
}
