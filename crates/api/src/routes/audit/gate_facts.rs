//! What a gate other than policy read to refuse a request, as it stands now: an event says which object it was about, and the
//! object says the rest.

use caracal_core::{
    ApprovalId, DelegationId, SessionId,
    entity::{Delegation, Resource, Session},
};
use caracal_service::Refusal;
use caracal_storage::ZoneWork;
use caracal_wire::control::audit::DataRead;
use serde_json::{Value, json};

use crate::call::ZoneCall;

/// Most operations of a resource that are told.
const OPERATIONS: usize = 64;

/// What an event says of a refusal.
pub(super) struct Told<'e> {
    pub(super) reason: &'e str,
    pub(super) metadata: &'e Value,
    pub(super) details: &'e Value,
}

impl<'e> Told<'e> {
    fn value(&self, name: &str) -> Option<&'e Value> {
        let named = |value: &'e Value| value.get(name).filter(|value| !value.is_null());
        named(self.metadata).or_else(|| named(self.details))
    }

    fn text(&self, name: &str) -> Option<&'e str> {
        self.value(name).and_then(Value::as_str)
    }

    fn id<T>(&self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.text(name).and_then(parse)
    }
}

/// What was read. Empty where the reason is about nothing that is kept: a request that is malformed, a store that is away.
pub(super) async fn read(call: &ZoneCall, told: &Told<'_>) -> Result<Vec<DataRead>, Refusal> {
    let mut facts = Facts {
        told,
        work: call.read().await?,
        found: Vec::new(),
    };
    match told.reason {
        "resource_not_found" => facts.resource(|_| Vec::new()).await?,
        "scope_mismatch" => {
            facts.requested("scopes", "requested_scopes");
            facts
                .resource(|resource| vec![("scopes", json!(resource.scopes))])
                .await?;
        }
        "operation_not_permitted"
        | "call_not_read"
        | "operations_not_enforced"
        | "arguments_not_read"
        | "argument_out_of_bounds" => {
            facts.operation();
            let method = told.text("method").map(str::to_ascii_uppercase);
            let protocol = told.text("protocol").map(str::to_ascii_uppercase);
            facts
                .resource(|resource| {
                    let alike = resource.operations.iter().filter(|declared| {
                        [&method, &protocol]
                            .into_iter()
                            .flatten()
                            .any(|asked| declared.method == *asked)
                    });
                    let alike: Vec<_> = alike.take(OPERATIONS).collect();
                    let enforced = json!(resource.operation_enforcement);
                    vec![("operations", json!(alike)), ("operation_enforcement", enforced)]
                })
                .await?;
        }
        "session_inactive" | "session_required" => facts.session().await?,
        "resource_outside_delegation"
        | "delegation_ttl_exceeded"
        | "scope_exceeds_delegation"
        | "delegation_inactive"
        | "delegation_not_held"
        | "delegation_session_inactive"
        | "delegation_application_inactive"
        | "delegation_chain_broken"
        | "delegation_exceeds_parent_authority" => {
            facts.requested("scopes", "requested_scopes");
            facts.delegation().await?;
            facts.session().await?;
        }
        "authority_record_inactive"
        | "revoked"
        | "session_revoked"
        | "lifetime_exhausted"
        | "credential_expiring" => {
            facts.session().await?;
            facts.delegation().await?;
        }
        "zone_frozen" => facts.zone().await?,
        reason if reason.starts_with("approval_") => facts.approval().await?,
        "provider_unavailable"
        | "credential_not_provisioned"
        | "credential_injection_denied"
        | "no_provider_connection"
        | "reauthorization_required" => facts.provider().await?,
        "token_replay" | "replay_state_lost" | "expired" | "signature_invalid" | "wrong_issuer"
        | "wrong_audience" | "wrong_zone" | "wrong_use" | "lifetime_too_long" | "gateway_required" => {
            facts.mandate();
        }
        _ => {}
    }
    Ok(facts.found)
}

struct Facts<'c> {
    told: &'c Told<'c>,
    work: Box<dyn ZoneWork>,
    found: Vec<DataRead>,
}

