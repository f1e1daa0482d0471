//! `POST /v1/admin-tokens`

use caracal_core::ZoneId;
use caracal_crypto::{new_secret, tokens::ADMIN_TOKEN_PREFIX};
use caracal_service::Refusal;
use caracal_storage::AdminToken;
use http::StatusCode;
use serde::Deserialize;

use super::row;
use crate::{
    answer::Answer,
    auth::{Power, digest, token_key_name},
    call::Call,
    change::Done,
    fields::{present, trimmed},
};

const CODE: &str = "invalid_admin_token_request";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    name: String,
    scope: Scope,
    #[serde(default, deserialize_with = "present")]
    zone_id: Option<ZoneId>,
    #[serde(default, deserialize_with = "present")]
    capability: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Scope {
    Global,
    Zone,
}

/// Makes a token; the answer is the only time it is shown.
pub(crate) async fn handle(call: Call) -> Result<Answer, Refusal> {
    let body: Body = call.body(CODE)?;
    let name = trimmed(CODE, "name", &body.name, 120)?;
    let capability = body.capability.unwrap_or_else(|| String::from("write"));
    let power = Power::parse(&capability)
        .ok_or_else(|| Refusal::invalid_field(CODE, "capability", "must be read, write or approve"))?;
    match (body.scope, &body.zone_id) {
        (Scope::Zone, None) => {
            return Err(Refusal::invalid_field(
                "zone_id_required",
                "zone_id",
                "is required",
            ));
        }
        (Scope::Global, Some(_)) => {
            return Err(Refusal::invalid_field(
                "zone_id_not_allowed_for_global",
                "zone_id",
                "does not go with scope global",
            ));
        }
        _ => {}
    }
    // Who can change things must not be able to approve them as well by making a second token.
    if power == Power::Approve && !call.caller.is_bootstrap() {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "approve_capability_required")
            .describe("only the deployment's own token makes tokens that approve"));
    }

    let token = new_secret(&call.role.world, ADMIN_TOKEN_PREFIX);
    let mut change = call.global_change().await?;
    if let Some(zone) = &body.zone_id
        && change.zones().get(zone).await?.is_none()
    {
        return Err(Refusal::not_found("zone_not_found").describe("no such zone"));
    }
    let made = AdminToken {
        id: call.role.world.uuid_v7().to_string(),
        name,
        token_digest: digest(&call.role.token_keys.current, token.expose()),
        digest_key: token_key_name(&call.role.token_keys.current),
        scope: match body.scope {
            Scope::Global => String::from("global"),
            Scope::Zone => String::from("zone"),
        },
        capability,
        zone_id: body.zone_id,
        created_by: format!("admin:{}", call.caller.id),
        created_at: call.now(),
        last_used_at: None,
        revoked_at: None,
    };
    change.admin_tokens().create(&made).await?;
    change
        .commit(made.zone_id.as_ref(), Done::created(&made.id))
        .await?;
    let mut answer = row(&made);
    answer["token"] = token.expose().into();
    Answer::created(&answer)
}
