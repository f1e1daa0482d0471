//! How long evidence is kept, and what is held.

use caracal_core::{Timestamp, described};
use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::schema::{ObjectBuilder, Type},
};

use super::Line;

/// A number of days, 1 or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32")]
pub struct KeptDays(pub u32);

impl TryFrom<u32> for KeptDays {
    type Error = &'static str;

    fn try_from(days: u32) -> Result<Self, Self::Error> {
        (days > 0).then_some(Self(days)).ok_or("must be 1 or more")
    }
}

described!(
    KeptDays,
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .into()
);

/// How long events are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Retention {
    /// Days from when an event happened and was taken; null for ever.
    pub retention_days: Option<u32>,
    /// The longest that may be asked for; null where the deployment keeps events for ever.
    pub max_days: Option<u32>,
    /// Who said so; null where nobody did and the deployment's own setting counts.
    pub updated_by: Option<String>,
    /// When.
    pub updated_at: Option<Timestamp>,
}

/// Body that says how long events are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRetention {
    /// Days from when an event happened and was taken.
    pub retention_days: KeptDays,
}

/// Body that places a hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceHold {
    /// Events of this subject, and those that name it, a session, an application or whatever else; everything in the zone
    /// when absent.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub subject_id: Option<Line<512>>,
    /// Why.
    pub reason: Line<512>,
}

/// A hold in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HoldItem {
    /// Id.
    pub id: String,
    /// What events are held; null for everything in the zone.
    pub subject_id: Option<String>,
    /// Why.
    pub reason: String,
    /// Who placed it.
    pub placed_by: String,
    /// When.
    pub placed_at: Timestamp,
}

/// A change of what is kept, as the member [`Keeping::MEMBER`] of the payload of its administrative record says it. Rows
/// of a database can be changed by whoever writes there; records are proved, so nothing is deleted where both differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Keeping {
    /// A hold is in force.
    Held {
        /// Id of the hold.
        hold_id: String,
        /// Whom it is of; everything in the zone when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject_id: Option<String>,
    },
    /// A hold is over.
    Lifted {
        /// Id of the hold.
        hold_id: String,
    },
    /// How long events are kept.
    Retention {
        /// Days; as long as elsewhere said when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        days: Option<u32>,
    },
}

impl Keeping {
    /// The member of a record's payload.
    pub const MEMBER: &'static str = "keeping";
}

impl From<Keeping> for serde_json::Value {
    fn from(keeping: Keeping) -> Self {
        // It has nothing that JSON cannot say; a record without it would keep everything.
        serde_json::to_value(keeping).unwrap_or_default()
    }
}
