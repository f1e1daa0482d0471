//! Ledger entries, administrative records, admin tokens and outbox messages.

use std::collections::BTreeMap;

use caracal_core::audit::AuditEvent;
use serde_json::json;

use crate::{AdminAuditRecord, AdminToken, LedgerEntry, OutboxMessage};

use super::Given;

impl Given {
    /// An allowed token exchange of the request `request_id`.
    pub fn audit_event(&self, request_id: &str) -> AuditEvent {
        AuditEvent::new(&self.world, self.zone_id.clone(), "token_exchange", request_id, "allow").with_metadata(
            &json!({ "application_id": "app-1", "agent_labels": ["team:red"], "note": "naïve \"quoted\" \\ text" }),
        )
    }

    /// The event on its way into the ledger, its frame verified.
    pub fn ledger_entry(&self, request_id: &str) -> LedgerEntry {
        LedgerEntry::written(&self.audit_event(request_id), Some(String::from("k1"))).unwrap()
    }

    /// A successful change of an application, in the zone's chain.
    pub fn admin_audit_record(&self) -> AdminAuditRecord {
        let path = format!("/v1/zones/{}/applications/x", self.zone_id);
        AdminAuditRecord {
            request_id: self.unique("req"),
            actor_id: Some(String::from("tok-1")),
            actor_name: Some(String::from("Ops")),
            actor_scope: Some(String::from("global")),
            zone_id: Some(self.zone_id.clone()),
            entity_type: Some(String::from("application")),
            entity_id: Some(String::from("x")),
            payload_json: Some(json!({ "fields": ["name", "traits"] })),
            ..AdminAuditRecord::of_request(&self.world, "PATCH", &path, 200)
        }
    }

    /// A deployment-wide token with write access.
    pub fn admin_token(&self) -> AdminToken {
        AdminToken {
            id: self.world.uuid_v7().to_string(),
            name: String::from("deploy"),
            token_digest: self.world.random_bytes(),
            digest_key: String::from("key"),
            scope: String::from("global"),
            reveals: Some(false),
            capability: String::from("write"),
            zone_id: None,
            created_by: String::from("env-bootstrap"),
            created_at: self.world.now(),
            expires_at: None,
            last_used_at: None,
            revoked_at: None,
        }
    }

    /// A revocation without dedupe key.
    pub fn outbox_message(&self) -> OutboxMessage {
        OutboxMessage {
            id: self.world.uuid_v7().to_string(),
            topic: String::from("caracal.sessions.revoke"),
            dedupe_key: None,
            fields: BTreeMap::from([
                (String::from("zone_id"), self.zone_id.to_string()),
                (String::from("reason"), String::from("naïve = & \"quoted\"")),
            ]),
            created_at: self.world.now(),
        }
    }
}
