//! A request and the policy that it meets, to be changed and decided again.

use caracal_core::{LIFECYCLE_SCOPE, ScopeSet, audit::DataChange};
use serde_json::{Map, Value, json};

use crate::{
    decide::{Decision, decide},
    document::{PolicyDocuments, confinement_rule, grant, scope_list},
    input::{DecisionInput, OwnedDecisionInput},
    snapshot::{PolicyIdentity, PolicySnapshot, restriction_text},
};

/// Both, and nothing that the request does not meet: a zone may have thousands of grants.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) active: bool,
    pub(super) documents: PolicyDocuments,
    pub(super) input: OwnedDecisionInput,
    /// A key that no application has.
    pub(super) free_key: String,
}

impl Case {
    pub(super) fn new(documents: Option<&PolicyDocuments>, input: &DecisionInput<'_>) -> Self {
        let all = documents.map(but_grants).unwrap_or_default();
        let resource = input.resource;
        let grants = documents.and_then(|documents| documents.grants.as_ref());
        let entry = grants.and_then(|grants| grants.get(resource));
        let owner = entry
            .and_then(grant)
            .map(|(application, _)| application.to_owned());
        let app_ids = all.app_ids.as_ref();
        let taken = |key: &str| app_ids.is_some_and(|keys| keys.get(key).is_some());
        let mut free_key = input.principal.id.to_owned();
        while taken(&free_key) {
            free_key.push('-');
        }
        let met_key =
            |key: &str, id: &Value| id.as_str() == Some(input.principal.id) || owner.as_deref() == Some(key);
        let app_ids = all.app_ids.map(|keys| match keys {
            Value::Object(keys) => keys.into_iter().filter(|(key, id)| met_key(key, id)).collect(),
            malformed => malformed,
        });
        let grants = grants.map(|grants| match (grants, entry) {
            (Value::Object(_), Some(entry)) => json!({ resource: entry }),
            (Value::Object(_), None) => json!({}),
            (malformed, _) => malformed.clone(),
        });
        Self {
            active: documents.is_some(),
            documents: PolicyDocuments {
                app_ids,
                grants,
                ..all
            },
            input: input.into(),
            free_key,
        }
    }

    pub(super) fn decide(&self) -> Decision {
        let policy = if self.active {
            PolicySnapshot::build(PolicyIdentity::default(), &self.documents)
        } else {
            PolicySnapshot::no_active_policy_set()
        };
        decide(&policy, &self.input.as_input())
    }

    /// The entry of the resource in `grants`.
    pub(super) fn entry(&self) -> Option<&Value> {
        self.documents.grants.as_ref()?.get(&self.input.resource)
    }

    /// The scopes that the role `label` of the grant holds; `None` where they are no list.
    pub(super) fn role(&self, label: &str) -> Option<ScopeSet> {
        let role = self.entry().and_then(|entry| entry.get("roles")?.get(label));
        match role {
            None => Some(ScopeSet::default()),
            Some(scopes) => Some(scope_list(scopes)?.into_iter().collect()),
        }
    }

    /// The scopes that a role has to hold.
    pub(super) fn scopes(&self) -> &ScopeSet {
        match &self.input.presented {
            Some((_, scopes, _)) => scopes,
            None => &self.input.requested_scopes,
        }
    }

