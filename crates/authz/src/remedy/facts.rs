//! The data that a refusal goes back to.

use caracal_core::json;
use serde::Serialize;
use serde_json::Value;

use super::case::Case;
use crate::{
    decide::DenyReason,
    document::{PolicyDocuments, confinement_rule, elements},
    input::DecisionInput,
};

/// Something that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct DataRead {
    /// A document of the policy, or `session`, `delegation`, `mandate`, `request`.
    pub data: &'static str,
    /// Which member of it.
    pub name: Option<String>,
    /// What stands there; null where nothing does.
    pub value: Value,
}

fn fact(data: &'static str, name: Option<&str>, value: impl Serialize) -> DataRead {
    DataRead {
        data,
        name: name.map(str::to_owned),
        value: json::tree(&value),
    }
}

/// What was read to refuse `input` for `reason`.
pub fn read(
    documents: Option<&PolicyDocuments>,
    input: &DecisionInput<'_>,
    reason: DenyReason,
) -> Vec<DataRead> {
    let case = Case::new(documents, input);
    let labels = || fact("session", Some("labels"), input.principal.labels);
    let requested = || fact("request", Some("scopes"), input.requested_scopes);
    let grant = || {
        let entry = case.entry().cloned().unwrap_or_default();
        fact("grants", Some(input.resource), entry)
    };
    match reason {
        DenyReason::RestrictionActive => vec![document("restrict", &case)],
        DenyReason::MalformedRiskData => vec![document("risk", &case)],
        DenyReason::MalformedApprovalData => vec![document("approval_tiers", &case)],
        DenyReason::ResourceNotGranted => vec![document("app_ids", &case), grant()],
        DenyReason::DelegationScopeExceeded => {
            let scopes = input.delegation.map(|delegation| delegation.scopes);
            let id = input.delegation.map(|delegation| delegation.id);
            vec![requested(), fact("delegation", id, scopes)]
        }
        DenyReason::ConfinementViolation => {
            let rules = case.documents.confinement.iter().flat_map(elements);
            let met = rules.filter(|rule| {
                confinement_rule(rule).is_none_or(|(prefix, _)| {
                    (input.principal.labels.iter()).any(|label| label.starts_with(prefix))
                })
            });
            let rules = fact("confinement", None, met.collect::<Vec<_>>());
            vec![requested(), labels(), rules]
        }
        DenyReason::RoleScopeMismatch => {
            let scopes = match input.presented {
                Some(mandate) => fact("mandate", Some("scopes"), mandate.scopes),
                None => requested(),
            };
            vec![scopes, labels(), grant()]
        }
        DenyReason::MandateTargetMismatch => {
            let targets = input.presented.map(|mandate| mandate.targets);
            vec![fact("mandate", Some("target"), targets)]
        }
        DenyReason::NoRuleMatched => vec![
            requested(),
            fact("session", Some("id"), input.principal.session_id),
            fact("delegation", Some("id"), input.delegation.map(|edge| edge.id)),
        ],
        DenyReason::NoActivePolicySet | DenyReason::PolicyUnusable => Vec::new(),
    }
}

/// What of a document a request meets.
fn document(name: &'static str, case: &Case) -> DataRead {
    let found = case.documents.iter().find(|(known, _)| *known == name);
    fact(
        name,
        None,
        found.map(|(_, value)| value.clone()).unwrap_or_default(),
    )
}
