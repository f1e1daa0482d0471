//! Which document an object of a zone comes from, so that a document takes away only what came from it.

use async_trait::async_trait;
use caracal_core::{Timestamp, entity::StateKind};

use crate::Error;

/// An object that a document speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateOwner {
    /// What it is.
    pub kind: StateKind,
    /// Its id.
    pub object_id: String,
    /// Whose document it comes from.
    pub manager: String,
}

/// Owners of the zone's objects. What they own may be gone by now.
#[async_trait]
pub trait StateOwners: Send {
    /// All of them, by kind and id.
    async fn all(&mut self) -> Result<Vec<StateOwner>, Error>;
    /// Says whose an object is from here on, whoever's it was.
    async fn claim(&mut self, owner: &StateOwner, at: Timestamp) -> Result<(), Error>;
    /// Says that it is nobody's; absence is fine.
    async fn release(&mut self, kind: StateKind, object_id: &str) -> Result<(), Error>;
}
