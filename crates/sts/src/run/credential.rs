//! The credential of one variable: facts first, then policy, then a person where policy says so, the credential last.

use std::sync::Arc;

use caracal_authz::{Action, DecisionInput, PolicySnapshot, PrincipalInput, PrincipalKind};
use caracal_core::{
    ApprovalId, ScopeSet,
    entity::{ProviderConfig, WorkloadBinding, provider_config::CredentialConfig},
};
use caracal_lifecycle::approvals::{Circumstances, Request, Use};
use caracal_service::{Refusal, zones::ResourceState};
use caracal_wire::{ErrorCode, run::Credential, sts::DenialReason};

use super::Launch;
use crate::{
    authenticate::unavailable,
    case::Context,
    decide::{Denied, Granted, Outcome, conclude, thawed},
    evidence::{About, Metadata, OfLaunch},
    hold::Release,
    pipeline::{ExchangeKind, run},
    stopped::Stopped,
};

/// Which variable is asked for.
pub(crate) struct CredentialRequest<'w> {
    pub(crate) env: &'w str,
    pub(crate) approval_id: Option<&'w ApprovalId>,
}

/// Gives a workload the credential of one of its variables.
///
/// # Errors
/// 404 for a variable or a resource that is not there; 401 with the hold where a person has to approve first; 403 where
/// the provider or policy does not allow it; 409 when the approval was used; 502 when the credential cannot be had. Every
/// denial is in the spool already.
pub(crate) async fn credential(
    launch: &Launch<'_>,
    wanted: &CredentialRequest<'_>,
) -> Result<Credential, Refusal> {
    let bindings = &launch.workload.bindings;
    let binding = bindings.iter().find(|binding| binding.env == wanted.env);
    let resource = binding.and_then(|binding| launch.zone.resource(&binding.resource));
    let named = binding
        .map(|binding| binding.scopes.as_slice())
        .unwrap_or_default();
    let scopes = match resource {
        // None named means all that the resource has: what is not named is not exempt from policy.
        Some(resource) if named.is_empty() => resource.resource.scopes.clone(),
        Some(_) | None => named
            .iter()
            .map(|scope| Arc::<str>::from(scope.as_str()))
            .collect(),
    };
    let exchange = CredentialExchange {
        launch,
        wanted,
        binding,
        resource,
        scopes,
    };
    Ok(run(&exchange).await?.issued)
}

/// The exchange of a workload's secret for the credential of an upstream.
struct CredentialExchange<'c> {
    launch: &'c Launch<'c>,
    wanted: &'c CredentialRequest<'c>,
    /// The variable, where there is one of the name.
    binding: Option<&'c WorkloadBinding>,
    /// Its resource, where it is there.
    resource: Option<&'c Arc<ResourceState>>,
    /// What it asks for.
    scopes: ScopeSet,
}

impl<'c> ExchangeKind for CredentialExchange<'c> {
    /// The resource: a workload acts for itself alone.
    type Actor = &'c Arc<ResourceState>;
    type Granted = Granted;
    type Issued = Credential;
    const BROKERS: bool = true;

