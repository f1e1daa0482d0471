//! The data that a refusal goes back to.

use caracal_core::audit::DataRead;

use super::case::Case;
use crate::{
    decide::DenyReason,
    document::{PolicyDocuments, confinement_rule, elements},
    input::DecisionInput,
};

/// What was read to refuse `input` for `reason`.
pub fn read(
    documents: Option<&PolicyDocuments>,
    input: &DecisionInput<'_>,
    reason: DenyReason,
) -> Vec<DataRead> {
    let case = Case::new(documents, input);
    let labels = || DataRead::new("session", Some("labels"), input.principal.labels);
    let requested = || DataRead::new("request", Some("scopes"), input.requested_scopes);
    let grant = || {
        let entry = case.entry().cloned().unwrap_or_default();
        DataRead::new("grants", Some(input.resource), entry)
    };
    match reason {
        DenyReason::RestrictionActive => vec![document("restrict", &case)],
        DenyReason::MalformedRiskData => vec![document("risk", &case)],
        DenyReason::MalformedApprovalData => vec![document("approval_tiers", &case)],
        DenyReason::ResourceNotGranted => vec![document("app_ids", &case), grant()],
        DenyReason::DelegationScopeExceeded => {
            let scopes = input.delegation.map(|delegation| delegation.scopes);
            let id = input.delegation.map(|delegation| delegation.id);
            vec![requested(), DataRead::new("delegation", id, scopes)]
        }
        DenyReason::ConfinementViolation => {
            let rules = case.documents.confinement.iter().flat_map(elements);
            let met = rules.filter(|rule| {
                confinement_rule(rule).is_none_or(|(prefix, _)| {
                    (input.principal.labels.iter()).any(|label| label.starts_with(prefix))
                })
            });
            let rules = DataRead::new("confinement", None, met.collect::<Vec<_>>());
            vec![requested(), labels(), rules]
        }
        DenyReason::RoleScopeMismatch => {
            let scopes = match input.presented {
                Some(mandate) => DataRead::new("mandate", Some("scopes"), mandate.scopes),
                None => requested(),
            };
            vec![scopes, labels(), grant()]
        }
        DenyReason::MandateTargetMismatch => {
            let targets = input.presented.map(|mandate| mandate.targets);
            vec![DataRead::new("mandate", Some("target"), targets)]
        }
        DenyReason::NoRuleMatched => vec![
            requested(),
            DataRead::new("session", Some("id"), input.principal.session_id),
            DataRead::new("delegation", Some("id"), input.delegation.map(|edge| edge.id)),
        ],
        DenyReason::NoActivePolicySet | DenyReason::PolicyUnusable => Vec::new(),
    }
}

/// What of a document a request meets.
fn document(name: &'static str, case: &Case) -> DataRead {
    let found = case.documents.iter().find(|(known, _)| *known == name);
    DataRead::new(
        name,
        None,
        found.map(|(_, value)| value.clone()).unwrap_or_default(),
    )
}
