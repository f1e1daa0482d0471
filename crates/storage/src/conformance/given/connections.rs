//! Connections and the way to them.

use std::time::Duration;

use caracal_core::{
    ConnectionId,
    entity::{Connection, ConnectionAttempt, ConnectionStatus, Provider, UpstreamRevocation},
};

use super::Given;

impl Given {
    /// An active, renewable connection of somebody at `provider`.
    pub fn connection(&self, provider: &Provider) -> Connection {
        let now = self.world.now();
        Connection {
            id: ConnectionId::generate(&self.world),
            zone_id: self.zone_id.clone(),
            provider_id: provider.id.clone(),
            subject_id: self.unique("alice"),
            status: ConnectionStatus::Active,
            token_endpoint: String::from("https://id.example.com/token"),
            client_id: String::from("caracal"),
            access_token: Some(b"sealed access".to_vec()),
            refresh_token: Some(b"sealed refresh".to_vec()),
            scope: Some(String::from("contacts:read")),
            issued_at: now,
            expires_at: Some(now.plus(Duration::from_hours(1))),
            refreshed_at: None,
            revoked_at: None,
            upstream_revocation: UpstreamRevocation::NotAsked,
            created_by: String::from("admin:1"),
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// Somebody on the way to `provider`'s server, for ten minutes.
    pub fn connection_attempt(&self, provider: &Provider) -> ConnectionAttempt {
        let now = self.world.now();
        ConnectionAttempt {
            state_digest: self.world.random_bytes(),
            zone_id: self.zone_id.clone(),
            provider_id: provider.id.clone(),
            provider_version: 1,
            subject_id: String::from("alice"),
            initiator: String::from("admin:1"),
            challenge: String::from("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            created_at: now,
            expires_at: now.plus(Duration::from_mins(10)),
        }
    }
}
