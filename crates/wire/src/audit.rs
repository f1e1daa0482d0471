//! The Audit service: search, verification, dead letters.

use std::collections::BTreeMap;

use caracal_core::{Timestamp, ZoneId, audit::AuditEvent, described, words};
use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::schema::{ObjectBuilder, Type},
};

/// Most items of a page: 1 to 1,000, 100 unless named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32")]
pub struct PageLimit(u16);

impl PageLimit {
    const DEFAULT: u16 = 100;
    const MAX: u16 = 1000;

    /// As a number.
    pub const fn get(self) -> usize {
        self.0 as usize
    }
}

impl Default for PageLimit {
    fn default() -> Self {
        Self(Self::DEFAULT)
    }
}

impl TryFrom<u32> for PageLimit {
    type Error = &'static str;

    fn try_from(asked: u32) -> Result<Self, Self::Error> {
        let asked = u16::try_from(asked).ok();
        let asked = asked.filter(|asked| (1..=Self::MAX).contains(asked));
        asked.map(Self).ok_or("must be 1 to 1000")
    }
}

described!(
    PageLimit,
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(Self::MAX))
        .default(Some(Self::DEFAULT.into()))
        .into()
);

/// What to search a zone's chain for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SearchEvents {
    /// Zone.
    pub zone_id: ZoneId,
    /// Only events with this decision.
    pub decision: Option<String>,
    /// Only events of this request.
    pub request_id: Option<String>,
    /// Only events from then on.
    pub since: Option<Timestamp>,
    /// Only events before.
    pub until: Option<Timestamp>,
    /// Most events of a page.
    #[serde(default)]
    pub limit: PageLimit,
    /// `next_cursor` of the page before: the position of its last event in the chain.
    #[serde(default)]
    pub cursor: u64,
}

/// Which events of a zone's chain to follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FollowEvents {
    /// Zone.
    pub zone_id: ZoneId,
    /// Only events with this decision.
    pub decision: Option<String>,
    /// Only events of this request.
    pub request_id: Option<String>,
    /// Only events from then on.
    pub since: Option<Timestamp>,
    /// Only events before.
    pub until: Option<Timestamp>,
    /// Begin behind this position of the chain; where it ends now unless named. `Last-Event-ID` goes before.
    pub cursor: Option<u64>,
}

/// A page of a zone's chain, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EventsFound {
    /// What matched; fewer than `limit`, or none, where they are large or far apart.
    pub events: Vec<LedgerRow>,
    /// What to send as `cursor` for the next page; empty at the end of the chain.
    pub next_cursor: String,
}

/// An event with its place in the chain.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LedgerRow {
    /// The event.
    pub event: AuditEvent,
    /// When the ledger took it.
    pub ingested_at: Timestamp,
    /// Content hash of the entry: the event as it arrived, where it stands, `ingested_at` and its producer's key;
    /// lower-case hex.
    pub content_sha256: String,
    /// Always empty: entries are held together by their tree.
    pub prev_content_sha256: String,
    /// Always empty: what is keyed is the root of the tree.
    pub chain_hmac: String,
    /// Position in the zone's log, from 1: one more than its index.
    pub chain_seq: i64,
}

words!(
    /// What of a chain does not hold.
    FaultKind {
        /// A position is missing.
        SequenceGap = "sequence_gap",
        /// The entry says that it was hashed in a way that this build does not know.
        UnknownHashVersion = "unknown_hash_version",
        /// The event is not the one that was linked.
        ContentMismatch = "content_mismatch",
        /// Searches would miss it, or find it for what it is not.
        CopyMismatch = "copy_mismatch",
        /// An entry does not continue the one before.
        BrokenLink = "broken_link",
        /// A tile of the log's tree is not what its entries make.
        WrongTile = "wrong_tile",
        /// The keyed link was not made with our key.
        WrongLinkKey = "wrong_link_key",
        /// The chain does not end where it is said to end.
        WrongHead = "wrong_head",
        /// The chain's end was not said with our key.
        WrongHeadKey = "wrong_head_key",
        /// That entries were deleted on purpose was not said with our key.
        WrongPruneKey = "wrong_prune_key",
        /// The prune checkpoint is of another log than this one.
        PruneDiffers = "prune_differs",
        /// The entry kept elsewhere is another one here.
        KeptHeadDiffers = "kept_head_differs",
        /// The entry kept elsewhere is not here any more.
        KeptHeadMissing = "kept_head_missing",
        /// Holds in force or the retention of events are not what the records say.
        KeepingDiffers = "keeping_differs",
    }
);

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChainFault {
    /// Position in the chain.
    pub chain_seq: i64,
    /// Id of the event or record.
    pub event_id: String,
    /// What does not hold.
    pub kind: FaultKind,
}

