//! The credential of one variable: facts first, then policy, then a person where policy says so, the credential last.

use std::sync::Arc;

use caracal_authz::{Action, Decision, DecisionInput, PrincipalInput, PrincipalKind, decide};
use caracal_core::{
    ApprovalId, ScopeSet,
    entity::{ProviderConfig, WorkloadBinding, provider_config::CredentialConfig},
};
use caracal_lifecycle::approvals::{Circumstances, Request, Use};
use caracal_service::{Refusal, zones::ResourceState};
use caracal_wire::{ErrorCode, run::Credential, sts::DenialReason};

use super::{Launch, evidence::About};
use crate::{
    broker,
    canary::Verdict,
    credentials::BrokerError,
    decide::{Denied, of_policy},
    evidence::record,
    hold::{Asking, Release, Stopped},
    metrics,
};

/// Which variable is asked for.
pub(crate) struct Wanted<'w> {
    pub(crate) env: &'w str,
    pub(crate) approval_id: Option<&'w ApprovalId>,
}

/// Gives a workload the credential of one of its variables.
///
/// # Errors
/// 404 for a variable or a resource that is not there; 401 with the hold where a person has to approve first; 403 where
/// the provider or policy does not allow it; 409 when the approval was used; 502 when the credential cannot be had.
pub(crate) async fn credential(launch: &Launch<'_>, wanted: &Wanted<'_>) -> Result<Credential, Refusal> {
    let bindings = &launch.workload.bindings;
    let binding = bindings.iter().find(|binding| binding.env == wanted.env);
    let binding = binding.ok_or_else(|| {
        Refusal::of(ErrorCode::ResourceNotFound).describe("the workload has no such variable")
    })?;
    let resource = launch.zone.resource(&binding.resource);
    let scopes: ScopeSet = match (binding.scopes.is_empty(), resource) {
        // None named means all that the resource has: what is not named is not exempt from policy.
        (true, Some(resource)) => resource.resource.scopes.clone(),
        _ => binding
            .scopes
            .iter()
            .map(|scope| Arc::<str>::from(scope.as_str()))
            .collect(),
    };
    let asked = Asked {
        launch,
        binding,
        scopes: &scopes,
    };
    let Some(resource) = resource else {
        let refusal =
            Refusal::of(ErrorCode::ResourceNotFound).describe("the resource of the variable is not there");
        return Err(asked.refuse(DenialReason::ResourceNotFound, refusal).await?);
    };
    asked.facts(resource).await?;
    let input = asked.input(resource);
    let release = match wanted.approval_id {
        Some(id) => match asked.asking(&[input.resource]).presented(id).await {
            Ok(release) => Some(release),
            Err(stopped) => return Err(asked.stopped(stopped, None).await?),
        },
        None => None,
    };
    let decision = decide(launch.policy(), &input);
    canary(launch, &input, &decision);
    let given = asked.carry_out(resource, &input, &decision, release).await;
    let shadows = &launch.deps.shadows;
    shadows.beside(&launch.zone, launch.request_id, &input, &decision, given.is_ok());
    given
}

/// Where a canary decided, counts what it said against what the version in force says.
fn canary(launch: &Launch<'_>, input: &DecisionInput<'_>, decision: &Decision) {
    let (zone, canaries) = (&launch.zone, &launch.deps.canaries);
    if let Some(canary) = canaries.met(zone, input.principal.id) {
        let in_force = Verdict::of(&decide(zone.policy_in_force(), input));
        canaries.decided(&zone.zone.id, canary, Verdict::of(decision), in_force);
    }
}

/// One variable of a workload that proved itself.
struct Asked<'a> {
    launch: &'a Launch<'a>,
    binding: &'a WorkloadBinding,
    scopes: &'a ScopeSet,
}

