//! Resources.

use caracal_core::{
    ProviderId, ResourceId, ScopeSet, Timestamp, ZoneId,
    entity::{Attribution, DeclaredOperation, OperationEnforcement, Resource},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Line;

/// Body that makes a resource. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateResource {
    /// Display name; the identifier when absent.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub name: Option<Line<200>>,
    /// An absolute URI (RFC 8707 §2); made from the name when absent.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub identifier: Option<Line<512>>,
    /// Where the Gateway forwards.
    #[serde(default)]
    pub upstream_url: Option<String>,
    /// 1 to 64 scopes.
    pub scopes: Vec<String>,
    /// Provider of its credential.
    #[serde(default)]
    pub credential_provider_id: Option<ProviderId>,
    /// At most 256.
    #[serde(default)]
    pub operations: Vec<DeclaredOperation>,
    /// Enforced when absent.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub operation_enforcement: Option<OperationEnforcement>,
    /// How long its upstream may be silent, 1 to 3,600 seconds.
    #[serde(default)]
    pub upstream_timeout_seconds: Option<u32>,
    /// Whether cookies pass between callers and its upstream.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub cookies: Option<bool>,
    /// Whether to try the upstream out first, and make nothing unless it refuses mandates that nobody issued.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub check: Option<bool>,
}

impl CreateResource {
    /// One of this identifier whose calls go to `upstream_url` with the credential of `provider`. It declares `operations`,
    /// each a method, a path and the scope that it needs.
    pub fn forwarding(
        identifier: impl Into<String>,
        upstream_url: impl Into<String>,
        provider: ProviderId,
        operations: &[(&str, &str, &str)],
    ) -> Self {
        let mut scopes: Vec<String> = operations
            .iter()
            .map(|(_, _, scope)| (*scope).to_owned())
            .collect();
        scopes.sort_unstable();
        scopes.dedup();
        let declared = operations.iter().map(|(method, path, scope)| DeclaredOperation {
            method: (*method).to_owned(),
            path: (*path).to_owned(),
            scope: (*scope).to_owned(),
        });
        Self {
            name: None,
            identifier: Some(Line(identifier.into())),
            upstream_url: Some(upstream_url.into()),
            scopes,
            credential_provider_id: Some(provider),
            operations: declared.collect(),
            operation_enforcement: None,
            upstream_timeout_seconds: None,
            cookies: None,
            check: None,
        }
    }
}

changes! {
    /// Body that changes a resource. Unknown members are ignored.
    #[derive(Debug)]
    UpdateResource {
        /// Display name.
        name: Line<200>,
        /// An absolute URI (RFC 8707 §2).
        identifier: Line<512>,
        /// 1 to 64 scopes.
        scopes: Vec<String>,
        /// At most 256.
        operations: Vec<DeclaredOperation>,
        /// Whether operations are enforced.
        operation_enforcement: OperationEnforcement,
        /// Whether cookies pass between callers and its upstream.
        cookies: bool,
    }
    or_null {
        /// Where the Gateway forwards; null for nowhere.
        upstream_url: String,
        /// Provider of its credential; every resource has one.
        credential_provider_id: ProviderId,
        /// How long its upstream may be silent, 1 to 3,600 seconds; null for as long as any.
        upstream_timeout_seconds: u32,
    }
}

/// A resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResourceItem {
    /// Row id.
    pub id: ResourceId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Display name.
    pub name: String,
    /// The URI that clients ask for.
    pub identifier: String,
    /// Where the Gateway forwards.
    pub upstream_url: Option<String>,
    /// Declared scopes.
    pub scopes: ScopeSet,
    /// Provider of its credential.
    pub credential_provider_id: ProviderId,
    /// Declared operations.
    pub operations: Vec<DeclaredOperation>,
    /// Whether operations are enforced.
    pub operation_enforcement: OperationEnforcement,
    /// Only where it is set: published clients do not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_timeout_seconds: Option<u32>,
    /// Only where it is set.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cookies: bool,
    /// When it was archived.
    pub archived_at: Option<Timestamp>,
    /// Who and when.
    #[serde(flatten)]
    pub attribution: Attribution,
}

impl From<Resource> for ResourceItem {
    fn from(resource: Resource) -> Self {
        Self {
            id: resource.id,
            zone_id: resource.zone_id,
            name: resource.name,
            identifier: resource.identifier,
            upstream_url: resource.upstream_url,
            scopes: resource.scopes,
            credential_provider_id: resource.credential_provider_id,
            operations: resource.operations,
            operation_enforcement: resource.operation_enforcement,
            upstream_timeout_seconds: resource.upstream_timeout_seconds,
            cookies: resource.cookies,
            archived_at: resource.archived_at,
            attribution: resource.attribution,
        }
    }
}
