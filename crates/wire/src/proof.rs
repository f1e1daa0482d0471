//! Proofs of the ledger: what the Audit service answers beside notes, tiles and receipts, which have forms of their own.

use caracal_core::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The public keys of the deployment's logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogKeyList {
    /// What the deployment calls itself. With a slash and the name of a log it is the log's origin.
    pub origin: String,
    /// Verifier keys (C2SP signed-note): those that sign, then those that signed before.
    pub keys: Vec<String>,
}

/// Which entry is to be proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InclusionOf {
    /// Its index, from 0.
    pub index: u64,
    /// Size of the tree that it is proved in; that of the newest checkpoint unless named.
    pub size: Option<u64>,
}

/// That an entry is in a tree (RFC 9162, section 2.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InclusionProof {
    /// Its index, from 0.
    pub index: u64,
    /// Size of the tree.
    pub size: u64,
    /// Hash of its leaf, in base64.
    pub leaf: String,
    /// The proof from the leaf up, in base64.
    pub hashes: Vec<String>,
}

/// Which trees are to be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConsistencyOf {
    /// Size of the older one.
    pub from: u64,
    /// Size of the newer one; that of the newest checkpoint unless named.
    pub to: Option<u64>,
}

/// That a tree is the beginning of another (RFC 9162, section 2.1.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConsistencyProof {
    /// Size of the older one.
    pub from: u64,
    /// Size of the newer one.
    pub to: u64,
    /// The proof, in base64.
    pub hashes: Vec<String>,
}

/// Which request's receipts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptsOf {
    /// Its id.
    pub request_id: String,
}

/// Receipts of the events of a request, in the order of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Receipts {
    /// The receipts.
    pub receipts: Vec<EventReceipt>,
    /// Whether these are all; where not, ask for the others by event.
    pub complete: bool,
}

/// The receipt of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventReceipt {
    /// Id of the event.
    pub event_id: String,
    /// Its type.
    pub event_type: String,
    /// Where it stands in its log, from 0.
    pub index: u64,
    /// The receipt (C2SP tlog-proof).
    pub receipt: String,
}

/// What an evidence pack is to hold: events that meet every member given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PackOf {
    /// Events of this session, and others of the same requests.
    pub session_id: Option<String>,
    /// Events of this authority record, and others of the same requests; of several, with commas between up to a hundred ids.
    pub authority_record_id: Option<String>,
    /// Events that happened from then on.
    pub since: Option<Timestamp>,
    /// Events that happened before.
    pub until: Option<Timestamp>,
}