impl<'a> Asked<'a> {
    fn about(&self, reason: Option<DenialReason>) -> About<'_> {
        About {
            env: Some(&self.binding.env),
            resource: Some(&self.binding.resource),
            requested_scopes: Some(self.scopes),
            reason,
            ..self.launch.about()
        }
    }

    /// `refusal`, once it is written down.
    async fn refuse(&self, reason: DenialReason, refusal: Refusal) -> Result<Refusal, Refusal> {
        let event = self.launch.event(self.about(Some(reason)), reason.as_str(), None);
        record(self.launch.deps, &[event]).await?;
        metrics::exchanged("run", "denied");
        Ok(refusal.reason(reason))
    }

    /// What does not depend on policy.
    async fn facts(&self, resource: &ResourceState) -> Result<(), Refusal> {
        let forbidden = |text| Refusal::of(ErrorCode::AccessDenied).describe(text);
        let undeclared = self
            .scopes
            .iter()
            .any(|scope| !resource.resource.scopes.contains(scope));
        if undeclared {
            let refusal = forbidden("the resource does not declare a scope of the variable");
            return Err(self.refuse(DenialReason::ScopeMismatch, refusal).await?);
        }
        let config = resource
            .provider
            .as_ref()
            .and_then(|provider| provider.config.as_ref());
        let Some(config) = config else {
            let refusal = forbidden("the provider of the resource is not available");
            return Err(self.refuse(DenialReason::ProviderUnavailable, refusal).await?);
        };
        let lets_out = |common: &CredentialConfig| common.allow_runtime_injection == Some(true);
        let reason = match config {
            ProviderConfig::ApiKey(config) if lets_out(&config.common) => return Ok(()),
            ProviderConfig::BearerToken(config) if lets_out(&config.common) => return Ok(()),
            ProviderConfig::ClientCredentials(config) if lets_out(&config.client.common) => return Ok(()),
            ProviderConfig::ApiKey(_)
            | ProviderConfig::BearerToken(_)
            | ProviderConfig::HttpBasic(_)
            | ProviderConfig::ClientCredentials(_)
            // What a person lets us have is theirs; a program would keep it.
            | ProviderConfig::AuthorizationCode(_)
            | ProviderConfig::CaracalMandate => DenialReason::CredentialInjectionDenied,
            ProviderConfig::None => DenialReason::CredentialNotProvisioned,
        };
        let refusal = forbidden("the provider of the resource does not let its credential out to workloads");
        Err(self.refuse(reason, refusal).await?)
    }

    fn input(&self, resource: &'a ResourceState) -> DecisionInput<'a> {
        let launch = self.launch;
        DecisionInput {
            principal: PrincipalInput {
                kind: PrincipalKind::Workload,
                id: launch.workload.id.as_str(),
                zone_id: launch.zone.zone.id.as_str(),
                session_id: None,
                labels: &[],
            },
            resource: &resource.resource.identifier,
            action: Action::CredentialInjection,
            requested_scopes: self.scopes,
            delegation: None,
            presented: None,
        }
    }

    fn asking<'s>(&'s self, resources: &'s [&'s str]) -> Waiting<'s> {
        Waiting {
            asked: self,
            resources,
            scopes: self.scopes.iter().collect(),
        }
    }

    /// What policy said, a person included where it wants one.
    async fn carry_out(
        &self,
        resource: &ResourceState,
        input: &DecisionInput<'_>,
        decision: &Decision,
        mut release: Option<Release>,
    ) -> Result<Credential, Refusal> {
        if !decision.is_allow() {
            return Err(self.denied(input, decision).await?);
        }
        if release.is_none() && !decision.gates.is_empty() {
            match self.asking(&[input.resource]).hold(&decision.gates).await {
                Ok(found) => release = Some(found),
                Err(stopped) => return Err(self.stopped(stopped, Some((input, decision))).await?),
            }
        }
        self.give(resource, input, decision, release).await
    }

    /// The refusal of policy.
    async fn denied(&self, input: &DecisionInput<'_>, decision: &Decision) -> Result<Refusal, Refusal> {
        let reason = decision.reason.map_or(DenialReason::NoRuleMatched, of_policy);
        let about = self.about(Some(reason));
        let decided = Some((self.launch.policy(), input, decision));
        record(self.launch.deps, &[self.launch.event(about, "complete", decided)]).await?;
        metrics::exchanged("run", "denied");
        Ok(Refusal::of(ErrorCode::AccessDenied)
            .describe(format!("policy denied ({})", reason.as_str()))
            .reason(reason))
    }

    /// The refusal of a request that waits, or whose approval does not release it.
    async fn stopped(
        &self,
        stopped: Stopped,
        decided: Option<(&DecisionInput<'_>, &Decision)>,
    ) -> Result<Refusal, Refusal> {
        if let Some(reason) = stopped.reason {
            let policy = self.launch.policy();
            let decided = decided.map(|(input, decision)| (policy, input, decision));
            let about = self.about(Some(reason));
            let event = self.launch.event(about, Denied::held_as(reason), decided);
            record(self.launch.deps, &[event]).await?;
        }
        metrics::exchanged("run", "held");
        Ok(stopped.refusal)
    }

    /// Gets the credential, uses the approval up, and says so before the answer.
    async fn give(
        &self,
        resource: &ResourceState,
        input: &DecisionInput<'_>,
        decision: &Decision,
        release: Option<Release>,
    ) -> Result<Credential, Refusal> {
        let launch = self.launch;
        let directive = broker::directive(launch.deps, &launch.zone.zone.id, resource, None).await;
        let expires_at = directive.as_ref().ok().and_then(|directive| directive.expires_at);
        let secret = directive.and_then(|directive| directive.provider_token.ok_or(BrokerError::Unavailable));
        let secret = match secret {
            Ok(secret) => secret,
            Err(error) => {
                tracing::warn!(zone.id = %launch.zone.zone.id, resource.id = %resource.resource.id, %error, "credential not available");
                let refusal = Refusal::of(ErrorCode::HttpRequestFailed)
                    .describe("the upstream credential is not available");
                return Err(self.refuse(DenialReason::ProviderUnavailable, refusal).await?);
            }
        };
        if let Some(release) = &release {
            let consumed = release
                .consume(launch.deps, launch.request_id, Use::Credential)
                .await;
            if let Err(stopped) = consumed {
                return Err(self.stopped(stopped, Some((input, decision))).await?);
            }
        }
        let about = About {
            challenge_id: release.as_ref().map(Release::id),
            ..self.about(None)
        };
        let decided = Some((launch.policy(), input, decision));
        record(launch.deps, &[launch.event(about, "complete", decided)]).await?;
        metrics::exchanged("run", "allowed");
        Ok(Credential {
            env: self.binding.env.clone(),
            credential: secret.expose().to_owned(),
            expires_at,
        })
    }
}

/// A credential that waits for a person.
struct Waiting<'s> {
    asked: &'s Asked<'s>,
    resources: &'s [&'s str],
    scopes: Vec<&'s str>,
}

impl Waiting<'_> {
    fn asking(&self) -> Asking<'_> {
        let launch = self.asked.launch;
        Asking {
            deps: launch.deps,
            zone: &launch.zone.zone.id,
            request: Request {
                principal_id: launch.workload.id.as_str(),
                application_id: None,
                record_id: None,
                session_id: None,
                delegation_id: None,
                resources: self.resources,
                scopes: &self.scopes,
                policy: launch.policy().identity(),
                call: None,
            },
            circumstances: Circumstances {
                workload: Some((&self.asked.binding.env, &launch.workload.name)),
                ..Circumstances::default()
            },
            request_id: launch.request_id,
            now: launch.now,
            // The credential may have become another meanwhile.
            again: false,
        }
    }

    async fn presented(&self, id: &ApprovalId) -> Result<Release, Stopped> {
        self.asking().presented(id).await
    }

    async fn hold(&self, tiers: &[caracal_authz::approval::ApprovalTier]) -> Result<Release, Stopped> {
        self.asking().hold(tiers).await
    }
}
