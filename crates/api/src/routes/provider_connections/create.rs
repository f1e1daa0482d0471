//! `POST /v1/zones/{zoneId}/provider-connections`

use caracal_core::Secret;
use caracal_lifecycle::connections::{ConnectedAccount, Sealing, Tokens, connect};
use caracal_service::{
    Refusal,
    front::{Body, Created},
    oauth::{is_access_token, is_refresh_token},
};
use caracal_wire::{
    ErrorCode,
    control::connections::{ConnectionItem, CreateConnection},
};

use super::{provider, settings, subject};
use crate::{
    call::{ZoneCall, require_zone},
    change::Done,
};

const CODE: ErrorCode = ErrorCode::InvalidProviderConnection;

/// Keeps tokens that somebody got elsewhere, from the provider's token endpoint for its client.
pub(crate) async fn handle(
    call: ZoneCall,
    Body(body): Body<CreateConnection>,
) -> Result<Created<ConnectionItem>, Refusal> {
    if !is_access_token(&body.access_token) {
        let rule = "must be 1 to 16384 printable characters without blanks";
        return Err(Refusal::invalid_field(CODE, "access_token", rule));
    }
    if body
        .refresh_token
        .as_deref()
        .is_some_and(|token| !is_refresh_token(token))
    {
        let rule = "must be 1 to 16384 printable characters";
        return Err(Refusal::invalid_field(CODE, "refresh_token", rule));
    }
    let subject = subject(body.subject_id);
    let mut change = call.change().await?;
    require_zone(&mut *change).await?;
    let provider = provider(&mut *change, &body.provider_id).await?;
    let config = settings(&provider, serde_json::Map::new())?;
    let by = call.caller.attributed_to();
    let account = ConnectedAccount {
        provider: &provider.id,
        subject: &subject,
        token_endpoint: &config.client.token_endpoint,
        client_id: &config.client.client_id,
        by: &by,
    };
    let tokens = Tokens {
        access: Secret::new(body.access_token),
        refresh: body.refresh_token.map(Secret::new),
        scope: None,
        expires_at: body.expires_at,
    };
    let sealing = Sealing {
        world: &call.role.world,
        keys: &call.role.keyring,
    };
    let connection = connect(&mut *change, sealing, account, &tokens).await?;
    let id = connection.id.clone();
    let done = Done::created(id.as_str()).note("subject_id", subject.as_str());
    let made = ConnectionItem::from(connection);
    Ok(Created(change.answer(done, made).await?))
}
