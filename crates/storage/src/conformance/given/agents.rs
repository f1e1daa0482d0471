//! Authority records, sessions, delegations and receipts.

use std::time::Duration;

use caracal_core::{
    ApprovalId, AuthorityRecordId, DelegationId, JsonObject, ScopeSet, SessionId,
    claims::SubjectType,
    entity::{
        Application, Approval, ApproverClass, AuthorityRecord, AuthorityRecordStatus, Constraints,
        Delegation, DelegationStatus, HolderId, Lifecycle, PrivacyMode, Session, SessionStatus,
    },
};
use serde_json::json;

use crate::{Charge, IdempotencyReceipt};

use super::Given;

/// Lifetime of everything below unless a test says otherwise.
const AN_HOUR: Duration = Duration::from_hours(1);

impl Given {
    /// A root record of the application itself, alive for an hour.
    pub fn authority_record(&self, application: &Application) -> AuthorityRecord {
        AuthorityRecord {
            id: AuthorityRecordId::generate(&self.world),
            zone_id: self.zone_id.clone(),
            subject_type: SubjectType::Application,
            subject_id: application.id.to_string(),
            application_id: application.id.clone(),
            parent_id: None,
            status: AuthorityRecordStatus::Active,
            expires_at: self.world.now().plus(AN_HOUR),
            authenticated_at: self.world.now(),
            issuer: None,
            created_at: self.world.now(),
            revoked_at: None,
            revoked_reason: None,
        }
    }

    /// A record that descends from `parent`.
    pub fn child_record(&self, parent: &AuthorityRecord) -> AuthorityRecord {
        AuthorityRecord {
            id: AuthorityRecordId::generate(&self.world),
            parent_id: Some(parent.id.clone()),
            created_at: self.world.now(),
            ..parent.clone()
        }
    }

    /// An active root task of `application` with an hour to live.
    pub fn session(&self, application: &Application, record: &AuthorityRecord) -> Session {
        let metadata = json!({ "purpose": "test", "nested": { "list": [1, 2, 3] } });
        Session {
            id: SessionId::generate(&self.world),
            zone_id: self.zone_id.clone(),
            application_id: application.id.clone(),
            parent_id: None,
            subject_authority_record_id: record.id.clone(),
            status: SessionStatus::Active,
            lifecycle: Lifecycle::Task,
            depth: 0,
            labels: vec!["team:red".into(), "tier:1".into()],
            max_children: 32,
            child_count: 0,
            ttl_seconds: Some(3600),
            last_heartbeat_at: None,
            heartbeat_deadline_at: None,
            lease_generation: 0,
            termination_reason: None,
            metadata_json: metadata.as_object().map(JsonObject::of).unwrap_or_default(),
            started_at: self.world.now(),
            last_active_at: self.world.now(),
            updated_at: self.world.now(),
            terminated_at: None,
        }
    }

    /// An active root service of `application` whose lease of generation 1 lasts an hour.
    pub fn service(&self, application: &Application, record: &AuthorityRecord) -> Session {
        Session {
            lifecycle: Lifecycle::Service,
            ttl_seconds: None,
            last_heartbeat_at: Some(self.world.now()),
            heartbeat_deadline_at: Some(self.world.now().plus(AN_HOUR)),
            lease_generation: 1,
            ..self.session(application, record)
        }
    }

    /// An active task started by `parent`, of the same application and record.
    pub fn child_session(&self, parent: &Session) -> Session {
        Session {
            id: SessionId::generate(&self.world),
            parent_id: Some(parent.id.clone()),
            status: SessionStatus::Active,
            lifecycle: Lifecycle::Task,
            depth: parent.depth + 1,
            child_count: 0,
            ttl_seconds: Some(3600),
            last_heartbeat_at: None,
            heartbeat_deadline_at: None,
            lease_generation: 0,
            started_at: self.world.now(),
            ..parent.clone()
        }
    }

    /// A root delegation from `source` to `target`, alive for an hour.
    pub fn delegation(&self, source: &Session, target: &Session) -> Delegation {
        Delegation {
            id: DelegationId::generate(&self.world),
            zone_id: self.zone_id.clone(),
            source_session_id: source.id.clone(),
            target_session_id: target.id.clone(),
            issuer_application_id: source.application_id.clone(),
            receiver_application_id: target.application_id.clone(),
            parent_edge_id: None,
            resource_id: None,
            scopes: ScopeSet::parse("weather:read weather:write"),
            constraints: Constraints {
                resources: vec!["resource://weather".into()],
                max_hops: Some(5),
                ..Constraints::default()
            },
            status: DelegationStatus::Active,
            expires_at: self.world.now().plus(AN_HOUR),
            edge_version: 1,
            revoked_at: None,
            created_at: self.world.now(),
        }
    }

    /// A delegation from the target of `parent` to `target` that narrows `parent`.
    pub fn narrowed(&self, parent: &Delegation, target: &Session) -> Delegation {
        Delegation {
            id: DelegationId::generate(&self.world),
            source_session_id: parent.target_session_id.clone(),
            target_session_id: target.id.clone(),
            issuer_application_id: parent.receiver_application_id.clone(),
            receiver_application_id: target.application_id.clone(),
            parent_edge_id: Some(parent.id.clone()),
            created_at: self.world.now(),
            ..parent.clone()
        }
    }

    /// A request of `application` that waits for an operator, for an hour.
    pub fn approval(&self, application: &Application) -> Approval {
        let asked = json!({ "requested_scopes": ["weather:write"], "resources": ["resource://weather"] });
        Approval {
            id: ApprovalId::generate(&self.world),
            zone_id: self.zone_id.clone(),
            authority_record_id: None,
            principal_id: application.id.to_string(),
            application_id: Some(application.id.clone()),
            tier: String::from("critical,high"),
            approver_class: ApproverClass::Operator,
            privacy_mode: PrivacyMode::Identified,
            subject_anchor: None,
            binding: self.world.random_bytes(),
            metadata: asked.as_object().map(JsonObject::of).unwrap_or_default(),
            call: None,
            created_at: self.world.now(),
            expires_at: self.world.now().plus(AN_HOUR),
            approvals_required: 1,
            approvals_given: 0,
            satisfied_at: None,
            rejected_at: None,
            consumed_at: None,
            withdrawn_at: None,
            approver_subject_id: None,
            approver_record_id: None,
            decision_reason: None,
            consumed_record_id: None,
        }
    }

    /// One call that takes 2.5 out of a budget of ten calls and 10.
    pub fn charge<'c>(&self, holder: &'c HolderId) -> Charge<'c> {
        Charge {
            holder,
            budget_id: "9c1185a5c5e9fc54612808977ee8f548b2258d31",
            resource: "resource://bank",
            method: "MCP",
            path: "tools/call:pay",
            argument: Some("amount"),
            amount: 2_500_000,
            max_calls: 10,
            max_amount: 10_000_000,
            at: self.world.now(),
        }
    }

    /// A receipt for a random key that lives for an hour.
    pub fn receipt(&self, operation: &str, application: &Application) -> IdempotencyReceipt {
        IdempotencyReceipt {
            operation: operation.to_owned(),
            scope_id: application.id.to_string(),
            key_digest: self.world.random_bytes(),
            request_digest: self.world.random_bytes(),
            resource_id: SessionId::generate(&self.world).to_string(),
            response_status: 201,
            response_json: String::from(r#"{"agent_session_id":"…"}"#),
            created_at: self.world.now(),
            expires_at: self.world.now().plus(AN_HOUR),
        }
    }
}