/// What verification of a chain found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChainReport {
    /// Zone; null for the deployment's own administrative records.
    pub zone_id: Option<ZoneId>,
    /// Entries of the chain, those among them that were deleted because their time was over.
    pub entries: i64,
    /// Those that were deleted; absent when all are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pruned: Option<Pruned>,
    /// Root of the log's tree, lower-case hex.
    pub head: String,
    /// Faults found.
    pub fault_count: u64,
    /// The first faults.
    pub faults: Vec<ChainFault>,
}

/// Entries at the beginning of a chain that were deleted because their time was over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pruned {
    /// Position of the last of them.
    pub up_to: i64,
    /// When it was deleted.
    pub at: Timestamp,
}

impl ChainReport {
    /// Whether the chain holds.
    pub const fn holds(&self) -> bool {
        self.fault_count == 0
    }
}

words!(
    /// What of the chains as a set does not hold.
    ChainsFault {
        /// One that began is missing, or one is there that never began.
        Differ = "chains_differ",
        /// Nothing is said of them.
        Uncounted = "chains_uncounted",
        /// Their count was not made with our key.
        WrongKey = "wrong_chains_key",
    }
);

/// What verification of the chains as a set found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChainsReport {
    /// Chains there are.
    pub count: usize,
    /// What does not hold.
    pub faults: Vec<ChainsFault>,
    /// The first number that no chain has, or more than one, or none should have; absent where numbers are as they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
}

/// What verification of all evidence found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EvidenceReport {
    /// Whether all of it holds.
    pub holds: bool,
    /// The zones' ledgers.
    pub zones: Vec<ChainReport>,
    /// The logs of administrative records, the deployment's own among them.
    pub administrative: Vec<ChainReport>,
    /// The chains as a set; absent when one zone was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chains: Option<ChainsReport>,
}

/// Which dead letters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct DeadLetterQuery {
    /// Most entries.
    #[serde(default)]
    pub limit: PageLimit,
    /// `next_cursor` of the page before.
    pub after: Option<LetterPosition>,
}

/// Where a dead letter stands: a number, or two joined by a hyphen, as the buses count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct LetterPosition(String);

impl LetterPosition {
    /// As the bus wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for LetterPosition {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let number =
            |part: &str| (1..=19).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        let (first, second) = text.split_once('-').unwrap_or((&text, "0"));
        if number(first) && number(second) {
            Ok(Self(text))
        } else {
            Err("must be a position that a page of dead letters ended with")
        }
    }
}

described!(
    LetterPosition,
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^[0-9]{1,19}(-[0-9]{1,19})?$"))
        .into()
);

/// Events that could not join the ledger, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetters {
    /// The letters.
    pub entries: Vec<DeadLetterEntry>,
    /// What to send as `after` for the next page; empty at the end.
    pub next_cursor: String,
}

/// An event that could not join the ledger, with the reason among its fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetterEntry {
    /// Id of the letter.
    pub id: String,
    /// When it was put aside.
    pub received_at: Timestamp,
    /// What arrived, and why it was put aside.
    pub fields: BTreeMap<String, String>,
}

/// What became of dead letters that were to be stored after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LettersReplayed {
    /// Letters looked at.
    pub scanned: usize,
    /// In the ledger now.
    pub replayed: usize,
    /// Left, because they are forged, not whole, or still cannot be stored.
    pub skipped: usize,
}