impl Facts<'_> {
    fn add(&mut self, data: &'static str, name: Option<&str>, value: Value) {
        self.found.push(DataRead {
            data: data.into(),
            name: name.map(str::to_owned),
            value,
        });
    }

    /// A member of the event that says what was asked for.
    fn requested(&mut self, name: &'static str, member: &str) {
        if let Some(value) = self.told.value(member) {
            self.add("request", Some(name), value.clone());
        }
    }

    fn operation(&mut self) {
        let of = |name| self.told.value(name).cloned();
        let asked = json!({"method": of("method"), "path": of("path"), "call": of("call")});
        self.add("request", Some("operation"), asked);
        // What the operation needs, where it is declared and the mandate lacks it.
        if let Some(scope) = of("scope") {
            self.add("request", Some("scope_of_operation"), scope);
        }
    }

    fn mandate(&mut self) {
        if let Some(jti) = self.told.value("jti") {
            self.add("mandate", Some("jti"), jti.clone());
        }
    }

    async fn found_resource(&mut self) -> Result<Option<Resource>, Refusal> {
        let Some(name) = self.told.text("resource").filter(|name| !name.is_empty()) else {
            return Ok(None);
        };
        Ok(self.work.resources().find(name).await?)
    }

    /// Members of the resource, or that there is none.
    async fn resource(
        &mut self,
        members: impl Fn(&Resource) -> Vec<(&'static str, Value)>,
    ) -> Result<(), Refusal> {
        let found = self.found_resource().await?;
        let members = found.as_ref().map(members).unwrap_or_default();
        if members.is_empty() {
            let id = found.map_or(Value::Null, |resource| json!({ "id": resource.id }));
            let named = self.told.text("resource");
            self.add("resource", named, id);
        }
        for (name, value) in members {
            self.add("resource", Some(name), value);
        }
        Ok(())
    }

    async fn session(&mut self) -> Result<(), Refusal> {
        let Some(id) = self.told.id("agent_session_id", |id| SessionId::parse(id).ok()) else {
            self.add("session", Some("id"), Value::Null);
            return Ok(());
        };
        let session = self.work.sessions().get(&id).await?;
        let value = session.as_ref().map_or(Value::Null, session_told);
        self.add("session", Some(id.as_str()), value);
        let Some(session) = session else { return Ok(()) };
        let record = &session.subject_authority_record_id;
        let value = self.work.authority_records().get(record).await?;
        let value = value.map_or(Value::Null, |record| {
            json!({
                "status": record.status, "expires_at": record.expires_at,
                "revoked_at": record.revoked_at, "revoked_reason": record.revoked_reason,
            })
        });
        self.add("authority_record", Some(record.as_str()), value);
        Ok(())
    }

    async fn delegation(&mut self) -> Result<(), Refusal> {
        let Some(id) = self
            .told
            .id("delegation_edge_id", |id| DelegationId::parse(id).ok())
        else {
            return Ok(());
        };
        let delegation = self.work.delegations().get(&id).await?;
        let value = delegation.as_ref().map_or(Value::Null, delegation_told);
        self.add("delegation", Some(id.as_str()), value);
        Ok(())
    }

    async fn zone(&mut self) -> Result<(), Refusal> {
        let zone = self.work.zone().await?;
        let since = zone.and_then(|zone| zone.frozen_at);
        self.add("zone", Some("frozen_at"), json!(since));
        Ok(())
    }

    async fn approval(&mut self) -> Result<(), Refusal> {
        let Some(id) = self.told.id("challenge_id", |id| ApprovalId::parse(id).ok()) else {
            return Ok(());
        };
        let approval = self.work.approvals().get(&id).await?;
        let value = approval.map_or(Value::Null, |approval| {
            json!({
                "tier": approval.tier, "expires_at": approval.expires_at,
                "approvals_required": approval.approvals_required, "approvals_given": approval.approvals_given,
                "rejected_at": approval.rejected_at, "consumed_at": approval.consumed_at,
                "withdrawn_at": approval.withdrawn_at,
            })
        });
        self.add("approval", Some(id.as_str()), value);
        Ok(())
    }

    async fn provider(&mut self) -> Result<(), Refusal> {
        let Some(resource) = self.found_resource().await? else {
            let named = self.told.text("resource");
            self.add("resource", named, Value::Null);
            return Ok(());
        };
        let id = resource.credential_provider_id;
        let provider = self.work.providers().get(&id).await?;
        let value = provider.map_or(Value::Null, |provider| {
            json!({
                "identifier": provider.identifier, "kind": provider.kind,
                "secret_config_keys": provider.secret_config_keys, "archived_at": provider.archived_at,
                "connectivity_failed_at": provider.connectivity_failed_at,
            })
        });
        self.add("provider", Some(id.as_str()), value);
        Ok(())
    }
}

fn session_told(session: &Session) -> Value {
    json!({
        "status": session.status, "application_id": session.application_id, "ends_at": session.ends_at(),
        "terminated_at": session.terminated_at, "termination_reason": session.termination_reason,
    })
}

fn delegation_told(delegation: &Delegation) -> Value {
    json!({
        "status": delegation.status, "scopes": delegation.scopes, "resource_id": delegation.resource_id,
        "constraints": delegation.constraints, "expires_at": delegation.expires_at,
        "revoked_at": delegation.revoked_at, "target_session_id": delegation.target_session_id,
    })
}
