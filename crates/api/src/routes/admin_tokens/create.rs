//! `POST /v1/admin-tokens`

use caracal_core::Timestamp;
use caracal_crypto::{new_secret, tokens::ADMIN_TOKEN_PREFIX};
use caracal_service::{
    Refusal,
    front::{Body, Created},
};
use caracal_storage::AdminToken;
use caracal_wire::{
    ErrorCode,
    control::admin_tokens::{CreateToken, TokenCapability, TokenScope, TokenWithText},
};

use super::item;
use crate::{
    auth::{digest, token_key_name},
    call::Call,
    change::Done,
};

/// Makes a token; the answer is the only time it is shown.
pub(crate) async fn handle(
    call: Call,
    Body(body): Body<CreateToken>,
) -> Result<Created<TokenWithText>, Refusal> {
    let capability = body.capability.unwrap_or(TokenCapability::Write);
    match (body.scope, &body.zone_id) {
        (TokenScope::Zone, None) => {
            return Err(Refusal::invalid_field(
                ErrorCode::ZoneIdRequired,
                "zone_id",
                "is required",
            ));
        }
        (TokenScope::Global, Some(_)) => {
            return Err(Refusal::invalid_field(
                ErrorCode::ZoneIdNotAllowedForGlobal,
                "zone_id",
                "does not go with scope global",
            ));
        }
        _ => {}
    }
    // Who can change things must not be able to approve them as well by making a second token.
    if capability == TokenCapability::Approve && !call.caller.is_bootstrap() {
        return Err(Refusal::of(ErrorCode::ApproveCapabilityRequired)
            .describe("only the deployment's own token makes tokens that approve"));
    }
    let reveals = reveals(&call, capability, body.reveals)?;
    let expires_at = end(&call, body.expires_at)?;

    let token = new_secret(&call.role.world, ADMIN_TOKEN_PREFIX);
    let mut change = call.global_change().await?;
    if let Some(zone) = &body.zone_id
        && change.zones().get(zone).await?.is_none()
    {
        return Err(Refusal::of(ErrorCode::ZoneNotFound).describe("no such zone"));
    }
    let made = AdminToken {
        id: call.role.world.uuid_v7().to_string(),
        name: body.name.0,
        token_digest: digest(&call.role.token_keys.current, token.expose()),
        digest_key: token_key_name(&call.role.token_keys.current),
        scope: body.scope.to_string(),
        capability: capability.to_string(),
        reveals: Some(reveals),
        zone_id: body.zone_id,
        created_by: format!("admin:{}", call.caller.id),
        created_at: call.now(),
        expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    change.admin_tokens().create(&made).await?;
    let (id, zone) = (made.id.clone(), made.zone_id.clone());
    let shown = TokenWithText {
        item: item(made),
        token: token.expose().to_owned(),
    };
    let answered = change.answer(zone.as_ref(), Done::created(&id), shown);
    Ok(Created(answered.await?))
}

/// Whether the token may see live credentials. Nobody makes one that may who may not.
fn reveals(call: &Call, capability: TokenCapability, asked: Option<bool>) -> Result<bool, Refusal> {
    match (asked, capability) {
        (Some(true), TokenCapability::Approve) => Err(Refusal::invalid_field(
            ErrorCode::InvalidAdminTokenRequest,
            "reveals",
            "does not go with approve",
        )),
        (Some(true), _) if !call.caller.reveals => Err(Refusal::of(ErrorCode::RevealCapabilityRequired)
            .describe("whoever may not see live credentials makes no token that may")),
        (Some(asked), _) => Ok(asked),
        (None, TokenCapability::Write) => Ok(call.caller.reveals),
        (None, TokenCapability::Read | TokenCapability::Approve) => Ok(false),
    }
}

/// When the token ends. Nobody makes one that outlives their own. The end bounds tokens: accounts of people, which whoever may make
/// tokens may make too, end otherwise.
fn end(call: &Call, asked: Option<Timestamp>) -> Result<Option<Timestamp>, Refusal> {
    let refused = |rule| {
        Err(Refusal::invalid_field(
            ErrorCode::InvalidAdminTokenRequest,
            "expires_at",
            rule,
        ))
    };
    match (asked, call.caller.expires_at) {
        (Some(asked), _) if asked <= call.now() => refused("must not have passed"),
        (Some(asked), Some(own)) if asked > own => {
            refused("must not be after the end of the token that makes it")
        }
        (asked, own) => Ok(asked.or(own)),
    }
}
