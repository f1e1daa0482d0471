//! What a gate other than policy read to refuse a request, as it stands now: an event says which object it was about, and the
//! object says the rest.

use caracal_authz::remedy::Gate;
use caracal_core::{ApprovalId, DelegationId, SessionId, audit::DataRead, entity::Resource};
use caracal_service::Refusal;
use caracal_storage::ZoneWork;
use caracal_wire::control::gate_facts::GateFact;
use serde::Serialize;
use serde_json::Value;

use crate::call::ZoneCall;

/// Most operations of a resource that are told.
const OPERATIONS: usize = 64;

/// What an event says of a refusal.
pub(super) struct RefusalFacts<'e> {
    pub(super) gate: Gate,
    pub(super) metadata: &'e Value,
    pub(super) details: &'e Value,
}

impl<'e> RefusalFacts<'e> {
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

/// What was read. Empty where the gate is about nothing that is kept.
pub(super) async fn read(call: &ZoneCall, told: &RefusalFacts<'_>) -> Result<Vec<DataRead>, Refusal> {
    let mut facts = Facts {
        told,
        work: call.read().await?,
        found: Vec::new(),
    };
    match told.gate {
        Gate::ResourceNotFound => facts.resource(|_| Vec::new()).await?,
        Gate::ScopeMismatch => {
            facts.requested("scopes", "requested_scopes");
            facts
                .resource(|resource| vec![("scopes", GateFact::Scopes(&resource.scopes))])
                .await?;
        }
        Gate::OperationNotPermitted
        | Gate::CallNotRead
        | Gate::OperationsNotEnforced
        | Gate::ArgumentsNotRead
        | Gate::ArgumentOutOfBounds => {
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
                    let alike = GateFact::Operations(alike.take(OPERATIONS).collect());
                    let enforced = GateFact::Enforcement(resource.operation_enforcement);
                    vec![("operations", alike), ("operation_enforcement", enforced)]
                })
                .await?;
        }
        Gate::SessionInactive | Gate::SessionRequired => facts.session().await?,
        Gate::ResourceOutsideDelegation
        | Gate::DelegationTtlExceeded
        | Gate::ScopeExceedsDelegation
        | Gate::DelegationInactive
        | Gate::DelegationNotHeld
        | Gate::DelegationSessionInactive
        | Gate::DelegationApplicationInactive
        | Gate::DelegationChainBroken
        | Gate::DelegationExceedsParentAuthority => {
            facts.requested("scopes", "requested_scopes");
            facts.delegation().await?;
            facts.session().await?;
        }
        Gate::AuthorityRecordInactive
        | Gate::Revoked
        | Gate::SessionRevoked
        | Gate::LifetimeExhausted
        | Gate::CredentialExpiring => {
            facts.session().await?;
            facts.delegation().await?;
        }
        Gate::ZoneFrozen => facts.zone().await?,
        Gate::ApprovalRequired
        | Gate::ApprovalRejected
        | Gate::ApprovalExpired
        | Gate::ApprovalAlreadyConsumed
        | Gate::ApprovalWithdrawn
        | Gate::ApprovalOfOtherResource
        | Gate::ApprovalOfOtherSession
        | Gate::ApprovalOfOtherOperation
        | Gate::ApprovalOfOtherArguments
        | Gate::ApprovalOfOtherPolicy
        | Gate::ApprovalInvalid => facts.approval().await?,
        Gate::ProviderUnavailable
        | Gate::CredentialNotProvisioned
        | Gate::CredentialInjectionDenied
        | Gate::NoProviderConnection
        | Gate::ReauthorizationRequired => facts.provider().await?,
        Gate::TokenReplay
        | Gate::ReplayStateLost
        | Gate::Expired
        | Gate::SignatureInvalid
        | Gate::WrongIssuer
        | Gate::WrongAudience
        | Gate::WrongZone
        | Gate::WrongUse
        | Gate::LifetimeTooLong
        | Gate::GatewayRequired => facts.mandate(),
        Gate::BudgetExhausted => facts.budget(),
        // Of a policy that nobody can rely on, the denial says all there is.
        Gate::MalformedArgumentData | Gate::MalformedBudgetData | Gate::MalformedOperationRisk => {}
    }
    Ok(facts.found)
}

struct Facts<'c> {
    told: &'c RefusalFacts<'c>,
    work: Box<dyn ZoneWork>,
    found: Vec<DataRead>,
}

