//! What a decision is about, typed for the hot path, and as the input document of the decision contract.

use std::sync::Arc;

use caracal_core::{
    ScopeSet,
    audit::{Action, PrincipalKind},
};
use serde_json::{Map, Value, json};

/// Version of the input document; the only one there is.
pub const INPUT_SCHEMA_VERSION: &str = "2026-05-20";

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub struct PrincipalInput<'a> {
    /// Application or workload.
    pub kind: PrincipalKind,
    /// Its id.
    pub id: &'a str,
    /// Its zone.
    pub zone_id: &'a str,
    /// The live session it acts in; never an unproved one.
    pub session_id: Option<&'a str>,
    /// Labels of that session.
    pub labels: &'a [Arc<str>],
}

/// The delegation the principal acts under, already verified and narrowed over its whole lineage.
#[derive(Debug, Clone, Copy)]
pub struct DelegationInput<'a> {
    /// Its id.
    pub id: &'a str,
    /// The scopes its lineage leaves.
    pub scopes: &'a ScopeSet,
}

/// A verified mandate presented for use at the Gateway.
#[derive(Debug, Clone, Copy)]
pub struct PresentedMandate<'a> {
    /// The delegation it was minted under.
    pub delegation_id: Option<&'a str>,
    /// Its scopes.
    pub scopes: &'a ScopeSet,
    /// The resources it is for, by identifier.
    pub targets: &'a [Arc<str>],
}

/// One request to decide.
#[derive(Debug, Clone, Copy)]
pub struct DecisionInput<'a> {
    /// Who asks.
    pub principal: PrincipalInput<'a>,
    /// The resource, by identifier.
    pub resource: &'a str,
    /// What is asked for.
    pub action: Action,
    /// Scopes asked for; empty when a mandate is presented.
    pub requested_scopes: &'a ScopeSet,
    /// The delegation, when there is one.
    pub delegation: Option<DelegationInput<'a>>,
    /// The mandate, when one is presented.
    pub presented: Option<PresentedMandate<'a>>,
}

/// A [`DecisionInput`] that owns its parts, as read from an input document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedDecisionInput {
    pub(crate) kind: PrincipalKind,
    pub(crate) principal_id: String,
    pub(crate) zone_id: String,
    pub(crate) session_id: Option<String>,
    pub(crate) labels: Vec<Arc<str>>,
    pub(crate) resource: String,
    pub(crate) action: Action,
    pub(crate) requested_scopes: ScopeSet,
    pub(crate) delegation: Option<(String, ScopeSet)>,
    pub(crate) presented: Option<(Option<String>, ScopeSet, Vec<Arc<str>>)>,
}

impl From<&DecisionInput<'_>> for OwnedDecisionInput {
    fn from(input: &DecisionInput<'_>) -> Self {
        Self {
            kind: input.principal.kind,
            principal_id: input.principal.id.to_owned(),
            zone_id: input.principal.zone_id.to_owned(),
            session_id: input.principal.session_id.map(str::to_owned),
            labels: input.principal.labels.to_vec(),
            resource: input.resource.to_owned(),
            action: input.action,
            requested_scopes: input.requested_scopes.clone(),
            delegation: (input.delegation).map(|edge| (edge.id.to_owned(), edge.scopes.clone())),
            presented: input.presented.map(|mandate| {
                let delegation = mandate.delegation_id.map(str::to_owned);
                (delegation, mandate.scopes.clone(), mandate.targets.to_vec())
            }),
        }
    }
}

impl OwnedDecisionInput {
    /// The input to decide on.
    pub fn as_input(&self) -> DecisionInput<'_> {
        DecisionInput {
            principal: PrincipalInput {
                kind: self.kind,
                id: &self.principal_id,
                zone_id: &self.zone_id,
                session_id: self.session_id.as_deref(),
                labels: &self.labels,
            },
            resource: &self.resource,
            action: self.action,
            requested_scopes: &self.requested_scopes,
            delegation: self
                .delegation
                .as_ref()
                .map(|(id, scopes)| DelegationInput { id, scopes }),
            presented: self
                .presented
                .as_ref()
                .map(|(delegation_id, scopes, targets)| PresentedMandate {
                    delegation_id: delegation_id.as_deref(),
                    scopes,
                    targets,
                }),
        }
    }
}

/// Why an input document was refused. Paths are dotted, such as `principal.id`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// A member that every input has is absent.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A member has the wrong type or an unknown word.
    #[error("`{0}` must be {1}")]
    Invalid(&'static str, &'static str),
}

/// The input document that says the same as `input`.
pub fn input_document(input: &DecisionInput<'_>) -> Value {
    let principal = input.principal;
    let mut who = Map::new();
    who.insert("type".into(), principal.kind.as_str().into());
    who.insert("id".into(), principal.id.into());
    who.insert("zone_id".into(), principal.zone_id.into());
    let mut context = Map::new();
    context.insert(
        "actor_claims".into(),
        json!({ "caracal_client_id": principal.id }),
    );
    context.insert("challenge_resolved".into(), false.into());
    context.insert("requested_scopes".into(), scopes(input.requested_scopes));
    if let Some(session_id) = principal.session_id {
        who.insert("agent_session_id".into(), session_id.into());
        context.insert("agent_session_id".into(), session_id.into());
    }
    if !principal.labels.is_empty() {
        who.insert(
            "labels".into(),
            principal.labels.iter().map(AsRef::as_ref).collect(),
        );
    }
    if let Some(mandate) = &input.presented {
        let mut claims = Map::new();
        if let Some(id) = mandate.delegation_id {
            claims.insert("delegation_edge_id".into(), id.into());
        }
        if !mandate.scopes.is_empty() {
            claims.insert("scope".into(), mandate.scopes.to_claim().into());
        }
        if !mandate.targets.is_empty() {
            claims.insert(
                "target".into(),
                mandate.targets.iter().map(AsRef::as_ref).collect(),
            );
        }
        context.insert("subject_claims".into(), claims.into());
    }
    let mut document = json!({
        "schema_version": INPUT_SCHEMA_VERSION,
        "principal": who,
        "resource": { "type": "Resource", "id": input.resource, "identifier": input.resource, "scopes": [] },
        "action": { "id": input.action.as_str() },
    });
    if let Some(members) = document.as_object_mut() {
        if let Some(delegation) = &input.delegation {
            context.insert("delegation_edge_id".into(), delegation.id.into());
            let edge = json!({ "id": delegation.id, "scopes": scopes(delegation.scopes) });
            members.insert("delegation_edge".into(), edge);
        }
        members.insert("context".into(), context.into());
    }
    document
}

