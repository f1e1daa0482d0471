//! `/v1/admin-tokens`: bearer tokens of this API.

pub(super) mod create;
pub(super) mod list;
pub(super) mod revoke;

use caracal_storage::AdminToken;
use caracal_wire::control::admin_tokens::TokenItem;

/// A token as clients see it.
fn item(token: AdminToken) -> TokenItem {
    TokenItem {
        reveals: token.may_reveal(),
        id: token.id,
        name: token.name,
        scope: token.scope,
        capability: token.capability,
        zone_id: token.zone_id,
        created_by: token.created_by,
        created_at: token.created_at,
        expires_at: token.expires_at,
        last_used_at: token.last_used_at,
        revoked_at: token.revoked_at,
    }
}
