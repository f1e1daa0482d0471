//! Which resources a delegation is for.

use std::sync::Arc;

use caracal_authz::narrow::{Authority, ResourceBound};
use caracal_core::{ResourceId, ScopeSet, entity::Resource};
use caracal_wire::{
    ErrorCode,
    coordinator::delegations::{ResourceDetails, ScopeDetails},
};

use super::{ResourceLookup, lineage::identifier_of, new_delegation::NewDelegation};
use crate::Denial;

/// The resource bound of a delegation about to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bound {
    /// The one resource, by row.
    pub(super) resource_id: Option<ResourceId>,
    /// The listed ones, by identifier.
    pub(super) listed: Vec<Arc<str>>,
}

impl Bound {
    /// What the request names. Every name must be a registered resource, and a `resource_id` next to a list must
    /// be on it.
    pub(super) fn of(resources: ResourceLookup<'_>, asked: &NewDelegation) -> Result<Self, Denial> {
        let one = asked
            .resource
            .as_deref()
            .map(|name| resource(resources, name))
            .transpose()?;
        let listed: Vec<Arc<str>> = asked
            .constraints
            .resources
            .iter()
            .map(|name| resource(resources, name).map(|resource| resource.identifier.as_str().into()))
            .collect::<Result<_, _>>()?;
        let on_list = |resource: &Resource| {
            listed
                .iter()
                .any(|identifier| **identifier == *resource.identifier)
        };
        if one.is_some_and(|one| !listed.is_empty() && !on_list(one)) {
            return Err(Denial::of(ErrorCode::DelegationResourceScopeMismatch)
                .describe("resource_id is not among constraints.resources"));
        }
        Ok(Self {
            resource_id: one.map(|resource| resource.id.clone()),
            listed,
        })
    }

    /// Whether nothing is named.
    pub(super) fn is_open(&self) -> bool {
        self.resource_id.is_none() && self.listed.is_empty()
    }

    /// Whoever narrows without naming a resource means the ones it holds: the parent's bound, where it has one.
    pub(super) fn or_of_parent(self, parent: &Authority, parent_resource: Option<&ResourceId>) -> Self {
        if !self.is_open() {
            return self;
        }
        match (parent_resource, parent.resources()) {
            (Some(id), _) => Self {
                resource_id: Some(id.clone()),
                listed: Vec::new(),
            },
            (None, ResourceBound::Only(identifiers)) => Self {
                resource_id: None,
                listed: identifiers.iter().cloned().collect(),
            },
            (None, ResourceBound::Any) => self,
        }
    }

    /// The identifier of the one resource.
    pub(super) fn identifier(&self, resources: ResourceLookup<'_>) -> Option<Arc<str>> {
        self.resource_id
            .as_ref()
            .and_then(|id| identifier_of(resources, id))
    }

    /// Scopes that none of the resources declares cannot be handed on for them.
    pub(super) fn check_scopes(
        &self,
        resources: ResourceLookup<'_>,
        scopes: &ScopeSet,
    ) -> Result<(), Denial> {
        if self.is_open() {
            return Ok(());
        }
        let names = match self.identifier(resources) {
            Some(one) => vec![one],
            None => self.listed.clone(),
        };
        let declared: ScopeSet = names
            .iter()
            .filter_map(|name| resources(name))
            .flat_map(|resource| resource.scopes.iter().map(Arc::<str>::from))
            .collect();
        let exceeding = scopes.difference(&declared);
        if exceeding.is_empty() {
            return Ok(());
        }
        Err(Denial::of(ErrorCode::DelegationScopesExceedResource)
            .describe("scopes that the resources do not declare cannot be handed on")
            .details(&ScopeDetails {
                rule: "resource_scopes".into(),
                exceeding,
                limit: declared,
            }))
    }
}

fn resource<'z>(resources: ResourceLookup<'z>, name: &str) -> Result<&'z Resource, Denial> {
    resources(name).ok_or_else(|| {
        let resource = name.to_owned();
        Denial::of(ErrorCode::ResourceNotFound).details(&ResourceDetails { resource })
    })
}
