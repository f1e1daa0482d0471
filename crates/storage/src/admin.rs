//! Admin tokens and administrative records.

use async_trait::async_trait;
use caracal_core::{Timestamp, World, ZoneId};
use serde::{Deserialize, Serialize, Serializer};

use crate::{Error, Page, PageRequest};

/// A bearer token of the Control API. The token itself is never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminToken {
    /// Id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Keyed digest of the token, 32 bytes.
    pub token_digest: [u8; 32],
    /// Name of the key that the digest was made with.
    pub digest_key: String,
    /// `global` or `zone`.
    pub scope: String,
    /// `read`, `write` or `approve`.
    pub capability: String,
    /// Whether it may see live credentials, where that was said when it was made.
    pub reveals: Option<bool>,
    /// Zone of a zone token.
    pub zone_id: Option<ZoneId>,
    /// `env-bootstrap`, `env-derived…`, or `admin:<id>`.
    pub created_by: String,
    /// Creation.
    pub created_at: Timestamp,
    /// Its end, where it has one.
    pub expires_at: Option<Timestamp>,
    /// Last use, coarse.
    pub last_used_at: Option<Timestamp>,
    /// Revocation.
    pub revoked_at: Option<Timestamp>,
}

impl AdminToken {
    /// Whether it may see live credentials: where nothing was said, those that write may.
    pub fn may_reveal(&self) -> bool {
        self.reveals.unwrap_or(self.capability == "write")
    }
}

/// Which admin tokens are listed; all of them, revoked ones included, unless it says otherwise.
#[derive(Debug, Clone, Default)]
pub struct AdminTokenFilter {
    /// `global` or `zone`.
    pub scope: Option<&'static str>,
    /// `read`, `write` or `approve`.
    pub capability: Option<&'static str>,
    /// Of this zone.
    pub zone_id: Option<ZoneId>,
    /// Made by exactly this one.
    pub created_by: Option<String>,
    /// Those that stand so at this time.
    pub stands: Option<(TokenStanding, Timestamp)>,
}

/// How a token stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenStanding {
    /// It is good.
    Active,
    /// Past its end, and not revoked.
    Expired,
    /// Taken back.
    Revoked,
}

/// Admin tokens of the deployment.
#[async_trait]
pub trait AdminTokens: Send {
    /// The token with this digest, if it is good at `now`: neither revoked nor past its end, nor of an archived zone.
    async fn find(&mut self, token_digest: &[u8; 32], now: Timestamp) -> Result<Option<AdminToken>, Error>;
    /// Digests of up to `most` tokens that are good at `now`, newest first.
    async fn digests(&mut self, most: u32, now: Timestamp) -> Result<Vec<[u8; 32]>, Error>;
    /// Tokens by `(created_at, id)`, newest first.
    async fn list(
        &mut self,
        filter: &AdminTokenFilter,
        page: &PageRequest,
    ) -> Result<Page<AdminToken>, Error>;
    /// Inserts a token.
    ///
    /// # Errors
    /// [`Error::Conflict`] (`admin_tokens_digest`) when an unrevoked token has the digest.
    async fn create(&mut self, token: &AdminToken) -> Result<(), Error>;
    /// Revokes every unrevoked token of the class `created_by` without one of the digests `keep`, so that a token that is
    /// configured no more ends.
    async fn revoke_class_except(
        &mut self,
        created_by: &str,
        keep: &[[u8; 32]],
        at: Timestamp,
    ) -> Result<u64, Error>;
    /// Revokes one token. `false` when absent or revoked already.
    async fn revoke(&mut self, id: &str, at: Timestamp) -> Result<bool, Error>;
    /// Revokes every token of the zone that is not revoked yet; returns how many.
    async fn revoke_of_zone(&mut self, zone: &ZoneId, at: Timestamp) -> Result<u64, Error>;
    /// Stores the digest under another key, if the token still has the digest `seen`. `false` otherwise.
    async fn redigest(
        &mut self,
        id: &str,
        seen: &[u8; 32],
        digest: &[u8; 32],
        digest_key: &str,
    ) -> Result<bool, Error>;
    /// Unrevoked tokens whose digest was made with another key than this.
    async fn count_digested_otherwise(&mut self, digest_key: &str, now: Timestamp) -> Result<u64, Error>;
    /// Notes use.
    async fn touch(&mut self, id: &str, at: Timestamp) -> Result<(), Error>;
}

/// One administrative change or refusal. Its JSON is what the log proves; instants keep their microseconds in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdminAuditRecord {
    /// UUIDv7.
    pub id: String,
    /// Request.
    pub request_id: String,
    /// Who.
    pub actor_id: Option<String>,
    /// Their name.
    pub actor_name: Option<String>,
    /// Their reach.
    pub actor_scope: Option<String>,
    /// `METHOD path`.
    pub action: String,
    /// HTTP method.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// Zone whose chain the record joins; the deployment's own chain when absent.
    pub zone_id: Option<ZoneId>,
    /// Kind of the changed object.
    pub entity_type: Option<String>,
    /// The changed object.
    pub entity_id: Option<String>,
    /// HTTP status.
    pub status_code: u16,
    /// Which fields changed; never values.
    pub payload_json: Option<serde_json::Value>,
    /// When.
    #[serde(serialize_with = "micros")]
    pub occurred_at: Timestamp,
}

impl AdminAuditRecord {
    /// Of what nobody asked for and came to `status_code` now; who and what it is about is yet to be said.
    pub fn new(world: &World, action: String, status_code: u16) -> Self {
        Self {
            id: world.uuid_v7().to_string(),
            request_id: String::new(),
            actor_id: None,
            actor_name: None,
            actor_scope: None,
            action,
            method: String::new(),
            path: String::new(),
            zone_id: None,
            entity_type: None,
            entity_id: None,
            status_code,
            payload_json: None,
            occurred_at: world.now(),
        }
    }

    /// Of a request that came to `status_code` now; who and what it is about is yet to be said.
    pub fn of_request(world: &World, method: &str, path: &str, status_code: u16) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            ..Self::new(world, format!("{method} {path}"), status_code)
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn micros<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.to_rfc3339_micros())
}

/// An administrative record with its place in its log.
#[derive(Debug, Clone, PartialEq)]
pub struct AdminAuditRow {
    /// The record.
    pub record: AdminAuditRecord,
    /// Position in the log, from 1: one more than its index.
    pub chain_seq: i64,
    /// Whether the end of the log is keyed.
    pub signed: bool,
}

/// Which administrative records to list. Absent members match everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdminAuditFilter {
    /// At or after.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Actor.
    pub actor_id: Option<String>,
    /// Kind of object.
    pub entity_type: Option<String>,
    /// Object.
    pub entity_id: Option<String>,
    /// HTTP method.
    pub method: Option<String>,
}

/// Administrative records: a log of them for each zone, and one for the deployment.
#[async_trait]
pub trait AdminAuditLog: Send {
    /// Appends the record to its log (canonical JSON of the record, RFC 8785), in this transaction.
    async fn append(&mut self, record: &AdminAuditRecord) -> Result<(), Error>;
    /// Records of one zone by `(occurred_at, id)`, newest first. Where a search has to look at much, its page may be short
    /// or empty and still name a next one.
    async fn list(
        &mut self,
        zone: &ZoneId,
        filter: &AdminAuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AdminAuditRow>, Error>;
}
