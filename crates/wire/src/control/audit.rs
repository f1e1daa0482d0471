//! What administrators read back: the ledger of the zone and the chain of changes.

use std::borrow::Cow;

use caracal_core::{
    Timestamp, ZoneId,
    audit::{DataChange, DataRead, Obstacle},
    words,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Ref, RefOr, Schema,
        schema::{AnyOfBuilder, ObjectBuilder},
    },
};

use super::{Format, Line};

words!(
    /// Decisions to search for.
    DecisionFilter {
        /// It might.
        Allow = "allow",
        /// It might not.
        Deny = "deny",
        /// Part of it might.
        Partial = "partial",
    }
);

/// Which events to search for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SearchLedger {
    /// Only events from then on.
    pub since: Option<Timestamp>,
    /// Only events before.
    pub until: Option<Timestamp>,
    /// Only events of this request.
    pub request_id: Option<Line<128>>,
    /// Only events with this decision.
    pub decision: Option<DecisionFilter>,
    /// Only events of these types: 1 to 16, joined by commas.
    pub event_type: Option<String>,
    /// Only events about this application.
    pub application_id: Option<Line<128>>,
    /// Only events about this session.
    pub session_id: Option<Line<128>>,
    /// Only events about this authority record.
    pub authority_record_id: Option<Line<128>>,
    /// Only events about sessions with this label.
    pub label: Option<Line<64>>,
    /// JSON when absent.
    pub format: Option<Format>,
    /// Only these columns, joined by commas.
    pub fields: Option<String>,
}

/// Which events to follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FollowLedger {
    /// Only events from then on.
    pub since: Option<Timestamp>,
    /// Only events before.
    pub until: Option<Timestamp>,
    /// Only events of this request.
    pub request_id: Option<Line<128>>,
    /// Only events with this decision.
    pub decision: Option<DecisionFilter>,
    /// Only events of these types: 1 to 16, joined by commas.
    pub event_type: Option<String>,
    /// Only events about this application.
    pub application_id: Option<Line<128>>,
    /// Only events about this session.
    pub session_id: Option<Line<128>>,
    /// Only events about this authority record.
    pub authority_record_id: Option<Line<128>>,
    /// Only events about sessions with this label.
    pub label: Option<Line<64>>,
    /// Begin behind this position of the zone's log; where it ends now unless named. `Last-Event-ID` goes before.
    pub after: Option<u64>,
}

/// The search that finds what is followed.
impl From<FollowLedger> for SearchLedger {
    fn from(followed: FollowLedger) -> Self {
        Self {
            since: followed.since,
            until: followed.until,
            request_id: followed.request_id,
            decision: followed.decision,
            event_type: followed.event_type,
            application_id: followed.application_id,
            session_id: followed.session_id,
            authority_record_id: followed.authority_record_id,
            label: followed.label,
            format: None,
            fields: None,
        }
    }
}

/// Which changes to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListChanges {
    /// Only changes from then on.
    pub since: Option<Timestamp>,
    /// Only changes before.
    pub until: Option<Timestamp>,
    /// Only changes by this token.
    pub actor_id: Option<Line<128>>,
    /// Only changes of this collection.
    pub entity_type: Option<Line<128>>,
    /// Only changes of this object.
    pub entity_id: Option<Line<128>>,
    /// Only changes by this method.
    pub method: Option<ChangeMethod>,
    /// JSON when absent.
    pub format: Option<Format>,
    /// Only these columns, joined by commas.
    pub fields: Option<String>,
}

words!(
    /// Methods that change something.
    ChangeMethod {
        /// Makes or does.
        Post = "POST",
        /// Replaces.
        Put = "PUT",
        /// Changes.
        Patch = "PATCH",
        /// Ends.
        Delete = "DELETE",
    }
);

/// A row of a listing: whole, or the columns that were asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Row<T> {
    /// All of it.
    Whole(T),
    /// The columns asked for, as far as the row has them.
    Columns(Map<String, Value>),
}

