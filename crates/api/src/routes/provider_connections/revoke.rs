//! `POST /v1/zones/{zoneId}/provider-connections/revoke`: the kill switch of a connection.

use caracal_core::{
    ConnectionId, ProviderId,
    entity::{Connection, ConnectionStatus, ConnectionToken, NotificationType, UpstreamRevocation},
};
use caracal_lifecycle::connections;
use caracal_service::{
    Refusal,
    front::{Answer, Body},
};
use caracal_storage::{ConnectionFilter, PageRequest};
use caracal_wire::control::connections::{ConnectionItem, ConnectionOf};
use serde::Serialize;

use super::{not_found, opened, subject};
use crate::{call::ZoneCall, change::Done};

/// What sinks are told besides who did it.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "as the sinks read them")]
struct Revoked<'a> {
    connection_id: &'a ConnectionId,
    provider_id: &'a ProviderId,
    subject_id: &'a str,
}

/// Ends the connection first: once this is committed no call gets its token and none that carries it goes on, whatever the
/// server says. Then the server is told, once, and what it said is kept with the connection. One that was revoked before is answered as it stands.
pub(crate) async fn handle(
    call: ZoneCall,
    Body(body): Body<ConnectionOf>,
) -> Result<Answer<ConnectionItem>, Refusal> {
    let subject = subject(body.subject_id);
    let filter = ConnectionFilter {
        provider_id: Some(body.provider_id),
        subject_id: Some(subject.clone()),
        status: None,
    };
    let now = call.now();
    let mut change = call.change().await?;
    let world = &call.role.world;
    let mut revoked = connections::revoke(change.ending(), world, &filter, now, "connection_revoked").await?;
    let done = |connection: &Connection| {
        Done::ok()
            .note("connection_id", connection.id.as_str())
            .note("subject_id", subject.as_str())
    };
    let Some(connection) = revoked.pop() else {
        let before = change.connections().list(&filter, &PageRequest::first(1)).await?;
        let before = before.items.into_iter().next().ok_or_else(not_found)?;
        change.commit(done(&before)).await?;
        return Ok(Answer(before.into()));
    };
    let about = Revoked {
        connection_id: &connection.id,
        provider_id: &connection.provider_id,
        subject_id: &connection.subject_id,
    };
    change
        .notify(NotificationType::ConnectionRevoked, "revoked", about)
        .await?;
    change.commit(done(&connection)).await?;

    let outcome = tell(&call, &connection).await;
    let id = &connection.id;
    let revoked = ConnectionItem {
        status: ConnectionStatus::Revoked,
        renewable: false,
        revoked_at: Some(now),
        updated_at: now,
        upstream_revocation: outcome,
        ..connection.clone().into()
    };
    let noted = async {
        let mut change = call.change().await?;
        change.connections().note_upstream(id, outcome).await?;
        let done = done(&connection).note("upstream_revocation", outcome.as_str());
        change.commit(done).await
    };
    // It is revoked either way.
    if let Err(refusal) = noted.await {
        let code = refusal.code.as_str();
        tracing::warn!(connection.id = %id, outcome = outcome.as_str(), code, "could not note what the server said");
    }
    Ok(Answer(revoked))
}

/// Tells the server, as well as that can be done.
async fn tell(call: &ZoneCall, connection: &Connection) -> UpstreamRevocation {
    match revoke_upstream(call, connection).await {
        Ok(Some(())) => UpstreamRevocation::Revoked,
        Ok(None) => UpstreamRevocation::Unsupported,
        Err(error) => {
            tracing::warn!(
                zone.id = %call.zone, connection.id = %connection.id, error,
                "the server of a revoked connection was not told"
            );
            UpstreamRevocation::Failed
        }
    }
}

/// Nothing where the provider names no place to tell it.
async fn revoke_upstream(call: &ZoneCall, connection: &Connection) -> Result<Option<()>, String> {
    let refused = |refusal: Refusal| refusal.code.as_str().to_owned();
    let mut work = call.read().await.map_err(refused)?;
    let provider = super::provider(work.as_mut(), &connection.provider_id)
        .await
        .map_err(refused)?;
    let config = opened(call, work.as_mut(), &provider).await.map_err(refused)?;
    drop(work);
    let Some(endpoint) = &config.revocation_endpoint else {
        return Ok(None);
    };
    // As everywhere: tokens go to the server that gave them.
    if config.client.token_endpoint != connection.token_endpoint
        || config.client.client_id != connection.client_id
    {
        return Err(String::from(
            "the provider's client is another than that of the tokens",
        ));
    }
    // With the refresh token a server takes back all that came of it (RFC 7009 §2.1).
    for kind in [ConnectionToken::Refresh, ConnectionToken::Access] {
        let token = connections::open(&call.role.keyring, connection, kind);
        if let Some(token) = token.map_err(|error| error.to_string())? {
            let given = call.role.oauth.give_back(&config, endpoint, &token, kind).await;
            return given.map(Some).map_err(|error| error.to_string());
        }
    }
    Ok(None)
}
