//! The resources of a zone's picture, by both of their names. A picture shares with the one before it whatever did not
//! change, so that one change costs the same in a zone of ten resources and of a hundred thousand.

use std::sync::Arc;

use caracal_authz::operations::OperationTable;
use caracal_core::{
    Operation, ProviderId, ResourceId, Timestamp,
    entity::{OperationEnforcement, ProviderConfig, Resource},
};
use rpds::HashTrieMapSync;
use tokio::sync::Semaphore;

use crate::egress::validity;

/// Credentials of one provider that are being got at the same time.
const MAX_BROKERING: usize = 64;

/// A provider with its credential opened.
#[derive(Debug)]
pub struct ProviderState {
    /// The provider.
    pub id: ProviderId,
    /// `provider://slug`, unique among those of the zone.
    pub identifier: String,
    /// Its settings, with the secret where this process opens secrets; absent when they or the sealed document cannot
    /// be read, which denies.
    pub config: Option<ProviderConfig>,
    /// Turns at getting credentials from it, so that one that hangs holds up so many calls and no other provider's.
    pub brokering: Semaphore,
    /// When the certificate that it has for upstreams ends; absent where it has none.
    pub(super) certificate_ends_at: Option<Timestamp>,
}

impl ProviderState {
    /// A provider whose turns are all free.
    pub fn new(id: ProviderId, identifier: String, config: Option<ProviderConfig>) -> Self {
        let certificate = config.as_ref().and_then(ProviderConfig::certificate);
        // One that cannot be read is refused where it is to be shown.
        let holds = certificate.and_then(|certificate| validity(&certificate.client_certificate).ok());
        Self {
            id,
            identifier,
            config,
            brokering: Semaphore::const_new(MAX_BROKERING),
            certificate_ends_at: holds.map(|(_, until)| until),
        }
    }
}

/// A resource with its provider.
#[derive(Debug)]
pub struct ResourceState {
    /// The resource.
    pub resource: Arc<Resource>,
    /// Its provider; absent when archived, which denies.
    pub provider: Option<Arc<ProviderState>>,
    operations: Arc<OperationTable>,
}

impl ResourceState {
    pub(super) fn new(resource: Resource, provider: Option<Arc<ProviderState>>) -> Self {
        let operations = OperationTable::new(&resource.operations);
        Self {
            resource: Arc::new(resource),
            provider,
            operations: Arc::new(operations),
        }
    }

    /// The same resource with another state of its provider.
    pub(super) fn with_provider(&self, provider: Option<Arc<ProviderState>>) -> Self {
        Self {
            resource: self.resource.clone(),
            provider,
            operations: self.operations.clone(),
        }
    }

    /// Whether calls must match a declared operation.
    pub fn enforces_operations(&self) -> bool {
        self.resource.operation_enforcement == OperationEnforcement::Enforced
    }

    /// The scope that `operation` needs; absent when it is not declared.
    pub fn operation_scope(&self, operation: &Operation) -> Option<&str> {
        self.operations.scope(operation)
    }

    /// Whether a POST to its root is a message to an MCP server, and what it asks for is decided.
    pub fn reads_mcp(&self) -> bool {
        self.enforces_operations() && self.operations.speaks_mcp()
    }

    /// Whether a request for a WebSocket at `path` is one. To a resource that does not declare it there, it is a request
    /// like any other, and its upstream never hears of the wish to change protocols.
    pub fn opens_websocket(&self, path: &str) -> bool {
        let opening = Operation::WebSocket {
            path: path.to_owned(),
        };
        self.operations.scope(&opening).is_some()
    }

    /// Whether a gRPC call is decided as one.
    pub fn reads_grpc(&self) -> bool {
        self.enforces_operations() && self.operations.speaks_grpc()
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Resources {
    by_identifier: HashTrieMapSync<Arc<str>, Arc<ResourceState>>,
    by_id: HashTrieMapSync<Arc<str>, Arc<ResourceState>>,
}

impl Resources {
    /// The resource with this identifier, or else with this row id.
    pub(super) fn get(&self, name: &str) -> Option<&Arc<ResourceState>> {
        self.by_identifier.get(name).or_else(|| self.by_id.get(name))
    }

    /// Puts a resource in, in place of what it was before.
    pub(super) fn put(&mut self, state: Arc<ResourceState>) {
        self.take(&state.resource.id);
        self.by_id
            .insert_mut(Arc::from(state.resource.id.as_str()), state.clone());
        self.by_identifier
            .insert_mut(Arc::from(state.resource.identifier.as_str()), state);
    }

    /// Takes a resource out, if it is there.
    pub(super) fn take(&mut self, id: &ResourceId) {
        let Some(state) = self.by_id.get(id.as_str()).cloned() else {
            return;
        };
        self.by_id.remove_mut(id.as_str());
        // Events come in any order: somebody else may have the identifier by now.
        let identifier = state.resource.identifier.as_str();
        if self
            .by_identifier
            .get(identifier)
            .is_some_and(|held| held.resource.id == *id)
        {
            self.by_identifier.remove_mut(identifier);
        }
    }

    /// Gives all resources of a provider another state of it.
    pub(super) fn provider_changed(&mut self, id: &ProviderId, provider: Option<&Arc<ProviderState>>) {
        let of_provider = self.by_id.values();
        let of_provider = of_provider.filter(|state| state.resource.credential_provider_id == *id);
        let changed: Vec<_> = of_provider
            .map(|state| Arc::new(state.with_provider(provider.cloned())))
            .collect();
        for state in changed {
            // A picture that is behind must not take an identifier back from who has it by now.
            let identifier = state.resource.identifier.as_str();
            let holder = self.by_identifier.get(identifier);
            if holder.is_some_and(|held| held.resource.id == state.resource.id) {
                self.by_identifier
                    .insert_mut(Arc::from(identifier), state.clone());
            }
            self.by_id
                .insert_mut(Arc::from(state.resource.id.as_str()), state.clone());
        }
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.by_id.size()
    }
}

impl FromIterator<Arc<ResourceState>> for Resources {
    fn from_iter<I: IntoIterator<Item = Arc<ResourceState>>>(states: I) -> Self {
        let mut resources = Self::default();
        for state in states {
            resources.put(state);
        }
        resources
    }
}
