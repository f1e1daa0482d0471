//! What became of one resource, and what its caller is told of it.

use std::sync::Arc;

use caracal_authz::{Decision, approval::ApprovalTier, remedy::details_to_asker};
use caracal_lifecycle::budgets::{Holders, Spending};
use caracal_service::{Refusal, zones::ResourceState};
use caracal_wire::{
    ErrorCode,
    sts::{DenialDetails, DenialReason, UpstreamDirective},
};
use serde_json::Value;

use crate::{grant::Grant, stopped::status_for};

/// A resource that was granted.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) resource: Arc<ResourceState>,
    pub(crate) decision: Decision,
    /// Tiers that this very call falls under. They are no part of the recorded decision, as arguments are none.
    pub(crate) gates: Vec<ApprovalTier>,
    /// What this very call takes out of budgets. It is no part of the recorded decision either.
    pub(crate) spending: Vec<Spending>,
    /// Whose budgets that comes out of, once they were looked up.
    pub(crate) holders: Holders,
    /// How the Gateway gets through, once brokered.
    pub(crate) directive: Option<UpstreamDirective>,
}

/// A resource that was refused.
#[derive(Debug)]
pub(crate) struct Denied {
    /// As the caller named it.
    pub(crate) resource: String,
    /// How far it got.
    pub(crate) stage: Stage,
    /// Machine-readable reason.
    pub(crate) reason: DenialReason,
    /// What the reason is about.
    pub(crate) details: Value,
    /// The decision, when policy decided.
    pub(crate) decision: Option<Decision>,
}

/// Where a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Outside policy.
    Facts,
    /// Policy decided.
    Policy,
    /// Policy allowed it with an approval that was not given.
    Approval,
}

impl Denied {
    /// Refuses for what policy is not asked about.
    pub(crate) fn of_facts(resource: &str, reason: DenialReason, details: impl Into<Value>) -> Box<Self> {
        Box::new(Self {
            resource: resource.to_owned(),
            stage: Stage::Facts,
            reason,
            details: details.into(),
            decision: None,
        })
    }

    /// Whether policy refused it: by its decision, or by what it says of a call beside that.
    pub(crate) const fn is_of_policy(&self) -> bool {
        let beside = matches!(
            self.reason,
            DenialReason::ArgumentOutOfBounds
                | DenialReason::ArgumentsNotRead
                | DenialReason::MalformedArgumentData
                | DenialReason::OperationsNotEnforced
                | DenialReason::MalformedOperationRisk
                | DenialReason::CallNotRead
                | DenialReason::MalformedBudgetData
        );
        match self.stage {
            Stage::Policy => true,
            Stage::Facts => beside,
            Stage::Approval => false,
        }
    }

    /// The status in its evidence.
    pub(crate) const fn status(&self) -> &'static str {
        match self.stage {
            Stage::Facts => self.reason.as_str(),
            Stage::Policy => "complete",
            Stage::Approval => status_for(self.reason),
        }
    }

    /// The refusal that an answer tells of: the first of policy, else the first.
    pub(crate) fn told<G>(outcomes: &[Outcome<G>]) -> Option<&Self> {
        let denied = || {
            outcomes
                .iter()
                .filter_map(|outcome| outcome.as_ref().err())
                .map(AsRef::as_ref)
        };
        let decided = denied().find(|denied: &&Self| denied.stage == Stage::Policy);
        decided.or_else(|| denied().next())
    }

    /// 403 with the reason in the text clients know, and all of it machine-readable.
    pub(crate) fn refusal(&self) -> Refusal {
        let forbidden = Refusal::of(ErrorCode::AccessDenied);
        match (self.stage, self.reason) {
            (Stage::Facts, DenialReason::OperationNotPermitted) => {
                Refusal::of(ErrorCode::OperationNotPermitted)
                    .describe("operation is not declared for the resource or its scope is not in the mandate")
                    .reason(self.reason)
                    .with_details(&self.details)
            }
            (Stage::Facts, DenialReason::ProviderUnavailable) => Refusal::of(ErrorCode::HttpRequestFailed)
                .describe("the upstream credential is not available")
                .reason(self.reason),
            (Stage::Facts, DenialReason::NoProviderConnection | DenialReason::ReauthorizationRequired) => {
                forbidden
                    .describe("a person has to connect an account of the upstream")
                    .reason(self.reason)
                    .with_details(&self.explained())
            }
            (_, reason) if self.is_of_policy() => forbidden
                .describe(format!("policy denied ({})", reason.as_str()))
                .reason(reason)
                .with_details(&self.explained()),
            (Stage::Policy | Stage::Facts | Stage::Approval, reason) => forbidden
                .describe("policy denied")
                .reason(reason)
                .with_details(&self.explained()),
        }
    }

    fn explained(&self) -> DenialDetails {
        DenialDetails {
            resource: self.resource.clone(),
            explanation: self.told_details(),
        }
    }

    /// What the reason is about, as the asker is told it; the evidence has all of it.
    pub(crate) fn told_details(&self) -> Value {
        match self.decision.as_ref().and_then(|decision| decision.reason) {
            Some(reason) => details_to_asker(reason, &self.details),
            None => self.details.clone(),
        }
    }
}

impl Grant for Granted {
    fn decision(&self) -> Option<&Decision> {
        Some(&self.decision)
    }

    fn resource(&self) -> Option<&ResourceState> {
        Some(&self.resource)
    }

    fn tiers_of_call(&self) -> &[ApprovalTier] {
        &self.gates
    }

    fn carry(&mut self, directive: UpstreamDirective) {
        self.directive = Some(directive);
    }
}

/// What became of one resource.
pub(crate) type Outcome<T> = Result<T, Box<Denied>>;