fn scopes(set: &ScopeSet) -> Value {
    set.iter().collect()
}

/// Reads an input document, for simulation. Members that no rule reads are ignored.
///
/// # Errors
/// [`InputError`] for another schema version, a missing member or one of the wrong type.
pub fn from_input_document(document: &Value) -> Result<OwnedDecisionInput, InputError> {
    let root = Node {
        path: "input",
        value: Some(document),
    };
    let root = root.object()?.ok_or(InputError::Missing("input"))?;
    let version = root.get("schema_version", "schema_version").text()?;
    match version {
        Some(INPUT_SCHEMA_VERSION) => {}
        Some(_) => return Err(InputError::Invalid("schema_version", "2026-05-20")),
        None => return Err(InputError::Missing("schema_version")),
    }
    let principal = root.get("principal", "principal").required()?;
    let kind = PrincipalKind::parse(principal.get("type", "principal.type").word()?)
        .ok_or(InputError::Invalid("principal.type", "Application or Workload"))?;
    let resource = root.get("resource", "resource").required()?;
    let action = Action::parse(
        root.get("action", "action")
            .required()?
            .get("id", "action.id")
            .word()?,
    )
    .ok_or(InputError::Invalid(
        "action.id",
        "TokenExchange or CredentialInjection",
    ))?;
    let context = root.get("context", "context").required()?;
    let delegation = match root.get("delegation_edge", "delegation_edge").object()? {
        Some(edge) => Some((
            edge.get("id", "delegation_edge.id").word()?.to_owned(),
            edge.get("scopes", "delegation_edge.scopes")
                .texts()?
                .into_iter()
                .collect(),
        )),
        None => None,
    };
    let presented = match context.get("subject_claims", "context.subject_claims").object()? {
        Some(claims) => Some((
            claims
                .get("delegation_edge_id", "context.subject_claims.delegation_edge_id")
                .text()?
                .filter(|id| !id.is_empty())
                .map(str::to_owned),
            claims
                .get("scope", "context.subject_claims.scope")
                .text()?
                .map(ScopeSet::parse)
                .unwrap_or_default(),
            claims.get("target", "context.subject_claims.target").texts()?,
        )),
        None => None,
    };
    Ok(OwnedDecisionInput {
        kind,
        principal_id: principal.get("id", "principal.id").word()?.to_owned(),
        zone_id: principal.get("zone_id", "principal.zone_id").word()?.to_owned(),
        session_id: principal
            .get("agent_session_id", "principal.agent_session_id")
            .text()?
            .filter(|id| !id.is_empty())
            .map(str::to_owned),
        labels: principal.get("labels", "principal.labels").texts()?,
        resource: resource
            .get("identifier", "resource.identifier")
            .word()?
            .to_owned(),
        action,
        requested_scopes: context
            .get("requested_scopes", "context.requested_scopes")
            .texts()?
            .into_iter()
            .collect(),
        delegation,
        presented,
    })
}

/// A member of the document that may be absent; null counts as absent.
struct Node<'a> {
    path: &'static str,
    value: Option<&'a Value>,
}

struct Object<'a>(&'a Map<String, Value>);

impl<'a> Object<'a> {
    fn get(&self, name: &str, path: &'static str) -> Node<'a> {
        Node {
            path,
            value: self.0.get(name).filter(|value| !value.is_null()),
        }
    }
}

impl<'a> Node<'a> {
    fn object(&self) -> Result<Option<Object<'a>>, InputError> {
        let Some(value) = self.value else { return Ok(None) };
        value
            .as_object()
            .map(|members| Some(Object(members)))
            .ok_or(InputError::Invalid(self.path, "an object"))
    }

    fn required(&self) -> Result<Object<'a>, InputError> {
        self.object()?.ok_or(InputError::Missing(self.path))
    }

    fn text(&self) -> Result<Option<&'a str>, InputError> {
        let Some(value) = self.value else { return Ok(None) };
        value
            .as_str()
            .map(Some)
            .ok_or(InputError::Invalid(self.path, "a string"))
    }

    fn word(&self) -> Result<&'a str, InputError> {
        self.text()?
            .filter(|text| !text.is_empty())
            .ok_or(InputError::Missing(self.path))
    }

    fn texts(&self) -> Result<Vec<Arc<str>>, InputError> {
        let Some(value) = self.value else {
            return Ok(Vec::new());
        };
        value
            .as_array()
            .and_then(|items| items.iter().map(|item| item.as_str().map(Arc::from)).collect())
            .ok_or(InputError::Invalid(self.path, "a list of strings"))
    }
}

#[cfg(test)]
mod tests;
