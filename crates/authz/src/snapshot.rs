//! A zone's policy, indexed for decisions. Immutable once built; shared behind an `Arc`.

mod index;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use caracal_core::{Operation, PolicySetId, PolicySetVersionId, ScopeSet};
use serde_json::Value;
use smallvec::SmallVec;

use crate::{
    approval::ApprovalTier,
    document::{
        ArgumentBound, ArgumentDenial, Budget, OperationRisk, Origins, PolicyDocuments, Sources, elements,
        is_collection,
    },
    operations::MCP,
};

use index::{
    index_arguments, index_budgets, index_confinement, index_grants, index_keys, index_operation_risk,
    index_risk, index_tiers,
};
pub(crate) use index::{restriction_reasons, restriction_text};

/// Which policy a decision was made with, as audit events record it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PolicyIdentity {
    /// The active policy set.
    pub policy_set_id: Option<PolicySetId>,
    /// Its active version.
    pub policy_set_version_id: Option<PolicySetVersionId>,
    /// Lower-case hex SHA-256 of that version's manifest, or `no_active_policy_set`.
    pub manifest_sha256: Arc<str>,
}

/// What kind of policy a snapshot holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    Active,
    NoActivePolicySet,
    Unusable(Arc<str>),
}

/// Who holds what at one resource.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) application: Box<str>,
    pub(crate) roles: HashMap<Box<str>, ScopeSet>,
    /// `caracal-<application key>-mint` and `…-use`, built once.
    pub(crate) mint_policy: Arc<str>,
    pub(crate) use_policy: Arc<str>,
    /// The owner's policies that state it.
    pub(crate) sources: Sources,
}

/// `confinement`, or that it cannot be relied on.
#[derive(Debug)]
pub(crate) enum Confinement {
    Rules(Vec<(Box<str>, ScopeSet)>),
    Malformed,
}

/// Bounds by resource; `None` when one of them cannot be relied on.
type ArgumentBounds = Option<HashMap<Box<str>, Vec<ArgumentBound>>>;

/// Tiers that operations fall under, by resource; `None` when one of them cannot be relied on.
type OperationRisks = Option<HashMap<Box<str>, Vec<OperationRisk>>>;

/// Budgets by resource; `None` when one of them cannot be relied on.
type Budgets = Option<HashMap<Box<str>, Vec<Arc<Budget>>>>;

/// `budgets` cannot be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the zone's budgets are malformed")]
pub struct MalformedBudgets;

/// `operation_risk` or `approval_tiers` cannot be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the zone's tiers of operations are malformed")]
pub struct MalformedOperationRisk;

/// A zone's policy, ready to decide with.
#[derive(Debug)]
pub struct PolicySnapshot {
    pub(crate) identity: PolicyIdentity,
    pub(crate) state: State,
    /// Keys by application id.
    pub(crate) keys: HashMap<Box<str>, HashSet<Box<str>>>,
    /// Grants by resource identifier.
    pub(crate) grants: HashMap<Box<str>, Grant>,
    pub(crate) confinement: Confinement,
    pub(crate) restricted: bool,
    reasons: Vec<String>,
    /// Tier by scope; `None` when the document is malformed or contradicts itself.
    pub(crate) risk: Option<HashMap<Arc<str>, Arc<str>>>,
    /// Declarations by tier, in reading order; `None` when the document is malformed.
    pub(crate) tiers: Option<HashMap<Arc<str>, Vec<ApprovalTier>>>,
    /// Bounds on arguments; `None` when the document is malformed.
    arguments: ArgumentBounds,
    /// Tiers of operations; `None` when the document is malformed.
    operation_risk: OperationRisks,
    /// Budgets; `None` when the document is malformed.
    budgets: Budgets,
    pub(crate) bootstrap_policy: Arc<str>,
    pub(crate) workload_policy: Arc<str>,
    pub(crate) origins: Origins,
}

impl PolicySnapshot {
    /// Indexes `documents`.
    ///
    /// It never fails: data that [`PolicyDocuments::check`] would have refused and that still arrives here denies
    /// what depends on it.
    pub fn build(identity: PolicyIdentity, documents: &PolicyDocuments) -> Self {
        Self {
            identity,
            state: State::Active,
            keys: documents.app_ids.as_ref().map(index_keys).unwrap_or_default(),
            grants: (documents.grants.as_ref())
                .map(|grants| index_grants(grants, &documents.origins))
                .unwrap_or_default(),
            confinement: documents
                .confinement
                .as_ref()
                .map_or(Confinement::Rules(Vec::new()), index_confinement),
            restricted: documents
                .restrict
                .as_ref()
                .is_some_and(|reasons| !is_collection(reasons) || elements(reasons).next().is_some()),
            reasons: documents
                .restrict
                .as_ref()
                .map(restriction_reasons)
                .unwrap_or_default(),
            risk: documents.risk.as_ref().map_or_else(
                || Some(HashMap::new()),
                |risk| index_risk(risk, documents.approval_tiers.as_ref()),
            ),
            tiers: documents
                .approval_tiers
                .as_ref()
                .map_or_else(|| Some(HashMap::new()), index_tiers),
            arguments: documents
                .arguments
                .as_ref()
                .map_or_else(|| Some(HashMap::new()), index_arguments),
            operation_risk: documents.operation_risk.as_ref().map_or_else(
                || Some(HashMap::new()),
                |risk| index_operation_risk(risk, documents.approval_tiers.as_ref()),
            ),
            budgets: documents
                .budgets
                .as_ref()
                .map_or_else(|| Some(HashMap::new()), index_budgets),
            bootstrap_policy: "caracal-bootstrap".into(),
            workload_policy: "caracal-workload-mint".into(),
            origins: documents.origins.clone(),
        }
    }