    fn context(&self) -> Context<'_> {
        self.launch.context()
    }

    fn class(&self) -> &'static str {
        "run"
    }

    async fn admit(&self) -> Result<(), Refusal> {
        self.launch.count("run-credential").await
    }

    /// What does not depend on policy.
    async fn resolve(&self) -> Result<&'c Arc<ResourceState>, Stopped> {
        thawed(self.context())?;
        if self.binding.is_none() {
            let unknown = Refusal::of(ErrorCode::ResourceNotFound);
            return Err(unknown.describe("the workload has no such variable").into());
        }
        let denied = |reason: DenialReason, code: ErrorCode, text: &'static str| {
            Stopped::denied(Refusal::of(code).describe(text).reason(reason), reason)
        };
        let resource = self.resource.ok_or_else(|| {
            let text = "the resource of the variable is not there";
            denied(DenialReason::ResourceNotFound, ErrorCode::ResourceNotFound, text)
        })?;
        let forbidden = |reason, text| Err(denied(reason, ErrorCode::AccessDenied, text));
        if !self.scopes.is_subset(&resource.resource.scopes) {
            let text = "the resource does not declare a scope of the variable";
            return forbidden(DenialReason::ScopeMismatch, text);
        }
        let config = resource.provider.as_ref();
        let config = config.and_then(|provider| provider.config.as_ref());
        let Some(config) = config else {
            let text = "the provider of the resource is not available";
            return forbidden(DenialReason::ProviderUnavailable, text);
        };
        match not_let_out(config) {
            None => Ok(resource),
            Some(reason) => {
                let text = "the provider of the resource does not let its credential out to workloads";
                forbidden(reason, text)
            }
        }
    }

    fn targets(&self) -> impl Iterator<Item = &str> {
        // The variable may name it by its id.
        let resource = self.resource.map(|state| state.resource.identifier.as_str());
        std::iter::once(resource.unwrap_or_default())
    }

    fn decide(
        &self,
        policy: &PolicySnapshot,
        resource: &&'c Arc<ResourceState>,
        target: &str,
    ) -> Outcome<Granted> {
        conclude(policy, resource, &self.asked_of_policy(target))
    }

    fn input<'i>(&'i self, _: &'i &'c Arc<ResourceState>, target: &'i str) -> Option<DecisionInput<'i>> {
        Some(self.asked_of_policy(target))
    }

    fn presented(&self) -> Option<&ApprovalId> {
        self.wanted.approval_id
    }

    fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter()
    }

    fn to_approve<'r>(
        &'r self,
        _: &'r &'c Arc<ResourceState>,
        resources: &'r [&'r str],
        scopes: &'r [&'r str],
    ) -> Option<(Request<'r>, Circumstances<'r>)> {
        let request = Request {
            principal_id: self.launch.workload.id.as_str(),
            application_id: None,
            record_id: None,
            session_id: None,
            delegation_id: None,
            resources,
            scopes,
            policy: self.context().policy().identity(),
            call: None,
        };
        let circumstances = Circumstances {
            workload: Some((self.wanted.env, &self.launch.workload.name)),
            ..Circumstances::default()
        };
        Some((request, circumstances))
    }

    /// Uses the approval up, once the credential is there.
    async fn issue(
        &self,
        _: &&'c Arc<ResourceState>,
        outcomes: &[Outcome<Granted>],
        release: Option<&Release>,
    ) -> Result<Credential, Stopped> {
        let granted = outcomes.iter().flatten().next();
        let directive = granted.and_then(|granted| granted.directive.as_ref());
        let directive = directive.ok_or_else(unavailable)?;
        // What is let out has one.
        let secret = directive.provider_token.as_ref().ok_or_else(unavailable)?;
        if let Some(release) = release {
            let Context { deps, request_id, .. } = self.context();
            release.consume(deps, request_id, Use::Credential).await?;
        }
        Ok(Credential {
            env: self.wanted.env.to_owned(),
            credential: secret.expose().to_owned(),
            expires_at: directive.expires_at,
        })
    }

    /// What policy says, without the details that a program keeps to itself.
    fn refusal(&self, denied: &Denied) -> Refusal {
        denied.refusal().without_details()
    }

    fn metadata<'e>(&'e self, about: &About<'e, Self::Actor, Credential>) -> Metadata<'e> {
        Metadata::Launch(OfLaunch {
            env: self.binding.map(|binding| binding.env.as_str()),
            resource: self.binding.map(|binding| binding.resource.as_str()),
            requested_scopes: self.binding.map(|_| &self.scopes),
            ..self.launch.metadata(about)
        })
    }
}

impl CredentialExchange<'_> {
    fn asked_of_policy<'i>(&'i self, resource: &'i str) -> DecisionInput<'i> {
        let launch = self.launch;
        DecisionInput {
            principal: PrincipalInput {
                kind: PrincipalKind::Workload,
                id: launch.workload.id.as_str(),
                zone_id: launch.zone.zone.id.as_str(),
                session_id: None,
                labels: &[],
            },
            resource,
            action: Action::CredentialInjection,
            requested_scopes: &self.scopes,
            delegation: None,
            presented: None,
        }
    }
}

/// Why a provider's credential is not for workloads, where it is not.
fn not_let_out(config: &ProviderConfig) -> Option<DenialReason> {
    let lets_out = |common: &CredentialConfig| common.allow_runtime_injection == Some(true);
    match config {
        ProviderConfig::ApiKey(config) if lets_out(&config.common) => None,
        ProviderConfig::BearerToken(config) if lets_out(&config.common) => None,
        ProviderConfig::ClientCredentials(config) if lets_out(&config.client.common) => None,
        ProviderConfig::ApiKey(_)
        | ProviderConfig::BearerToken(_)
        | ProviderConfig::HttpBasic(_)
        | ProviderConfig::ClientCredentials(_)
        // What a person lets us have is theirs; a program would keep it.
        | ProviderConfig::AuthorizationCode(_)
        | ProviderConfig::CaracalMandate(_) => Some(DenialReason::CredentialInjectionDenied),
        ProviderConfig::None(_) => Some(DenialReason::CredentialNotProvisioned),
    }
}
