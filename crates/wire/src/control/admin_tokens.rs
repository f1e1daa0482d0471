//! Admin tokens.

use caracal_core::{Timestamp, ZoneId, words};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Line, Name};

words!(
    /// How far a token reaches.
    TokenScope {
        /// The whole deployment.
        Global = "global",
        /// One zone.
        Zone = "zone",
    }
);

words!(
    /// What a token is good for.
    TokenCapability {
        /// Look.
        Read = "read",
        /// Look and change.
        Write = "write",
        /// Look and decide approvals.
        Approve = "approve",
    }
);

words!(
    /// How a token stands.
    TokenStatus {
        /// It is good.
        Active = "active",
        /// Its time is over.
        Expired = "expired",
        /// It was taken back.
        Revoked = "revoked",
    }
);

/// Which tokens to list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct ListTokens {
    /// Only those that reach so far.
    pub scope: Option<TokenScope>,
    /// Only those that are good for this.
    pub capability: Option<TokenCapability>,
    /// Only those of this zone.
    pub zone_id: Option<ZoneId>,
    /// Only those that exactly this one made, as `created_by` tells it.
    pub created_by: Option<Line<512>>,
    /// Only those that stand so; both when absent.
    pub status: Option<TokenStatus>,
}

/// Body that makes a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateToken {
    /// Display name.
    pub name: Name<120>,
    /// How far it reaches.
    pub scope: TokenScope,
    /// The zone, of a token of one zone.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub zone_id: Option<ZoneId>,
    /// What it is good for; `write` when absent.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub capability: Option<TokenCapability>,
    /// Whether it may see live credentials; those with `write` may when absent and their maker may, and no others. It does
    /// not go with `approve`.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub reveals: Option<bool>,
    /// When it ends. Where its maker's token ends, it ends then at the latest, and then when absent; it has no end otherwise.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub expires_at: Option<Timestamp>,
}

/// A token; neither its text nor its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenItem {
    /// Id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// `global` or `zone`.
    #[schema(value_type = TokenScope)]
    pub scope: String,
    /// `read`, `write` or `approve`.
    #[schema(value_type = TokenCapability)]
    pub capability: String,
    /// Whether it may see live credentials.
    pub reveals: bool,
    /// The zone, of a token of one zone.
    pub zone_id: Option<ZoneId>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it ends, where that was said.
    pub expires_at: Option<Timestamp>,
    /// Last use, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A token together with its text, shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenWithText {
    /// The token.
    #[serde(flatten)]
    pub item: TokenItem,
    /// What to send as `Authorization: Bearer`.
    pub token: String,
}

/// Who asks, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Caller {
    /// Id of the token.
    pub token_id: String,
    /// Its display name.
    pub name: String,
    /// How far it reaches.
    pub scope: TokenScope,
    /// The zone, of a token of one zone.
    pub zone_id: Option<ZoneId>,
    /// What it is good for.
    pub capability: TokenCapability,
    /// Whether it may see live credentials.
    pub reveals: bool,
    /// When the token ends, where it does.
    pub expires_at: Option<Timestamp>,
    /// The console account that the request is for.
    pub account: Option<String>,
}
