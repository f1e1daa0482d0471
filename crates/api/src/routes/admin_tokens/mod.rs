//! `/v1/admin-tokens`: bearer tokens of this API.

pub(super) mod create;
pub(super) mod list;
pub(super) mod revoke;

use caracal_storage::AdminToken;
use serde_json::{Value, json};

/// A token as clients see it; neither the token nor its digest.
fn row(token: &AdminToken) -> Value {
    json!({
        "id": token.id,
        "name": token.name,
        "scope": token.scope,
        "capability": token.capability,
        "zone_id": token.zone_id,
        "created_by": token.created_by,
        "created_at": token.created_at,
        "last_used_at": token.last_used_at,
        "revoked_at": token.revoked_at,
    })
}
