//! The resources of a zone's picture, by both of their names. A picture shares with the one before it whatever did not
//! change, so that one change costs the same in a zone of ten resources and of a hundred thousand.

use std::sync::Arc;

use caracal_core::{ProviderId, ResourceId};
use rpds::HashTrieMapSync;

use super::state::{ProviderState, ResourceState};

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