    /// The snapshot of a zone without an active policy set. It denies everything.
    pub fn no_active_policy_set() -> Self {
        let identity = PolicyIdentity {
            manifest_sha256: "no_active_policy_set".into(),
            ..PolicyIdentity::default()
        };
        Self {
            state: State::NoActivePolicySet,
            ..Self::build(identity, &PolicyDocuments::default())
        }
    }

    /// The snapshot of a zone whose policy could not be read. It denies everything; callers should answer
    /// "unavailable" rather than "denied", see [`PolicySnapshot::unusable_reason`].
    pub fn unusable(identity: PolicyIdentity, reason: &str) -> Self {
        Self {
            state: State::Unusable(reason.into()),
            ..Self::build(identity, &PolicyDocuments::default())
        }
    }

    /// Which policy this is.
    pub fn identity(&self) -> &PolicyIdentity {
        &self.identity
    }

    /// Why the policy cannot be used, when it cannot. For operators, not for clients.
    pub fn unusable_reason(&self) -> Option<&str> {
        match &self.state {
            State::Unusable(reason) => Some(reason),
            State::Active | State::NoActivePolicySet => None,
        }
    }

    /// Why everything is restricted, when it is.
    pub fn restriction_reasons(&self) -> &[String] {
        &self.reasons
    }

    /// Whether arguments of calls to tools of `resource` are bounded, or may be and cannot be read.
    pub fn bounds_arguments(&self, resource: &str) -> bool {
        self.arguments
            .as_ref()
            .is_none_or(|bounds| bounds.contains_key(resource))
    }

    /// Whether a call to `tool` of `resource` with `arguments` is within every bound that is about it.
    ///
    /// # Errors
    /// The first bound, as they stand in the document, that it is not within.
    pub fn check_arguments(
        &self,
        resource: &str,
        tool: &str,
        arguments: &Value,
    ) -> Result<(), ArgumentDenial> {
        let bounds = self.arguments.as_ref().ok_or(ArgumentDenial::Malformed)?;
        let mut bounds = bounds.get(resource).into_iter().flatten();
        bounds.try_for_each(|bound| {
            if bound.is_about(tool) {
                bound.check(arguments)
            } else {
                Ok(())
            }
        })
    }

    /// Whether operations of `resource` fall under tiers, or may and it cannot be told.
    pub fn gates_operations(&self, resource: &str) -> bool {
        self.operation_risk
            .as_ref()
            .is_none_or(|risks| risks.contains_key(resource))
    }

    /// The tiers that a call of `operation` at `resource` falls under, sorted, without repeats. When there are any, this
    /// very call must wait for a person.
    ///
    /// # Errors
    /// [`MalformedOperationRisk`]: no call can be allowed.
    pub fn operation_tiers(
        &self,
        resource: &str,
        operation: &Operation,
    ) -> Result<SmallVec<[ApprovalTier; 1]>, MalformedOperationRisk> {
        let risks = self.operation_risk.as_ref().ok_or(MalformedOperationRisk)?;
        let mut gates = SmallVec::new();
        for risk in risks.get(resource).into_iter().flatten() {
            if !risk.is_met_by(operation) {
                continue;
            }
            let tiers = self.tiers.as_ref().ok_or(MalformedOperationRisk)?;
            let declared = tiers.get(risk.tier()).ok_or(MalformedOperationRisk)?;
            for declared in declared {
                if !gates.contains(declared) {
                    gates.push(declared.clone());
                }
            }
        }
        gates.sort_by(|left, right| left.sort_key().cmp(&right.sort_key()));
        Ok(gates)
    }

    /// Whether calls to `resource` are counted, or may be and it cannot be told.
    pub fn counts_calls(&self, resource: &str) -> bool {
        self.budgets
            .as_ref()
            .is_none_or(|budgets| budgets.contains_key(resource))
    }

    /// Whether messages to an MCP server at `resource` are counted.
    pub fn counts_messages(&self, resource: &str) -> bool {
        let budgets = self.budgets.as_ref().and_then(|budgets| budgets.get(resource));
        budgets.into_iter().flatten().any(|budget| budget.method() == MCP)
    }

    /// The budgets that a call of `operation` at `resource` takes from, as they stand in the document.
    ///
    /// # Errors
    /// [`MalformedBudgets`]: no call can be allowed.
    pub fn budgets(
        &self,
        resource: &str,
        operation: &Operation,
    ) -> Result<SmallVec<[Arc<Budget>; 1]>, MalformedBudgets> {
        let budgets = self.budgets.as_ref().ok_or(MalformedBudgets)?;
        let budgets = budgets.get(resource).into_iter().flatten();
        Ok(budgets
            .filter(|budget| budget.is_met_by(operation))
            .cloned()
            .collect())
    }

    /// The grant of `resource`, if `principal` owns it.
    pub(crate) fn owned_grant(&self, principal: &str, resource: &str) -> Option<&Grant> {
        let grant = self.grants.get(resource)?;
        self.keys
            .get(principal)?
            .contains(&grant.application)
            .then_some(grant)
    }
}