impl Facts<'_> {
    fn add(&mut self, data: &'static str, name: Option<&str>, value: impl Serialize) {
        self.found.push(DataRead::new(data, name, value));
    }

    /// A member of the event that says what was asked for.
    fn requested(&mut self, name: &'static str, member: &str) {
        if let Some(value) = self.told.value(member) {
            self.add("request", Some(name), value);
        }
    }

    fn operation(&mut self) {
        let of = |name| self.told.value(name);
        let asked = GateFact::Call {
            method: of("method"),
            path: of("path"),
            call: of("call"),
        };
        self.add("request", Some("operation"), asked);
        // What the operation needs, where it is declared and the mandate lacks it.
        self.requested("scope_of_operation", "scope");
    }

    fn mandate(&mut self) {
        if let Some(jti) = self.told.value("jti") {
            self.add("mandate", Some("jti"), jti);
        }
    }

    /// What the budget has and what was used of it, as it was when the call was refused.
    fn budget(&mut self) {
        let budget = self.told.details;
        let operation = budget.get("operation").and_then(Value::as_str);
        self.add("budget", operation, budget);
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
        members: impl Fn(&Resource) -> Vec<(&'static str, GateFact<'_>)>,
    ) -> Result<(), Refusal> {
        let found = self.found_resource().await?;
        let members = found.as_ref().map(members).unwrap_or_default();
        if members.is_empty() {
            let row = found
                .as_ref()
                .map(|resource| GateFact::Resource { id: &resource.id });
            self.add("resource", self.told.text("resource"), row);
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
        let told = session.as_ref().map(|session| GateFact::Session {
            status: session.status,
            application_id: &session.application_id,
            ends_at: session.ends_at(),
            terminated_at: session.terminated_at,
            termination_reason: session.termination_reason.as_deref(),
        });
        self.add("session", Some(id.as_str()), told);
        let Some(session) = session else { return Ok(()) };
        let id = &session.subject_authority_record_id;
        let record = self.work.authority_records().get(id).await?;
        let told = record.as_ref().map(|record| GateFact::AuthorityRecord {
            status: record.status,
            expires_at: record.expires_at,
            revoked_at: record.revoked_at,
            revoked_reason: record.revoked_reason.as_deref(),
        });
        self.add("authority_record", Some(id.as_str()), told);
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
        let told = delegation.as_ref().map(|delegation| GateFact::Delegation {
            status: delegation.status,
            scopes: &delegation.scopes,
            resource_id: delegation.resource_id.as_ref(),
            constraints: &delegation.constraints,
            expires_at: delegation.expires_at,
            revoked_at: delegation.revoked_at,
            target_session_id: &delegation.target_session_id,
        });
        self.add("delegation", Some(id.as_str()), told);
        Ok(())
    }

    async fn zone(&mut self) -> Result<(), Refusal> {
        let zone = self.work.zone().await?;
        let since = zone.and_then(|zone| zone.frozen_at);
        self.add("zone", Some("frozen_at"), GateFact::Frozen(since));
        Ok(())
    }

    async fn approval(&mut self) -> Result<(), Refusal> {
        let Some(id) = self.told.id("challenge_id", |id| ApprovalId::parse(id).ok()) else {
            return Ok(());
        };
        let approval = self.work.approvals().get(&id).await?;
        let told = approval.as_ref().map(|approval| GateFact::Approval {
            tier: &approval.tier,
            expires_at: approval.expires_at,
            approvals_required: approval.approvals_required,
            approvals_given: approval.approvals_given,
            rejected_at: approval.rejected_at,
            consumed_at: approval.consumed_at,
            withdrawn_at: approval.withdrawn_at,
        });
        self.add("approval", Some(id.as_str()), told);
        Ok(())
    }

    async fn provider(&mut self) -> Result<(), Refusal> {
        let Some(resource) = self.found_resource().await? else {
            self.add("resource", self.told.text("resource"), Value::Null);
            return Ok(());
        };
        let id = resource.credential_provider_id;
        let provider = self.work.providers().get(&id).await?;
        let told = provider.as_ref().map(|provider| GateFact::Provider {
            identifier: &provider.identifier,
            kind: provider.kind,
            secret_config_keys: &provider.secret_config_keys,
            archived_at: provider.archived_at,
            connectivity_failed_at: provider.connectivity_failed_at,
        });
        self.add("provider", Some(id.as_str()), told);
        Ok(())
    }
}