// Written out, since the derive names every row alike and leaves out what is in it.
impl<T: ToSchema> PartialSchema for Row<T> {
    fn schema() -> RefOr<Schema> {
        let columns = ObjectBuilder::new().description(Some("The columns asked for."));
        AnyOfBuilder::new()
            .item(Ref::from_schema_name(T::name()))
            .item(columns)
            .into()
    }
}

impl<T: ToSchema> ToSchema for Row<T> {
    fn name() -> Cow<'static, str> {
        format!("{}Row", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

words!(
    /// What is told of a call without an outcome.
    Outcome {
        /// Nobody can tell what became of it.
        Unknown = "unknown",
    }
);

/// An event of the ledger; values of its metadata named like credentials are hidden.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LedgerEvent {
    /// Id.
    pub id: String,
    /// Zone.
    pub zone_id: ZoneId,
    /// For example `token_exchange`.
    pub event_type: String,
    /// Correlates the events of one request.
    pub request_id: String,
    /// `allow`, `deny`, or the state of an approval.
    pub decision: String,
    /// Policy set in force.
    pub policy_set_id: Option<String>,
    /// Its version.
    pub policy_set_version_id: Option<String>,
    /// Manifest digest of the version.
    pub manifest_sha: Option<String>,
    /// `complete`, or the reason a request ended before policy.
    pub evaluation_status: String,
    /// The rules that allowed it.
    pub determining_policies_json: Value,
    /// The reasons that stood against it.
    pub diagnostics_json: Value,
    /// What it was about.
    pub metadata_json: Value,
    /// What policy was asked and what it said, enough to decide it again; absent where policy was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Value>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When the ledger took it.
    pub ingested_at: Timestamp,
    /// Of an allowed call without an outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// How a request ended, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Explained {
    /// Request.
    pub request_id: String,
    /// Zone.
    pub zone_id: ZoneId,
    /// `deny` if anything was denied, else the last decision.
    pub final_decision: String,
    /// The denials.
    pub denied: Vec<ExplainedDenial>,
    /// When a call of it has no outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Its first events, oldest first.
    pub events: Vec<LedgerEvent>,
    /// Where the listing of its events goes on, if these are not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A denial with its reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Denial)]
pub struct ExplainedDenial {
    /// Its event.
    pub event_id: String,
    /// Type of its event.
    pub event_type: String,
    /// `complete`, or the reason a request ended before policy.
    pub evaluation_status: String,
    /// Why, in one word.
    pub reason: Option<String>,
    /// Why, in a sentence.
    pub explanation: Option<String>,
    /// What it was about.
    pub details: Value,
    /// The rules that would have allowed it.
    pub determining_policies: Value,
    /// The reasons that stood against it.
    pub diagnostics: Value,
    /// Metadata of its event.
    pub metadata: Value,
    /// What to simulate it with, as it is; null where policy has nothing to decide.
    pub policy_input: Value,
    /// The data that was read to deny it: what policy read, as the version that decided states it; what another gate read, as
    /// it stands now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read: Vec<DataRead>,
    /// What would have to be different; absent where there was no time to find out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<Suggestion>,
}

/// The smallest change of data that would allow what was denied: with any of it left out, it would still be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Suggestion {
    /// The version that decided, to which the changes are to be made; absent where policy was not asked, or none was in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_set_version_id: Option<String>,
    /// All of them together.
    pub changes: Vec<DataChange>,
    /// Why there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<Obstacle>,
}

/// Something that an administrator did or was refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AdminChange {
    /// Id.
    pub id: String,
    /// Correlates it with answers and logs.
    pub request_id: String,
    /// The token.
    pub actor_id: Option<String>,
    /// Name of the token.
    pub actor_name: Option<String>,
    /// How far the token reaches.
    pub actor_scope: Option<String>,
    /// Method and path.
    pub action: String,
    /// Method.
    pub method: String,
    /// Path.
    pub path: String,
    /// Collection of the object.
    pub entity_type: Option<String>,
    /// The object.
    pub entity_id: Option<String>,
    /// How it was answered.
    pub status_code: u16,
    /// Kind of change and names of fields, never values.
    pub payload_json: Value,
    /// When.
    pub occurred_at: Timestamp,
    /// Position in the chain, from 1.
    pub chain_seq: i64,
    /// Whether the link is keyed.
    pub signed: bool,
}