    /// Makes a change, as far as there is what it changes.
    pub(super) fn apply(&mut self, change: &DataChange) {
        let input = &mut self.input;
        match change {
            DataChange::ActivatePolicySet => self.active = true,
            DataChange::RemoveRestriction { reason } => match &mut self.documents.restrict {
                Some(Value::Array(reasons)) => reasons.retain(|known| restriction_text(known) != *reason),
                Some(Value::Object(reasons)) => {
                    reasons.remove(reason);
                }
                _ => {}
            },
            DataChange::AddApplicationKey { key, application_id } => {
                if let Some(keys) = object(&mut self.documents.app_ids) {
                    keys.insert(key.clone(), json!(application_id));
                }
            }
            DataChange::AddGrant {
                resource,
                application,
            } => {
                if let Some(grants) = object(&mut self.documents.grants) {
                    grants.insert(
                        resource.clone(),
                        json!({ "application": application, "roles": {} }),
                    );
                }
            }
            DataChange::MoveGrant {
                resource,
                application,
                ..
            } => {
                if let Some(entry) = self.grant_of(resource) {
                    entry.insert(String::from("application"), json!(application));
                }
            }
            DataChange::AddRoleScope {
                resource,
                label,
                scope,
            } => {
                let roles = self.grant_of(resource).map(|entry| entry.entry("roles"));
                let roles = roles.and_then(|roles| roles.or_insert_with(|| json!({})).as_object_mut());
                let role = roles.map(|roles| roles.entry(label.as_str()).or_insert_with(|| json!([])));
                if let Some(scopes) = role.and_then(Value::as_array_mut) {
                    scopes.push(json!(scope));
                }
            }
            DataChange::AddConfinementScope { label_prefix, scope } => {
                for rule in members(&mut self.documents.confinement) {
                    if confinement_rule(rule).is_some_and(|(prefix, _)| prefix == label_prefix)
                        && let Some(scopes) = rule.get_mut("scopes").and_then(Value::as_array_mut)
                    {
                        scopes.push(json!(scope));
                    }
                }
            }
            DataChange::StartSession => {
                input.session_id.get_or_insert_with(|| String::from("session"));
            }
            DataChange::AddSessionLabel { label } => input.labels.push(label.as_str().into()),
            DataChange::Delegate => {
                let scopes = || {
                    input
                        .requested_scopes
                        .iter()
                        .filter(|scope| *scope != LIFECYCLE_SCOPE)
                };
                if input.delegation.is_none() {
                    input.delegation = Some((String::from("delegation"), scopes().collect()));
                }
            }
            DataChange::AddDelegationScope { scope } => {
                if let Some((_, scopes)) = &mut input.delegation {
                    *scopes = with(scopes, scope);
                }
            }
            DataChange::MintUnderDelegation => {
                if let Some((delegation, ..)) = &mut input.presented {
                    delegation.get_or_insert_with(|| String::from("delegation"));
                }
            }
            DataChange::AddMandateTarget { resource } => {
                if let Some((_, _, targets)) = &mut input.presented {
                    targets.push(resource.as_str().into());
                }
            }
            DataChange::DropRequestedScope { scope } => {
                let others = (input.requested_scopes.iter()).filter(|other| *other != scope.as_str());
                input.requested_scopes = others.collect();
            }
            // What policy is not asked about.
            DataChange::AddDelegationResource { .. }
            | DataChange::RaiseDelegationTtl { .. }
            | DataChange::AddMandateScope { .. }
            | DataChange::MintAgain
            | DataChange::DeclareResource { .. }
            | DataChange::DeclareScope { .. }
            | DataChange::DeclareOperation { .. }
            | DataChange::ThawZone
            | DataChange::Approve
            | DataChange::BeginAgain
            | DataChange::RaiseBudget { .. }
            | DataChange::ProvideCredential { .. }
            | DataChange::ConnectAccount { .. }
            | DataChange::EnforceOperations { .. } => {}
        }
    }

    fn grant_of(&mut self, resource: &str) -> Option<&mut Map<String, Value>> {
        self.documents.grants.as_mut()?.get_mut(resource)?.as_object_mut()
    }
}

fn with(scopes: &ScopeSet, scope: &str) -> ScopeSet {
    scopes.iter().chain([scope]).collect()
}

/// The document as an object, made where there is none; nothing where it is something else.
fn object(document: &mut Option<Value>) -> Option<&mut Map<String, Value>> {
    document.get_or_insert_with(|| json!({})).as_object_mut()
}

fn members(document: &mut Option<Value>) -> Box<dyn Iterator<Item = &mut Value> + '_> {
    match document {
        Some(Value::Array(items)) => Box::new(items.iter_mut()),
        Some(Value::Object(members)) => Box::new(members.values_mut()),
        _ => Box::new(std::iter::empty()),
    }
}

/// What of the documents is copied whatever is asked.
fn but_grants(documents: &PolicyDocuments) -> PolicyDocuments {
    PolicyDocuments {
        app_ids: documents.app_ids.clone(),
        confinement: documents.confinement.clone(),
        restrict: documents.restrict.clone(),
        risk: documents.risk.clone(),
        approval_tiers: documents.approval_tiers.clone(),
        ..PolicyDocuments::default()
    }
}
